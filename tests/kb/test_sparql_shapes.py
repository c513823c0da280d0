"""Tests of kb/sparql_shapes.py: what is known of one text is told of another only when it holds for it."""

import re

import pytest

from kb import sparql_shapes
from kb.errors import KnowledgeBaseError, NotAllowed, TooLarge
from kb.sparql_shapes import examined
from kb.sparql_text import ANONYMOUS, Limits, examine

FIRST = "SELECT ?o { <urn:a> <urn:p> ?o }"


@pytest.fixture
def cut(monkeypatch):
    """The texts that were cut into tokens and weighed, with nothing known at first."""
    seen = []

    def counted(text, limits=ANONYMOUS, services=()):
        seen.append(text)
        return examine(text, limits, services)

    sparql_shapes._examined.cache_clear()
    monkeypatch.setattr(sparql_shapes, "_SEEN", sparql_shapes._Shapes())
    monkeypatch.setattr(sparql_shapes, "examine", counted)
    return seen


def test_a_text_that_has_another_iri_is_not_cut_again(cut):
    other = FIRST.replace("urn:a", "https://example.org/b?c=(d)#e")
    assert [examined(FIRST), examined(other)] == [examine(FIRST), examine(other)]
    assert cut == [FIRST]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, FIRST.replace("?o", "?x")),
        (FIRST, "ASK { <urn:a> <urn:p> ?o }"),
        (FIRST, FIRST.replace("<urn:p>", "<urn:p>/<urn:p>")),
        (FIRST, FIRST.replace("<urn:a>", "<urn:é>")),
        (FIRST, "SELECT ?o { <urn:a> <urn:p> ?o FILTER(NOW() = ?o) }"),
        # What looks like an IRI is part of a string or a comment.
        ("ASK { ?s ?p '<urn:a>' }", "ASK { ?s ?p '<urn:b>' }"),
        ("ASK { ?s ?p ?o } # <urn:a>", "ASK { ?s ?p ?o } # <urn:b>"),
        ("ASK { FILTER(?a<1)FILTER(?b>2) }", "ASK { FILTER(?a<3)FILTER(?b>2) }"),
    ],
)
def test_a_text_of_another_shape_is_cut(cut, first, second):
    assert [examined(first), examined(second)] == [examine(first), examine(second)]
    assert cut == [first, second]


@pytest.mark.parametrize(
    ("harmless", "hostile"),
    [
        ("ASK { FILTER(?a<urn:a>?b) }", "ASK { FILTER(?a<1)SERVICE#>\n<urn:x>{} }"),
        ("ASK { ?s ?p ?o FILTER(?a<1) } #>", "ASK { ?s ?p ?o FILTER(?a<1)SERVICE?x{}} #>"),
        ("ASK { ?s ?p <urn:a> }", "ASK { ?s ?p <urn:a>}#>\n;SERVICE<urn:b>{}"),
        ("ASK { ?s ?p <urn:a> }", r"ASK { ?s ?p <urn:\u003Ea> }"),
    ],
)
@pytest.mark.usefixtures("cut")
def test_no_iri_hides_what_is_refused(harmless, hostile):
    for text in (harmless, hostile):
        try:
            wanted = examine(text)
        except KnowledgeBaseError as error:
            with pytest.raises(type(error), match=re.escape(str(error))):
                examined(text)
        else:
            assert examined(text) == wanted


@pytest.mark.usefixtures("cut")
def test_a_service_clause_is_looked_at_each_time():
    text = "ASK { SERVICE <https://a.example/> { ?s ?p ?o } }"
    assert examined(text, services=("https://a.example/",)).federated
    with pytest.raises(NotAllowed, match="does not list it"):
        examined(text.replace("a.example", "b.example"), services=("https://a.example/",))


@pytest.mark.usefixtures("cut")
def test_a_text_beyond_the_size_is_refused_whatever_its_shape():
    few = Limits(bytes=100)
    assert examined(FIRST, few) == examine(FIRST)
    with pytest.raises(TooLarge, match="at most 100 are accepted"):
        examined(FIRST.replace("urn:a", "urn:" + "a" * 100), few)


@pytest.mark.usefixtures("cut")
def test_limits_are_part_of_what_is_known():
    examined(FIRST)
    with pytest.raises(TooLarge, match="more than 0 triple patterns"):
        examined(FIRST.replace("urn:a", "urn:b"), Limits(patterns=0))
