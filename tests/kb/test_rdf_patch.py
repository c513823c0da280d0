"""Tests of kb/rdf_patch.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kb.patch import Patch
from kb.rdf_patch import CannotBeWritten, PatchSyntaxError, from_text, to_text

S, P, G = URIRef("urn:s"), URIRef("urn:p"), URIRef("urn:g")

iris = st.builds(lambda name: URIRef(f"urn:x{name}"), st.text("aé/?:@'()*,;=", min_size=1, max_size=5))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
literals = st.one_of(
    st.builds(Literal, texts),
    st.builds(Literal, texts, lang=st.sampled_from(["en", "de", "und", "sr-Latn"])),
    st.builds(lambda text: Literal(text, datatype=URIRef("urn:own"), normalize=False), texts),
    st.builds(Literal, st.integers()),
    st.builds(Literal, st.booleans()),
)
quads = st.tuples(iris, iris, iris | literals, iris)


def patch_of(*rows: str) -> Patch:
    return from_text("\n".join(["TX .", *rows, "TC ."]))


def test_a_patch_is_written_with_its_deletes_first_and_every_row_in_order():
    patch = Patch.of(
        deletes=[(S, P, Literal("b"), G), (S, P, Literal("a", lang="EN"), G)],
        inserts=[(S, P, Literal('say "no"\n'), G), (S, P, Literal(5), G), (S, P, Literal("é\x00"), G)],
    )
    assert to_text(patch, {"prev": URIRef("urn:uuid:1"), "id": "2"}) == (
        'H id "2" .\n'
        "H prev <urn:uuid:1> .\n"
        "TX .\n"
        'D <urn:s> <urn:p> "a"@en <urn:g> .\n'
        'D <urn:s> <urn:p> "b" <urn:g> .\n'
        'A <urn:s> <urn:p> "5"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .\n'
        'A <urn:s> <urn:p> "say \\"no\\"\\n" <urn:g> .\n'
        'A <urn:s> <urn:p> "é\\u0000" <urn:g> .\n'
        "TC .\n"
    )


@given(st.frozensets(quads, max_size=5), st.frozensets(quads, max_size=5))
def test_what_is_written_is_read_back_the_same(deletes, inserts):
    patch = Patch(deletes, inserts)
    text = to_text(patch)
    assert from_text(text) == patch
    assert to_text(from_text(text)) == text


@given(st.text(max_size=6), st.text(max_size=6), st.text("en-UD1_ ", max_size=12))
def test_no_term_breaks_out_of_its_row(iri, text, tag):
    for term in (
        lambda: URIRef("urn:" + iri),
        lambda: Literal(text, lang=tag),
        lambda: Literal(text, datatype=URIRef("urn:" + iri), normalize=False),
    ):
        try:
            made = term()
        except ValueError:
            continue  # rdflib itself refuses this language tag
        patch = Patch.of(inserts=[(S, P, made, G)])
        try:
            written = to_text(patch)
        except CannotBeWritten:
            continue
        assert from_text(written) == patch


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        (URIRef("urn:a b"), "The IRI 'urn:a b' is not one that may be written."),
        (URIRef("urn:a> <urn:b> . #"), "The IRI 'urn:a> <urn:b> . #' is not one that may be written."),
        (URIRef("urn:\\u0041"), "The IRI 'urn:\\\\u0041' is not one that may be written."),
        (URIRef("relative"), "The IRI 'relative' is not one that may be written."),
        (Literal("x", lang="abcdefghijk"), "'abcdefghijk' is not a language tag."),
        (Literal("x", datatype=URIRef("a")), "'a' cannot be a datatype."),
        (Literal("\ud800"), "The text '\\ud800' holds half a character (a lone surrogate)."),
    ],
)
def test_a_term_that_the_text_cannot_hold_is_refused(term, sentence):
    with pytest.raises(CannotBeWritten) as refused:
        to_text(Patch.of(inserts=[(S, P, term, G)]))
    assert str(refused.value) == sentence


def test_a_header_is_a_word():
    with pytest.raises(CannotBeWritten, match="'two words' cannot be a header"):
        to_text(Patch(), {"two words": "x"})


def test_prefixes_headers_comments_and_several_transactions_are_read():
    text = (
        "# a comment\n"
        "H id <uuid:0686c69d-8f89-4496-acb5-744f0157a8db> .\r\n"
        "TX .\n"
        'PA "rdf" "http://www.w3.org/1999/02/22-rdf-syntax-ns#" .\n'
        "PA owl: <http://www.w3.org/2002/07/owl#> .\n"
        'PD "rdfs" .\n'
        '  A <urn:s> <urn:p> "a\\u00E9\u2028" <urn:g> . # why\n'
        "TC . # done\n"
        "\n"
        "TX .\n"
        "D <urn:s> <urn:p> <urn:o> <urn:g> .\n"
        "TC .\n"
    )
    assert from_text(text) == Patch.of(
        deletes=[(S, P, URIRef("urn:o"), G)], inserts=[(S, P, Literal("aé\u2028"), G)]
    )


def test_the_last_row_about_a_quad_counts():
    quad = (S, P, Literal("x"), G)
    row = '<urn:s> <urn:p> "x" <urn:g> .'
    assert patch_of("A " + row, "D " + row) == Patch.of(deletes=[quad])
    assert patch_of("D " + row, "A " + row) == Patch.of(inserts=[quad])


def test_a_row_without_a_graph_is_for_the_graph_that_is_given():
    text = 'A <urn:s> <urn:p> "x" .\nD <urn:s> <urn:p> "y" <urn:other> .'
    assert from_text(text, G) == Patch.of(
        inserts=[(S, P, Literal("x"), G)], deletes=[(S, P, Literal("y"), URIRef("urn:other"))]
    )


def test_lexical_forms_are_read_as_they_are():
    ((_, _, value, _),) = patch_of(f'A <urn:s> <urn:p> "01"^^<{XSD.integer}> <urn:g> .').inserts
    assert str(value) == "01"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("TX .\nA <urn:s> <urn:p> .\nTC .", 2, "The object of a triple must be an IRI"),
        ('TX .\n\nA <urn:s> <urn:p> "x" .\nTC .', 3, "the row names no graph; add it as the fourth term"),
        ('A <urn:s> <urn:p> "x" <urn:g>', 1, "Triples must be followed by a dot"),
        ("A <urn:s> <urn:p> _:b <urn:g> .", 1, "a blank node has no address; give it an IRI"),
        ("A _:b <urn:p> <urn:o> <urn:g> .", 1, "a blank node has no address; give it an IRI"),
        ("A <urn:s> <urn:p> <urn:o> _:b .", 1, "a blank node has no address; give it an IRI"),
        ('A <urn:s> <urn:p> <<( _:b <urn:p> "x" )>> <urn:g> .', 1, "a blank node has no address"),
        ('A <<( <urn:s> <urn:p> "x" )>> <urn:p> "y" <urn:g> .', 1, "The subject of a triple must be"),
        (
            'A <urn:s> <urn:p> "x" <urn:g> . <urn:s> <urn:p> "y" <urn:g> .',
            1,
            "Only a single triple or quad can be",
        ),
        ("A # nothing", 1, "the row has no terms"),
        ("A", 1, "the row has no terms"),
        ('A <urn:s> <urn:p> "\ud800" <urn:g> .', 1, "the text holds half a character (a lone surrogate)"),
        ("TX .\nTX .\nTC .", 2, "the transaction of line 1 is not committed yet"),
        ("TC .", 1, "there is no transaction to commit"),
        ("TX .\nTA .", 2, "the transaction is aborted, so there is nothing to do"),
        ("# so\nTX .\n", 2, "the transaction that begins here is never committed; it seems cut off"),
        ("TX", 1, "this is no complete TX row; each row ends with a dot"),
        ("H id", 1, "this is no complete H row; each row ends with a dot"),
        ('PA "rdf" <urn:x>', 1, "this is no complete PA row; each row ends with a dot"),
        (
            "INSERT DATA { }",
            1,
            "a row begins with one of TX, TC, TA, H, PA, PD, A, D, not with 'INSERT'",
        ),
        ("<urn:s>", 1, "a row begins with one of TX, TC, TA, H, PA, PD, A, D, not with '<urn:s>'"),
    ],
)
def test_bad_input_is_refused_with_its_line(text, line, what):
    with pytest.raises(PatchSyntaxError) as refused:
        from_text(text)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"Line {line} of the patch: {what}")
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)


def test_a_node_that_is_no_term_of_rdf_is_refused():
    patch = Patch()
    object.__setattr__(patch, "inserts", frozenset({(S, P, BNode("x"), G)}))
    with pytest.raises(CannotBeWritten, match="is neither an IRI nor a literal"):
        to_text(patch)
