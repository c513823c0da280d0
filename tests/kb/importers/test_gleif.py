"""LEI records become organisations; natural persons do not."""

import pytest

from kb.errors import NotUnderstood
from kb.importers import gleif

EXTRACT = "lei\tlegal_name\tcountry\tentity_category\tentity_subcategory"
OFFICIAL = (
    '"LEI","Entity.LegalName","Entity.LegalName.xmllang","Entity.LegalAddress.City",'
    '"Entity.LegalAddress.Country","Entity.EntityCategory","Registration.RegistrationStatus"'
)
CZECH = "010CMKZ3VON21WF2ZD45"

EXPECTED = """
GRAPH <https://w3id.org/regiolink/graph/source/gleif> {{

organisation:lei-010cmkz3von21wf2zd45
    a def:Organisation ;
    rdfs:label {label} ;
    def:establishedIn country:CZE ;
    adms:identifier identifier:lei-010cmkz3von21wf2zd45 ;
.

identifier:lei-010cmkz3von21wf2zd45
    a adms:Identifier ;
    skos:notation "010CMKZ3VON21WF2ZD45" ;
    def:identifierScheme <https://w3id.org/regiolink/terms/identifier-scheme/lei> ;
.

}}
"""


def table(folder, *lines, name="lei.tsv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_row_of_the_table_becomes_an_organisation_with_its_identifier(tmp_path, silent, quads):
    imported = gleif.read([table(tmp_path, EXTRACT, f'{CZECH}\t"GE ""CZ"" S.R.O."\tCZ\tGENERAL\t')], silent)
    assert quads(imported.dataset) == quads(EXPECTED.format(label='"GE \\"CZ\\" S.R.O."@und'))
    assert imported.bad_rows == []


@pytest.mark.parametrize(("tag", "language"), [("cs", "cs"), ("cs-CZ", "cs"), ("", "und"), ("Czech", "und")])
def test_a_row_of_the_golden_copy_becomes_the_same_with_its_language(tmp_path, silent, quads, tag, language):
    row = f'"{CZECH}","GE CZ, s.r.o.","{tag}","Praha","CZ","GENERAL","LAPSED"'
    imported = gleif.read([table(tmp_path, OFFICIAL, row, name="golden-copy.csv")], silent)
    assert quads(imported.dataset) == quads(EXPECTED.format(label=f'"GE CZ, s.r.o."@{language}'))
    assert imported.bad_rows == []


def test_natural_persons_and_records_that_do_not_count_are_left_out_and_counted(tmp_path, silent):
    path = table(
        tmp_path,
        OFFICIAL,
        f'"{CZECH}","A person","cs","Praha","CZ","SOLE_PROPRIETOR","ISSUED"',
        f'"{CZECH}","A slip","cs","Praha","CZ","GENERAL","ANNULLED"',
        f'"{CZECH}","A double","cs","Praha","CZ","GENERAL","DUPLICATE"',
        name="golden-copy.csv",
    )
    imported = gleif.read([path], silent)
    assert len(imported.dataset) == 0
    assert imported.bad_rows == []
    assert imported.reports == {
        "gleif-left-out": [
            {"reason": "a natural person", "records": "1"},
            {"reason": "annulled", "records": "1"},
            {"reason": "a duplicate", "records": "1"},
        ]
    }


def test_a_row_that_cannot_be_used_is_told_with_its_column(tmp_path, silent):
    path = table(
        tmp_path,
        EXTRACT,
        "010CMKZ3VON21WF2ZD46\tGE\tCZ\tGENERAL\t",
        f"{CZECH.lower()}\tGE\tCZ\tGENERAL\t",
        f"{CZECH}\t\tCZ\tGENERAL\t",
        f"{CZECH}\tGE\tCzechia\tGENERAL\t",
    )
    imported = gleif.read([path], silent)
    assert len(imported.dataset) == 0
    sentence = "This is no LEI: a character or a check digit is wrong."
    assert [str(bad) for bad in imported.bad_rows] == [
        f"lei.tsv, line 2, column lei, '010CMKZ3VON21WF2ZD46': {sentence}",
        f"lei.tsv, line 3, column lei, '010cmkz3von21wf2zd45': {sentence}",
        "lei.tsv, line 4, column legal_name, '': The name is missing.",
        "lei.tsv, line 5, column country, 'Czechia': This is not the ISO code of a country that we know.",
    ]


def test_no_file_and_a_table_of_another_form_are_refused(tmp_path, silent):
    with pytest.raises(NotUnderstood, match=r"^LEI records are read from one file at least\.$"):
        gleif.read([], silent)
    with pytest.raises(
        NotUnderstood, match=r"^lei\.tsv lacks the columns legal_name, country, entity_category;"
    ):
        gleif.read([table(tmp_path, "lei\tname", "1\t2")], silent)
    with pytest.raises(NotUnderstood, match=r"^golden-copy\.csv lacks the columns Entity\.LegalName, "):
        gleif.read([table(tmp_path, "LEI,Name", "1,2", name="golden-copy.csv")], silent)
