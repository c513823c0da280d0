"""Tests of server/negotiation.py."""

import pytest

from server.negotiation import (
    GRAPHS,
    RESULTS,
    TRUTHS,
    NotAcceptable,
    choose,
    choose_language,
    names,
    wants_page,
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("application/json", "json"),
        ("application/xml", "xml"),
        ("text/*", "csv"),
        ("text/csv; charset=utf-8", "csv"),
        ("TEXT/CSV", "csv"),
        ("text/csv;q=1.0;charset=utf-8, */*;q=0.1", "csv"),
        ("text/csv;q=nonsense, application/xml;q=0.001", "xml"),
        ("text/*;q=0.9, text/csv;q=0.1, */*;q=0.5", "tsv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml"),
        ("text/csv;q=0.2, text/tab-separated-values;q=0.7", "tsv"),
        ("application/sparql-results+json;q=0, */*", "xml"),
    ],
)
def test_a_table_of_solutions_takes_the_form_that_is_wanted_most(accept, form):
    assert choose(accept, RESULTS)[1] == form


def test_a_form_with_quality_zero_is_never_chosen():
    assert choose("text/turtle;q=0, application/n-triples;q=0.1", GRAPHS)[1] == "nt"


def test_yes_or_no_has_no_table():
    assert choose("text/csv, application/sparql-results+xml;q=0.1", TRUTHS)[1] == "xml"
    with pytest.raises(NotAcceptable):
        choose("text/csv", TRUTHS)


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


@pytest.mark.parametrize(
    ("accept", "named"),
    [("application/json", True), ("*/*", False), ("application/*", False), ("application/json;q=0", False)],
)
def test_a_wildcard_does_not_name_a_media_type(accept, named):
    assert names(accept, "application/json") is named


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("nl, fr;q=0.5", "fr"),
        ("nl", "en"),
        ("*", "en"),
        ("en;q=0, *", "fr"),
        ("DE;q=0.2, fr;q=0.1", "de"),
    ],
)
def test_sentences_come_in_the_language_that_is_wanted_most(accept, language):
    assert choose_language(accept, ("en", "fr", "de")) == language
