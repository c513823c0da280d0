"""Tests of kb/normal_form.py."""

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kb.engine.contract import DEFAULT, BadTerm
from kb.engine.oxigraph import to_rdflib
from kb.normal_form import normal_form, refuse_odd_characters, without_odd_characters
from kb.patch import NotGround
from kb.terms import GENID

S, P, G = URIRef("https://example.org/s"), URIRef("https://example.org/p"), URIRef("https://example.org/g")


def normal(term):
    """One term in normal form, as an object."""
    ((_, _, found, _),) = normal_form([(S, P, term, G)])
    return found


def written(text, datatype=None):
    return Literal(text, datatype=datatype and XSD[datatype], normalize=False)


@pytest.mark.parametrize(
    ("text", "datatype", "becomes", "of"),
    [
        ("01", "integer", "1", "integer"),
        ("+1", "int", "1", "integer"),
        ("300", "nonNegativeInteger", "300", "integer"),
        ("50000.00", "decimal", "50000", "decimal"),
        (".50", "decimal", "0.5", "decimal"),
        ("1e3", "double", "1000", "double"),
        ("1.0", "float", "1", "float"),
        ("+INF", "double", "INF", "double"),
        ("1", "boolean", "true", "boolean"),
        ("2020-01-01T00:00:00.500+00:00", "dateTime", "2020-01-01T00:00:00.5Z", "dateTime"),
        ("2020-01-01T24:00:00", "dateTime", "2020-01-02T00:00:00", "dateTime"),
        ("2020-01-01+00:00", "date", "2020-01-01Z", "date"),
        ("P13M", "yearMonthDuration", "P1Y1M", "yearMonthDuration"),
        ("2020", "gYear", "2020", "gYear"),
        ("abc", "integer", "abc", "integer"),
        ("9" * 30, "integer", "9" * 30, "integer"),
        (" 1", "integer", " 1", "integer"),
        ("2020-02-30", "date", "2020-02-30", "date"),
        ("https://x", "anyURI", "https://x", "anyURI"),
    ],
)
def test_values_are_in_canonical_form_and_what_is_no_value_stays(text, datatype, becomes, of):
    assert normal(written(text, datatype)) == written(becomes, of)


def test_a_string_has_no_datatype_and_a_language_tag_no_capitals():
    assert normal(written("a", "string")) == Literal("a")
    found = normal(Literal("a", lang="en-GB"))
    assert (str(found), found.language) == ("a", "en-gb")


def test_a_blank_node_gets_one_iri_in_a_call_and_another_one_in_the_next():
    node = BNode("n")
    (first, second), (third,) = (
        normal_form([(node, P, node, G), (S, P, node, G)]),
        normal_form([(node, P, S, G)]),
    )
    assert (first[0], first[1], first[3]) == (second[2], P, G)
    assert first[0] == first[2] != third[0]
    assert all(str(quad[0]).startswith(GENID) for quad in (first, third))


@pytest.mark.parametrize("code", [0x0, 0x8, 0xB, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_a_literal_that_no_xml_can_hold_is_refused(code):
    with pytest.raises(BadTerm) as refused:
        normal(Literal(f"a{chr(code)}b"))
    assert f"holds the character U+{code:04X}, which no XML can hold; take it out." in str(refused.value)


@pytest.mark.parametrize("text", ["tab\t", "line\n", "return\r", "\u202e", "\ufffd", "\U0010ffff"])
def test_other_characters_are_kept(text):
    assert normal(Literal(text)) == Literal(text)


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        (URIRef("abc"), "The IRI 'abc' is not absolute; it begins with a scheme such as https:."),
        (URIRef("//a/b"), "The IRI '//a/b' is not absolute; it begins with a scheme such as https:."),
        (URIRef("https://a/%zz"), "'https://a/%zz' is not an IRI: invalid IRI percent encoding '%zz'."),
        (Literal("x", datatype=URIRef("int")), "The datatype 'int' is not an absolute IRI."),
        (Literal("x", lang="x" * 9), "'xxxxxxxxx' is not a language tag; write one such as en or pt-BR."),
    ],
)
def test_what_is_no_term_is_refused_in_a_sentence(term, sentence):
    with pytest.raises(BadTerm) as refused:
        normal(term)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "quad", [(Literal("x"), P, S, G), (S, BNode(), S, G), (S, P, S, None), (S, P, S, Literal("g"))]
)
def test_what_is_no_quad_is_refused(quad):
    with pytest.raises(NotGround):
        normal_form([quad])


def test_the_names_of_the_engine_are_for_no_graph_but_the_default_one():
    assert normal_form([(S, P, S, DEFAULT)]) == [(S, P, S, DEFAULT)]
    with pytest.raises(BadTerm, match="belongs to the engine"):
        normal_form([(S, P, S, URIRef("urn:x-regiolink:revision-bit:7"))])


DIGITS = st.text("0123456789+-.eETZ:PYMDHS", max_size=12)
DAYS = st.datetimes().map(lambda at: at.isoformat())
NUMBERS = st.one_of(st.floats(), st.integers(), st.decimals()).map(str)
DATATYPES = """
    boolean byte date dateTime dateTimeStamp dayTimeDuration decimal double duration float gDay gMonth
    gMonthDay gYear gYearMonth int integer long negativeInteger nonNegativeInteger nonPositiveInteger
    positiveInteger short string time token unsignedByte unsignedInt unsignedLong unsignedShort
    yearMonthDuration anyURI hexBinary"""
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=6
)
LITERALS = st.one_of(
    st.builds(written, st.one_of(DIGITS, DAYS, NUMBERS, XML_TEXT), st.sampled_from(DATATYPES.split())),
    st.builds(Literal, XML_TEXT, lang=st.sampled_from(["en", "EN-gb", "zh-Hant-TW", "und"])),
    st.builds(Literal, XML_TEXT),
)


@given(LITERALS)
@example(written("123456789.123", "float"))
@example(written("-0.0", "double"))
def test_a_literal_in_normal_form_is_what_the_engine_gives_back(literal):
    tag = f"@{literal.language}" if literal.language else f"^^<{literal.datatype or XSD.string}>"
    text = "".join(f"\\U{ord(character):08X}" for character in literal)
    store = ox.Store()
    store.update(f'INSERT DATA {{ <{S}> <{P}> "{text}"{tag} }}')
    ((found,),) = store.query("SELECT ?o { ?s ?p ?o }")
    assert normal(literal) == to_rdflib(found)
    assert normal(normal(literal)) == normal(literal)


@given(st.text())
@example("a\x00\x01\ufffeb\n")
def test_what_is_left_without_odd_characters_is_not_refused(text):
    kept = without_odd_characters(text)
    refuse_odd_characters(kept)
    assert len(kept) == len(text)
    assert all(was == now or now == "\ufffd" for was, now in zip(text, kept, strict=True))
