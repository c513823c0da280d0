"""ROR records become organisations, from the official dump and from a table, in bounded memory."""

import gzip
import json
import tracemalloc

import pytest
from rdflib import Dataset

from kb.errors import NotUnderstood
from kb.imported import Imported
from kb.importers import ror
from kb.importers.country_codes import country_codes
from kb.terms import DEF, mint
from kb.turtle import to_trig

HEADER = "ror_id\tname\tcountry\tcity\tstatus\twebsite\twikidata\tother_names"
TIMA = (
    "https://ror.org/000063q30\tTIMA\tFR\tGrenoble\tactive\thttps://tima.fr\tQ30262448\t"
    "TIMA Laboratory | TIMA"
)

RECORD = {
    "id": "https://ror.org/000063q30",
    "status": "active",
    "types": ["facility"],
    "established": 2003,
    "names": [
        {"value": "TIMA Laboratory", "types": ["alias"], "lang": None},
        {"value": "Laboratoire  TIMA", "types": ["ror_display", "label"], "lang": "fr"},
        {"value": "TIMA", "types": ["acronym"], "lang": "zzzz"},
    ],
    "locations": [
        {"geonames_id": 3014728, "geonames_details": {"country_code": "FR", "name": "Grenoble", "lat": 45.1}}
    ],
    "links": [
        {"type": "wikipedia", "value": "https://fr.wikipedia.org/wiki/TIMA"},
        {"type": "website", "value": "https://tima.fr"},
    ],
    "external_ids": [
        {"type": "isni", "preferred": None, "all": ["0000 0004 0383 0608"]},
        {"type": "wikidata", "preferred": None, "all": ["Q30262448", "Q1"]},
    ],
    "relationships": [],
    "domains": [],
    "admin": {},
}

EXPECTED = """
GRAPH <https://w3id.org/regiolink/graph/source/ror> {{

organisation:ror-000063q30
    a def:Organisation ;
    rdfs:label {label} ;
    skos:altLabel {others} ;
    def:establishedIn country:FRA ;
    def:homepage <https://tima.fr> ;
    schema:sameAs <http://www.wikidata.org/entity/Q30262448> , <https://ror.org/000063q30> ;
    adms:identifier identifier:ror-000063q30 ;
.

identifier:ror-000063q30
    a adms:Identifier ;
    skos:notation "000063q30" ;
    def:identifierScheme <https://w3id.org/regiolink/terms/identifier-scheme/ror> ;
.

}}
"""


def table(folder, *rows, name="ror.tsv"):
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def dump(folder, *records, name="ror.json"):
    path = folder / name
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def identifier(number):
    """The ROR identifier of a number."""
    digits = "".join(
        "0123456789abcdefghjkmnpqrstvwxyz"[number // 32**place % 32] for place in range(6, -1, -1)
    )
    return f"{digits}{98 - number * 100 % 97:02}"


def test_a_row_of_the_table_becomes_an_organisation_with_its_identifier_and_links(tmp_path, silent, quads):
    imported = ror.read([table(tmp_path, TIMA)], silent)
    expected = EXPECTED.format(label='"TIMA"@und', others='"TIMA Laboratory"@und')
    assert quads(imported.dataset) == quads(expected)
    assert imported.bad_rows == []
    assert imported.reports == {
        "ror-records": [
            {"status": "active", "records": "1", "imported": "yes"},
            {"status": "inactive", "records": "0", "imported": "yes"},
            {"status": "withdrawn", "records": "0", "imported": "no"},
        ]
    }


def test_a_record_of_the_official_dump_becomes_the_same_with_languages(tmp_path, silent, quads):
    imported = ror.read([dump(tmp_path, RECORD)], silent)
    expected = EXPECTED.format(label='"Laboratoire TIMA"@fr', others='"TIMA"@und , "TIMA Laboratory"@und')
    assert quads(imported.dataset) == quads(expected)
    assert imported.bad_rows == []


def test_a_withdrawn_record_is_left_out_and_counted(tmp_path, silent):
    imported = ror.read([table(tmp_path, TIMA.replace("active", "withdrawn"))], silent)
    assert len(imported.dataset) == 0
    assert imported.reports["ror-records"][2] == {"status": "withdrawn", "records": "1", "imported": "no"}


def test_a_record_that_cannot_be_used_is_told_with_its_column(tmp_path, silent):
    cells = TIMA.split("\t")

    def row(**changes):
        return "\t".join(
            changes.get(name, cell) for name, cell in zip(HEADER.split("\t"), cells, strict=True)
        )

    path = table(
        tmp_path,
        TIMA,
        TIMA,
        row(ror_id="https://ror.org/000063q31"),
        row(ror_id=f"https://ror.org/{identifier(1)}", name="", other_names=""),
        row(ror_id=f"https://ror.org/{identifier(2)}", country="ZZ"),
        row(ror_id=f"https://ror.org/{identifier(3)}", status="open"),
        row(ror_id=f"https://ror.org/{identifier(4)}", website="www.tima.fr"),
        row(ror_id=f"https://ror.org/{identifier(5)}", wikidata="30262448"),
    )
    imported = ror.read([path], silent)
    assert [str(bad) for bad in imported.bad_rows] == [
        "ror.tsv, line 3, column ror_id, '000063q30': An earlier record of the file has this identifier.",
        "ror.tsv, line 4, column ror_id, '000063q31': "
        "This is no ROR identifier: a character or a check digit is wrong.",
        "ror.tsv, line 5, column name, '': The name is missing.",
        "ror.tsv, line 6, column country, 'ZZ': This is not the ISO code of a country that we know.",
        "ror.tsv, line 7, column status, 'open': A status is active, inactive or withdrawn.",
        "ror.tsv, line 8, column website, 'www.tima.fr': This is no address of a web page.",
        "ror.tsv, line 9, column wikidata, '30262448': This is no item of Wikidata.",
    ]
    kept = {thing for thing, _, _, _ in imported.dataset.quads((None, DEF.homepage, None, None))}
    assert kept == {mint("organisation", "ror-000063q30")}


def test_a_record_with_other_fields_is_told_and_version_1_is_refused(tmp_path, silent):
    without_places = RECORD | {"locations": []}
    imported = ror.read([dump(tmp_path, without_places, {"id": "https://ror.org/00x"})], silent)
    sentence = "The record does not have the fields of version 2 of the schema."
    assert [str(bad) for bad in imported.bad_rows] == [
        f"ror.json, record 1, column id, 'https://ror.org/000063q30': {sentence}",
        f"ror.json, record 2, column id, 'https://ror.org/00x': {sentence}",
    ]
    with pytest.raises(
        NotUnderstood, match=r"^old\.json is in version 1 of the ROR schema; take the file in version 2\.$"
    ):
        ror.read(
            [dump(tmp_path, {"id": "https://ror.org/000063q30", "name": "TIMA"}, name="old.json")], silent
        )


def test_no_file_and_a_table_of_another_form_are_refused(tmp_path, silent):
    with pytest.raises(NotUnderstood, match=r"^ROR is read from one file at least\.$"):
        ror.read([], silent)
    other = tmp_path / "other.tsv"
    other.write_text("ror_id\tname\n1\t2\n")
    with pytest.raises(
        NotUnderstood,
        match=r"^other\.tsv lacks the columns country, city, status, website, wikidata, other_names;",
    ):
        ror.read([other], silent)


def test_a_check_digit_catches_every_wrong_character():
    right = "000063q30"
    assert ror.is_ror(right)
    wrong = [
        right[:at] + other + right[at + 1 :]
        for at, character in enumerate(right)
        for other in "0123456789abcdefghijklmnopqrstuvwxyz"
        if other != character
    ]
    assert [identifier for identifier in wrong if ror.is_ror(identifier)] == []


def test_thousands_of_records_come_in_parts_with_progress_in_bytes(tmp_path):
    path = large_table(tmp_path, 2500)
    told = []
    imported = Imported(Dataset())
    parts = [len(part) for part in ror.parts([path], lambda *step: told.append(step), imported)]
    assert parts == [9000, 9000, 4500]
    assert imported.reports["ror-records"][0]["records"] == "2500"
    assert told[-1] == (path.stat().st_size, path.stat().st_size, "ror.tsv.gz")


def test_of_what_was_read_only_the_identifiers_are_kept(tmp_path, silent):
    path = large_table(tmp_path, 10_000)
    country_codes()  # read once and kept
    tracemalloc.start()
    try:
        assert sum(1 for _ in ror.records(path, silent, [])) == 10_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(gzip.decompress(path.read_bytes())) / 2


def large_table(folder, count):
    """A packed table of `count` records with long names."""
    rows = [
        f"https://ror.org/{identifier(n)}\tInstitute {n}\tES\tBilbao\tactive\t\t\t{'a' * 500}"
        for n in range(1, count + 1)
    ]
    path = folder / "ror.tsv.gz"
    path.write_bytes(gzip.compress(("\n".join([HEADER, *rows]) + "\n").encode()))
    return path


def test_a_second_run_gives_the_same_bytes(tmp_path, silent):
    path = dump(tmp_path, RECORD)
    first, second = (
        [to_trig(part) for part in ror.parts([path], silent, Imported(Dataset()))] for _ in range(2)
    )
    assert first == second


def test_the_reference_table_has_no_bad_record(silent, reference):
    bad_rows = []
    (path,) = reference("organisations/ror_europe_organisations.tsv.gz")
    assert sum(1 for _ in ror.records(path, silent, bad_rows)) == 20_325
    assert bad_rows == []
