"""Tests of kb/gate/key_filters.py: which keys of a rule about all data are not worth looking up."""

import pytest
from rdflib import SH, Literal, Namespace

from kb.gate.constraints import Shape, Sparql
from kb.gate.key_filters import Begins, key_filters, possible

EX = Namespace("https://example.org/")
PREFIXES = "PREFIX ex: <https://example.org/> "


def filters(where, asks=False):
    query = f"{PREFIXES} SELECT DISTINCT $this ?value {{ ?value ?path ?x . {where} }}"
    constraint = Sparql(component=SH.SPARQLConstraintComponent, node=EX.query, query=query, asks=asks)
    return key_filters(Shape(node=EX.shape, constraints=(constraint,)))


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("FILTER(STRSTARTS(STR(?value), STR(ex:)))", Begins("value", "https://example.org/", False)),
        ("FILTER(STRSTARTS(STR($value), str(ex:a)))", Begins("value", "https://example.org/a", False)),
        ("FILTER(!STRSTARTS(STR(?path), STR(<urn:a>)))", Begins("path", "urn:a", True)),
        ("FILTER(STRSTARTS(STR(?x), 'urn:'))", Begins("x", "urn:", False)),
    ],
)
def test_how_a_variable_begins_is_read(where, told):
    assert filters(where) == (told,)


@pytest.mark.parametrize(
    "where",
    [
        "FILTER(STRSTARTS(STR(?value), STR(ex:)) || true)",
        "FILTER(!(STRSTARTS(STR(?value), STR(ex:)) && false))",
        "FILTER(STRSTARTS(LCASE(?value), STR(ex:)))",
        "FILTER(STRSTARTS(STR(?value), STR(?path)))",
        "FILTER(STRSTARTS(STR(?value), 'a\\u0062'))",
        "FILTER(STRSTARTS(STR(ex:a), STR(ex:)))",
        "FILTER EXISTS { ?value ex:p ?y FILTER(STRSTARTS(STR(?value), STR(ex:))) }",
        "OPTIONAL { ?value ex:p ?y FILTER(STRSTARTS(STR(?value), STR(ex:))) }",
        "{ FILTER(STRSTARTS(STR(?value), STR(ex:))) } UNION { }",
        "BIND(STRSTARTS(STR(?value), STR(ex:)) AS ?y)",
    ],
)
def test_all_else_is_not_read(where):
    assert filters(where) == ()


def test_only_a_select_alone_is_read():
    assert filters("FILTER(STRSTARTS(STR(?value), STR(ex:)))", asks=True) == ()
    assert key_filters(Shape(node=EX.shape)) == ()


def test_keys_that_begin_otherwise_are_left_out():
    keys = {("path", "value"): {(EX.p, EX.a), (SH.path, EX.a), (SH.path, Literal("a"))}, ("x",): {(EX.a,)}}
    ours, others = Begins("path", str(EX), False), Begins("path", str(EX), True)
    assert possible(keys, (ours,)) == {("path", "value"): {(EX.p, EX.a)}, ("x",): {(EX.a,)}}
    assert possible(keys, (ours, others)) == {("x",): {(EX.a,)}}
    assert possible(keys, (others, Begins("value", "a", False))) == {
        ("path", "value"): {(SH.path, Literal("a"))},
        ("x",): {(EX.a,)},
    }


def test_keys_that_others_cover_are_left_out():
    keys = {("path", "value"): {(EX.p, EX.a), (EX.p, EX.b)}, ("value",): {(EX.a,)}}
    assert possible(keys, ()) == {("path", "value"): {(EX.p, EX.b)}, ("value",): {(EX.a,)}}
    assert possible({**keys, ("value",): {(EX.a,), (EX.b,)}}, ()) == {("value",): {(EX.a,), (EX.b,)}}
