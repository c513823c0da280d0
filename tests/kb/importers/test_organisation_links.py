"""Organisations are linked to ROR where it is sure, and only there."""

from pathlib import Path

import pytest
from rdflib import Graph

from kb.errors import NotUnderstood
from kb.importers import organisation_links
from kb.importers.organisation_names import is_telling, normal_form
from kb.turtle import to_trig, to_turtle

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "kb" / "datasets" / "organisation-links"
HEADER = "ror_id\tname\tcountry\tcity\tstatus\twebsite\twikidata\tother_names"
DECISIONS = "organisation\tror\tdecision\treason"

SAME = "They have the same name in the same country, and no other there has it."
ALIKE = "The names are alike, not the same."


def identifier(number):
    """The ROR identifier of a number."""
    digits = "".join(
        "0123456789abcdefghjkmnpqrstvwxyz"[number // 32**place % 32] for place in range(6, -1, -1)
    )
    return f"{digits}{98 - number * 100 % 97:02}"


def ours(folder, *organisations):
    """Our organisations: (key, name, country or None) each."""
    blocks = []
    for key, name, country in organisations:
        established = f" ; def:establishedIn country:{country}" if country else ""
        blocks.append(f'organisation:{key} rdfs:label "{name}"@und{established} .')
    path = folder / "ours.trig"
    path.write_text(
        "PREFIX organisation: <https://w3id.org/regiolink/id/organisation/>\n"
        "PREFIX country: <http://publications.europa.eu/resource/authority/country/>\n"
        "PREFIX def: <https://w3id.org/regiolink/def/>\n"
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        "GRAPH <https://w3id.org/regiolink/graph/source/partnerships> {\n"
        "country:FIN rdfs:label 'Finland'@en .\n" + "\n".join(blocks) + "\n}\n",
        encoding="utf-8",
    )
    return path


def ror(folder, *records):
    """A table of ROR: (name, country, other names) each; the identifiers count from one."""
    rows = [
        f"https://ror.org/{identifier(number)}\t{name}\t{country}\tCity\tactive\t\tQ{number}\t{others}"
        for number, (name, country, others) in enumerate(records, start=1)
    ]
    path = folder / "ror.tsv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def decisions(folder, *rows):
    path = folder / "decisions.tsv"
    path.write_text("\n".join([DECISIONS, *rows]) + "\n", encoding="utf-8")
    return path


def findings(imported):
    """(organisation, number of the ROR record, verdict, reason) of each row of the report."""
    numbers = {identifier(number): number for number in range(1, 10)}
    return [
        (row["organisation"], numbers[row["ror"]], row["verdict"], row["reason"])
        for row in imported.reports["organisation-links"]
    ]


def test_the_same_name_in_the_same_country_is_a_link_to_ror_and_wikidata(tmp_path, silent, quads):
    files = [
        ours(tmp_path, ("flanders-food", "Flanders' FOOD vzw", "BEL")),
        ror(tmp_path, ("Flanders’ Food (Belgium)", "BE", "FF")),
    ]
    imported = organisation_links.read(files, silent)
    assert quads(imported.dataset) == quads("""
GRAPH <https://w3id.org/regiolink/graph/links/ror> {
organisation:flanders-food
    adms:identifier identifier:ror-000000195 ;
    schema:sameAs <https://ror.org/000000195> ;
.
identifier:ror-000000195
    a adms:Identifier ;
    skos:notation "000000195" ;
    def:identifierScheme <https://w3id.org/regiolink/terms/identifier-scheme/ror> ;
.
}
GRAPH <https://w3id.org/regiolink/graph/links/wikidata> {
organisation:flanders-food schema:sameAs <http://www.wikidata.org/entity/Q1> .
}
""")
    assert imported.bad_rows == []
    assert imported.reports == {
        "organisation-links": [
            {
                "organisation": "flanders-food",
                "names": "Flanders' FOOD vzw",
                "country": "BEL",
                "place": "",
                "ror": "000000195",
                "ror_names": "Flanders’ Food (Belgium) | FF",
                "ror_country": "BE",
                "ror_city": "City",
                "ror_website": "",
                "wikidata": "Q1",
                "score": "100",
                "verdict": "linked",
                "reason": SAME,
            }
        ]
    }


@pytest.mark.parametrize(
    ("organisations", "records", "expected"),
    [
        (
            [("lyonbiopole", "Lyonbiopole", None)],
            [("Lyonbiopôle", "FR", "")],
            [
                (
                    "lyonbiopole",
                    1,
                    "candidate",
                    "The names are the same, but the country of the organisation is not known.",
                )
            ],
        ),
        (
            [("lyonbiopole", "Lyonbiopole", "BEL")],
            [("Lyonbiopôle", "FR", "")],
            [("lyonbiopole", 1, "candidate", "The names are the same, but the countries are not.")],
        ),
        (
            [("imec", "imec", "BEL")],
            [("IMEC", "BE", "")],
            [("imec", 1, "candidate", "The name that they share is too short to be one body's alone.")],
        ),
        (
            [("blue-cluster", "Blue Cluster", "BEL")],
            [
                ("Blue Cluster", "BE", ""),
                ("Institute", "BE", "Blue cluster | Blue Cluster"),
                ("Blue Cluster", "FR", ""),
            ],
            [
                ("blue-cluster", 1, "candidate", "They share their name with others in the same country."),
                ("blue-cluster", 2, "candidate", "They share their name with others in the same country."),
                ("blue-cluster", 3, "candidate", "The names are the same, but the countries are not."),
            ],
        ),
        (
            [("one", "Blue Cluster", "BEL"), ("two", "Blue Cluster e.V.", "BEL")],
            [("Blue Cluster", "BE", "")],
            [
                ("one", 1, "candidate", "They share their name with others in the same country."),
                ("two", 1, "candidate", "They share their name with others in the same country."),
            ],
        ),
        (
            [("jamk", "JAMK University", "FIN"), ("clutex", "Clutex Klastr", "CZE")],
            [
                ("JAMK University of Applied Sciences", "FI", ""),
                ("Clutex Klaster", "CZ", ""),
                ("Clutex Klastr", "CZ", ""),
            ],
            [
                ("clutex", 3, "linked", SAME),
                ("clutex", 2, "candidate", ALIKE),
                ("jamk", 1, "candidate", ALIKE),
            ],
        ),
        (
            [("elca", "ELCA", "FRA"), ("tourism", "Tourism Board", "FRA")],
            [("ELA", "FR", ""), ("Institute of Physics", "FR", "")],
            [],
        ),
    ],
)
def test_what_is_not_sure_is_a_candidate_and_never_a_link(tmp_path, silent, organisations, records, expected):
    imported = organisation_links.read([ours(tmp_path, *organisations), ror(tmp_path, *records)], silent)
    assert findings(imported) == expected
    linked = {row[0] for row in expected if row[2] == "linked"}
    assert {
        str(subject).rpartition("/")[2]
        for subject, _, _, _ in imported.dataset.quads()
        if "/organisation/" in subject
    } == linked


def test_two_names_that_lead_to_two_records_link_to_neither(tmp_path, silent):
    path = ours(tmp_path, ("cluster", "Blue Cluster", "BEL"))
    text = path.read_text(encoding="utf-8").replace(
        '"Blue Cluster"@und',
        '"Blue Cluster"@und ; <http://www.w3.org/2004/02/skos/core#altLabel> "Blauwe Cluster"@nl',
    )
    path.write_text(text, encoding="utf-8")
    imported = organisation_links.read(
        [path, ror(tmp_path, ("Blue Cluster", "BE", ""), ("Blauwe Cluster", "BE", ""))], silent
    )
    reason = "They have the same name, but one of the two is also, or by a decision, linked to another."
    assert findings(imported) == [("cluster", 1, "candidate", reason), ("cluster", 2, "candidate", reason)]
    assert len(imported.dataset) == 0


def test_a_review_links_what_the_rule_does_not_and_refuses_what_it_would(tmp_path, silent):
    files = [
        ours(
            tmp_path,
            ("imec", "imec", None),
            ("blue-cluster", "Blue Cluster", "BEL"),
            ("other", "Other", None),
        ),
        ror(
            tmp_path, ("IMEC", "BE", ""), ("IMEC", "HU", ""), ("Blue Cluster", "BE", ""), ("Unlike", "PT", "")
        ),
        decisions(
            tmp_path,
            f"imec\t{identifier(1)}\taccept\tIt is in Leuven.",
            f"imec\t{identifier(2)}\trefuse\tIt is in Budapest.",
            f"blue-cluster\t{identifier(3)}\trefuse\tIt does painting.",
            f"other\t{identifier(4)}\taccept\tThe former name.",
        ),
    ]
    imported = organisation_links.read(files, silent)
    assert findings(imported) == [
        ("blue-cluster", 3, "refused", "Decided in a review: It does painting."),
        ("imec", 1, "linked", "Decided in a review: It is in Leuven."),
        ("imec", 2, "refused", "Decided in a review: It is in Budapest."),
        ("other", 4, "linked", "Decided in a review: The former name."),
    ]
    targets = {str(target) for _, _, target, _ in imported.dataset.quads() if "ror.org" in target}
    assert targets == {f"https://ror.org/{identifier(1)}", f"https://ror.org/{identifier(4)}"}


def test_what_the_rule_finds_gives_way_to_a_decision(tmp_path, silent):
    files = [
        ours(tmp_path, ("blue-cluster", "Blue Cluster", "BEL"), ("azure", "Azure Group", "BEL")),
        ror(tmp_path, ("Blue Cluster", "BE", "")),
        decisions(tmp_path, f"azure\t{identifier(1)}\taccept\tIts new name."),
    ]
    imported = organisation_links.read(files, silent)
    assert [(key, verdict) for key, _, verdict, _ in findings(imported)] == [
        ("azure", "linked"),
        ("blue-cluster", "candidate"),
    ]


def test_a_decision_that_cannot_be_used_is_told_and_left_out(tmp_path, silent):
    files = [
        ours(tmp_path, ("imec", "imec", None), ("other", "Other", None)),
        ror(tmp_path, ("IMEC", "BE", ""), ("IMEC", "HU", "")),
        decisions(
            tmp_path,
            f"imek\t{identifier(1)}\taccept\tYes.",
            f"imec\t{identifier(9)}\taccept\tYes.",
            f"imec\t{identifier(1)}\tperhaps\tYes.",
            f"imec\t{identifier(1)}\taccept\t",
            f"imec\t{identifier(1)}\taccept\tYes.",
            f"imec\t{identifier(1)}\trefuse\tNo.",
            f"imec\t{identifier(2)}\taccept\tYes.",
            f"other\t{identifier(1)}\taccept\tYes.",
        ),
    ]
    imported = organisation_links.read(files, silent)
    again = "An earlier line decides on this organisation or this record already."
    assert [str(bad) for bad in imported.bad_rows] == [
        "decisions.tsv, line 2, column organisation, 'imek': "
        "There is no such organisation in the first file.",
        f"decisions.tsv, line 3, column ror, '{identifier(9)}': "
        "There is no such record in the file of ROR, or it is withdrawn.",
        "decisions.tsv, line 4, column decision, 'perhaps': A decision is accept or refuse.",
        "decisions.tsv, line 5, column reason, '': The reason is missing.",
        f"decisions.tsv, line 7, column ror, '{identifier(1)}': {again}",
        f"decisions.tsv, line 8, column ror, '{identifier(2)}': {again}",
        f"decisions.tsv, line 9, column ror, '{identifier(1)}': {again}",
    ]


def test_a_withdrawn_record_is_no_candidate(tmp_path, silent):
    register = ror(tmp_path, ("Blue Cluster", "BE", ""))
    register.write_text(register.read_text().replace("active", "withdrawn"))
    imported = organisation_links.read([ours(tmp_path, ("blue", "Blue Cluster", "BEL")), register], silent)
    assert imported.reports == {"organisation-links": []}
    assert len(imported.dataset) == 0


def test_files_of_another_number_or_form_are_refused(tmp_path, silent):
    register = ror(tmp_path, ("Blue Cluster", "BE", ""))
    with pytest.raises(NotUnderstood, match=r"^Organisations are linked from two or three files: "):
        organisation_links.read([register], silent)
    with pytest.raises(NotUnderstood, match=r"^ours\.trig describes no organisation\.$"):
        organisation_links.read([ours(tmp_path), register], silent)
    with pytest.raises(NotUnderstood, match=r"^ror\.tsv: the ending \.tsv is not one of "):
        organisation_links.read([register, register], silent)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Łódzki Klaster Sp. z o.o.", "lodzki klaster"),
        ("Pôle Mer  Méditerranée", "pole mer mediterranee"),
        ("Images&Réseaux", "images and reseaux"),
        ("MOV’EO", "moveo"),
        ("Nanoprogress, z.s.", "nanoprogress"),
        ("GmbH", "gmbh"),
        ("–", ""),
    ],
)
def test_accents_case_signs_and_legal_forms_do_not_count(name, form):
    assert normal_form(name) == form


def test_a_short_word_by_itself_tells_nothing():
    assert [form for form in ("clean", "plastiwin", "dsp valley", "") if is_telling(form)] == [
        "plastiwin",
        "dsp valley",
    ]


def test_the_shipped_links_are_what_the_importer_makes(silent, reference):
    (register,) = reference("organisations/ror_europe_organisations.tsv.gz")
    ours_shipped = ROOT / "kb" / "datasets" / "partnerships" / "partnerships.trig"
    imported = organisation_links.read([ours_shipped, register, SHIPPED / "decisions.tsv"], silent)
    assert imported.bad_rows == []
    assert to_trig(imported.dataset) == (SHIPPED / "organisation-links.trig").read_text(encoding="utf-8")
    verdicts = [
        line.split("\t")[-2] for line in (SHIPPED / "organisation-links.tsv").read_text().splitlines()[1:]
    ]
    assert verdicts == [row["verdict"] for row in imported.reports["organisation-links"]]


def test_the_description_counts_what_is_shipped():
    description = (SHIPPED / "dataset.ttl").read_text(encoding="utf-8")
    shipped = (SHIPPED / "organisation-links.trig").read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=description)) == description
    for address in ("<https://ror.org/", "<http://www.wikidata.org/entity/"):
        assert f"void:triples {shipped.count(address)} ;" in description
