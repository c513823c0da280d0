"""Foreign documents become N-Quads in normal form, or are refused in one sentence."""

import re

import pytest

from kb.engine.contract import DEFAULT, BadTerm, FileSyntaxError
from kb.engine.documents import NormalQuads
from kb.errors import NotUnderstood, TooLarge
from kb.terms import GENID

GRAPH = "urn:x:graph"


def normal(text, form="ttl", **options):
    quads = NormalQuads(text.encode() if isinstance(text, str) else text, form, "The body", **options)
    return b"".join(quads).decode(), quads


def test_triples_go_to_the_graph_that_was_named_and_quads_stay_in_theirs():
    text = "<urn:x:a> <urn:x:p> <urn:x:b> . GRAPH <urn:x:other> { <urn:x:a> <urn:x:p> <urn:x:c> }"
    lines, quads = normal(text, "trig", graph=GRAPH)
    assert sorted(lines.splitlines()) == [
        "<urn:x:a> <urn:x:p> <urn:x:b> <urn:x:graph> .",
        "<urn:x:a> <urn:x:p> <urn:x:c> <urn:x:other> .",
    ]
    assert (quads.count, quads.graphs) == (2, ("urn:x:graph", "urn:x:other"))


def test_literals_are_in_the_form_that_the_engine_gives_back():
    lines, _ = normal(
        '<urn:x:a> <urn:x:p> "007"^^<http://www.w3.org/2001/XMLSchema#int>, "Ł"@PL .', graph=GRAPH
    )
    assert sorted(lines.splitlines()) == [
        '<urn:x:a> <urn:x:p> "7"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:x:graph> .',
        '<urn:x:a> <urn:x:p> "Ł"@pl <urn:x:graph> .',
    ]


def test_a_blank_node_gets_an_iri_of_its_own_the_same_within_one_document():
    made = [normal("_:b <urn:x:p> _:b .", graph=GRAPH)[0] for _ in range(2)]
    names = [re.findall(rf"<{re.escape(GENID)}[0-9a-f]+>", lines) for lines in made]
    assert [len(found) for found in names] == [2, 2]
    assert names[0][0] == names[0][1] != names[1][0]


def test_relative_iris_are_resolved():
    assert normal("<a> <p> <#b> .", base="http://example.org/x/", graph=GRAPH)[0] == (
        "<http://example.org/x/a> <http://example.org/x/p> <http://example.org/x/#b> <urn:x:graph> .\n"
    )


def test_the_default_graph_can_be_a_graph_of_its_own():
    assert normal("<urn:x:a> <urn:x:p> 1 .", graph=str(DEFAULT))[1].count == 1
    assert DEFAULT in normal("<urn:x:a> <urn:x:p> 1 .", graph=str(DEFAULT))[0]


@pytest.mark.parametrize(
    ("text", "form", "kind", "sentence"),
    [
        ("<urn:x:a> <urn:x:p>\n .", "ttl", FileSyntaxError, "The body, line 2, column 2: "),
        ('{"@id": "urn:a",\n"urn:b":}', "jsonld", FileSyntaxError, "The body, line 2, column 9: "),
        (
            b'<urn:x:a> <urn:x:p> "\xff" .',
            "nt",
            FileSyntaxError,
            "The body, line 1, column 22: Invalid UTF-8",
        ),
        ("<!DOCTYPE r []><r/>", "rdf", NotUnderstood, "The body: an XML document type declaration is not"),
        ("<urn:x:a> <urn:x:p> 1 .", "xlsx", NotUnderstood, "The body: xlsx is not one of jsonld, nq, nt, "),
        ('<urn:x:a> <urn:x:p> "\\u0000" .', "ttl", BadTerm, "U+0000, which no XML can hold"),
        (
            '<urn:x:a> <urn:x:p> <<( <urn:x:a> <urn:x:p> "\\u0000" )>> .',
            "ttl",
            BadTerm,
            "U+0000, which no XML",
        ),
        ('<urn:x:a> <urn:x:p> "\\u0000"@en--ltr .', "ttl", BadTerm, "U+0000, which no XML can hold"),
        (
            f"<urn:x:a> <urn:x:p> {'<<( <urn:x:a> <urn:x:p> ' * 17} 1 {')>>' * 17} .",
            "ttl",
            TooLarge,
            "More than 16 triple terms stand in each other.",
        ),
        ("GRAPH <urn:x-regiolink:a> { <urn:x:a> <urn:x:p> 1 }", "trig", BadTerm, "belongs to the engine"),
    ],
)
def test_what_cannot_be_stored_is_refused_in_a_sentence(text, form, kind, sentence):
    with pytest.raises(kind, match=re.escape(sentence)):
        normal(text, form, graph=GRAPH)


def test_rdf_1_2_is_read_with_the_blank_nodes_of_its_triple_terms():
    text = """<urn:x:a> <urn:x:p> _:b , "x"@EN--rtl .
        << _:b <urn:x:p> 01 >> <urn:x:q> <<( _:b <urn:x:p> _:b )>> ."""
    lines = set(normal(text, graph=GRAPH)[0].splitlines())
    genid = rf"<{re.escape(GENID)}[0-9a-f]+>"
    (node,) = {line.split(" ")[2] for line in lines if re.match(f"<urn:x:a> <urn:x:p> {genid}", line)}
    (reifier,) = {line.split(" ")[0] for line in lines if "reifies" in line}
    one = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert lines == {
        f"<urn:x:a> <urn:x:p> {node} <{GRAPH}> .",
        f'<urn:x:a> <urn:x:p> "x"@en--rtl <{GRAPH}> .',
        f"{reifier} <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> "
        f"<<( {node} <urn:x:p> {one} )>> <{GRAPH}> .",
        f"{reifier} <urn:x:q> <<( {node} <urn:x:p> {node} )>> <{GRAPH}> .",
    }
    assert re.fullmatch(genid, reifier) and node != reifier


def test_triples_without_a_graph_are_refused_where_none_is_named():
    with pytest.raises(NotUnderstood, match="stands in no named graph"):
        normal("<urn:x:a> <urn:x:p> 1 .")


def test_a_file_is_read_as_its_bytes_would_be(tmp_path):
    file = tmp_path / "sent"
    file.write_bytes(b"<!DOCTYPE r []><r/>")
    with file.open("rb") as opened, pytest.raises(NotUnderstood, match="remove the DOCTYPE"):
        normal(opened, "rdf", graph=GRAPH)
    file.write_bytes(b"")
    with file.open("rb") as opened:
        assert normal(opened, "rdf", graph=GRAPH)[0] == ""
    file.write_text("<urn:x:a> <urn:x:p> 1 .")
    with file.open("rb") as opened:
        assert normal(opened, graph=GRAPH)[1].count == 1
