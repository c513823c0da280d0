"""Partnerships: what the tables say, with its sources and basis; what cannot be used is told and left out."""

import pytest

from kb.errors import NotUnderstood
from kb.imported import BadRow
from kb.importers import partnerships
from kb.importers.partnership_members import REGION_ROLES
from kb.importers.partnership_tables import TABLES
from kb.terms import PREFIXES, TERMS
from kb.turtle import to_trig

PAGE = "https://example.org/a"
NUTS = """
GRAPH <https://w3id.org/regiolink/graph/source/nuts> {
nutsedition:2016 def:validFrom "2018-01-01"^^xsd:date .
regionversion:es-2016 def:versionOf country:ESP ; def:nutsCode "ES" ; def:nutsLevel 0 ;
  def:inNutsEdition nutsedition:2016 ; rdfs:label "España"@es .
regionversion:fr-2016 def:versionOf country:FRA ; def:nutsCode "FR" ; def:nutsLevel 0 ;
  def:inNutsEdition nutsedition:2016 ; rdfs:label "France"@fr .
region:es-cataluna-nuts2 a def:Region ; rdfs:label "Cataluña"@es ; def:inCountry country:ESP .
regionversion:es51-2016 def:versionOf region:es-cataluna-nuts2 ; def:nutsCode "ES51" ; def:nutsLevel 2 ;
  def:inNutsEdition nutsedition:2016 ; rdfs:label "Cataluña"@es .
}
"""


def row(table, **cells):
    """A row of `table` whose other cells are those of its one row below."""
    return dict(zip(TABLES[table], ROWS[table], strict=True)) | cells


ROWS = {
    "s3-partnerships": (
        *("s3-textile", "Textiles", "Industrial Modernisation", "2016-10 (scoping)", "16"),
        *("leads only", PAGE),
    ),
    "s3-regions": ("s3-textile", "lead", "Catalonia", "ES", PAGE),
    "s3-organisations": ("s3-textile", "lead", "Loom", "ES", "", PAGE),
    "cluster-partnerships": (
        *("escp-tex", "Tex", "Textile clusters", "ESCP-S3", "CALL-1", "822083", "2018-10-01", "24 months"),
        *(
            "",
            "466607.70",
            "Textiles",
            "s3-textile",
            "same theme, our reading",
            PAGE,
            "partner list complete",
        ),
    ),
    "cluster-members": ("escp-tex", "coordinator", "LOOM S.L.", "ES", "Catalonia", "our reading", PAGE),
    "initiatives": ("init-net", "Net", "network of regions", "2016 (first)", "DG GROW, COSME", PAGE),
    "calls": (
        *("CALL-1", "The call", "COSME", "2017-12-12", "2018-03-08", "2800000", "350000", "75"),
        *("for clusters", PAGE),
    ),
    "gazetteer": ("Catalonia", "ES", "Cataluña", "2", "", "", "English name."),
    "organisations": ("Loom", "Loom", "en", "", "", "", "", "Same."),
    "themes": ("Textiles", "textiles", "Same theme."),
}
ORGANISATIONS = [row("organisations"), row("organisations", name_as_written="LOOM S.L.")]


@pytest.fixture
def files(tmp_path):
    """Writes the tables, with other rows where they are given, and the NUTS dataset; gives their paths."""

    def write(**others):
        rows = {table: [row(table)] for table in TABLES} | {"organisations": ORGANISATIONS}
        rows |= {name.replace("_", "-"): found for name, found in others.items()}
        for table, columns in TABLES.items():
            lines = [columns, *([found[column] for column in columns] for found in rows[table])]
            text = "".join("\t".join(line) + "\n" for line in lines)
            (tmp_path / f"{table}.tsv").write_text(text, encoding="utf-8")
        prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
        (tmp_path / "nuts.trig").write_text(prefixes + NUTS, encoding="utf-8")
        return sorted(tmp_path.iterdir())

    return write


@pytest.fixture
def imported(files, silent):
    def read(**others):
        return partnerships.read(files(**others), silent)

    return read


SHORT = {"PAGE": f"<{PAGE}>", "STATED": "[basis/stated]", "INFERRED": "[basis/inferred]"}


@pytest.fixture
def said(quads):
    """Whether an import says exactly what TriG says about its subjects; [a/b] is a term of ours."""

    def compare(imported, text):
        for word, meaning in SHORT.items():
            text = text.replace(word, meaning)
        text = text.replace("[", f"<{TERMS}").replace("]", ">")
        expected = quads(f"GRAPH <https://w3id.org/regiolink/graph/source/partnerships> {{ {text} }}")
        subjects = {quad[0] for quad in expected}
        assert {quad for quad in quads(imported.dataset) if quad[0] in subjects} == expected
        return True

    return compare


def bad(table, column, value, sentence, line=2):
    return [BadRow(f"{table}.tsv", f"line {line}", column, value, sentence)]


def test_a_partnership_of_regions_has_its_platform_area_size_and_members(imported, said):
    assert said(
        imported(),
        """
partnership:s3-textile a def:RegionalAuthorityPartnership ; rdfs:label "Textiles"@en ;
  dct:source PAGE ; def:basis STATED ; def:underPlatform platform:industrial-modernisation ;
  def:theme [thematic-area/textiles] ; def:partnershipKind [partnership-kind/thematic-s3] ;
  def:launched "2016-10"^^xsd:gYearMonth ; def:statedMembership "16" ;
  def:partnerListStatus [list-status/partial] ;
  skos:note "Established, as written: 2016-10 (scoping)."@en , "Region list: leads only."@en ;
  def:hasMembership membership:s3-textile-es-cataluna-nuts2 , membership:s3-textile-loom .
membership:s3-textile-es-cataluna-nuts2 a def:PartnershipMembership ; dct:source PAGE ; def:basis STATED ;
  def:memberTerritory region:es-cataluna-nuts2 ; def:memberRole [role/lead-region] ;
  def:nameAsWritten "Catalonia" .
membership:s3-textile-loom a def:PartnershipMembership ; dct:source PAGE ; def:basis STATED ;
  def:member organisation:loom ; def:countryBasis STATED ; def:memberRole [role/coordinator] ;
  def:nameAsWritten "Loom" ; skos:note "Role as written: lead."@en .
region:es-cataluna-nuts2 skos:altLabel "Catalonia"@en .
""",
    )


def test_a_partnership_of_clusters_has_its_grant_its_budget_and_its_members(imported, said):
    assert said(
        imported(),
        """
partnership:escp-tex a def:ESCPS3 ; rdfs:label "Textile clusters"@en ; def:acronym "Tex" ;
  dct:source PAGE ; def:basis STATED ; def:partnershipKind [partnership-kind/escp-s3] ;
  def:partOfInitiative initiative:escp-s3 ; def:theme [thematic-area/textiles] ;
  def:launched "2018-10-01"^^xsd:date ; def:validFrom "2018-10-01"^^xsd:date ;
  def:partnerListStatus [list-status/complete] ; def:amount amount:escp-tex-total-budget ;
  skos:note "End or duration as written: 24 months."@en , "Partner list: complete."@en ;
  def:hasGrant grant:822083 ; def:hasLinkage linkage:escp-tex-s3-textile ;
  def:hasMembership membership:escp-tex-loom .
amount:escp-tex-total-budget a def:MonetaryAmount ; dct:source PAGE ; def:basis STATED ;
  def:amountValue 466607.7 ;
  def:amountKind [amount-kind/total-cost] ; def:currency currency:EUR .
grant:822083 a def:Grant ; rdfs:label "Grant for Tex"@en ; dct:source PAGE ; def:basis STATED ;
  def:agreementNumber "822083" ; def:awardedUnder call:call-1 .
membership:escp-tex-loom a def:PartnershipMembership ; dct:source PAGE ; def:basis STATED ;
  def:member organisation:loom ; def:countryBasis INFERRED ; def:memberRole [role/coordinator] ;
  def:nameAsWritten "LOOM S.L." ; skos:note "Country and region: our reading."@en .
""",
    )


def test_an_organisation_is_one_thing_however_it_is_written(imported, said):
    assert said(
        imported(),
        """
organisation:loom a def:SpecialisedSMEIntermediary ; rdfs:label "Loom"@en ; skos:altLabel "LOOM S.L."@und ;
  dct:source PAGE ; def:basis STATED ; def:establishedIn country:ESP ;
  def:locatedIn region:es-cataluna-nuts2 .
""",
    )


def test_the_kind_and_the_cluster_of_an_organisation_are_marked_as_readings(imported, said):
    decided = {"kind": "cluster-organisation", "kind_basis": "inferred", "cluster": "Weavers"}
    decided |= {"country_doubt": "Two countries are named."}
    rows = [row("organisations", **decided), row("organisations", name_as_written="LOOM S.L.", **decided)]
    found = imported(organisations=rows)
    assert said(
        found,
        """
organisation:loom a def:ClusterOrganisation ; rdfs:label "Loom"@en ; skos:altLabel "LOOM S.L."@und ;
  dct:source PAGE ; def:basis STATED ; def:locatedIn region:es-cataluna-nuts2 ;
  skos:note "Its kind, cluster organisation, is our reading."@en , "Two countries are named."@en ;
  def:manages cluster:weavers .
cluster:weavers a def:Cluster ; rdfs:label "Weavers"@en ; dct:source PAGE ; def:basis INFERRED ;
  skos:note "The source says that Loom stands for it; that it manages it is our reading."@en .
membership:s3-textile-loom a def:PartnershipMembership ; dct:source PAGE ; def:basis STATED ;
  def:member organisation:loom ; def:memberRole [role/coordinator] ; def:nameAsWritten "Loom" ;
  skos:note "Role as written: lead."@en .
""",
    )
    assert found.bad_rows == []


def test_an_organisation_of_partnerships_of_regions_alone_is_no_intermediary(imported, said):
    assert said(
        imported(cluster_members=[row("cluster-members", organisation_as_written="Nobody")]),
        """
organisation:loom a def:Organisation ; rdfs:label "Loom"@en ; dct:source PAGE ; def:basis STATED ;
  def:establishedIn country:ESP .
""",
    )


def test_a_link_that_no_source_states_is_our_reading(imported, said):
    assert said(
        imported(),
        """
linkage:escp-tex-s3-textile a def:PlatformLinkage ; dct:source PAGE ; def:basis INFERRED ;
  def:linkageKind [linkage-kind/same-theme] ; def:toPlatform platform:industrial-modernisation ;
  def:toThematicArea [thematic-area/textiles] ; def:toCounterpart partnership:s3-textile ;
  skos:note "No source states this link: it is our reading, because both have the same theme."@en .
""",
    )


def test_a_link_that_the_source_states_is_stated(imported, said):
    stated = row("cluster-partnerships", link_basis="stated by the source", strand="Eurocluster (2022)")
    assert said(
        imported(cluster_partnerships=[stated]),
        """
linkage:escp-tex-s3-textile a def:PlatformLinkage ; dct:source PAGE ; def:basis STATED ;
  def:linkageKind [linkage-kind/stated-link] ; def:toPlatform platform:industrial-modernisation ;
  def:toThematicArea [thematic-area/textiles] ; def:toCounterpart partnership:s3-textile .
""",
    )


def test_an_escp_s3_without_counterpart_is_linked_to_the_platform_as_the_call_asks(imported, said):
    themes = [row("themes"), {"theme_as_written": "Both", "areas": "textiles | tourism", "reason": ""}]
    alone = row("cluster-partnerships", linked_s3_partnership="", link_basis="", theme="Both")
    assert said(
        imported(cluster_partnerships=[alone], themes=themes),
        """
linkage:escp-tex-industrial-modernisation a def:PlatformLinkage ; dct:source PAGE ; def:basis INFERRED ;
  def:linkageKind [linkage-kind/call-requirement] ; def:toPlatform platform:industrial-modernisation ;
  def:toThematicArea [thematic-area/textiles] ;
  skos:note "The source names no counterpart. The call asks every partnership of this initiative to be \
linked to this platform; the areas are those of the partnership's own theme."@en .
""",
    )


@pytest.mark.parametrize(
    ("strand", "kind", "more"),
    [
        ("ESCP-S3 expression of interest (not a grant)", "escp-s3-expression-of-interest", ""),
        ("ESCP-4i (1st generation)", "escp-4i", ""),
        ("Excellence (2022)", "cluster-excellence", ""),
        ("Eurocluster (2022)", "eurocluster", "def:partOfInitiative initiative:euroclusters ;"),
        ("H2020 INNOSUP", "innosup", "def:fundedByProgramme euprogramme:H2020 ;"),
    ],
)
def test_only_the_strand_escp_s3_itself_makes_an_escp_s3(imported, said, strand, kind, more):
    cells = {
        "linked_s3_partnership": "",
        "link_basis": "",
        "call": "",
        "grant_agreement": "",
        "start": "2018",
    }
    cells |= {"total_budget_eur": "", "theme": "", "end_or_duration": "2020-12-31"}
    note = f', "Strand as written: {strand}."@en' if "(" in strand else ""
    assert said(
        imported(cluster_partnerships=[row("cluster-partnerships", strand=strand, **cells)]),
        f"""
partnership:escp-tex a def:ClusterPartnership ; rdfs:label "Textile clusters"@en ; def:acronym "Tex" ;
  dct:source PAGE ; def:basis STATED ; def:partnershipKind [partnership-kind/{kind}] ; {more}
  def:launched "2018"^^xsd:gYear ; def:validUntil "2020-12-31"^^xsd:date ;
  def:partnerListStatus [list-status/complete] ; skos:note "Partner list: complete."@en{note} ;
  def:hasMembership membership:escp-tex-loom .
""",
    )


def test_a_call_without_grant_is_the_call_it_was_selected_under_and_a_date_in_words_is_a_note(imported, said):
    cells = {"grant_agreement": "", "total_budget_eur": "", "linked_s3_partnership": "", "link_basis": ""}
    cells |= {"strand": "Cluster Excellence", "start": "2019-12-16 (grant agreement)"}
    cells |= {"end_or_duration": "40 months (to 2022-09-30)", "theme": "", "title": "Cut (title cut off)"}
    assert said(
        imported(cluster_partnerships=[row("cluster-partnerships", **cells)]),
        """
partnership:escp-tex a def:ClusterPartnership ; rdfs:label "Tex"@en ; def:acronym "Tex" ;
  dct:source PAGE ; def:basis STATED ; def:partnershipKind [partnership-kind/cluster-excellence] ;
  def:selectedUnder call:call-1 ; def:validUntil "2022-09-30"^^xsd:date ;
  def:partnerListStatus [list-status/complete] ; skos:note "Partner list: complete."@en ,
    "Date as written: 2019-12-16 (grant agreement)."@en , "Title as written: Cut (title cut off)."@en ,
    "End or duration as written: 40 months (to 2022-09-30)."@en ;
  def:hasMembership membership:escp-tex-loom .
""",
    )


def test_a_call_that_the_table_infers_makes_the_grant_inferred(imported, said):
    inferred = row("cluster-partnerships", call="CALL-1 (inferred from the page)", eu_grant_eur="349952.00")
    assert said(
        imported(cluster_partnerships=[inferred]),
        """
grant:822083 a def:Grant ; rdfs:label "Grant for Tex"@en ; dct:source PAGE ; def:basis INFERRED ;
  def:agreementNumber "822083" ; def:awardedUnder call:call-1 ; def:amount amount:escp-tex-grant ;
  skos:note "The call is inferred from the page; the rest is stated."@en .
amount:escp-tex-grant a def:MonetaryAmount ; dct:source PAGE ; def:basis STATED ; def:amountValue 349952.0 ;
  def:amountKind [amount-kind/committed] ; def:currency currency:EUR .
""",
    )


def test_a_call_has_its_programme_dates_and_money(imported, said):
    assert said(
        imported(),
        """
call:call-1 a def:CallForProposals ; rdfs:label "The call"@en ; dct:identifier "CALL-1" ; dct:source PAGE ;
  def:basis STATED ; def:ofProgramme euprogramme:COSME ; def:openingDate "2017-12-12"^^xsd:date ;
  def:hasDeadline deadline:call-1 ; def:totalBudget amount:call-1-budget ;
  def:maxGrant amount:call-1-ceiling ; def:maxReimbursementRate 0.75 ; skos:note "For clusters."@en .
deadline:call-1 a def:Deadline ; dct:source PAGE ; def:basis STATED ;
  def:deadlineDate "2018-03-08"^^xsd:date .
amount:call-1-budget a def:MonetaryAmount ; dct:source PAGE ; def:basis STATED ; def:amountValue 2800000.0 ;
  def:amountKind [amount-kind/planned] ; def:currency currency:EUR .
amount:call-1-ceiling a def:MonetaryAmount ; dct:source PAGE ; def:basis STATED ; def:amountValue 350000.0 ;
  def:amountKind [amount-kind/ceiling] ; def:currency currency:EUR .
""",
    )


def test_an_initiative_has_its_start_and_who_runs_it(imported, said):
    register = "regions; EU Transparency Register 68-35"
    observatory = row(
        "initiatives", id="init-o", kind="observatory", since="EASME/COSME/2016/035", operator=""
    )
    assert said(
        imported(
            initiatives=[row("initiatives"), row("initiatives", id="init-v", operator=register), observatory]
        ),
        """
network:net a def:Network ; rdfs:label "Net"@en ; dct:source PAGE ; def:basis STATED ;
  def:launched "2016"^^xsd:gYear ; def:managedByBody body:GROW ; def:fundedByProgramme euprogramme:COSME ;
  skos:note "Kind as written: network of regions."@en , "Since, as written: 2016 (first)."@en .
network:v a def:Network ; rdfs:label "Net"@en ; dct:source PAGE ; def:basis STATED ;
  def:launched "2016"^^xsd:gYear ; adms:identifier identifier:transparency-register-68-35 ;
  skos:note "Kind as written: network of regions."@en , "Since, as written: 2016 (first)."@en ,
    "Operator as written: regions."@en .
identifier:transparency-register-68-35 a adms:Identifier ; dct:source PAGE ; def:basis STATED ;
  skos:notation "68-35" ;
  def:identifierScheme [identifier-scheme/transparency-register] .
initiative:o a def:Initiative ; rdfs:label "Net"@en ; dct:source PAGE ; def:basis STATED ;
  dct:identifier "EASME/COSME/2016/035" ; skos:note "Kind as written: observatory."@en .
""",
    )


def test_a_platform_and_a_programme_keep_the_name_and_start_that_they_have_elsewhere(imported, said):
    platform = row("initiatives", name="Platform on Energy", kind="thematic platform", operator="JRC")
    programme = row(
        "initiatives", name="COSME, programme", kind="funding programme", since="2014", operator=""
    )
    assert said(
        imported(initiatives=[platform, programme]),
        """
platform:energy a def:ThematicPlatform ; skos:altLabel "Platform on Energy"@en ; dct:source PAGE ;
  def:basis STATED ; def:managedByBody body:JRC ; skos:note "Since, as written: 2016 (first)."@en .
euprogramme:COSME a def:FundingProgramme ; skos:altLabel "COSME, programme"@en ; dct:source PAGE ;
  def:basis STATED ; def:launched "2014"^^xsd:gYear .
""",
    )


def test_a_member_of_one_of_several_partnerships_is_attributed_to_none(imported, said):
    other = row("cluster-partnerships", id="escp-two", acronym="AdPack²", strand="ESCP-4i")
    other |= {"linked_s3_partnership": "", "link_basis": "", "grant_agreement": "", "total_budget_eur": ""}
    cells = {
        "partnership_id": "joint:AdPack2+Tex",
        "role": "member of one",
        "country": "",
        "country_basis": "",
    }
    found = imported(
        cluster_partnerships=[row("cluster-partnerships"), other],
        cluster_members=[row("cluster-members", region_as_written="", **cells)],
    )
    assert said(
        found,
        """
membership:adpack2-tex-loom a def:UnattributedMembership ; dct:source PAGE ; def:basis STATED ;
  def:candidatePartnership partnership:escp-tex , partnership:escp-two ; def:member organisation:loom ;
  def:nameAsWritten "LOOM S.L." ; skos:note "Role as written: member of one."@en .
""",
    )
    assert found.bad_rows == []


def test_an_acronym_of_two_partnerships_attributes_nothing(imported):
    twin = row("cluster-partnerships", id="escp-two", acronym="TEX")
    joint = row("cluster-members", partnership_id="joint:Tex+AdPack2", country="", region_as_written="")
    found = imported(cluster_partnerships=[row("cluster-partnerships"), twin], cluster_members=[joint])
    sentence = "Not one partnership has the acronym Tex, AdPack2."
    assert found.bad_rows == bad("cluster-members", "partnership_id", "joint:Tex+AdPack2", sentence)


def test_a_name_that_is_not_resolved_becomes_a_region_of_its_own_and_stays_in_the_report(imported, said):
    found = imported(s3_regions=[row("s3-regions", region_as_written="Cataluny")])
    assert said(
        found,
        """
region:es-cataluny a def:Region ; rdfs:label "Cataluny"@und ; dct:source PAGE ; def:basis STATED ;
  def:inCountry country:ESP ; def:partOfTerritory country:ESP ;
  skos:note "No line of the gazetteer has this name."@en .
""",
    )
    assert found.reports["resolution-report"] == [
        {
            "name_as_written": "Cataluny",
            "country_as_written": "ES",
            "partnership": "s3-textile",
            "region": "https://w3id.org/regiolink/id/region/es-cataluny",
            "label": "Cataluny",
            "codes": "",
            "method": "fuzzy-not-accepted",
            "score": "88",
            "alternatives": "Cataluña (ES51) 88",
            "reason": "No line of the gazetteer has this name.",
        },
        {
            "name_as_written": "Catalonia",
            "country_as_written": "ES",
            "partnership": "escp-tex",
            "region": "https://w3id.org/regiolink/id/region/es-cataluna-nuts2",
            "label": "Cataluña",
            "codes": "ES51 (2016)",
            "method": "gazetteer",
            "score": "82",
            "alternatives": "",
            "reason": "English name.",
        },
    ]


NOT_A_DATE = "This is not a date such as 2018, 2018-10 or 2018-10-01."
WRONG = {
    ("s3-partnerships", "platform", "Space"): "This is none of Energy, Industrial Modernisation, Agri-Food.",
    ("s3-partnerships", "established", "2016-13"): NOT_A_DATE,
    ("s3-partnerships", "name", "Space"): "The table themes does not say which thematic areas this is.",
    ("s3-partnerships", "sources", ""): "This cell may not be empty.",
    ("s3-partnerships", "sources", f"{PAGE} | page"): "'page' is not the address of a page.",
    ("s3-partnerships", "sources", "https://x.org/%zz"): "'https://x.org/%zz' is not the address of a page.",
    ("s3-partnerships", "id", "–"): "No IRI can be made from '–': it has no letter or digit.",
    ("s3-regions", "partnership_id", "s3-x"): "No table of partnerships has this id.",
    ("s3-regions", "role", "guest"): f"This is none of the roles {', '.join(REGION_ROLES)}.",
    ("s3-regions", "country_as_written", "GR"): (
        "No edition of NUTS has this country code; Greece is EL, the United Kingdom UK."
    ),
    ("s3-regions", "source", ""): "This cell may not be empty.",
    ("s3-organisations", "organisation_as_written", "Who"): (
        "The table organisations does not say which organisation this is."
    ),
    ("cluster-partnerships", "strand", "ESCP-5"): (
        "This is none of ESCP-S3, ESCP-S3 expression of interest, COSME cluster partnership, ESCP-4i, "
        "ESCP-4x, Cluster Excellence, Excellence, Eurocluster, Cluster alliance, H2020 INNOSUP."
    ),
    ("cluster-partnerships", "call", "CALL-2"): "The table calls does not have this call.",
    ("cluster-partnerships", "start", "soon"): NOT_A_DATE,
    ("cluster-partnerships", "end_or_duration", "2018-09-30"): "The partnership ends before it starts.",
    ("cluster-partnerships", "end_or_duration", "2018-09-31"): NOT_A_DATE,
    ("cluster-partnerships", "total_budget_eur", "-1"): "This is not a number such as 350000 or 349952.00.",
    ("cluster-partnerships", "linked_s3_partnership", "s3-x"): (
        "The table s3-partnerships does not have this id."
    ),
    ("cluster-partnerships", "link_basis", "guess"): (
        "This is none of stated by the source, same theme, our reading."
    ),
    ("cluster-members", "country", "FR"): "Another line gives this organisation another country.",
    ("cluster-members", "partnership_id", "joint:Tex+No"): "Not one partnership has the acronym No.",
    ("initiatives", "kind", "club"): (
        "This is none of community of practice, funding instrument, funding programme, mobility scheme, "
        "network, network of regions, observatory, platform, programme strand, thematic platform."
    ),
    ("initiatives", "since", "long ago"): NOT_A_DATE,
    ("calls", "programme", "Horizon"): "This is none of COSME, Single Market Programme.",
    ("calls", "opening", "2017-12"): "This is not a day such as 2018-10-01.",
    ("calls", "cofinancing_percent", "175"): "This is not a percentage from 0 to 100.",
}


@pytest.mark.parametrize(("table", "column", "value"), WRONG)
def test_a_row_with_a_wrong_cell_is_told_and_left_out_whole(imported, table, column, value):
    found = imported(**{table.replace("-", "_"): [row(table, **{column: value})]})
    assert found.bad_rows[:1] == bad(table, column, value, WRONG[table, column, value])
    # Rows of later tables that lean on the row are left out with it; nothing else is.
    assert all(
        "does not have" in told.sentence or "has this id" in told.sentence for told in found.bad_rows[1:]
    )


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("thematic platform", "platforms Energy, Industrial Modernisation, Agri-Food"),
        ("funding programme", "programmes COSME, Single Market Programme"),
    ],
)
def test_a_platform_or_programme_that_is_not_known_is_told(imported, kind, names):
    found = imported(initiatives=[row("initiatives", kind=kind)])
    assert found.bad_rows == bad("initiatives", "name", "Net", f"This names none of the {names}.")


def test_one_member_in_one_role_is_one_row(imported):
    found = imported(s3_regions=[row("s3-regions"), row("s3-regions"), row("s3-regions", role="co-lead")])
    sentence = "Another line has the same member in the same role."
    assert found.bad_rows == bad("s3-regions", "role", "lead", sentence, line=3)
    memberships = {str(s) for s, _, o, _ in found.dataset.quads() if str(o).endswith("/role/co-lead-region")}
    assert memberships == {
        "https://w3id.org/regiolink/id/membership/s3-textile-es-cataluna-nuts2-co-lead-region"
    }


def test_an_id_is_given_once(imported):
    found = imported(s3_partnerships=[row("s3-partnerships"), row("s3-partnerships")])
    assert found.bad_rows == bad("s3-partnerships", "id", "s3-textile", "Another line has this id.", line=3)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([row("organisations", kind="club", kind_basis="stated")], "column kind, 'club': this is none of"),
        (
            [row("organisations", kind_basis="stated")],
            "column kind_basis, 'stated': it is stated or inferred",
        ),
        ([row("organisations", language="")], "column language, '': this is not a language tag such as en"),
        ([row("organisations", organisation="–")], "an organisation has a name with a letter or digit"),
        (
            [row("organisations"), row("organisations")],
            "line 3, column name_as_written, 'Loom': another line",
        ),
        ([row("organisations"), row("organisations", name_as_written="L", language="fr")], "says otherwise"),
    ],
)
def test_a_table_of_decisions_that_contradicts_itself_is_refused(imported, rows, sentence):
    with pytest.raises(NotUnderstood, match=r"^organisations\.tsv, line") as refused:
        imported(organisations=rows)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [row("themes"), row("themes")],
            "themes.tsv, line 3, column theme_as_written, 'Textiles': another line",
        ),
        ([row("themes", areas="a b")], "themes.tsv, line 2, column areas, 'a b': these are not codes"),
    ],
)
def test_a_table_of_themes_that_cannot_be_right_is_refused(imported, rows, sentence):
    with pytest.raises(NotUnderstood) as refused:
        imported(themes=rows)
    assert str(refused.value).startswith(sentence)


def test_each_table_and_the_nuts_dataset_are_needed_once(files, tmp_path, silent):
    paths = files()
    with pytest.raises(
        NotUnderstood, match=r"^The NUTS dataset is needed as one \.trig file; 0 were given\.$"
    ):
        partnerships.read([path for path in paths if path.suffix != ".trig"], silent)
    with pytest.raises(NotUnderstood, match=r"^No file holds the table calls, nor the table themes\.$"):
        partnerships.read([path for path in paths if path.stem not in ("calls", "themes")], silent)
    again = tmp_path / "again.tsv"
    again.write_bytes((tmp_path / "calls.tsv").read_bytes())
    with pytest.raises(NotUnderstood, match=r"^again\.tsv is a second table calls; give one\.$"):
        partnerships.read([*paths, again], silent)
    again.write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(NotUnderstood, match=r"^again\.tsv is none of the tables"):
        partnerships.read([*paths, again], silent)


def test_the_same_tables_give_the_same_bytes_in_any_order(files, silent):
    paths = files()
    first = to_trig(partnerships.read(paths, silent).dataset)
    assert to_trig(partnerships.read(paths[::-1], silent).dataset) == first
