"""Tests of kb/update_trials.py."""

import pyoxigraph as ox
import pytest

from kb.engine.contract import QuerySyntaxError
from kb.errors import NotAllowed
from kb.update_trials import trials


@pytest.mark.parametrize(
    ("update", "queries"),
    [
        ("INSERT DATA { <urn:a> <urn:p> 1 } ; CLEAR ALL", []),
        ("LOAD <http://example.org/> ; LOAD SILENT <http://example.org/>", []),
        ("DELETE WHERE { ?a <urn:p> 1 }", ["SELECT ?a  WHERE { ?a <urn:p> 1 } LIMIT 500001"]),
        (
            "PREFIX x: <urn:> WITH x:g DELETE { x:a x:p 1 } INSERT { x:a x:p 2 } WHERE { ?a x:p 1 }",
            ["PREFIX x: <urn:>\nSELECT (1 AS ?found) FROM x:g WHERE { ?a x:p 1 } LIMIT 500001"],
        ),
        (
            "INSERT { ?a <urn:p> ?c } USING <urn:g> USING NAMED <urn:h> WHERE { GRAPH ?g { ?a ?b ?c } } ; "
            "DELETE { ?a ?b 1 } WHERE { ?a ?b ?c FILTER(?c > 1) }",
            [
                "SELECT ?a ?c FROM <urn:g> FROM NAMED <urn:h> WHERE { GRAPH ?g { ?a ?b ?c } } LIMIT 500001",
                "SELECT ?a ?b  WHERE { ?a ?b ?c FILTER(?c > 1) } LIMIT 500001",
            ],
        ),
    ],
)
def test_each_where_clause_of_an_update_is_asked_for_what_the_update_needs(update, queries):
    assert list(trials(update)) == queries
    for query in queries:
        assert list(ox.Store().query(query)) == []


def test_what_the_protocol_has_clauses_read_counts_before_what_they_say():
    assert list(trials("INSERT { ?a ?b 1 } WHERE { ?a ?b ?c }", reads=["<urn:g>", "NAMED <urn:h>"])) == [
        "SELECT ?a ?b FROM <urn:g> FROM NAMED <urn:h> WHERE { ?a ?b ?c } LIMIT 500001"
    ]


def test_relative_iris_are_resolved_as_those_of_the_update():
    (query,) = trials("DELETE WHERE { <a> ?p ?o }", base="http://example.org/")
    store = ox.Store()
    store.update("INSERT DATA { <http://example.org/a> <urn:p> 1 }")
    assert [row["o"].value for row in store.query(query)] == ["1"]


@pytest.mark.parametrize(
    ("update", "error"),
    [("INSERT { ?a ?b } WHERE {}", QuerySyntaxError), ("DELETE WHERE { SERVICE <urn:s> {} }", NotAllowed)],
)
def test_what_is_no_update_is_refused(update, error):
    with pytest.raises(error):
        list(trials(update))
