"""What each kind of change between two editions does to codes and places, from tiny workbooks."""

from rdflib import RDF

from kb.terms import DEF, ID

EXPLANATIONS = ("Label", "Change", "Explanation (new = old)")


def test_a_change_is_told_with_its_units_types_source_and_share(workbook, crosswalk, read, quads):
    regions = read(
        workbook("2016", "2021", ("FR", "FR", "France"), ("FR4", "FRF", "Est", "recoded")),
        crosswalk("FR4,FRF,2016,2021,30", "FR4,FRX,2016,2021,10"),
    )
    change = ID["nuts-change/fr4-2016-frf-2021"]
    assert {quad for quad in quads(regions.dataset) if quad[0] == change} == quads("""
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
    regions = read(workbook("2013", "2016", ("FR", "FR", "FRANCE"), ("FR4", "FRF", "Est", "recoded")))
    assert regions.changes == [("FR4", "FRF", "recoded", "yes", "stated", "", "recoded")]
    assert regions.places("FR4", "FRF") == {("FR4", "2013"): "fr-est-nuts1", ("FRF", "2016"): "fr-est-nuts1"}
    assert regions.successions == [("fr4-2013", "frf-2016")]


def test_a_renamed_region_keeps_its_address_and_its_old_name(workbook, read):
    regions = read(
        workbook("2013", "2016", ("ES", "ES", "ESPAÑA"), ("ES5", "ES5", "Comunidad Valenciana")),
        workbook(
            *("2016", "2021", ("ES", "ES", "España"), ("ES5", "ES5", "Comunitat Valenciana ", "name change"))
        ),
    )
    assert regions.changes == [("ES5", "ES5", "renamed", "yes", "stated", "", "name change")]
    assert set(regions.places("ES5").values()) == {"es-comunidad-valenciana-nuts1"}
    assert regions.names("es-comunidad-valenciana-nuts1") == (
        [("Comunitat Valenciana", "ca")],
        [("Comunidad Valenciana", "es")],
    )


def test_a_merger_makes_a_new_place_although_it_has_an_old_name(workbook, read):
    regions = read(
        workbook(
            *("2013", "2016", ("DE", "DE", "DEUTSCHLAND"), ("DE9", "DE9", "NIEDERSACHSEN")),
            ("DE5", None, "Göttingen", "discontinued; merged with ex-DE6"),
            ("DE6", None, "Osterode", "discontinued; merged with ex-DE5"),
            (None, "DEC", "Göttingen", "new region, merge of ex-DE5 and DE6"),
            sheets=[
                (
                    *("Correspondence NUTS-1", ("Code 2013", "Code 2016", *EXPLANATIONS)),
                    (None, "DEC", "Göttingen", "new region, merge of ex-DE5 and DE6", "DEC=DE5+DE6"),
                )
            ],
        )
    )
    told = "new region, merge of ex-DE5 and DE6; DEC=DE5+DE6"
    assert regions.changes == [
        ("DE5", "DEC", "merged", "no", "stated", "", told),
        ("DE6", "DEC", "merged", "no", "stated", "", told),
    ]
    assert regions.places("DE5", "DE6", "DEC") == {
        ("DE5", "2013"): "de-gottingen-nuts1",
        ("DE6", "2013"): "de-osterode-nuts1",
        ("DEC", "2016"): "de-gottingen-nuts1-066a",
    }
    assert regions.successions == [("de5-2013", "dec-2016"), ("de6-2013", "dec-2016")]


def test_a_split_makes_new_places(workbook, read):
    regions = read(
        workbook(
            *("2013", "2016", ("LT", "LT", "LIETUVA")),
            ("LT0", None, "Lietuva", "split into new LT1 and LT2"),
            (None, "LT1", "Sostinės regionas", "new region"),
            (None, "LT2", "Vidurio regionas", "new region"),
        )
    )
    told = "split into new LT1 and LT2"
    assert regions.changes == [
        ("LT0", "LT1", "split", "no", "stated", "", told),
        ("LT0", "LT2", "split", "no", "stated", "", told),
    ]
    assert regions.places("LT0", "LT1", "LT2") == {
        ("LT0", "2013"): "lt-lietuva-nuts1",
        ("LT1", "2016"): "lt-sostines-regionas-nuts1",
        ("LT2", "2016"): "lt-vidurio-regionas-nuts1",
    }


def test_codes_of_another_level_in_an_explanation_are_no_counterparts(workbook, read):
    regions = read(
        workbook(
            *("2013", "2016", ("LT", "LT", "LIETUVA"), ("LT0", "LT0", "LIETUVA")),
            ("LT00", None, "Lietuva", "split into new LT01 and LT02"),
            (None, "LT01", "Sostinės regionas", "new region, equals ex-NUTS 3 region LT00A"),
            (None, "LT02", "Vidurio regionas", "new region, ex-LT00 minus ex-LT00A"),
            *(("LT00A", "LT011", "Vilniaus", "recoded"), ("LT001", "LT021", "Alytaus", "recoded")),
        )
    )
    assert regions.successions == [
        *[("lt00-2013", "lt01-2016"), ("lt00-2013", "lt02-2016")],
        *[("lt001-2013", "lt021-2016"), ("lt00a-2013", "lt011-2016")],
    ]


def test_the_two_rows_of_a_boundary_shift_are_one_place_and_what_moved_is_derived(workbook, crosswalk, read):
    regions = read(
        workbook(
            *("2021", "2024", ("FI", "FI", "Suomi"), ("SE", "SE", "Sverige")),
            ("FI1", None, "Etelä", "Boundary shift"),
            (None, "FI6", "Etelä", "New region"),
            ("FI2", None, "Pohjois", "Boundary shift"),
            (None, "FI7", "Pohjois", "New region"),
            ("SE1", "SE4", "Syd", "Code change"),
            sheets=[
                (
                    *("Changes NUTS-1", ("Country Code", "Code 2021", "Code 2024", *EXPLANATIONS)),
                    ("FI", "FI1", None, "Etelä", "LAU Iitti moved from ex-FI2 to ex-FI1"),
                    ("FI", None, "FI6", "Etelä", None, "recalculation by NSI"),
                    ("FI", "FI2", None, "Pohjois"),
                    ("FI", None, "FI7", "Pohjois", None, "recalculation by NSI"),
                    ("SE", "SE1", "SE4", "Syd"),
                )
            ],
        ),
        crosswalk("FI1,FI6,2021,2024,50", "FI2,FI7,2021,2024,95", "FI2,FI6,2021,2024,5"),
    )
    moved = "LAU Iitti moved from ex-FI2 to ex-FI1; recalculation by NSI"
    assert regions.changes == [
        ("FI1", "FI6", "boundary-shift", "yes", "stated", "1.0000", moved),
        ("FI2", "FI6", "boundary-shift", "no", "inferred", "0.0500", moved),
        ("FI2", "FI7", "boundary-shift", "yes", "stated", "0.9500", moved),
        ("SE1", "SE4", "recoded", "yes", "stated", "", "Code change"),
    ]
    assert regions.places("FI1", "FI2", "FI6", "FI7") == {
        ("FI1", "2021"): "fi-etela-nuts1",
        ("FI2", "2021"): "fi-pohjois-nuts1",
        ("FI6", "2024"): "fi-etela-nuts1",
        ("FI7", "2024"): "fi-pohjois-nuts1",
    }
    assert regions.successions == [
        *[("fi1-2021", "fi6-2024"), ("fi2-2021", "fi6-2024"), ("fi2-2021", "fi7-2024")],
        ("se1-2021", "se4-2024"),
    ]


def test_a_boundary_shift_of_under_one_percent_keeps_the_code(workbook, read):
    row = ("AT2", "AT2", "Oststeiermark", "art. 5(2a)")
    regions = read(workbook("2021", "2024", ("AT", "AT", "Österreich"), row))
    assert regions.changes == [("AT2", "AT2", "boundary-shift", "yes", "stated", "", "art. 5(2a)")]


def test_without_a_crosswalk_discontinued_and_new_regions_have_no_counterpart(workbook, read):
    regions = read(
        workbook(
            *("2013", "2016", ("IE", "IE", "IRELAND")),
            ("IE1", None, "Border, Midland and Western", "discontinued"),
            (None, "IE4", "Northern and Western", "new region"),
        )
    )
    assert regions.changes == [
        ("IE1", "", "discontinued", "no", "stated", "", "discontinued"),
        ("", "IE4", "new", "no", "stated", "", "new region"),
    ]
    assert regions.successions == []
    assert set(regions.graph.subjects(RDF.type, DEF.NutsChange)) == {
        ID["nuts-change/ie1-2013-ended-2016"],
        ID["nuts-change/before-2016-ie4-2016"],
    }


def test_the_crosswalk_gives_discontinued_and_new_regions_their_counterparts(workbook, crosswalk, read):
    regions = read(
        workbook(
            *("2013", "2016", ("IE", "IE", "IRELAND"), ("IE0", "IE0", "IRELAND")),
            ("IE1", None, "Border, Midland and Western", "discontinued"),
            ("IE2", None, "Southern and Eastern", "discontinued"),
            (None, "IE4", "Northern and Western", "new region"),
            (None, "IE5", "Southern", "new region"),
            (None, "IE6", "Eastern and Midland", "new region"),
        ),
        crosswalk(
            *("IE0,IE0,2013,2016,50", "IE1,IE0,2013,2016,1"),
            *("IE1,IE4,2013,2016,666", "IE1,IE6,2013,2016,333"),
            *("IE2,IE5,2013,2016,400", "IE2,IE6,2013,2016,595", "IE2,IE4,2013,2016,5"),
        ),
    )
    told = "discontinued; new region"
    assert regions.changes == [
        ("IE1", "IE0", "merged split", "no", "inferred", "0.0010", "discontinued"),
        ("IE1", "IE4", "split", "no", "inferred", "0.6660", told),
        ("IE1", "IE6", "merged split", "no", "inferred", "0.3330", told),
        ("IE2", "IE5", "split", "no", "inferred", "0.4000", told),
        ("IE2", "IE6", "merged split", "no", "inferred", "0.5950", told),
    ]


def test_without_a_table_of_changes_they_follow_from_the_crosswalk(workbook, crosswalk, read):
    first = workbook(
        *("2006", "2010", ("PT", "PT", "PORTUGAL"), ("PT0", "PT0", "Norte"), ("PT1", "PT1", "Minho-Lima")),
        *(("", "PT3", "Ave"), ("", "PT5", "Baixo Vouga"), ("", "PT6", "Serra"), ("", "PT7", "Beira")),
        *(("", "PT8", "Sul"), ("", "PT9", "Ilhas")),
    )
    second = workbook(
        *("2013", "2016", ("PT", "PT", "PORTUGAL"), ("PT0", "PT0", "Norte"), ("PT1", "PT1", "Alto Minho")),
        *(("PTA", "PTA", "Ave"), ("PTB", "PTB", "Região de Aveiro"), ("PTC", "PTC", "Beiras")),
        *(("PTD", "PTD", "Sul"), ("PTE", "PTE", "Madeira")),
        *(("HR", "HR", "HRVATSKA"), ("HR0", "HR0", "HRVATSKA")),
    )
    flows = crosswalk(
        *("PT0,PT0,2010,2013,99", "PT0,PT1,2010,2013,1", "PT1,PT1,2010,2013,100"),
        *("PT3,PTA,2010,2013,78", "PT3,PTB,2010,2013,22", "PT5,PTB,2010,2013,2178"),
        *("PT6,PTC,2010,2013,40", "PT7,PTC,2010,2013,60", "PT8,PTD,2010,2013,100"),
    )
    regions = read(first, second, flows)
    assert regions.changes == [
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
    assert regions.unresolved == [
        ("2010", "PT0", "By the crosswalk 1.0% of its people come to PT1; both keep their codes."),
        ("2010", "PT9", "The crosswalk lacks this unit, so there are no population shares."),
    ]


def test_a_place_that_comes_back_has_its_old_address(workbook, read):
    first = workbook(
        *("2016", "2021", ("NO", "NO", "Norge")),
        ("NO1", None, "Østfold", "discontinued, now part of NO8"),
        ("NO2", None, "Buskerud", "discontinued, now part of NO8"),
        (None, "NO8", "Viken", "new; made from ex-NO1 and NO2"),
    )
    second = workbook(
        *("2021", "2024", ("NO", "NO", "Norge"), ("NO8", None, "Viken", "Split")),
        (None, "NO5", "Østfold", "New region"),
        (None, "NO6", "Buskerud", "New region"),
        sheets=[
            (
                *("Changes NUTS-1", ("Country Code", "Code 2021", "Code 2024", *EXPLANATIONS)),
                ("NO", "NO8", None, "Viken", "Split of region ex-NO8", "NO5 + NO6 = ex-NO8"),
                ("NO", None, "NO5", "Østfold", None, "NO5 = ex-NO1 (pre-2020)"),
                ("NO", None, "NO6", "Buskerud", None, "NO6 = ex-NO2 (pre-2020)"),
            )
        ],
    )
    regions = read(second, first)
    assert regions.places("NO1", "NO2", "NO8", "NO5", "NO6") == {
        ("NO1", "2016"): "no-ostfold-nuts1",
        ("NO2", "2016"): "no-buskerud-nuts1",
        ("NO8", "2021"): "no-viken-nuts1",
        ("NO5", "2024"): "no-ostfold-nuts1",
        ("NO6", "2024"): "no-buskerud-nuts1",
    }
    assert [change[:4] for change in regions.changes[2:]] == [
        ("NO8", "NO5", "split", "no"),
        ("NO8", "NO6", "split", "no"),
    ]


def test_a_newer_edition_changes_no_address(workbook, read):
    first = workbook(
        *(
            "2013",
            "2016",
            ("PT", "PT", "PORTUGAL"),
            ("PT1", "PT1", "Lisboa"),
            ("PT2", "PT3", "Norte", "recoded"),
        )
    )
    second = workbook(
        *("2016", "2021", ("PT", "PT", "Portugal"), ("PT3", "PT3", "Norte e Douro", "name change")),
        *(("PT1", None, "Lisboa", "Split"), (None, "PT4", "Lisboa", "new"), (None, "PT5", "Tejo", "new")),
    )
    before, later = (read(*books).places("PT1", "PT2", "PT3") for books in ([first], [first, second]))
    assert before == {
        ("PT1", "2013"): "pt-lisboa-nuts1",
        ("PT1", "2016"): "pt-lisboa-nuts1",
        ("PT2", "2013"): "pt-norte-nuts1",
        ("PT3", "2016"): "pt-norte-nuts1",
    }
    assert later == {**before, ("PT3", "2021"): "pt-norte-nuts1"}


def test_a_country_leaves_and_another_comes_as_the_overview_says(workbook, read):
    first = workbook(
        *(
            "2016",
            "2021",
            ("UK", "UK", "United Kingdom"),
            ("UKL", "UKL", "Wales"),
            ("DE", "DE", "Deutschland"),
        )
    )
    overview = (
        ("Country", "NUTS 1", "NUTS 2", "NUTS 3"),
        ("DE", "-", "-", "Two shifts."),
        ("UK", "Suppressed."),
    )
    second = workbook(
        *("2021", "2024", ("DE", "DE", "Deutschland"), (None, "XK0", "Kosovë/Kosovo", "New region")),
        sheets=[("Changes overview", *overview, ("XK", "Agreement signed on 27/07/2022."))],
    )
    assert read(first, second).changes == [
        ("UK", "", "discontinued", "no", "stated", "", "Suppressed"),
        ("UKL", "", "discontinued", "no", "stated", "", "Suppressed"),
        ("", "XK", "new", "no", "stated", "", "Agreement signed on 27/07/2022"),
        ("", "XK0", "new", "no", "stated", "", "New region; Agreement signed on 27/07/2022"),
    ]
