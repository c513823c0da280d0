"""Tests of kb/engine/service_answers.py."""

import json

import pytest

from kb.engine.service_answers import Answer, read
from kb.errors import RemoteFailed

JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
HEAD = '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="a"/></head>'


def in_json(*rows, names=("a", "b")):
    return json.dumps({"head": {"vars": list(names)}, "results": {"bindings": list(rows)}}).encode()


def test_terms_are_written_as_in_n_triples():
    xsd = "http://www.w3.org/2001/XMLSchema#"
    rows = [
        {"a": {"type": "uri", "value": "urn:x"}, "b": {"type": "bnode", "value": "n1"}},
        {"b": {"type": "literal", "value": 'a "b"\n\\'}},
        {"a": {"type": "literal", "value": "x", "xml:lang": "EN"}},
        {"a": {"type": "typed-literal", "value": "01", "datatype": f"{xsd}integer"}},
    ]
    assert read(in_json(*rows), JSON, "it") == Answer(
        ("a", "b"),
        [
            ("<urn:x>", "_:n1"),
            (None, '"a \\"b\\"\\n\\\\"'),
            ('"x"@en', None),
            (f'"01"^^<{xsd}integer>', None),
        ],
    )


def test_xml_is_read_as_json_is():
    binding = '<binding name="a"><uri>urn:x</uri></binding>'
    data = f"{HEAD}<results><result>{binding}</result><result/></results></sparql>\n"
    prefixed = (
        data.replace("</", "</s:").replace("<", "<s:").replace("<s:/s:", "</s:").replace("xmlns=", "xmlns:s=")
    )
    for text in (data, prefixed):
        assert read(text.encode(), XML, "it") == Answer(("a",), [("<urn:x>",), (None,)])


BOMB = '<!DOCTYPE s [<!ENTITY e "x">]>'
FAULTS = [
    (b"", JSON, "it answered with what cannot be read: Parser error"),
    (b"[]", JSON, "it answered with what cannot be read: SPARQL JSON results must be an object."),
    (in_json({"a": {"type": "uri", "value": "urn:x"}})[:-30], JSON, "it answered with what cannot be read"),
    (in_json({"a": {"type": "uri", "value": "no iri"}}), JSON, "it answered with what cannot be read"),
    (b'{"head": {}, "boolean": true}', JSON, "it answered with a yes or no instead of rows."),
    (b"\xff", JSON, "it answered with what cannot be read"),
    (f"{HEAD}<results><result>".encode(), XML, "it broke off its answer."),
    (f"{HEAD}<results/>".encode(), XML, "it broke off its answer."),
    (f"{HEAD}<results><result><x/></result></results></sparql>".encode(), XML, "it answered with what"),
    (
        f"{BOMB}{HEAD}<results/></sparql>".encode(),
        XML,
        "it answered with an XML document type declaration, w",
    ),
    (b"a\r\n1\r\n", "text/csv", "it answered with 'text/csv'."),
    (
        in_json({"a": {"type": "literal", "value": "\0"}}),
        JSON,
        "it answered with a character that XML cannot",
    ),
    (in_json({}, {}, {}, {}), JSON, "it answered with more than 3 rows."),
]


@pytest.mark.parametrize(("data", "media", "sentence"), FAULTS)
def test_what_cannot_be_taken_is_a_failure_of_that_server(data, media, sentence):
    with pytest.raises(RemoteFailed) as failed:
        read(data, media, "it", max_rows=3)
    assert str(failed.value).startswith(sentence) and str(failed.value).endswith(".")


def test_a_triple_about_a_triple_is_a_failure():
    term = {"subject": {"type": "uri", "value": "urn:a"}, "predicate": {"type": "uri", "value": "urn:b"}}
    triple = {"type": "triple", "value": {**term, "object": {"type": "uri", "value": "urn:c"}}}
    with pytest.raises(RemoteFailed, match="it answered with a triple about a triple"):
        read(in_json({"a": triple}), JSON, "it")
