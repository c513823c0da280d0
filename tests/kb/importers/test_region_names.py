"""Region names resolve to one place, by the gazetteer or exactly; a similar name is a proposal only."""

from datetime import date

import pytest
from rdflib import Literal, URIRef

from kb.errors import NotUnderstood
from kb.importers.partnership_tables import Row
from kb.importers.region_names import Atlas, Code, Gazetteer, Place, normal_form, resolve
from kb.terms import COUNTRY, mint

DAYS = {
    "2010": (date(2012, 1, 1), date(2014, 12, 31)),
    "2016": (date(2018, 1, 1), date(2020, 12, 31)),
    "2024": (date(2024, 1, 1), date.max),
}


def place(name, country, level, *codes, key="", others=()):
    """A place of level 0 to 3; codes such as "FR52 2010"."""
    home = COUNTRY[country]
    return Place(
        home if level == 0 else mint("region", key or f"{name} {level}"),
        home,
        level,
        Literal(name, lang="xx"),
        {Literal(name, lang="xx"), *(Literal(other, lang="yy") for other in others)},
        [Code(edition, code, DAYS[edition]) for code, edition in map(str.split, codes)],
    )


FRANCE = place("France", "FRA", 0, "FR 2010", "FR 2024")
NETHERLANDS = place("Nederland", "NLD", 0, "NL 2010", "NL 2024")
GERMANY = place("Deutschland", "DEU", 0, "DE 2010", "DE 2024")
BRETAGNE = place("Bretagne", "FRA", 2, "FR52 2010", "FRH0 2016", "FRH0 2024")
BRETAGNE_1 = place("BRETAGNE", "FRA", 1, "FRH 2016", "FRH 2024")
FRIESLAND = place("Friesland (NL)", "NLD", 2, "NL12 2010", "NL12 2024")
FRIESLAND_DE = place("Friesland (DE)", "DEU", 3, "DE94A 2010", "DE94A 2024")
OLD_CENTRE = place("Centre", "FRA", 2, "FR24 2010", key="old centre")
NEW_CENTRE = place("Centre", "FRA", 3, "FRX01 2024", key="new centre")
EAST = place("Grand Est", "FRA", 1, "FRF 2016", "FRF 2024", others=("ALSACE-CHAMPAGNE",))
ATLAS = Atlas(
    [
        FRANCE,
        NETHERLANDS,
        GERMANY,
        BRETAGNE,
        BRETAGNE_1,
        FRIESLAND,
        FRIESLAND_DE,
        OLD_CENTRE,
        NEW_CENTRE,
        EAST,
    ]
)
COLUMNS = ("name_as_written", "country", "region", "level", "language", "region_language", "reason")


def gazetteer(*rows):
    return Gazetteer(
        [Row("gazetteer.tsv", f"line {line}", dict(zip(COLUMNS, row, strict=True))) for line, row in rows],
        ATLAS,
    )


REVIEWED = gazetteer(
    (2, ("Britanny", "FR", "Bretagne", "2", "", "", "Misspelt English name.")),
    (3, ("Randstad region", "NL", "Randstad", "", "en", "nl", "No NUTS unit.")),
    (4, ("France", "FR", "France", "0", "fr", "", "The country.")),
)


def found(name, country="", day=None):
    resolution = resolve(name, country, day, ATLAS, REVIEWED)
    return resolution.place, resolution.method, resolution.score, resolution.others, resolution.language


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Auvergne-Rhône-Alpes", "auvergne rhone alpes"),
        ("Łódzkie", "lodzkie"),
        ("Région  wallonne", "wallonne"),
        ("Region of Central Macedonia", "central macedonia"),
        ("Κρήτη", "kriti"),
        ("Central Denmark Region", "central denmark"),
        ("Province of Friesland", "friesland"),
        ("Friesland (NL)", "friesland"),
        ("Region", "region"),
    ],
)
def test_case_accents_punctuation_and_the_word_region_do_not_count(name, form):
    assert normal_form(name) == form


def test_an_exact_name_prefers_level_2_and_tells_of_the_others():
    assert found("bretagne") == (BRETAGNE, "exact", 100, ("BRETAGNE (FRH)",), "xx")


def test_a_name_of_an_earlier_edition_is_a_name_of_the_place_and_keeps_its_language():
    assert found("Alsace Champagne") == (EAST, "exact", 100, (), "yy")


def test_a_name_that_went_to_another_place_means_the_one_of_the_day():
    assert found("Centre", day=date(2013, 5, 1))[0] is OLD_CENTRE
    assert found("Centre", day=date(2025, 5, 1))[0] is NEW_CENTRE
    assert found("Centre")[0] is NEW_CENTRE


def test_a_name_of_two_countries_needs_the_country():
    assert found("Friesland", "NL") == (FRIESLAND, "exact", 100, (), "xx")
    unresolved = found("Friesland")
    assert unresolved[1:] == (
        "unresolved",
        100,
        ("Friesland (DE) (DE94A)", "Friesland (NL) (NL12)"),
        "und",
    )
    assert unresolved[0] == Place(mint("region", "friesland"), None, None, Literal("Friesland", lang="und"))


def test_the_gazetteer_comes_first_and_its_language_is_english_unless_it_says_otherwise():
    assert found("Britanny") == (BRETAGNE, "gazetteer", 62, (), "en")
    assert found("FRANCE", "FR") == (FRANCE, "gazetteer", 100, (), "fr")


def test_a_reviewed_name_without_nuts_unit_becomes_a_region_without_code():
    assert found("Randstad region", "NL") == (
        Place(
            URIRef("https://w3id.org/regiolink/id/region/nl-randstad"),
            NETHERLANDS.iri,
            None,
            Literal("Randstad", lang="nl"),
        ),
        "unresolved",
        0,
        (),
        "en",
    )


def test_a_similar_name_is_proposed_and_not_accepted():
    place, method, score, others, language = found("Bretange", "FR")
    assert (place.iri, place.codes) == (URIRef("https://w3id.org/regiolink/id/region/fr-bretange"), [])
    assert (method, score, others, language) == (
        "fuzzy-not-accepted",
        88,
        ("BRETAGNE (FRH) 88", "Bretagne (FRH0) 88"),
        "und",
    )


def test_codes_are_told_with_their_editions():
    assert BRETAGNE.codes_text() == "FR52 (2010), FRH0 (2016, 2024)"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            ("X", "QQ", "Bretagne", "2", "", "", "Why."),
            "gazetteer.tsv, line 2, column country, 'QQ': no edition of NUTS has this country code.",
        ),
        (
            ("X", "FR", "Bretagne", "3", "", "", "Why."),
            "gazetteer.tsv, line 2, column region, 'Bretagne': NUTS has 0 places of level 3 with this name.",
        ),
        (
            ("X", "FR", "X", "", "", "", "Why."),
            "gazetteer.tsv, line 2, column region_language, '': "
            "this is not a language tag such as en, or und for no language.",
        ),
        (
            ("X", "FR", "Bretagne", "2", "", "", ""),
            "gazetteer.tsv, line 2, column reason, '': say why the name means this.",
        ),
    ],
)
def test_a_wrong_line_of_the_gazetteer_is_refused(row, sentence):
    with pytest.raises(NotUnderstood) as refused:
        gazetteer((2, row))
    assert str(refused.value) == sentence


def test_a_name_has_one_meaning_in_a_country():
    row = ("X", "FR", "Bretagne", "2", "", "", "Why.")
    with pytest.raises(NotUnderstood) as refused:
        gazetteer((2, row), (3, row))
    assert "line 3" in str(refused.value)
    assert str(refused.value).endswith("this name has a meaning on an earlier line.")
