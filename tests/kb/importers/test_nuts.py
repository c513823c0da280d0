"""NUTS from tiny workbooks: what each kind of change does to codes, places and their names."""

# ruff: noqa: RUF001 - the names are in Greek and Cyrillic, some with a slip of the keyboard

import gzip
import re
from itertools import count

import openpyxl
import pytest
from rdflib import RDF, RDFS, SKOS

from kb.errors import NotUnderstood
from kb.importers import nuts
from kb.terms import DEF, GRAPH, ID, NUTS_CODE
from kb.turtle import to_trig

CHANGES = ("Country", "NUTS level 1", "NUTS level 2", "NUTS level 3", "Change", "NUTS level")
EXPLANATIONS = ("Label", "Change", "Explanation (new = old)")
FLOWS = "from_code,to_code,from_version,to_version,pop21"


def unit(old, new, name, change=""):
    """A row of a table of changes; the name stands in the column of the level of the code."""
    level = len(new or old) - 2
    names = [name if number == level else None for number in range(4)]
    return (old, new, *names, change, level)


def same(code, name):
    """A row of a table of changes about a unit that does not change."""
    return unit(code, code, name)


@pytest.fixture
def workbook(tmp_path):
    """Writes a workbook of the change from one edition to another, NUTS<old>-NUTS<new>.xlsx."""

    def write(old, new, *rows, sheets=(), name=None):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = f"NUTS{old}-NUTS{new}"
        sheet.append((f"Code {old}", f"Code {new}", *CHANGES))
        for row in rows:
            sheet.append(row)
        for title, header, *more in sheets:
            sheet = book.create_sheet(title)
            for row in (header, *more):
                sheet.append(row)
        path = tmp_path / (name or f"NUTS{old}-NUTS{new}.xlsx")
        book.save(path)
        return path

    return write


@pytest.fixture
def table(tmp_path):
    """Writes a text file of lines; a crosswalk when it has no other name."""
    numbers = count()

    def write(*lines, name=None):
        path = tmp_path / (name or f"crosswalk{next(numbers)}.csv")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def read(silent):
    """Reads files that have no bad rows."""

    def of(*files):
        imported = nuts.read(files, silent)
        assert imported.bad_rows == []
        return imported

    return of


def graph_of(imported):
    return imported.dataset.graph(GRAPH["source/nuts"])


def slug(iri):
    return str(iri).rpartition("/")[2]


def places(imported, *codes):
    """(code, edition) -> the place, for units whose code is one of `codes`."""
    graph = graph_of(imported)
    found = {
        (str(graph.value(version, DEF.nutsCode)), slug(graph.value(version, DEF.inNutsEdition))): slug(place)
        for version, place in graph.subject_objects(DEF.versionOf)
    }
    return {key: place for key, place in found.items() if key[0] in codes}


def successions(imported):
    """The pairs of a unit and its successor that are not of one code, as code-edition."""
    pairs = [(slug(old), slug(new)) for old, new in graph_of(imported).subject_objects(DEF.succeededBy)]
    return sorted((old, new) for old, new in pairs if old[:-5] != new[:-5])


def changes(imported):
    """The report of changes: (old code, new code, types, same place, basis, share, explanation)."""
    columns = ("old code", "new code", "types", "same place", "basis", "population share", "explanation")
    return [tuple(row[name] for name in columns) for row in imported.reports["changes"]]


def names(imported, region):
    """The labels and the alternative labels of a region, as (text, language)."""
    thing = ID[f"region/{region}"]
    graph = graph_of(imported)
    return tuple(
        sorted((str(name), name.language) for name in graph.objects(thing, kind))
        for kind in (RDFS.label, SKOS.altLabel)
    )


def test_a_unit_becomes_an_official_code_a_version_an_edition_and_a_place(workbook, read, quads):
    imported = read(workbook("2016", "2021", same("LU", "Luxembourg"), same("LU0", "Luxembourg")))
    assert quads(imported.dataset) == quads("""
GRAPH <https://w3id.org/regiolink/graph/source/nuts> {
nutsedition:2016 a def:NutsEdition ; rdfs:label "NUTS 2016"@de , "NUTS 2016"@en , "NUTS 2016"@fr ;
    def:validFrom "2018-01-01"^^xsd:date ; def:validUntil "2020-12-31"^^xsd:date ;
    skos:exactMatch nutsscheme:2016 .
nutsedition:2021 a def:NutsEdition ; rdfs:label "NUTS 2021"@de , "NUTS 2021"@en , "NUTS 2021"@fr ;
    def:validFrom "2021-01-01"^^xsd:date ; def:validUntil "2023-12-31"^^xsd:date ;
    skos:exactMatch nutsscheme:2021 .
nutsscheme:2016 a skos:ConceptScheme .
nutsscheme:2021 a skos:ConceptScheme .
nutscode:LU a skos:Concept ; skos:notation "LU" ; skos:inScheme nutsscheme:2016 , nutsscheme:2021 .
nutscode:LU0 a skos:Concept ; skos:notation "LU0" ; skos:inScheme nutsscheme:2016 , nutsscheme:2021 ;
    skos:broader nutscode:LU .
regionversion:lu-2016 a def:RegionVersion ; rdfs:label "Luxembourg"@fr ; def:nutsCode "LU" ; def:nutsLevel 0 ;
    def:nutsConcept nutscode:LU ; def:inNutsEdition nutsedition:2016 ; def:versionOf country:LUX ;
    def:nutsStatus <https://w3id.org/regiolink/terms/nuts-status/nuts> ;
    def:succeededBy regionversion:lu-2021 .
regionversion:lu-2021 a def:RegionVersion ; rdfs:label "Luxembourg"@fr ; def:nutsCode "LU" ; def:nutsLevel 0 ;
    def:nutsConcept nutscode:LU ; def:inNutsEdition nutsedition:2021 ; def:versionOf country:LUX ;
    def:nutsStatus <https://w3id.org/regiolink/terms/nuts-status/nuts> .
regionversion:lu0-2016 a def:RegionVersion ; rdfs:label "Luxembourg"@fr ; def:nutsCode "LU0" ;
    def:nutsLevel 1 ; def:nutsConcept nutscode:LU0 ; def:inNutsEdition nutsedition:2016 ;
    def:versionOf region:lu-luxembourg-nuts1 ; def:partOfVersion regionversion:lu-2016 ;
    def:nutsStatus <https://w3id.org/regiolink/terms/nuts-status/nuts> ;
    def:succeededBy regionversion:lu0-2021 .
regionversion:lu0-2021 a def:RegionVersion ; rdfs:label "Luxembourg"@fr ; def:nutsCode "LU0" ;
    def:nutsLevel 1 ; def:nutsConcept nutscode:LU0 ; def:inNutsEdition nutsedition:2021 ;
    def:versionOf region:lu-luxembourg-nuts1 ; def:partOfVersion regionversion:lu-2021 ;
    def:nutsStatus <https://w3id.org/regiolink/terms/nuts-status/nuts> .
region:lu-luxembourg-nuts1 a def:Region ; rdfs:label "Luxembourg"@fr ; def:inCountry country:LUX ;
    def:partOfTerritory country:LUX .
}
""")
    assert imported.reports == {"changes": [], "unresolved": [], "english-names": []}


def test_a_change_is_told_with_its_units_types_source_and_share(workbook, table, read, quads):
    imported = read(
        workbook("2016", "2021", same("FR", "France"), unit("FR4", "FRF", "Est", "recoded")),
        table(FLOWS, "FR4,FRF,2016,2021,30", "FR4,FRX,2016,2021,10"),
    )
    change = ID["nuts-change/fr4-2016-frf-2021"]
    assert {quad for quad in quads(imported.dataset) if quad[0] == change} == quads("""
GRAPH <https://w3id.org/regiolink/graph/source/nuts> {
<https://w3id.org/regiolink/id/nuts-change/fr4-2016-frf-2021> a def:NutsChange ;
    def:changeFrom regionversion:fr4-2016 ; def:changeTo regionversion:frf-2021 ;
    def:changeType <https://w3id.org/regiolink/terms/change-type/recoded> ;
    def:basis <https://w3id.org/regiolink/terms/basis/stated> ; rdfs:comment "recoded"@en ;
    def:populationShare 0.75 ;
    dct:source <https://ec.europa.eu/eurostat/web/nuts/history> ,
        <https://urban.jrc.ec.europa.eu/tools/nuts-converter> .
}
""")


def test_a_recoded_region_is_the_same_place(workbook, read):
    imported = read(workbook("2013", "2016", same("FR", "FRANCE"), unit("FR4", "FRF", "Est", "recoded")))
    assert changes(imported) == [("FR4", "FRF", "recoded", "yes", "stated", "", "recoded")]
    assert places(imported, "FR4", "FRF") == {
        ("FR4", "2013"): "fr-est-nuts1",
        ("FRF", "2016"): "fr-est-nuts1",
    }
    assert successions(imported) == [("fr4-2013", "frf-2016")]


def test_a_renamed_region_keeps_its_address_and_its_old_name(workbook, read):
    first = workbook("2013", "2016", same("ES", "ESPAÑA"), same("ES5", "Comunidad Valenciana"))
    second = workbook(
        "2016", "2021", same("ES", "España"), unit("ES5", "ES5", "Comunitat Valenciana ", "name change")
    )
    imported = read(first, second)
    assert changes(imported) == [("ES5", "ES5", "renamed", "yes", "stated", "", "name change")]
    assert set(places(imported, "ES5").values()) == {"es-comunidad-valenciana-nuts1"}
    assert names(imported, "es-comunidad-valenciana-nuts1") == (
        [("Comunitat Valenciana", "ca")],
        [("Comunidad Valenciana", "es")],
    )


def test_a_name_that_the_table_gives_as_former_is_that_of_the_old_edition(workbook, read):
    change = 'renamed (previously "Hedmark og Oppland")'
    imported = read(workbook("2016", "2021", same("NO", "Norge"), unit("NO0", "NO0", "Innlandet", change)))
    assert names(imported, "no-hedmark-og-oppland-nuts1") == (
        [("Innlandet", "no")],
        [("Hedmark og Oppland", "no")],
    )


def test_a_merger_makes_a_new_place_although_it_has_an_old_name(workbook, read):
    imported = read(
        workbook(
            *("2013", "2016", same("DE", "DEUTSCHLAND"), same("DE9", "NIEDERSACHSEN")),
            unit("DE5", None, "Göttingen", "discontinued; merged with ex-DE6"),
            unit("DE6", None, "Osterode", "discontinued; merged with ex-DE5"),
            unit(None, "DEC", "Göttingen", "new region, merge of ex-DE5 and DE6"),
            sheets=[
                (
                    *("Correspondence NUTS-1", ("Code 2013", "Code 2016", *EXPLANATIONS)),
                    (None, "DEC", "Göttingen", "new region, merge of ex-DE5 and DE6", "DEC=DE5+DE6"),
                )
            ],
        )
    )
    told = "new region, merge of ex-DE5 and DE6; DEC=DE5+DE6"
    assert changes(imported) == [
        ("DE5", "DEC", "merged", "no", "stated", "", told),
        ("DE6", "DEC", "merged", "no", "stated", "", told),
    ]
    assert places(imported, "DE5", "DE6", "DEC") == {
        ("DE5", "2013"): "de-gottingen-nuts1",
        ("DE6", "2013"): "de-osterode-nuts1",
        ("DEC", "2016"): "de-gottingen-nuts1-066a",
    }
    assert successions(imported) == [("de5-2013", "dec-2016"), ("de6-2013", "dec-2016")]


def test_a_split_makes_new_places(workbook, read):
    imported = read(
        workbook(
            *("2013", "2016", same("LT", "LIETUVA")),
            unit("LT0", None, "Lietuva", "split into new LT1 and LT2"),
            unit(None, "LT1", "Sostinės regionas", "new region"),
            unit(None, "LT2", "Vidurio regionas", "new region"),
        )
    )
    told = "split into new LT1 and LT2"
    assert changes(imported) == [
        ("LT0", "LT1", "split", "no", "stated", "", told),
        ("LT0", "LT2", "split", "no", "stated", "", told),
    ]
    assert places(imported, "LT0", "LT1", "LT2") == {
        ("LT0", "2013"): "lt-lietuva-nuts1",
        ("LT1", "2016"): "lt-sostines-regionas-nuts1",
        ("LT2", "2016"): "lt-vidurio-regionas-nuts1",
    }


def test_the_two_rows_of_a_boundary_shift_are_one_place_and_what_moved_is_derived(workbook, table, read):
    imported = read(
        workbook(
            *("2021", "2024", same("FI", "Suomi")),
            unit("FI1", None, "Etelä", "Boundary shift"),
            unit(None, "FI6", "Etelä", "New region"),
            unit("FI2", None, "Pohjois", "Boundary shift"),
            unit(None, "FI7", "Pohjois", "New region"),
            sheets=[
                (
                    *("Changes NUTS-1", ("Country Code", "Code 2021", "Code 2024", *EXPLANATIONS)),
                    ("FI", "FI1", None, "Etelä", "LAU Iitti moved from ex-FI2 to ex-FI1"),
                    ("FI", None, "FI6", "Etelä", None, "recalculation by NSI"),
                    ("FI", "FI2", None, "Pohjois"),
                    ("FI", None, "FI7", "Pohjois", None, "recalculation by NSI"),
                )
            ],
        ),
        table(FLOWS, "FI1,FI6,2021,2024,50", "FI2,FI7,2021,2024,95", "FI2,FI6,2021,2024,5"),
    )
    moved = "LAU Iitti moved from ex-FI2 to ex-FI1"
    assert changes(imported) == [
        *[("FI1", "FI6", "boundary-shift", "yes", "stated", "1.0000", f"{moved}; recalculation by NSI")],
        *[("FI2", "FI6", "boundary-shift", "no", "inferred", "0.0500", f"{moved}; recalculation by NSI")],
        *[("FI2", "FI7", "boundary-shift", "yes", "stated", "0.9500", f"{moved}; recalculation by NSI")],
    ]
    assert places(imported, "FI1", "FI2", "FI6", "FI7") == {
        ("FI1", "2021"): "fi-etela-nuts1",
        ("FI2", "2021"): "fi-pohjois-nuts1",
        ("FI6", "2024"): "fi-etela-nuts1",
        ("FI7", "2024"): "fi-pohjois-nuts1",
    }
    assert successions(imported) == [
        ("fi1-2021", "fi6-2024"),
        ("fi2-2021", "fi6-2024"),
        ("fi2-2021", "fi7-2024"),
    ]


def test_a_boundary_shift_of_under_one_percent_keeps_the_code(workbook, read):
    change = "art. 5(2a)"
    imported = read(
        workbook("2021", "2024", same("AT", "Österreich"), unit("AT2", "AT2", "Oststeiermark", change))
    )
    assert changes(imported) == [("AT2", "AT2", "boundary-shift", "yes", "stated", "", change)]


def test_without_a_crosswalk_discontinued_and_new_regions_have_no_counterpart(workbook, read):
    imported = read(
        workbook(
            *("2013", "2016", same("IE", "IRELAND")),
            unit("IE1", None, "Border, Midland and Western", "discontinued"),
            unit(None, "IE4", "Northern and Western", "new region"),
        )
    )
    assert changes(imported) == [
        ("IE1", "", "discontinued", "no", "stated", "", "discontinued"),
        ("", "IE4", "new", "no", "stated", "", "new region"),
    ]
    assert successions(imported) == []
    kinds = {slug(change) for change in graph_of(imported).subjects(RDF.type, DEF.NutsChange)}
    assert kinds == {"ie1-2013-ended-2016", "before-2016-ie4-2016"}


def test_the_crosswalk_gives_discontinued_and_new_regions_their_counterparts(workbook, table, read):
    imported = read(
        workbook(
            *("2013", "2016", same("IE", "IRELAND"), same("IE0", "IRELAND")),
            unit("IE1", None, "Border, Midland and Western", "discontinued"),
            unit("IE2", None, "Southern and Eastern", "discontinued"),
            unit(None, "IE4", "Northern and Western", "new region"),
            unit(None, "IE5", "Southern", "new region"),
            unit(None, "IE6", "Eastern and Midland", "new region"),
        ),
        table(
            FLOWS,
            *("IE0,IE0,2013,2016,50", "IE1,IE0,2013,2016,1"),
            *("IE1,IE4,2013,2016,666", "IE1,IE6,2013,2016,333"),
            *("IE2,IE5,2013,2016,400", "IE2,IE6,2013,2016,595", "IE2,IE4,2013,2016,5"),
        ),
    )
    told = "discontinued; new region"
    assert changes(imported) == [
        ("IE1", "IE0", "merged split", "no", "inferred", "0.0010", "discontinued"),
        ("IE1", "IE4", "split", "no", "inferred", "0.6660", told),
        ("IE1", "IE6", "merged split", "no", "inferred", "0.3330", told),
        ("IE2", "IE5", "split", "no", "inferred", "0.4000", told),
        ("IE2", "IE6", "merged split", "no", "inferred", "0.5950", told),
    ]


def test_without_a_table_of_changes_they_follow_from_the_crosswalk(workbook, table, read):
    older = [
        ("", *row[1:]) for row in (same("PT", "PORTUGAL"), same("PT0", "Norte"), same("PT1", "Minho-Lima"))
    ]
    older += [
        ("", code, *unit("", code, name)[2:]) for code, name in (("PT3", "Ave"), ("PT5", "Baixo Vouga"))
    ]
    older += [("", code, *unit("", code, name)[2:]) for code, name in (("PT6", "Serra"), ("PT7", "Beira"))]
    older += [("", code, *unit("", code, name)[2:]) for code, name in (("PT8", "Sul"), ("PT9", "Ilhas"))]
    first = workbook("2006", "2010", *older)
    second = workbook(
        *("2013", "2016", same("PT", "PORTUGAL"), same("PT0", "Norte"), same("PT1", "Alto Minho")),
        *(same("PTA", "Ave"), same("PTB", "Região de Aveiro"), same("PTC", "Beiras"), same("PTD", "Sul")),
        same("PTE", "Madeira"),
    )
    crosswalk = table(
        FLOWS,
        *("PT0,PT0,2010,2013,99", "PT0,PT1,2010,2013,1", "PT1,PT1,2010,2013,100"),
        *("PT3,PTA,2010,2013,78", "PT3,PTB,2010,2013,22"),
        *("PT5,PTB,2010,2013,2178",),
        *("PT6,PTC,2010,2013,40", "PT7,PTC,2010,2013,60", "PT8,PTD,2010,2013,100"),
    )
    imported = read(first, second, crosswalk)
    assert changes(imported) == [
        ("PT1", "PT1", "renamed", "yes", "inferred", "1.0000", ""),
        ("PT3", "PTA", "boundary-shift", "yes", "inferred", "0.7800", ""),
        ("PT3", "PTB", "boundary-shift", "no", "inferred", "0.2200", ""),
        ("PT5", "PTB", "recoded renamed", "yes", "inferred", "1.0000", ""),
        ("PT6", "PTC", "merged", "no", "inferred", "1.0000", ""),
        ("PT7", "PTC", "merged", "no", "inferred", "1.0000", ""),
        ("PT8", "PTD", "recoded", "yes", "inferred", "1.0000", ""),
        ("PT9", "", "discontinued", "no", "inferred", "", ""),
        ("", "PTE", "new", "no", "inferred", "", ""),
    ]
    assert imported.reports["unresolved"] == [
        {
            "edition": "2010",
            "code": "PT0",
            "name": "Norte",
            "remark": "By the crosswalk 1.0% of its people come to PT1; both keep their codes.",
        },
        {
            "edition": "2010",
            "code": "PT9",
            "name": "Ilhas",
            "remark": "The crosswalk lacks this unit, so there are no population shares.",
        },
    ]


def test_a_place_that_comes_back_has_its_old_address(workbook, read):
    first = workbook(
        *("2016", "2021", same("NO", "Norge")),
        unit("NO1", None, "Østfold", "discontinued, now part of NO8"),
        unit("NO2", None, "Buskerud", "discontinued, now part of NO8"),
        unit(None, "NO8", "Viken", "new; made from ex-NO1 and NO2"),
    )
    second = workbook(
        *("2021", "2024", same("NO", "Norge"), unit("NO8", None, "Viken", "Split")),
        unit(None, "NO5", "Østfold", "New region"),
        unit(None, "NO6", "Buskerud", "New region"),
        sheets=[
            (
                *("Changes NUTS-1", ("Country Code", "Code 2021", "Code 2024", *EXPLANATIONS)),
                ("NO", "NO8", None, "Viken", "Split of region ex-NO8", "NO5 + NO6 = ex-NO8"),
                ("NO", None, "NO5", "Østfold", None, "NO5 = ex-NO1 (pre-2020)"),
                ("NO", None, "NO6", "Buskerud", None, "NO6 = ex-NO2 (pre-2020)"),
            )
        ],
    )
    imported = read(second, first)
    assert places(imported, "NO1", "NO2", "NO8", "NO5", "NO6") == {
        ("NO1", "2016"): "no-ostfold-nuts1",
        ("NO2", "2016"): "no-buskerud-nuts1",
        ("NO8", "2021"): "no-viken-nuts1",
        ("NO5", "2024"): "no-ostfold-nuts1",
        ("NO6", "2024"): "no-buskerud-nuts1",
    }
    assert [change[:4] for change in changes(imported)[2:]] == [
        ("NO8", "NO5", "split", "no"),
        ("NO8", "NO6", "split", "no"),
    ]


def test_a_country_leaves_and_another_comes_as_the_overview_says(workbook, read):
    overview = (
        "Changes overview",
        ("Country", "NUTS 1", "NUTS 2", "NUTS 3"),
        ("DE", "-", "-", "Two shifts."),
    )
    first = workbook(
        "2016", "2021", same("UK", "United Kingdom"), same("UKL", "Wales"), same("DE", "Deutschland")
    )
    second = workbook(
        *("2021", "2024", same("DE", "Deutschland"), unit(None, "XK0", "Kosovë/Kosovo", "New region")),
        sheets=[(*overview, ("UK", "Suppressed."), ("XK", "Agreement signed on 27/07/2022."))],
    )
    imported = read(first, second)
    assert changes(imported) == [
        ("UK", "", "discontinued", "no", "stated", "", "Suppressed"),
        ("UKL", "", "discontinued", "no", "stated", "", "Suppressed"),
        ("", "XK", "new", "no", "stated", "", "Agreement signed on 27/07/2022"),
        ("", "XK0", "new", "no", "stated", "", "New region; Agreement signed on 27/07/2022"),
    ]


def test_statistical_regions_are_told_by_their_sheet_or_by_the_banner_above_them(workbook, read):
    imported = read(
        workbook(
            *("2016", "2021", same("SI", "Slovenija"), ("Statistical regions (EFTA countries):",)),
            *(same("IS", "Ísland"), same("IS0", "Ísland")),
            sheets=[
                (
                    *("SR2016-SR2021", ("Code 2016", "Code 2021", "Statistical Regions level 1", "SR level")),
                    ("AL0", "AL0", "Shqipëria", 1),
                )
            ],
        )
    )
    graph = graph_of(imported)
    status = {slug(version): slug(kind) for version, kind in graph.subject_objects(DEF.nutsStatus)}
    assert {version: kind for version, kind in status.items() if version.endswith("2021")} == {
        "si-2021": "nuts",
        "is-2021": "statistical-region",
        "is0-2021": "statistical-region",
        "al-2021": "statistical-region",
        "al0-2021": "statistical-region",
    }


def test_an_extra_regio_code_is_an_official_code_and_no_place(workbook, read):
    imported = read(workbook("2016", "2021", same("MT", "Malta"), same("MTZ", "Extra-Regio NUTS 1")))
    graph = graph_of(imported)
    assert (NUTS_CODE.MTZ, SKOS.broader, NUTS_CODE.MT) in graph
    assert "It is no place" in str(graph.value(NUTS_CODE.MTZ, SKOS.scopeNote))
    assert places(imported, "MTZ") == {}
    assert list(graph.subjects(RDF.type, DEF.Region)) == []


def test_a_code_that_ran_out_of_digits_is_part_of_the_unit_above_it_in_the_list(workbook, read):
    imported = read(
        workbook(
            *("2016", "2021", same("UK", "United Kingdom"), same("UKN", "NORTHERN IRELAND")),
            *(same("UKN0", "Northern Ireland"), same("UKN10", "Mid Ulster")),
        )
    )
    graph = graph_of(imported)
    assert graph.value(ID["region-version/ukn10-2016"], DEF.partOfVersion) == ID["region-version/ukn0-2016"]
    assert [(row["edition"], row["code"], row["remark"]) for row in imported.reports["unresolved"]] == [
        ("2016", "UKN10", "By its place in the list it is part of UKN0, not of UKN1."),
        ("2021", "UKN10", "By its place in the list it is part of UKN0, not of UKN1."),
    ]


def test_names_are_told_in_their_languages_letters_and_small_letters(workbook, table, read):
    book = workbook(
        *("2016", "2021", same("BE", "Belgique/België"), same("EL", "Ελλάδα\u00a0"), same("IT", "Italia")),
        *(same("BE1", "RÉGION DE BRUXELLES-CAPITALE / BRUSSELS HOOFDSTEDELIJK GEWEST"), same("PL", "Polska")),
        *(same("EL3", "Aττική "), same("EL4", "NΗΣΙΑ ΑΙΓΑΙΟΥ"), same("ITH", "Nord-Est")),
        *(same("ITH1", "Provincia Autonoma di Bolzano/Bozen"), same("ITH10", "Bolzano-Bozen")),
        *(same("PL1", "REGION CENTRALNY"), same("RS", "Srbija/Сpбија"), same("RS1", "Београд")),
        *(same("MK", "Северна Македонија"), same("MK0", "Скопски (Skopski)")),
    )
    latin = table(
        "nuts_id,name_latin,name_national",
        *("EL3,Attiki,Αττική", "EL4,Nisia Aigaiou,Νησιά Αιγαίου", "RS1,City of Belgrade,Београд"),
        name="nuts2021_regions.csv",
    )
    imported = read(book, latin)
    found = {
        str(place): None
        for place in places(imported, "BE1", "EL3", "EL4", "ITH1", "ITH10", "PL1", "RS1", "MK0").values()
    }
    assert {place: names(imported, place)[0] for place in found} == {
        "be-region-de-bruxelles-capitale-brussels-hoofdstedelijk-gewest-nuts1": [
            ("Brussels Hoofdstedelijk Gewest", "nl"),
            ("Région de Bruxelles-Capitale", "fr"),
        ],
        "el-attiki-nuts1": [("Attiki", "el-latn"), ("Αττική", "el")],
        "el-nisia-aigaioy-nuts1": [("Nisia Aigaiou", "el-latn"), ("Νησια Αιγαιου", "el")],
        "it-provincia-autonoma-di-bolzano-bozen-nuts2": [("Provincia Autonoma di Bolzano/Bozen", "it")],
        "it-bolzano-bozen-nuts3": [("Bolzano", "it"), ("Bozen", "de")],
        "pl-region-centralny-nuts1": [("Region Centralny", "pl")],
        "rs-beograd-nuts1": [("City of Belgrade", "en"), ("Београд", "sr")],
        "mk-skopski-nuts1": [("Skopski", "mk-latn"), ("Скопски", "mk")],
    }
    country = graph_of(imported).objects(ID["region-version/rs-2021"], RDFS.label)
    assert {(str(name), name.language) for name in country} == {("Srbija", "sr-latn"), ("Србија", "sr")}


def test_the_list_of_the_new_edition_counts_more_than_the_table_of_changes(workbook, read):
    imported = read(
        workbook(
            *("2021", "2024", same("UA", "Україна")),
            unit(None, "UA1", "Самарівський (formerly: Новомосковський)", "New region / name change"),
            sheets=[
                (
                    "NUTS2024",
                    ("Country code", "NUTS Code", "NUTS label", "NUTS level"),
                    ("UA", "UA1", "Самар", 1),
                ),
                (
                    *("Cyrillic to Latin", ("Code", "Label", "Transliteration to Latin")),
                    ("UA1", "Самар", "Samar"),
                ),
            ],
        )
    )
    assert names(imported, "ua-samar-nuts1") == ([("Samar", "uk-latn"), ("Самар", "uk")], [])


def test_an_english_name_is_taken_when_it_is_surely_that_of_the_region(workbook, table, read):
    book = workbook(
        *("2016", "2021", same("IT", "Italia"), same("ITC", "Nord-Ovest")),
        *(same("ITC1", "Piemonte"), same("ITC2", "Liguria"), same("ITC3", "Trento"), same("ITC4", "Milano")),
        same("ITC5", "Torino"),
    )
    rows = [
        ("1", "ITC1", "eng", "preferred", "Piedmont"),
        ("1", "ITC1", "ita", "preferred", "Piemonte"),
        ("1", "ITC1", "eng", "variant", "Piemont"),
        ("2", "ITC2", "eng", "preferred", "Liguria"),
        ("2", "ITC2", "ita", "preferred", "Liguria"),
        ("3", "ITC3", "eng", "preferred", "South Tyrol"),
        ("3", "ITC3", "ita", "preferred", "Alto Adige"),
        ("4", "ITC4", "eng", "preferred", "Lombardy"),
        ("5", "ITC5", "eng", "preferred", "Lombardy"),
        ("6", "ITC", "eng", "preferred", "North-West"),
    ]
    named = table("wof_id\tnuts2021\tlang\tkind\tname", *map("\t".join, rows), name="names.tsv")
    imported = read(book, named)
    assert [
        (row["code"], row["English name"], row["reason"]) for row in imported.reports["english-names"]
    ] == [
        ("ITC1", "Piedmont", ""),
        ("ITC2", "Liguria", "It is the same in the language of the region."),
        (
            "ITC3",
            "South Tyrol",
            "In the language of the region, the record has a name that is not the official one.",
        ),
        ("ITC4", "Lombardy", "Several units have this name."),
        ("ITC5", "Lombardy", "Several units have this name."),
    ]
    assert names(imported, "it-piemonte-nuts2")[0] == [("Piedmont", "en"), ("Piemonte", "it")]
    english = {name for name in graph_of(imported).objects(None, RDFS.label) if name.language == "en"}
    assert {str(name) for name in english} == {"Piedmont", "NUTS 2016", "NUTS 2021"}


def test_rows_that_cannot_be_used_are_told_one_by_one(workbook, table, silent):
    book = workbook(
        *("2016", "2021", same("FR", "France"), same("FR1", "Île de France"), unit("GR1", "EL1", "Αττική")),
        *(("FR2", "FR2", None, "Est", None, None, None, 2), same("FR3", "`"), same("FR1", "Again")),
        *(unit("FR4", None, "Est", "evaporated"), unit("FR1", None, "Île", "discontinued")),
        *(unit("FR5", None, "Ouest", "split into FR6 and FR9"), unit(None, "FR6", "Bretagne", "new")),
        *(same("ES7", "Canarias"), same("ESS11", "Nowhere"), ("A note about all of this",)),
        sheets=[
            (
                *("Changes NUTS-1", ("Code 2016", "Code 2021", *EXPLANATIONS)),
                ("FR8", "FR8", "Sud", "renamed"),
                (None, "FR6", "Bretagne", "new", "FR7 = FR0"),
            ),
            (
                *("NUTS2021", ("NUTS Code", "NUTS label", "NUTS level"), ("FR", "France", 0)),
                *(
                    ("FR1", "Île de France", 1),
                    ("FR3", "Nord", 1),
                    ("FR6", "Bretagne", 1),
                    ("ES7", "Canarias", 1),
                ),
            ),
        ],
    )
    crosswalk = table(FLOWS, "FR1,FR1,2016,2021,many")
    imported = nuts.read([book, crosswalk], silent)
    place = "NUTS2016-NUTS2021.xlsx, sheet NUTS2016-NUTS2021, row"
    assert [re.sub(r"^" + place, "row", str(row)) for row in imported.bad_rows] == [
        "NUTS2016-NUTS2021.xlsx, sheet Changes NUTS-1, row 2, column code, 'FR8 FR8': "
        "The table of changes has no row with these codes.",
        "NUTS2016-NUTS2021.xlsx, sheet Changes NUTS-1, row 3, column explanation, 'FR7 = FR0': "
        "The explanation is about other codes than those of its row.",
        "row 4, column Code 2016, 'GR1': This is not a NUTS code.",
        "row 5, column level, '2': The level of FR2 is 1, by its length.",
        "row 6, column name, '`': This is no name.",
        "row 7, column code, 'FR1': An earlier row of this table has this code.",
        "row 8, column change, 'evaporated': This is no type of change that is known here.",
        "row 9, column code, 'FR1': Another row says what this unit went on as.",
        "row 10, column change, 'split into FR6 and FR9': It names FR9, which no edition has.",
        "row 13, column code, 'ESS11': The unit one level up, ESS1, is missing.",
        "crosswalk0.csv, line 2, column pop21, 'many': This is not a number of people.",
    ]
    assert set(places(imported, "FR1", "FR3", "FR4", "FR5", "FR6", "ES7", "ESS11").values()) == {
        *("fr-ile-de-france-nuts1", "fr-nord-nuts1", "fr-est-nuts1", "fr-ouest-nuts1", "fr-bretagne-nuts1"),
        "es-canarias-nuts1",
    }


def test_a_file_of_another_form_is_refused_by_name(workbook, table, tmp_path, silent):
    good = workbook("2016", "2021", same("FR", "France"))
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and no more")
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0 and no more")
    packed = tmp_path / "cut.csv.gz"
    packed.write_bytes(gzip.compress(b"from_code,to_code" * 99)[:40])
    sheet = openpyxl.Workbook()
    sheet.active.append(("Code", "Name"))
    sheet.save(tmp_path / "other.xlsx")
    for files, sentence in (
        (
            [table("a,b", "1,2", name="x.csv")],
            "x.csv is no Eurostat workbook of NUTS, no table of names of its units",
        ),
        ([broken], "broken.xlsx is not an Excel workbook that can be read."),
        ([old], "old.xls is not an Excel workbook that can be read."),
        (
            [tmp_path / "other.xlsx"],
            "other.xlsx has no sheet with the NUTS codes of two editions side by side.",
        ),
        ([packed], "cut.csv.gz is a broken packed file; download it again."),
        ([tmp_path / "missing.csv"], "missing.csv cannot be read: No such file or directory."),
        ([tmp_path], f"{tmp_path.name} cannot be read: Is a directory."),
        (
            [table("nuts_id,name_latin,name_national", "FR,France,France", name="names.csv")],
            "names.csv has names of",
        ),
        (
            [table(FLOWS, "FR,FR,2016,2021,1")],
            "NUTS is read from at least one Eurostat workbook; none was given.",
        ),
        ([good, good], "Two of the workbooks have the same newer edition; give one for each step."),
        (
            [workbook("2003", "2006", same("FR", "FRANCE"))],
            "NUTS2003-NUTS2006.xlsx is about NUTS 2006; the editions",
        ),
    ):
        with pytest.raises(NotUnderstood, match=f"^{re.escape(sentence)}"):
            nuts.read(files, silent)


def test_the_same_bytes_come_out_twice_and_in_any_order_of_files(workbook, table, read):
    books = [
        workbook("2013", "2016", same("FR", "FRANCE"), unit("FR4", "FRF", "Est", "recoded")),
        workbook("2016", "2021", same("FR", "France"), unit("FRF", "FRF", "Grand Est", "name change")),
    ]
    crosswalk = table(FLOWS, "FR4,FRF,2013,2016,1", "FRF,FRF,2016,2021,1")
    first = to_trig(read(*books, crosswalk).dataset)
    assert to_trig(read(*books, crosswalk).dataset) == first
    assert to_trig(read(crosswalk, *reversed(books)).dataset) == first
