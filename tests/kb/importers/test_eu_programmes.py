"""EU programmes and bodies come from two tables of labels."""

from pathlib import Path

import pytest
from rdflib import Graph

from kb.errors import NotUnderstood
from kb.importers import eu_programmes
from kb.importers.label_tables import LANGUAGES
from kb.turtle import to_trig, to_turtle

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "kb" / "datasets" / "eu-programmes"


def table(path, *rows):
    """A table of labels; each row is a code, the English and the French label."""
    lines = ["\t".join(("code", *LANGUAGES))]
    for code, english, french in rows:
        labels = {"en": english, "fr": french}
        lines.append("\t".join((code, *(labels.get(language, "") for language in LANGUAGES))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_programmes_and_bodies_have_their_official_addresses_and_labels(tmp_path, silent, quads):
    programmes = table(tmp_path / "programmes.tsv", ("COSME", "COSME (2014/2020)", "COSME (2014/2020)"))
    bodies = table(
        tmp_path / "bodies.tsv",
        ("CERT-EU", "Cybersecurity Service", ""),
        ("OECD", "OECD", "OCDE"),
        ("", "Nobody", ""),
    )
    imported = eu_programmes.read([programmes, bodies], silent)
    assert quads(imported.dataset) == quads("""
GRAPH <https://w3id.org/regiolink/graph/source/eu-programmes> {

body:CERT-EU
    a def:EUBody ;
    dct:identifier "CERT-EU" ;
    rdfs:label "Cybersecurity Service"@en ;
.

body:OECD
    a def:Organisation ;
    dct:identifier "OECD" ;
    rdfs:label
        "OECD"@en ,
        "OCDE"@fr ;
.

euprogramme:COSME
    a def:FundingProgramme ;
    dct:identifier "COSME" ;
    rdfs:label
        "COSME (2014/2020)"@en ,
        "COSME (2014/2020)"@fr ;
.

}
""")
    assert [str(row) for row in imported.bad_rows] == [
        "bodies.tsv, line 4, column code, '': This is not a code of this table."
    ]
    assert imported.reports == {}


def test_one_file_is_refused(tmp_path, silent):
    programmes = table(tmp_path / "programmes.tsv", ("COSME", "COSME", ""))
    with pytest.raises(
        NotUnderstood, match=r"^EU programmes are read from two files: the programmes, then the bodies\.$"
    ):
        eu_programmes.read([programmes], silent)


def test_the_shipped_programmes_are_what_the_importer_makes(silent, reference):
    sources = reference(
        "vocabularies/eu-programme_labels_24languages.tsv",
        "vocabularies/corporate-body_labels_24languages.tsv",
    )
    imported = eu_programmes.read(sources, silent)
    assert imported.bad_rows == []
    assert to_trig(imported.dataset) == (SHIPPED / "eu-programmes.trig").read_text(encoding="utf-8")


def test_the_description_counts_what_is_shipped():
    description = (SHIPPED / "dataset.ttl").read_text(encoding="utf-8")
    shipped = (SHIPPED / "eu-programmes.trig").read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=description)) == description
    international = shipped.count(" a def:Organisation ")
    assert f"{shipped.count(' a def:FundingProgramme ')} funding programmes" in description
    assert f"{shipped.count(' a def:EUBody ') + international} bodies" in description
    assert f"{international} of the bodies" in description
