"""Countries: labels, codes and links from two tables; what is wrong with a row is said in one sentence."""

from pathlib import Path

import pytest
from rdflib import VOID, Graph

from kb.errors import NotUnderstood
from kb.imported import BadRow
from kb.importers import countries
from kb.importers.label_tables import LANGUAGES
from kb.turtle import to_trig, to_turtle

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "kb" / "datasets" / "countries"


def labels_file(folder, **rows):
    """A table of labels; each row is given as code={language: label}."""
    lines = ["\t".join(("code", *LANGUAGES))]
    lines += ["\t".join((code, *(row.get(lang, "") for lang in LANGUAGES))) for code, row in rows.items()]
    path = folder / "labels.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def codes_file(folder, *rows):
    path = folder / "codes.tsv"
    path.write_text("\n".join(["iso2\tiso3\tiso_num\twikidata\tgeonames", *rows]) + "\n", encoding="utf-8")
    return path


def test_a_country_has_labels_codes_and_links(tmp_path, silent, quads):
    labels = labels_file(
        tmp_path,
        GRC={"en": "Greece", "el": "Ελλάδα"},
        XKX={"en": "Kosovo"},
    )
    codes = codes_file(tmp_path, "GR\tGRC\t300\tQ41\t390903", "RE\tREU\t638\tQ17070\t935317")
    imported = countries.read([labels, codes], silent)
    assert quads(imported.dataset) == quads("""
GRAPH <https://w3id.org/regiolink/graph/links/geonames> {

country:GRC
    schema:sameAs <https://sws.geonames.org/390903/> ;
.

}

GRAPH <https://w3id.org/regiolink/graph/links/wikidata> {

country:GRC
    schema:sameAs <http://www.wikidata.org/entity/Q41> ;
.

}

GRAPH <https://w3id.org/regiolink/graph/source/countries> {

country:GRC
    a def:Country ;
    rdfs:label
        "Ελλάδα"@el ,
        "Greece"@en ;
    def:isoAlpha2 "GR" ;
    def:isoAlpha3 "GRC" ;
    def:nutsCountryCode "EL" ;
.

country:XKX
    a def:Country ;
    rdfs:label "Kosovo"@en ;
    def:nutsCountryCode "XK" ;
.

}
""")
    assert imported.bad_rows == []
    assert imported.reports == {
        "countries-left-out": [
            {"code": "XKX", "remark": "It has a label and no ISO 3166 code: imported with its label only."},
            {"code": "REU", "remark": "It has an ISO 3166 code and no label: not imported."},
        ]
    }


def test_bad_rows_of_both_tables_are_told_and_left_out(tmp_path, silent):
    labels = labels_file(
        tmp_path, ESP={"en": "Spain"}, Spain={"en": "Spain"}, FRA={"fr": "France"}, ITA={"en": "Ita\u2028ly"}
    )
    with labels.open("a", encoding="utf-8") as table:
        table.write("ESP" + "\tSpain" * 24 + "\nPRT\n")
    codes = codes_file(
        tmp_path, "ES\tESP\t724\tQ29\t2510769", "XX\tESP\t0\tQ29\t1", "E\tEST\t0\tQ1\t1", "EE\tEST\t0\tQ1\t01"
    )
    imported = countries.read([labels, codes], silent)
    assert [str(row) for row in imported.bad_rows] == [
        "labels.tsv, line 3, column code, 'Spain': This is not a code of this table.",
        "labels.tsv, line 4, column en, '': The English label is missing.",
        "labels.tsv, line 5, column en, 'Ita\\u2028ly': A label stands on one line.",
        "labels.tsv, line 6, column code, 'ESP': The code stands on an earlier line already.",
        "labels.tsv, line 7, column code, 'PRT': The row has 1 cell, the header 25 cells.",
        "codes.tsv, line 3, column iso3, 'ESP': Another country has this code already.",
        "codes.tsv, line 4, column iso2, 'E': This is not a code of this column.",
        "codes.tsv, line 5, column geonames, '01': This is not a code of this column.",
    ]
    assert imported.bad_rows[0] == BadRow(
        "labels.tsv", "line 3", "code", "Spain", "This is not a code of this table."
    )
    assert {str(subject).rpartition("/")[2] for subject, _, _, _ in imported.dataset.quads()} == {"ESP"}


def test_files_in_the_wrong_order_or_number_are_refused(tmp_path, silent):
    labels, codes = labels_file(tmp_path, ESP={"en": "Spain"}), codes_file(tmp_path, "ES\tESP\t724\tQ29\t2")
    with pytest.raises(NotUnderstood, match=r"^codes\.tsv lacks the columns code, bg, cs, "):
        countries.read([codes, labels], silent)
    with pytest.raises(
        NotUnderstood, match=r"^Countries are read from two files: the labels, then the codes\.$"
    ):
        countries.read([labels], silent)


def test_the_shipped_countries_are_what_the_importer_makes(silent, reference):
    sources = reference(
        "vocabularies/country_labels_24languages.tsv", "links/countries_iso_wikidata_geonames_2016.tsv"
    )
    imported = countries.read(sources, silent)
    assert imported.bad_rows == []
    assert to_trig(imported.dataset) == (SHIPPED / "countries.trig").read_text(encoding="utf-8")


def test_the_description_counts_what_is_shipped():
    description = (SHIPPED / "dataset.ttl").read_text(encoding="utf-8")
    shipped = (SHIPPED / "countries.trig").read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=description)) == description
    assert f"{shipped.count(' a def:Country ')} countries and territories" in description
    links = Graph().parse(data=description).objects(None, VOID.triples)
    networks = ("<https://sws.geonames.org/", "<http://www.wikidata.org/entity/")
    assert sorted(count.value for count in links) == sorted(map(shipped.count, networks))
