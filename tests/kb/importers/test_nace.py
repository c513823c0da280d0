"""NACE: four levels under the addresses of Eurostat; a row that does not fit is told and left out."""

from pathlib import Path

import pytest
from rdflib import Graph

from kb.errors import NotUnderstood
from kb.importers import nace
from kb.turtle import to_trig, to_turtle

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "kb" / "datasets" / "nace"


def table(folder, *rows):
    path = folder / "nace.csv"
    lines = ['"code";"parentCode";"level";"name";"shortName";"notes";"validFrom"', *rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_level_has_its_form_of_code_and_its_parent(tmp_path, silent, quads):
    path = table(
        tmp_path,
        '"13";"C";"2";"Textiles";"";""',
        '"13.1";"13";"3";"Spinning";"";""',
        '"13.10";"13.1";"4";"Spinning; yarn";"";""',
        '"13.100";"13.10";"5";"Norwegian";"";""',
        '"C";"";"1";"Manufacturing";"";""',
    )
    imported = nace.read([path], silent)
    levels = [("class", 4, "Klasse", "classe", "1310"), ("division", 2, "Abteilung", "division", "13")]
    levels += [("group", 3, "Gruppe", "groupe", "131"), ("section", 1, "Abschnitt", "section", "C")]
    expected_levels = "\n".join(
        f"""\
<https://w3id.org/regiolink/terms/nace-level/{level}>
    a xkos:ClassificationLevel ;
    xkos:depth {depth} ;
    skos:inScheme nace:nace2.1 ;
    skos:member nace:{member} ;
    skos:prefLabel
        "{german}"@de ,
        "{level}"@en ,
        "{french}"@fr ;
.
"""
        for level, depth, german, french, member in levels
    )
    assert quads(imported.dataset) == quads(f"""
GRAPH <https://w3id.org/regiolink/graph/source/nace> {{

{expected_levels}
nace:1310
    a skos:Concept ;
    skos:broader nace:131 ;
    skos:inScheme nace:nace2.1 ;
    skos:notation "13.10" ;
    skos:prefLabel "Spinning; yarn"@en ;
.

nace:131
    a skos:Concept ;
    skos:broader nace:13 ;
    skos:inScheme nace:nace2.1 ;
    skos:notation "13.1" ;
    skos:prefLabel "Spinning"@en ;
.

nace:13
    a skos:Concept ;
    skos:broader nace:C ;
    skos:inScheme nace:nace2.1 ;
    skos:notation "13" ;
    skos:prefLabel "Textiles"@en ;
.

nace:C
    a skos:Concept ;
    skos:inScheme nace:nace2.1 ;
    skos:notation "C" ;
    skos:prefLabel "Manufacturing"@en ;
    skos:topConceptOf nace:nace2.1 ;
.

nace:nace2.1
    a skos:ConceptScheme ;
    skos:prefLabel "NACE Rev. 2.1"@en ;
.

}}
""")
    assert imported.bad_rows == []
    assert imported.reports == {
        "nace-levels": [
            {"level": "1", "name": "section", "codes": "1", "left out": "0"},
            {"level": "2", "name": "division", "codes": "1", "left out": "0"},
            {"level": "3", "name": "group", "codes": "1", "left out": "0"},
            {"level": "4", "name": "class", "codes": "1", "left out": "0"},
            {"level": "5", "name": "national subclass", "codes": "0", "left out": "1"},
        ]
    }


def test_bad_rows_are_told_in_the_order_of_the_file_with_all_that_hang_on_them(tmp_path, silent):
    path = table(
        tmp_path,
        '"01.11";"01.1";"4";"Cereals";"";""',
        '"01.1";"01";"3";"Crops";"";""',
        '"01";"Z";"2";"Agriculture";"";""',
        '"A";"B";"1";"Agriculture";"";""',
        '"02";"A";"9";"Forestry";"";""',
        '"2";"A";"2";"Forestry";"";""',
        '"C";"";"1";"Manufacturing";"";""',
        '"C";"";"1";"Manufacturing";"";""',
        '"13.1";"14";"3";"Spinning";"";""',
        '"D";"";"1";"";"";""',
        '"10";"01";"2";"Food";"";""',
    )
    imported = nace.read([path], silent)
    unusable = "No row for this code is usable and one level up."
    assert [str(row) for row in imported.bad_rows] == [
        f"nace.csv, line 2, column parentCode, '01.1': {unusable}",
        f"nace.csv, line 3, column parentCode, '01': {unusable}",
        f"nace.csv, line 4, column parentCode, 'Z': {unusable}",
        "nace.csv, line 5, column parentCode, 'B': A section has no parent.",
        "nace.csv, line 6, column level, '9': A level is a number from 1 to 5.",
        "nace.csv, line 7, column code, '2': This is not the code of a division.",
        "nace.csv, line 9, column code, 'C': The code stands on an earlier line already.",
        "nace.csv, line 10, column parentCode, '14': "
        "The parent of a group or a class is its code without the last digit.",
        "nace.csv, line 11, column name, '': The title is missing.",
        f"nace.csv, line 12, column parentCode, '01': {unusable}",
    ]
    assert [row["codes"] for row in imported.reports["nace-levels"]] == ["1", "0", "0", "0", "0"]


def test_two_files_are_refused(tmp_path, silent):
    path = table(tmp_path, '"A";"";"1";"Agriculture";"";""')
    with pytest.raises(NotUnderstood, match=r"^NACE is read from one file\.$"):
        nace.read([path, path], silent)


def test_the_shipped_classification_is_complete_and_what_the_importer_makes(silent, reference):
    sources = reference("vocabularies/nace_rev2.1_plus_national_level5_SN2025.csv")
    imported = nace.read(sources, silent)
    assert imported.bad_rows == []
    assert [row["codes"] for row in imported.reports["nace-levels"]] == ["22", "87", "287", "651", "0"]
    assert to_trig(imported.dataset) == (SHIPPED / "nace.trig").read_text(encoding="utf-8")


def test_the_description_is_turtle_of_ours():
    description = (SHIPPED / "dataset.ttl").read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=description)) == description
