"""Files about NUTS: rows that cannot be used, files that are refused, and the same bytes every time."""

import gzip
import re

import openpyxl
import pytest

from kb.errors import NotUnderstood
from kb.importers import nuts
from kb.turtle import to_trig

EXPLANATIONS = ("Code 2016", "Code 2021", "Label", "Change", "Explanation (new = old)")


def test_rows_that_cannot_be_used_are_told_one_by_one(workbook, crosswalk, read):
    book = workbook(
        *("2016", "2021", ("FR", "FR", "France"), ("FR1", "FR1", "Île de France"), ("GR1", "EL1", "Attiki")),
        *(("FR2", "FR2", None, "Est", None, None, None, 2), ("FR3", "FR3", "`"), ("FR1", "FR1", "Again")),
        *(("FR4", None, "Est", "evaporated"), ("FR1", None, "Île", "discontinued")),
        *(("FR5", None, "Ouest", "split into FR6 and FR9"), (None, "FR6", "Bretagne", "new")),
        *(("ES7", "ES7", "Canarias"), ("ESS11", "ESS11", "Nowhere"), ("A note about all of this",)),
        sheets=[
            (
                *("Changes NUTS-1", EXPLANATIONS, ("FR8", "FR8", "Sud", "renamed")),
                (None, "FR6", "Bretagne", "new", "FR7 = FR0"),
            ),
            (
                *("NUTS2021", ("NUTS Code", "NUTS label", "NUTS level"), ("FR", "France", 0)),
                *(("FR1", "Île de France", 1), ("FR3", "Nord", 1), ("FR6", "Bretagne", 1)),
                ("ES7", "Canarias", 1),
            ),
        ],
    )
    changes = "NUTS2016-NUTS2021.xlsx, sheet NUTS2016-NUTS2021, row"
    explained = "NUTS2016-NUTS2021.xlsx, sheet Changes NUTS-1, row"
    regions = read(
        book,
        crosswalk("FR1,FR1,2016,2021,many"),
        bad_rows=[
            f"{explained} 2, column code, 'FR8 FR8': The table of changes has no row with these codes.",
            f"{explained} 3, column explanation, 'FR7 = FR0': "
            "The explanation is about other codes than those of its row.",
            f"{changes} 4, column Code 2016, 'GR1': This is not a NUTS code.",
            f"{changes} 5, column level, '2': The level of FR2 is 1, by its length.",
            f"{changes} 6, column name, '`': This is no name.",
            f"{changes} 7, column code, 'FR1': An earlier row of this table has this code.",
            f"{changes} 8, column change, 'evaporated': This is no type of change that is known here.",
            f"{changes} 9, column code, 'FR1': Another row says what this unit went on as.",
            f"{changes} 10, column change, 'split into FR6 and FR9': It names FR9, which no edition has.",
            f"{changes} 13, column code, 'ESS11': The unit one level up, ESS1, is missing.",
            "table0.csv, line 2, column pop21, 'many': This is not a number of people.",
        ],
    )
    assert regions.places("FR1", "FR2", "FR3", "FR4", "FR5", "FR6", "ES7", "ESS11", "EL1") == {
        ("FR1", "2016"): "fr-ile-de-france-nuts1",
        ("FR1", "2021"): "fr-ile-de-france-nuts1",
        ("FR3", "2016"): "fr-nord-nuts1",
        ("FR3", "2021"): "fr-nord-nuts1",
        ("FR4", "2016"): "fr-est-nuts1",
        ("FR5", "2016"): "fr-ouest-nuts1",
        ("FR6", "2021"): "fr-bretagne-nuts1",
        ("ES7", "2016"): "es-canarias-nuts1",
        ("ES7", "2021"): "es-canarias-nuts1",
    }


@pytest.fixture
def wrong(tmp_path, table, crosswalk, workbook):
    """Name -> files that are not what they should be."""
    other = openpyxl.Workbook()
    other.active.append(("Code", "Name"))
    other.save(tmp_path / "other.xlsx")
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "broken.xls").write_bytes(b"\xd0\xcf\x11\xe0 and no more")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"from_code,to_code" * 99)[:40])
    (tmp_path / "folder").mkdir()
    good = workbook("2016", "2021", ("FR", "FR", "France"))
    return {
        "another table": [table("a,b", "1,2", name="x.csv")],
        "another workbook": [tmp_path / "other.xlsx"],
        "older editions": [workbook("2003", "2006", ("FR", "FR", "FRANCE"))],
        "broken": [tmp_path / "broken.xlsx"],
        "broken, of Excel 97": [tmp_path / "broken.xls"],
        "cut off": [tmp_path / "cut.csv.gz"],
        "missing": [tmp_path / "missing.csv"],
        "a folder": [tmp_path / "folder"],
        "names of no edition": [
            table("nuts_id,name_latin,name_national", "FR,France,France", name="names.csv")
        ],
        "no workbook": [crosswalk("FR,FR,2016,2021,1")],
        "one workbook twice": [good, good],
    }


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "another table",
            "x.csv is no Eurostat workbook of NUTS, no table of names of its units and no crosswalk.",
        ),
        ("another workbook", "other.xlsx has no sheet with the NUTS codes of two editions side by side."),
        (
            "older editions",
            "NUTS2003-NUTS2006.xlsx is about NUTS 2006; "
            "the editions known here are 2010, 2013, 2016, 2021, 2024.",
        ),
        ("broken", "broken.xlsx is not an Excel workbook that can be read."),
        ("broken, of Excel 97", "broken.xls is not an Excel workbook that can be read."),
        ("cut off", "cut.csv.gz is a broken packed file; download it again."),
        ("missing", "missing.csv cannot be read: No such file or directory."),
        ("a folder", "folder cannot be read: Is a directory."),
        (
            "names of no edition",
            "names.csv has names of units; its own name must have the year of an edition.",
        ),
        ("no workbook", "NUTS is read from at least one Eurostat workbook; none was given."),
        ("one workbook twice", "Two of the workbooks have the same newer edition; give one for each step."),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_sentence(name, sentence, wrong, silent):
    with pytest.raises(NotUnderstood, match=f"^{re.escape(sentence)}$"):
        nuts.read(wrong[name], silent)


def test_the_same_bytes_come_out_twice_and_in_any_order_of_files(workbook, crosswalk, read):
    books = [
        workbook("2013", "2016", ("FR", "FR", "FRANCE"), ("FR4", "FRF", "Est", "recoded")),
        workbook("2016", "2021", ("FR", "FR", "France"), ("FRF", "FRF", "Grand Est", "name change")),
    ]
    flows = crosswalk("FR4,FRF,2013,2016,1", "FRF,FRF,2016,2021,1")
    first = to_trig(read(*books, flows).dataset)
    assert to_trig(read(*books, flows).dataset) == first
    assert to_trig(read(flows, *reversed(books)).dataset) == first
