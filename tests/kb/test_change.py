"""Tests of kb/change.py: which state a change is planned on."""

import pytest

from kb.change import needs_public
from kb.engine.contract import QuerySyntaxError
from kb.errors import NotUnderstood
from kb.intent import DropGraph, SparqlUpdate


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        (SparqlUpdate("INSERT DATA { <urn:a> <urn:b> 1 } ; DELETE DATA { <urn:a> <urn:b> 2 }"), False),
        (SparqlUpdate("INSERT DATA { <urn:a> <urn:b> 1 } ; CLEAR ALL"), True),
        (SparqlUpdate("INSERT { <a> <b> 1 } WHERE {}", base="urn:x:"), True),
        (DropGraph("urn:g"), False),
    ],
)
def test_a_pattern_needs_what_follows_from_the_data_and_data_does_not(change, needed):
    assert needs_public(change) is needed


@pytest.mark.parametrize("text", ["INSERT", "DELETE WHERE", "WITH <urn:g>", "INSERT DATA", "COPY", "CLEAR"])
def test_an_update_that_breaks_off_is_refused_with_its_place(text):
    with pytest.raises(QuerySyntaxError, match="line 1, column"):
        needs_public(SparqlUpdate(text))


def test_an_update_that_is_none_is_refused():
    with pytest.raises(NotUnderstood):
        needs_public(SparqlUpdate("CREATE GRAPH <urn:g> ;; CREATE GRAPH <urn:h>"))
