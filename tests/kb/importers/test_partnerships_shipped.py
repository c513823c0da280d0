"""The partnerships that Regiolink ships: complete, with the right regions, made again byte for byte."""

import csv
from pathlib import Path

import pytest
from rdflib import Graph

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.importers import partnerships
from kb.turtle import to_trig, to_turtle

DATASETS = Path(__file__).resolve().parents[3] / "kb" / "datasets"
SHIPPED = DATASETS / "partnerships"
GRAPH = "https://w3id.org/regiolink/graph/source/partnerships"
REVIEWED = ("gazetteer", "organisations", "themes")
TABLES = (
    *("s3_partnerships", "s3_partnership_regions", "s3_partnership_organisations", "cluster_partnerships"),
    *("cluster_partnership_members", "initiatives", "calls"),
)
DEF = "PREFIX def: <https://w3id.org/regiolink/def/>\n"


@pytest.fixture(scope="module")
def ask():
    """Rows of a SELECT over the shipped partnerships and regions, as tuples of text, sorted."""
    engine = OxigraphEngine.in_memory()
    for name in ("nuts", "partnerships"):
        engine.insert(read_quads(DATASETS / name / f"{name}.trig", "trig", name))
    return lambda text: sorted(tuple(map(str, found)) for found in engine.select(DEF + text))


@pytest.fixture(scope="module")
def report():
    """The rows of the resolution report."""
    with (SHIPPED / "resolution-report.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_everything_in_the_tables_is_there(ask):
    kinds = ask(
        f"SELECT ?kind (COUNT(*) AS ?count) {{ GRAPH <{GRAPH}> {{ ?thing a ?kind }} }} GROUP BY ?kind"
    )
    counts = {kind.rsplit("/", 1)[1]: int(count) for kind, count in kinds if "regiolink" in kind}
    assert counts["RegionalAuthorityPartnership"] == 27
    assert (counts["ClusterPartnership"], counts["ESCPS3"]) == (30, 4)
    assert (counts["PartnershipMembership"], counts["UnattributedMembership"]) == (103 + 24 + 66, 20)
    assert counts["CallForProposals"] == 5
    assert counts["PlatformLinkage"] == 9
    initiatives = ("Initiative", "Network", "ThematicPlatform", "FundingProgramme")
    assert sum(counts[kind] for kind in initiatives) == 13


def test_every_record_has_a_source_and_a_basis(ask):
    missing = f"""SELECT ?thing {{ GRAPH <{GRAPH}> {{ ?thing a ?kind .
        FILTER NOT EXISTS {{ ?thing <http://purl.org/dc/terms/source> ?page ; def:basis ?basis }}
        FILTER(?kind NOT IN (def:MonetaryAmount, <http://www.w3.org/ns/adms#Identifier>)) }} }}"""
    assert ask(missing) == []


def test_the_textile_partnership_involves_sixteen_regions(ask):
    regions = ask("""SELECT DISTINCT ?label {
        <https://w3id.org/regiolink/id/partnership/s3-textile> def:hasMembership/def:memberTerritory ?region .
        ?region <http://www.w3.org/2000/01/rdf-schema#label> ?label FILTER(LANG(?label) != "en") }""")
    assert {label for (label,) in regions} == {
        *("Auvergne-Rhône-Alpes", "Baden-Württemberg", "Campania", "Cataluña", "Comunitat Valenciana"),
        *("Emilia-Romagna", "Královéhradecký kraj", "Lombardia", "Łódzkie", "Nord-Est", "Norte", "Piemonte"),
        *("Prov. West-Vlaanderen", "Puglia", "Toscana", "Västra Götalands län"),
    }


def test_twenty_partnerships_of_regions_have_no_cluster_partnership_linked_to_them(ask):
    alone = ask("""SELECT ?partnership { ?partnership a def:RegionalAuthorityPartnership
        FILTER NOT EXISTS { ?linkage def:toCounterpart ?partnership } }""")
    assert {iri.rsplit("/", 1)[1].removeprefix("s3-") for (iri,) in alone} == {
        *("3dprinting", "adma-energy", "ai", "bioenergy", "chemicals", "consumer", "cybersecurity", "esm"),
        *(
            "geothermal",
            "hightech-farming",
            "hydrogen",
            "marine",
            "mobility",
            "nano",
            "personalised-medicine",
        ),
        *("smart-grids", "solar", "sustainable-buildings", "traceability", "water-smart"),
    }


def test_three_links_to_a_counterpart_are_stated_and_five_are_our_reading(ask):
    links = ask("""SELECT ?linkage ?basis { ?linkage def:toCounterpart ?other ; def:basis ?basis }""")
    found = {linkage.rsplit("/", 1)[1]: basis.rsplit("/", 1)[1] for linkage, basis in links}
    assert found == {
        "escp-tex4im-s3-textile": "inferred",
        "escp-s3martmed-s3-medtech": "stated",
        "escp-digiclusters-s3-industry40": "stated",
        "escp-connsensys-s3-smart-sensors": "inferred",
        "eoi-pimi-s3-photonics": "inferred",
        "eoi-bioeconomy-s3-s3-bioeconomy": "stated",
        "ecp-smartsports4goodlife-s3-sport": "inferred",
        "innosup-s3food-s3-smart-sensors": "inferred",
    }


def test_the_names_that_are_not_resolved_are_known_and_none_waits_for_review(report):
    assert {row["method"] for row in report} == {"exact", "gazetteer", "unresolved"}
    assert {row["name_as_written"] for row in report if row["method"] == "unresolved"} == {
        *("North-Croatia", "Randstad region", "Regio FoodValley", "Rhein-Main-Neckar"),
    }


@pytest.mark.parametrize(
    ("name", "country", "codes"),
    [
        ("Bretagne", "FR", "FR52 (2010, 2013), FRH0 (2016, 2021, 2024)"),
        ("Luxembourg", "LU", "LU (2010, 2013, 2016, 2021, 2024)"),
        ("Łódzkie", "", "PL11 (2010, 2013), PL71 (2016, 2021, 2024)"),
        ("Valencia", "ES", "ES52 (2010, 2013, 2016, 2021, 2024)"),
        ("Zuid Holland", "", "NL33 (2010, 2013, 2016, 2021), NL36 (2024)"),
        ("Wales", "UK", "UKL (2010, 2013, 2016, 2021)"),
        ("Grand Est", "FR", "FRF (2016, 2021, 2024)"),
        ("Tampere", "", "FI197 (2010, 2013, 2016, 2021), FI19B (2024)"),
        ("Upper Silesia", "PL", "PL22 (2010, 2013, 2016, 2021, 2024)"),
    ],
)
def test_a_name_is_resolved_to_the_place_with_these_codes(report, name, country, codes):
    found = {
        row["codes"]
        for row in report
        if row["name_as_written"] == name and row["country_as_written"] == country
    }
    assert found == {codes}


def test_the_description_counts_what_is_shipped():
    description = (SHIPPED / "dataset.ttl").read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=description)) == description
    for counted in ("27 partnerships of regions", "34 European cluster partnerships", "13 initiatives"):
        assert counted in description
    assert "5 calls" in description


def test_a_second_run_gives_the_same_bytes(reference, silent, report):
    tables = reference(*(f"partnerships/{table}.tsv" for table in TABLES))
    files = [*tables, *(SHIPPED / f"{name}.tsv" for name in REVIEWED), DATASETS / "nuts" / "nuts.trig"]
    made = partnerships.read(files, silent)
    assert made.bad_rows == []
    assert made.reports == {"resolution-report": report}
    assert to_trig(made.dataset) == (SHIPPED / "partnerships.trig").read_text(encoding="utf-8")
