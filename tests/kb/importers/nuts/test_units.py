"""Units of an edition: their codes, parents, status and names in all their languages and letters."""

# ruff: noqa: RUF001 - the names are in Greek and Cyrillic, some with a slip of the keyboard

from rdflib import RDF, RDFS, SKOS

from kb.terms import DEF, ID, NUTS_CODE


def test_a_unit_becomes_an_official_code_a_version_an_edition_and_a_place(workbook, read, quads):
    regions = read(workbook("2016", "2021", ("LU", "LU", "Luxembourg"), ("LU0", "LU0", "Luxembourg")))
    assert quads(regions.dataset) == quads("""
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
    assert regions.reports == {"changes": [], "unresolved": [], "english-names": []}


def test_statistical_regions_are_told_by_their_sheet_or_by_the_banner_above_them(workbook, read):
    columns = ("Code 2016", "Code 2021", "Statistical Regions level 1", "SR level")
    regions = read(
        workbook(
            *("2016", "2021", ("SI", "SI", "Slovenija"), ("Statistical regions (EFTA countries):",)),
            *(("IS", "IS", "Ísland"), ("IS0", "IS0", "Ísland")),
            sheets=[("SR2016-SR2021", columns, ("AL0", "AL0", "Shqipëria", 1))],
        )
    )
    prefix = "https://w3id.org/regiolink/id/region-version/"
    status = {
        str(version).removeprefix(prefix): str(kind).rpartition("/")[2]
        for version, kind in regions.graph.subject_objects(DEF.nutsStatus)
    }
    assert {version: kind for version, kind in status.items() if version.endswith("2021")} == {
        "si-2021": "nuts",
        "is-2021": "statistical-region",
        "is0-2021": "statistical-region",
        "al-2021": "statistical-region",
        "al0-2021": "statistical-region",
    }


def test_an_extra_regio_code_is_an_official_code_and_no_place(workbook, read):
    regions = read(workbook("2016", "2021", ("MT", "MT", "Malta"), ("MTZ", "MTZ", "Extra-Regio NUTS 1")))
    assert (NUTS_CODE.MTZ, SKOS.broader, NUTS_CODE.MT) in regions.graph
    assert "It is no place" in str(regions.graph.value(NUTS_CODE.MTZ, SKOS.scopeNote))
    assert regions.places("MTZ") == {}
    assert list(regions.graph.subjects(RDF.type, DEF.Region)) == []


def test_a_code_that_ran_out_of_digits_is_part_of_the_unit_above_it_in_the_list(workbook, read):
    regions = read(
        workbook(
            *("2016", "2021", ("UK", "UK", "United Kingdom"), ("UKN", "UKN", "NORTHERN IRELAND")),
            *(("UKN0", "UKN0", "Northern Ireland"), ("UKN10", "UKN10", "Mid Ulster")),
        )
    )
    parent = regions.graph.value(ID["region-version/ukn10-2016"], DEF.partOfVersion)
    assert parent == ID["region-version/ukn0-2016"]
    assert regions.unresolved == [
        ("2016", "UKN10", "By its place in the list it is part of UKN0, not of UKN1."),
        ("2021", "UKN10", "By its place in the list it is part of UKN0, not of UKN1."),
    ]


def test_a_name_that_the_table_gives_as_former_is_that_of_the_old_edition(workbook, read):
    change = 'renamed (previously "Hedmark og Oppland")'
    regions = read(workbook("2016", "2021", ("NO", "NO", "Norge"), ("NO0", "NO0", "Innlandet", change)))
    assert regions.names("no-hedmark-og-oppland-nuts1") == (
        [("Innlandet", "no")],
        [("Hedmark og Oppland", "no")],
    )


def test_a_name_that_is_not_told_is_that_of_the_edition_before(workbook, read):
    first = workbook("2006", "2010", ("PL", "PL", "POLSKA"), ("PL2", "PL2", "REGION POŁUDNIOWY"))
    second = workbook(
        *("2013", "2016", ("PL", "PL", "POLSKA"), ("PL2", "PL2", "Makroregion południowy", "relabelled"))
    )
    regions = read(first, second)
    names = regions.graph.objects(ID["region-version/pl2-2013"], RDFS.label)
    assert [str(name) for name in names] == ["REGION POŁUDNIOWY"]
    sentence = "Its name in this edition is not told; it has that of the edition before, or of the next."
    assert regions.unresolved == [("2013", "PL2", sentence)]


def test_names_are_told_in_their_languages_letters_and_small_letters(workbook, table, read):
    book = workbook(
        *(
            "2016",
            "2021",
            ("BE", "BE", "Belgique/België"),
            ("EL", "EL", "Ελλάδα\u00a0"),
            ("IT", "IT", "Italia"),
        ),
        ("BE1", "BE1", "RÉGION DE BRUXELLES-CAPITALE / BRUSSELS HOOFDSTEDELIJK GEWEST"),
        *(("BE2", "BE2", "Un/Deux/Trois"), ("EL3", "EL3", "Aττική "), ("EL4", "EL4", "NΗΣΙΑ ΑΙΓΑΙΟΥ")),
        *(("ITH", "ITH", "Nord-Est"), ("ITH1", "ITH1", "Provincia Autonoma di Bolzano/Bozen")),
        *(("ITH10", "ITH10", "Bolzano-Bozen"), ("PL", "PL", "Polska"), ("PL1", "PL1", "REGION CENTRALNY")),
        *(("RS", "RS", "Srbija/Сpбија"), ("RS1", "RS1", "Београд")),
        *(("MK", "MK", "Северна Македонија"), ("MK0", "MK0", "Скопски (Skopski)")),
    )
    latin = table(
        "NUTS_ID,CNTR_CODE,NAME_LATN,NUTS_NAME",
        *("EL3,EL,Attiki,Αττική", "EL4,EL,Nisia Aigaiou,Νησιά Αιγαίου", "RS1,RS,City of Belgrade,Београд"),
        name="NUTS_AT_2021.csv",
    )
    regions = read(book, latin)
    found = set(regions.places("BE1", "BE2", "EL3", "EL4", "ITH1", "ITH10", "PL1", "RS1", "MK0").values())
    assert {place: regions.names(place)[0] for place in found} == {
        "be-region-de-bruxelles-capitale-brussels-hoofdstedelijk-gewest-nuts1": [
            ("Brussels Hoofdstedelijk Gewest", "nl"),
            ("Région de Bruxelles-Capitale", "fr"),
        ],
        "be-un-deux-trois-nuts1": [("Un/Deux/Trois", "nl")],
        "el-attiki-nuts1": [("Attiki", "el-latn"), ("Αττική", "el")],
        "el-nisia-aigaioy-nuts1": [("Nisia Aigaiou", "el-latn"), ("Νησια Αιγαιου", "el")],
        "it-provincia-autonoma-di-bolzano-bozen-nuts2": [("Provincia Autonoma di Bolzano/Bozen", "it")],
        "it-bolzano-bozen-nuts3": [("Bolzano", "it"), ("Bozen", "de")],
        "pl-region-centralny-nuts1": [("Region Centralny", "pl")],
        "rs-beograd-nuts1": [("City of Belgrade", "en"), ("Београд", "sr")],
        "mk-skopski-nuts1": [("Skopski", "mk-latn"), ("Скопски", "mk")],
    }
    country = regions.graph.objects(ID["region-version/rs-2021"], RDFS.label)
    assert {(str(name), name.language) for name in country} == {("Srbija", "sr-latn"), ("Србија", "sr")}


def test_the_list_of_the_new_edition_counts_more_than_the_table_of_changes(workbook, read):
    listed = ("Country code", "NUTS Code", "NUTS label", "NUTS level")
    latin = ("Code", "Label", "Transliteration to Latin")
    regions = read(
        workbook(
            *("2021", "2024", ("UA", "UA", "Україна")),
            (None, "UA1", "Самарівський (formerly: Новомосковський)", "New region / name change"),
            sheets=[
                ("NUTS2024", listed, ("UA", "UA1", "Самар", 1)),
                ("Cyrillic to Latin", latin, ("UA1", "Самар", "Samar")),
            ],
        )
    )
    assert regions.names("ua-samar-nuts1") == ([("Samar", "uk-latn"), ("Самар", "uk")], [])


def test_an_english_name_is_taken_when_it_is_surely_that_of_the_region(workbook, table, read):
    book = workbook(
        *("2016", "2021", ("IT", "IT", "Italia"), ("ITC", "ITC", "Nord-Ovest"), ("ITC1", "ITC1", "Piemonte")),
        *(("ITC2", "ITC2", "Liguria"), ("ITC3", "ITC3", "Trento"), ("ITC4", "ITC4", "Milano")),
        *(("ITC5", "ITC5", "Torino"), ("ITC6", "ITC6", "Cuneo")),
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
        ("7", "ITC6", "eng", "preferred", "Nord-Ovest"),
    ]
    regions = read(book, table("wof_id\tnuts2021\tlang\tkind\tname", *map("\t".join, rows)))
    told = [(row["code"], row["English name"], row["reason"]) for row in regions.reports["english-names"]]
    assert told == [
        ("ITC1", "Piedmont", ""),
        ("ITC2", "Liguria", "It is the same in the language of the region."),
        *[
            (
                "ITC3",
                "South Tyrol",
                "In the language of the region, the record has a name that is not the official one.",
            )
        ],
        ("ITC4", "Lombardy", "Several units have this name."),
        ("ITC5", "Lombardy", "Several units have this name."),
        ("ITC6", "Nord-Ovest", "It is the name of the unit one level up."),
    ]
    assert regions.names("it-piemonte-nuts2")[0] == [("Piedmont", "en"), ("Piemonte", "it")]
    english = {str(name) for name in regions.graph.objects(None, RDFS.label) if name.language == "en"}
    assert english == {"Piedmont", "NUTS 2016", "NUTS 2021"}
