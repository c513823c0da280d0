"""The dataset clauses of a query."""

import pytest

from kb.sparql_dataset import DatasetClauses


@pytest.mark.parametrize(
    ("text", "default", "named"),
    [
        ("SELECT * { ?s ?p ?o }", (), ()),
        ("SELECT * FROM <urn:a> { ?s ?p ?o }", ("<urn:a>",), ()),
        (
            "SELECT ?from FROM <urn:a> FROM NAMED <urn:b> from <urn:c> { ?s ?p ?from }",
            ("<urn:a>", "<urn:c>"),
            ("<urn:b>",),
        ),
        ("PREFIX x: <urn:x:> ASK FROM x:a FROM NAMED x:b {}", ("x:a",), ("x:b",)),
        (
            "CONSTRUCT { ?s ?p 'FROM <urn:a>' } # FROM <urn:b>\n FROM <urn:c> WHERE { ?s ?p ?o }",
            ("<urn:c>",),
            (),
        ),
    ],
)
def test_the_names_stand_there_as_they_are_written(text, default, named):
    found = DatasetClauses.of(text)
    assert (found.default, found.named) == (default, named)


def test_the_prologue_ends_where_the_query_begins():
    text = "BASE <http://example.org/> PREFIX x: <urn:x:>\n"
    assert DatasetClauses.of(f"{text}DESCRIBE <a> FROM <b>").prologue == text
