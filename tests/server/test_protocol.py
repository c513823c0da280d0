"""Tests of server/protocol.py: what a request asks for."""

from urllib.parse import urlencode

import pytest

from kb.errors import NotUnderstood, TooLarge
from server.protocol import (
    Body,
    DescriptionAsked,
    QueryAsked,
    UnsupportedMedia,
    UpdateAsked,
    WrongMethod,
    parameters,
    read_post,
    read_query,
    whole_number,
)

FORM = "application/x-www-form-urlencoded"


def post(address: str, content_type: str, body: bytes):
    asked, _ = read_post(address.encode(), Body.of(content_type, lambda: body))
    return asked


def test_a_query_in_the_address_comes_with_its_dataset_and_unknown_parameters_are_passed_over():
    asked, fields = read_query(
        b"query=ASK+%7B%7D&default-graph-uri=urn%3Aa&named-graph-uri=urn%3Ab&default-graph-uri=urn%3Ac&x=%20&y"
    )
    assert asked == QueryAsked("ASK {}", ("urn:a", "urn:c"), ("urn:b",))
    assert (fields["x"], fields["y"]) == ([" "], [""])


@pytest.mark.parametrize("address", [b"", b"x=1", b"&&"])
def test_nothing_asked_is_a_question_about_the_service(address):
    assert read_query(address)[0] == DescriptionAsked()


@pytest.mark.parametrize(
    ("address", "content_type", "body", "asked"),
    [
        ("", FORM, b"query=ASK+%7B%7D", QueryAsked("ASK {}", (), ())),
        ("", f"{FORM}; charset=UTF-8", b"query=%C3%A9", QueryAsked("é", (), ())),
        ("", FORM, "query=é".encode(), QueryAsked("é", (), ())),
        ("default-graph-uri=urn%3Aa", FORM, b"query=x&default-graph-uri=urn%3Ab", ("urn:a", "urn:b")),
        ("named-graph-uri=urn%3Aa", "application/sparql-query", b"x", QueryAsked("x", (), ("urn:a",))),
        ("", 'Application/SPARQL-Query; Charset="utf-8"', b"\xef\xbb\xbfx", QueryAsked("x", (), ())),
        ("using-graph-uri=urn%3Aa", "application/sparql-update", b"x", UpdateAsked("x", ("urn:a",), ())),
        ("", FORM, b"update=x&using-named-graph-uri=urn%3Aa", UpdateAsked("x", (), ("urn:a",))),
    ],
)
def test_a_post_asks_by_its_body(address, content_type, body, asked):
    found = post(address, content_type, body)
    assert (found.default_graphs if isinstance(asked, tuple) else found) == asked


@pytest.mark.parametrize(
    ("address", "kind", "sentence"),
    [
        (b"query=a&query=b", NotUnderstood, "There are 2 values of query"),
        (b"update=CLEAR+ALL", WrongMethod, "An update is sent by POST"),
        (b"query=a&update=b", WrongMethod, "An update is sent by POST"),
        (b"query=%FF", NotUnderstood, "not UTF-8"),
        (b"query=a&default-graph-uri=a+b", NotUnderstood, "'a b', which is not an absolute IRI; a space is"),
        (b"query=a&default-graph-uri=rel", NotUnderstood, "'rel', which is not an absolute IRI."),
        (b"query=a&named-graph-uri=", NotUnderstood, "not an absolute IRI"),
        (b"query=a&using-graph-uri=urn:x", NotUnderstood, "using-graph-uri is for updates"),
        (b"default-graph-uri=urn:x", NotUnderstood, "needs a query"),
        (b"&".join([b"x=1"] * 1_001), TooLarge, "more than 1000 parameters"),
    ],
)
def test_an_address_that_asks_for_nothing_clear_is_refused(address, kind, sentence):
    with pytest.raises(kind) as refused:
        read_query(address)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("address", "content_type", "body", "kind", "sentence"),
    [
        ("", "", b"query=ASK{}", UnsupportedMedia, "It has no content type"),
        ("", "text/plain", b"ASK {}", UnsupportedMedia, "The content type text/plain is not read here"),
        ("", "application/sparql-query; charset=UTF-16", b"A", UnsupportedMedia, "The query is in utf-16"),
        ("", f"{FORM};charset=latin1", b"query=A", UnsupportedMedia, "The form is in latin1"),
        ("", "application/sparql-query", b"A\xff", NotUnderstood, "not UTF-8 text: byte 2 is wrong"),
        ("", FORM, b"query=A%FF", NotUnderstood, "A parameter is not UTF-8"),
        ("", FORM, b"x=1", NotUnderstood, "neither a query nor an update"),
        ("", FORM, b"query=A&update=B", NotUnderstood, "not both"),
        ("", FORM, b"update=A&update=B", NotUnderstood, "There are 2 values of update"),
        ("query=A", "application/sparql-query", b"B", NotUnderstood, "There are 2 values of query"),
        ("query=A", "application/sparql-update", b"B", NotUnderstood, "not both"),
        ("", FORM, b"update=A&default-graph-uri=urn:x", NotUnderstood, "default-graph-uri is for queries"),
    ],
)
def test_a_body_that_asks_for_nothing_clear_is_refused(address, content_type, body, kind, sentence):
    with pytest.raises(kind) as refused:
        post(address, content_type, body)
    assert sentence in str(refused.value) and str(refused.value).endswith(".")


def test_parameters_are_read_as_they_were_written():
    given = [("a", "x y+z&=é%"), ("a", ""), ("b", "\u2028")]
    assert parameters(urlencode(given).encode()) == {"a": ["x y+z&=é%", ""], "b": ["\u2028"]}


@pytest.mark.parametrize("text", ["-1", "1.0", "x", "", "٣", "1" * 16])
def test_a_number_that_is_none_is_refused(text):
    with pytest.raises(NotUnderstood, match="whole number from 0"):
        whole_number({"limit": [text]}, "limit")
