"""Tests of server/negotiation.py."""

import pytest

from server.negotiation import GRAPHS, RESULTS, NotAcceptable, choose, wants_page


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("application/json", "json"),
        ("application/xml", "xml"),
        ("text/*", "xml"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml"),
        ("text/csv;q=0.2, text/tab-separated-values;q=0.7", "tsv"),
        ("application/sparql-results+json;q=0, */*", "json"),
    ],
)
def test_a_table_of_solutions_takes_the_form_that_is_wanted_most(accept, form):
    assert choose(accept, RESULTS)[1] == form


def test_a_form_with_quality_zero_is_never_chosen():
    assert choose("text/turtle;q=0, application/n-triples;q=0.1", GRAPHS)[1] == "nt"


def test_what_nobody_accepts_is_refused_with_what_there_is():
    with pytest.raises(NotAcceptable, match="there are text/turtle, application/n-triples"):
        choose("image/png", GRAPHS)


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,*/*;q=0.8", True),
        ("*/*", False),
        (None, False),
        ("application/json, text/html;q=0.5", False),
    ],
)
def test_a_page_is_shown_only_when_html_is_asked_for_by_name(accept, page):
    assert wants_page(accept) is page
