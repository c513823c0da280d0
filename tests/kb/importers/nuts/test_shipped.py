"""The regions that Regiolink ships: complete, in line with the official tables, made again byte for byte."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.importers import nuts
from kb.turtle import to_trig

SHIPPED = Path(__file__).resolve().parents[4] / "kb" / "datasets" / "nuts"
PREFIXES = """
PREFIX def: <https://w3id.org/regiolink/def/>
PREFIX edition: <https://w3id.org/regiolink/id/nuts-edition/>
PREFIX nuts-status: <https://w3id.org/regiolink/terms/nuts-status/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX region: <https://w3id.org/regiolink/id/region/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
SOURCES = (
    *("2006-2010.xls", "NUTS2013-NUTS2016.xlsx", "NUTS2016-NUTS2021.xlsx", "NUTS2021-NUTS2024.xlsx"),
    *("nuts2021_regions.csv", "nuts2024_regions.csv", "jrc_nuts_crosswalks_2006-2024.csv.gz"),
)
ENGLISH = "links/wof_region_names_multilingual_BE_AT_IT_ES_FI.tsv.gz"


@pytest.fixture(scope="module")
def select():
    """Rows of a SELECT over the shipped regions, as tuples of text, sorted."""
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(SHIPPED / "nuts.trig", "trig", "nuts.trig"))
    return lambda text: sorted(tuple(map(str, found)) for found in engine.select(PREFIXES + text))


@pytest.fixture(scope="module")
def after(select):
    """The codes that follow a code in the next edition, each with whether the place is the same."""

    def of(code, edition):
        rows = select(f"""
SELECT ?next ?same {{
  ?version def:nutsCode "{code}" ; def:inNutsEdition edition:{edition} ; def:versionOf ?place ;
    def:succeededBy ?successor .
  ?successor def:nutsCode ?next ; def:versionOf ?later .
  BIND(?place = ?later AS ?same)
}}""")
        return {code: same == "true" for code, same in rows}

    return of


@pytest.fixture(scope="module")
def report():
    """The rows of the report of changes: (old code, new code) -> row, for one step."""

    def of(old, new):
        with (SHIPPED / "changes.tsv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return {
            (row["old code"], row["new code"]): row for row in rows if (row["from"], row["to"]) == (old, new)
        }

    return of


def test_each_edition_has_the_official_number_of_units(select):
    rows = select("""
SELECT ?edition ?level (COUNT(?version) AS ?units) {
  ?version def:nutsStatus nuts-status:nuts ; def:nutsLevel ?level ;
    def:inNutsEdition/skos:exactMatch ?scheme .
  BIND(STRAFTER(STR(?scheme), "/scheme/") AS ?edition)
} GROUP BY ?edition ?level""")
    counts = {}
    for edition, level, units in rows:
        counts.setdefault(edition, {})[int(level)] = int(units)
    # Regulations 31/2011, 1319/2013, 2016/2066 and 2019/1755 (with the United Kingdom), 2023/674.
    assert counts == {
        "2010": {0: 27, 1: 97, 2: 270, 3: 1294},
        "2013": {0: 28, 1: 98, 2: 276, 3: 1342},
        "2016": {0: 28, 1: 104, 2: 281, 3: 1348},
        "2021": {0: 28, 1: 104, 2: 283, 3: 1345},
        "2024": {0: 27, 1: 92, 2: 244, 3: 1165},
    }


def test_statistical_regions_stand_in_the_editions_from_2016_on(select):
    rows = select("""
SELECT ?edition (COUNT(?version) AS ?units) (GROUP_CONCAT(DISTINCT ?country; SEPARATOR=" ") AS ?countries) {
  { SELECT * {
    ?version def:inNutsEdition/skos:exactMatch ?scheme ; def:nutsCode ?code ;
      def:nutsStatus nuts-status:statistical-region .
    BIND(STRAFTER(STR(?scheme), "/scheme/") AS ?edition)
    BIND(SUBSTR(?code, 1, 2) AS ?country)
  } ORDER BY ?code }
} GROUP BY ?edition""")
    assert rows == [
        ("2016", "256", "AL CH IS LI ME MK NO RS TR"),
        ("2021", "250", "AL CH IS LI ME MK NO RS TR"),
        ("2024", "443", "AL BA CH IS LI ME MK NO RS TR UA XK"),
    ]


@pytest.mark.parametrize(
    ("wrong", "pattern"),
    [
        ("two names in one language", "?thing rdfs:label ?a, ?b FILTER(?a != ?b && LANG(?a) = LANG(?b))"),
        ("part of itself", "?thing def:partOfTerritory+ ?thing"),
        ("a region without a name", "?thing a def:Region FILTER NOT EXISTS { ?thing rdfs:label ?a }"),
        ("a version without a name", "?thing a def:RegionVersion FILTER NOT EXISTS { ?thing rdfs:label ?a }"),
        (
            "two codes in one edition",
            "?a def:versionOf ?thing ; def:inNutsEdition ?e . ?b def:versionOf ?thing ; def:inNutsEdition ?e "
            "FILTER(?a != ?b)",
        ),
        (
            "a code that its edition does not have",
            "?thing def:nutsConcept ?c ; def:inNutsEdition/skos:exactMatch ?s "
            "FILTER NOT EXISTS { ?c skos:inScheme ?s }",
        ),
        (
            "a level that is not that of the code",
            "?thing def:nutsCode ?c ; def:nutsLevel ?l FILTER(STRLEN(?c) != ?l + 2)",
        ),
        (
            "a name with a blank too many",
            r"?thing rdfs:label ?a FILTER(REGEX(?a, '^\\s|\\s$|\\s\\s|\u00a0'))",
        ),
        (
            "a region in another country than the one above it",
            "?thing def:inCountry ?c ; def:partOfTerritory/def:inCountry ?d FILTER(?c != ?d)",
        ),
        (
            "a unit that goes nowhere",
            "?thing def:inNutsEdition ?e ; def:nutsCode ?c FILTER(?e != edition:2024) "
            "FILTER NOT EXISTS { ?thing def:succeededBy ?n } "
            "FILTER(!STRSTARTS(?c, 'UK') || ?e != edition:2021)",
        ),
        (
            "a share that is no share",
            "?thing def:populationShare ?share FILTER(?share < 0 || ?share > 1)",
        ),
        ("extra-regio", "?thing def:nutsCode ?c FILTER(REGEX(?c, '^..Z+$'))"),
        ("a change between the same places", "?thing def:changeFrom ?v ; def:changeTo ?v"),
    ],
)
def test_nothing_in_the_shipped_regions_is(wrong, pattern, select):
    assert select(f"SELECT DISTINCT ?thing {{ {pattern} }}") == [], wrong


def test_mazowieckie_was_split_in_two(after, select):
    assert after("PL12", "2013") == {"PL91": False, "PL92": False}
    assert select("""
SELECT ?type ?basis ?share ?name {
  ?change def:changeFrom/def:nutsCode "PL12" ; def:changeType ?t ; def:basis ?b ; def:populationShare ?share ;
    def:changeTo ?to .
  ?to rdfs:label ?name ; def:nutsLevel 2 .
  BIND(STRAFTER(STR(?t), "change-type/") AS ?type) BIND(STRAFTER(STR(?b), "basis/") AS ?basis)
}""") == [
        ("split", "stated", "0.4079", "Mazowiecki regionalny"),
        ("split", "stated", "0.5921", "Warszawski stołeczny"),
    ]


def test_french_regions_got_other_codes_in_2016_and_stayed_what_they_were(after, report):
    assert after("FR42", "2013") == {"FRF1": True}
    step = report("2013", "2016")
    recoded = {
        old for (old, new), row in step.items() if old[:2] == "FR" and row["types"] == "recoded" and new
    }
    assert Counter(len(code) - 2 for code in recoded) == {2: 25, 3: 93}
    # Centre got another name with its code; Rhône-Alpes with Auvergne is what "Centre-Est" was at level 1.
    assert after("FR24", "2013") == {"FRB0": True}
    assert after("FR7", "2013") == {"FRK": True}
    assert after("FR4", "2013") == {"FRC": False, "FRF": False}


def test_continental_croatia_was_split_in_three(after):
    assert after("HR04", "2016") == {"HR02": False, "HR05": False, "HR06": False}
    assert after("HR041", "2016") == {"HR050": True}


def test_greek_regions_got_other_codes_in_2013_under_el(after, select):
    assert after("EL11", "2010") == {"EL51": True}
    assert after("EL1", "2010") == {"EL5": True, "EL6": False}
    assert select("""
SELECT ?label (LANG(?label) AS ?language) {
  ?version def:nutsCode "EL51" ; def:inNutsEdition edition:2024 ; def:versionOf/rdfs:label ?label
}""") == [("Anatoliki Makedonia, Thraki", "el-latn"), ("Ανατολική Μακεδονία, Θράκη", "el")]
    assert select('SELECT ?code { ?v def:nutsCode ?code FILTER(REGEX(?code, "^(GR|GB)")) }') == []


def test_the_united_kingdom_is_last_in_2021(after, select):
    assert after("UKL", "2016") == {"UKL": True}
    assert after("UKL", "2021") == {}
    assert select("""
SELECT (COUNT(?change) AS ?changes) ?comment {
  ?change def:changeType <https://w3id.org/regiolink/terms/change-type/discontinued> ; rdfs:comment ?comment
} GROUP BY ?comment""") == [("233", "UK regional classification suppressed due to BREXIT")]


def test_lithuania_hungary_and_ireland_were_divided_anew_in_2016(after, report):
    assert after("LT00", "2013") == {"LT01": False, "LT02": False}
    assert after("LT00A", "2013") == {"LT011": True}
    assert after("HU10", "2013") == {"HU11": False, "HU12": False}
    assert after("HU101", "2013") == {"HU110": True}
    assert after("IE01", "2013") == {"IE04": False, "IE06": False}
    assert after("IE02", "2013") == {"IE05": False, "IE06": False}
    step = report("2013", "2016")
    assert {row["basis"] for (old, _), row in step.items() if old in ("LT00", "HU10")} == {"stated"}
    assert {row["basis"] for (old, _), row in step.items() if old in ("IE01", "IE02")} == {"inferred"}


def test_norwegian_counties_merged_in_2021_and_came_back_in_2024(after, select):
    assert after("NO031", "2016") == {"NO082": False}
    assert after("NO082", "2021") == {"NO083": False, "NO084": False, "NO085": False}
    assert select("""
SELECT ?edition ?code {
  ?version def:versionOf region:no-ostfold-nuts3 ; def:nutsCode ?code ; def:inNutsEdition/rdfs:label ?edition
  FILTER(LANG(?edition) = "en")
}""") == [("NUTS 2016", "NO031"), ("NUTS 2024", "NO083")]
    assert after("NO02", "2016") == {"NO02": True, "NO08": False}
    assert after("NO0B2", "2021") == {"NO0B2": True}


def test_portugal_the_netherlands_and_latvia_changed_in_2024(after):
    assert after("PT17", "2021") == {"PT1A": False, "PT1B": False}
    assert after("PT16", "2021") == {"PT19": True, "PT1D": False}
    assert after("PT18", "2021") == {"PT1C": True, "PT1D": False}
    assert after("NL31", "2021") == {"NL35": True}
    assert after("NL33", "2021") == {"NL36": True}
    assert after("LV007", "2021") == {"LV00A": False, "LV00B": False, "LV00C": False}
    assert after("LV006", "2021") == {"LV00A": True}


def test_regions_have_their_newest_name_well_spelled_and_older_ones_beside_it(select):
    def named(region):
        return [
            tuple(text for text, _ in select(f"SELECT ?n (LANG(?n) AS ?l) {{ region:{region} {kind} ?n }}"))
            for kind in ("rdfs:label", "skos:altLabel")
        ]

    assert named("be-region-de-bruxelles-capitale-brussels-hoofdstedelijk-gewest-nuts1") == [
        ("Brussels Hoofdstedelijk Gewest", "Région de Bruxelles-Capitale"),
        (),
    ]
    assert named("es-pais-vasco-nuts2") == [("Basque Country", "País Vasco"), ()]
    assert named("es-alava-nuts3") == [("Araba", "Álava"), ()]
    assert named("fr-centre-est-nuts1") == [("Auvergne-Rhône-Alpes",), ("Centre-Est",)]
    assert named("pl-region-centralny-nuts1") == [("Region Centralny",), ()]
    assert named("el-voreia-ellada-nuts1") == [("Voreia Elláda", "Βόρεια Ελλάδα"), ()]
    assert named("mk-skopski-nuts3") == [("Skopski", "Скопски"), ()]


def test_every_code_of_the_crosswalk_is_ours_and_every_code_of_ours_is_in_the_crosswalk(reference, select):
    (path,) = reference("nuts/jrc_nuts_crosswalks_2006-2024.csv.gz")
    crosswalk = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            crosswalk.setdefault(row["from_version"], set()).add(row["from_code"])
            crosswalk.setdefault(row["to_version"], set()).add(row["to_code"])
    ours = {}
    for edition, code in select("""
SELECT ?edition ?code {
  ?v def:nutsCode ?code ; def:nutsLevel ?level ; def:inNutsEdition/skos:exactMatch ?s FILTER(?level > 0)
  BIND(STRAFTER(STR(?s), "/scheme/") AS ?edition)
}"""):
        ours.setdefault(edition, set()).add(code)

    def countries(codes):
        return dict(sorted(Counter(code[:2] for code in codes).items()))

    # No workbook lists the statistical regions before 2016, nor Croatia before it joined; ELZ is extra-regio.
    assert {edition: countries(crosswalk[edition] - codes) for edition, codes in ours.items()} == {
        "2010": {"CH": 34, "HR": 24, "IS": 4, "LI": 3, "NO": 27},
        "2013": {"CH": 34, "EL": 3, "IS": 4, "LI": 3, "NO": 27},
        "2016": {"EL": 3, "UK": 1},
        "2021": {},
        "2024": {},
    }
    assert crosswalk["2016"] - ours["2016"] == {"ELZ", "ELZZ", "ELZZZ", "UKN1"}
    # The crosswalk leaves out most candidate countries, Liechtenstein in 2021 and Svalbard.
    balkans = {"AL": 16, "ME": 3, "MK": 10, "RS": 31, "TR": 119}
    assert {edition: countries(codes - crosswalk[edition]) for edition, codes in ours.items()} == {
        "2010": {},
        "2013": {},
        "2016": balkans,
        "2021": dict(sorted({**balkans, "LI": 3, "NO": 1}.items())),
        "2024": dict(sorted({**balkans, "BA": 4, "NO": 1, "UA": 173, "XK": 9}.items())),
    }


def test_the_units_are_those_of_the_official_lists(reference, select):
    (path,) = reference("nuts/NUTS2021-NUTS2024.xlsx")
    book = openpyxl.load_workbook(path)
    listed = {
        row[1]
        for sheet in ("NUTS2024", "Statistical Regions")
        for row in book[sheet].iter_rows(min_row=2, values_only=True)
        if row[1]
    }
    extra_regio = {code for code in listed if set(code[2:]) == {"Z"}}
    ours = select("""
SELECT ?code { ?v def:nutsCode ?code ; def:nutsLevel ?l ; def:inNutsEdition edition:2024 FILTER(?l > 0) }""")
    assert {code for (code,) in ours} == listed - extra_regio
    # What is left out is in the official scheme, without a place.
    extra = select("""
SELECT ?code { ?c skos:inScheme <http://data.europa.eu/nuts/scheme/2024> ; skos:notation ?code
  FILTER NOT EXISTS { ?v def:nutsConcept ?c } }""")
    assert {code for (code,) in extra} == extra_regio


def test_the_shipped_regions_are_what_the_importer_makes(silent, reference):
    imported = nuts.read(reference(*(f"nuts/{name}" for name in SOURCES), ENGLISH), silent)
    assert to_trig(imported.dataset) == (SHIPPED / "nuts.trig").read_text(encoding="utf-8")
    assert sorted(imported.reports) == ["changes", "english-names", "unresolved"]
    for name, rows in imported.reports.items():
        with (SHIPPED / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file, delimiter="\t")) == rows
    # A backquote for a country, a region in two rows, rows left over from the workbook before, and
    # explanations that slipped into the rows of other regions.
    assert Counter((row.file, row.sentence) for row in imported.bad_rows) == {
        ("2006-2010.xls", "This is no name."): 1,
        ("NUTS2013-NUTS2016.xlsx", "Another row says what this unit went on as."): 1,
        ("NUTS2016-NUTS2021.xlsx", "The table of changes has no row with these codes."): 36,
        ("NUTS2021-NUTS2024.xlsx", "The explanation is about other codes than those of its row."): 6,
    }
