"""Saved queries: the header is read, and values are put in as terms that stay terms."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kb.engine.oxigraph import OxigraphEngine
from kb.errors import KnowledgeBaseError, NotAllowed, NotFound, NotUnderstood
from kb.saved_query import TYPES, BadValue, Parameter, find, load_all, read
from kb.sparql_tokens import tokens
from kb.terms import COUNTRY, DEF, ID, NUTS_CODE, TERMS

HEADER = """\
#+ summary: Which regions
#+   take part?
#+ description: >
#+   One row
#+   a region.
#+ parameters:
#+   partnership:
#+     type: thing
#+     kind: partnership
#+     default: s3-textile
#+     description: The partnership.
#+   on:
#+     type: date
#+     description: The day.
#+ columns:
#+   region: Region
#+ example:
#+   on: 2018-03-08
"""
TEXT = "SELECT ?region WHERE { $partnership ?has ?region FILTER(COALESCE(?region<$on, true)) }\n"
QUERY = read("regions", HEADER + TEXT)


def test_a_header_is_read_as_text():
    assert (QUERY.name, QUERY.summary, QUERY.description) == (
        "regions",
        "Which regions take part?",
        "One row a region.",
    )
    assert QUERY.parameters == {
        "partnership": Parameter(
            "partnership", "thing", "The partnership.", default="s3-textile", kind="partnership"
        ),
        "on": Parameter("on", "date", "The day."),
    }
    assert (QUERY.columns, QUERY.example, QUERY.text) == ({"region": "Region"}, {"on": "2018-03-08"}, TEXT)


def test_defaults_are_put_in_and_what_has_no_value_stays_a_variable():
    assert QUERY.bind({}) == QUERY.bind({"partnership": "  ", "on": ""})
    assert QUERY.bind({}) == (
        f"SELECT ?region WHERE {{  <{ID}partnership/s3-textile>  ?has ?region "
        "FILTER(COALESCE(?region<$on, true)) }\n"
    )


def test_a_value_keeps_apart_from_the_sign_before_it():
    date = '"2018-03-08"^^<http://www.w3.org/2001/XMLSchema#date>'
    assert f"COALESCE(?region< {date} , true)" in QUERY.bind({"on": "2018-03-08"})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"at": "x"}, "regions has no parameter 'at'; it has partnership, on."),
        ({"on": "8.3.2018"}, "The parameter on takes a date such as 2018-03-08, not '8.3.2018'."),
        ({"on": "2018-02-30"}, "The parameter on takes a date such as 2018-03-08, not '2018-02-30'."),
        (
            {"partnership": "a b"},
            "The parameter partnership takes the address of a partnership or the part of it after "
            "/partnership/, not 'a b'.",
        ),
        (
            {"on": "x" * 2000},
            f"The parameter on takes a date such as 2018-03-08, not '{'x' * 57}...'.",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_is_accepted(values, sentence):
    with pytest.raises(BadValue) as refused:
        QUERY.bind(values)
    assert str(refused.value) == sentence


def test_a_required_parameter_is_asked_for_by_name():
    query = read("q", HEADER.replace("#+     default: s3-textile", "#+     required: true") + TEXT)
    with pytest.raises(BadValue, match="The parameter partnership is missing: it takes the address of a"):
        query.bind({})


def test_a_query_without_parameters_takes_none():
    query = read("q", "#+ summary: What?\n#+ description: All.\nSELECT * {}")
    assert query.bind({}) == "SELECT * {}\n"
    with pytest.raises(BadValue, match="q has no parameter 'x'; it takes none"):
        query.bind({"x": "1"})


def parameter(type_name, **fields):
    return Parameter("p", type_name, "A parameter.", **fields)


@pytest.mark.parametrize(
    ("made", "value", "term"),
    [
        (parameter("string"), 'a "b" \\ c\n', Literal('a "b" \\ c')),
        (parameter("integer"), "+042", Literal(42)),
        (parameter("integer", minimum=1, maximum=3), "3", Literal(3)),
        (parameter("language"), "pt-BR", Literal("pt-br")),
        (parameter("iri"), "https://example.org/a?b=c#d", URIRef("https://example.org/a?b=c#d")),
        (parameter("iri"), "http://example.org:8080/%C3%A9/é", URIRef("http://example.org:8080/%C3%A9/é")),
        (parameter("thing", kind="call"), "c-1", ID["call/c-1"]),
        (parameter("thing", kind="call"), "http://example.org/c", URIRef("http://example.org/c")),
        (parameter("code", scheme="role"), "partner", TERMS["role/partner"]),
        (parameter("code", scheme="type-of-action"), "COSME-GA", TERMS["type-of-action/COSME-GA"]),
        (parameter("class"), "Region", DEF.Region),
        (parameter("nuts-code"), "es21", Literal("ES21")),
        (parameter("place"), "es21", NUTS_CODE.ES21),
        (parameter("place"), "es-pais-vasco-nuts2", ID["region/es-pais-vasco-nuts2"]),
        (parameter("country"), "esp", COUNTRY.ESP),
        (parameter("country"), str(COUNTRY.ESP), COUNTRY.ESP),
    ],
)
def test_a_value_becomes_the_term_that_it_stands_for(made, value, term):
    engine = OxigraphEngine.in_memory()
    assert list(engine.select(f"SELECT (({made.term(value)}) AS ?t) {{}}")) == [(term,)]


def test_words_become_the_terms_that_all_have_to_be_there():
    assert parameter("words").term(' Textile\u00a0& "ŁÓDŹ" textile; S3') == '"lodz", "s3", "textile"'


@pytest.mark.parametrize(
    ("made", "value"),
    [
        (parameter("string"), "a\x00b"),
        (parameter("words"), "… & –"),
        (parameter("words"), " ".join("abcdefghijk")),
        (parameter("string"), "a" * 1001),
        (parameter("integer"), "1_000"),
        (parameter("integer"), "٣"),
        (parameter("integer"), "9223372036854775808"),
        (parameter("integer", minimum=1, maximum=3), "4"),
        (parameter("language"), "english language"),
        (parameter("iri"), "javascript:alert(1)"),
        (parameter("iri"), "file:///etc/passwd"),
        (parameter("iri"), "http://user@example.org/"),
        (parameter("iri"), "http://example.org/a>b"),
        (parameter("iri"), "http://example.org/\u202eabc"),
        (parameter("iri"), "http:///path"),
        (parameter("iri"), "http://\\"),
        (parameter("iri"), "http://example.org/\\u003e"),
        (parameter("iri"), "http://example.org/[]"),
        (parameter("iri"), "http://example.org/%zz"),
        (parameter("thing", kind="call"), "../../def"),
        (parameter("code", scheme="role"), "partner>"),
        (parameter("nuts-code"), "Basque Country"),
        (parameter("country"), "ES"),
    ],
)
def test_a_value_of_another_type_is_refused(made, value):
    with pytest.raises(BadValue, match="The parameter p takes "):
        made.term(value)


@pytest.mark.parametrize("type_name", TYPES)
@given(st.text(max_size=40) | st.from_regex(r"https?://[^ ]{1,30}", fullmatch=True))
@settings(max_examples=150, deadline=None)
def test_no_value_breaks_out_of_its_term(type_name, value):
    made = parameter(type_name, kind="call", scheme="role")
    try:
        term = made.term(value)
    except BadValue:
        return
    found = list(tokens(f"SELECT * {{ ?s ?p {term} }}"))
    assert "".join(token.text for token in found[5:-1]) == term.replace(", ", ",")
    if type_name == "words":
        # Strings with commas between them, and nothing else.
        assert {token.text for token in found[6:-1:2]} <= {","}
        assert all(token.text[0] == token.text[-1] == '"' for token in found[5:-1:2])
        return
    assert len(found) == (9 if "^^" in term[-60:] and term.endswith(">") else 7)
    ((answer,),) = OxigraphEngine.in_memory().select(f"SELECT (STR({term}) AS ?text) {{}}")
    if type_name == "string":
        assert str(answer) == value.strip()


WRONG = {
    "no header": ("SELECT * {}", "q.rq: the header needs a summary and a description."),
    "no description": (
        "#+ summary: What?\nSELECT * {}",
        "q.rq: the header needs a summary and a description.",
    ),
    "not YAML": ("#+ summary: [\nSELECT * {}", "q.rq: the header is not YAML (while parsing a flow node)."),
    "an unknown key": (
        HEADER.replace("#+ example", "#+ exmaple") + TEXT,
        "q.rq: the header does not know exmaple.",
    ),
    "no type": (
        HEADER.replace("#+     type: date\n", "") + TEXT,
        "q.rq: the parameter on needs a type and a description.",
    ),
    "an unknown type": (
        HEADER.replace("type: date", "type: day") + TEXT,
        "q.rq: the parameter on has the unknown type day.",
    ),
    "an unknown key of a parameter": (
        HEADER.replace("#+     default", "#+     preset") + TEXT,
        "q.rq: the parameter partnership does not know preset.",
    ),
    "no kind": (
        HEADER.replace("kind: partnership", "kind: spaceship") + TEXT,
        "q.rq: the parameter partnership needs a kind of thing.",
    ),
    "no scheme": (
        HEADER.replace("type: date", "type: code") + TEXT,
        "q.rq: the parameter on needs a scheme.",
    ),
    "a parameter that is not used": (
        HEADER + TEXT.replace("$on", "?day"),
        "q.rq: the query does not use the parameter on.",
    ),
    "a parameter that is not described": (
        HEADER + TEXT.replace("?has", "$has"),
        "q.rq: the header does not describe the parameter has.",
    ),
    "a parameter that is also a variable": (
        HEADER + TEXT.replace("?has", "?on"),
        "q.rq: the parameter on is written ?on in one place.",
    ),
    "no SELECT": (HEADER + "ASK { $partnership ?p $on }", "q.rq: the query is not a SELECT."),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_is_wrong_is_told_by_name(what):
    content, sentence = WRONG[what]
    with pytest.raises(NotUnderstood) as refused:
        read("q", content)
    assert str(refused.value) == sentence


def test_a_default_that_its_type_does_not_take_is_told():
    with pytest.raises(BadValue, match="The parameter on takes a date such as 2018-03-08, not 'soon'"):
        read("q", HEADER.replace("#+     type: date", "#+     type: date\n#+     default: soon") + TEXT)


def test_a_saved_query_cannot_ask_another_server():
    with pytest.raises(NotAllowed, match="SERVICE is refused"):
        read("q", HEADER + TEXT.replace("?has ?region", "?has ?region . SERVICE ?s {}"))


def test_a_query_is_found_by_its_name():
    assert find("partnership-regions-today") is load_all()["partnership-regions-today"]


def test_a_name_that_does_not_exist_is_answered_with_the_nearest():
    with pytest.raises(NotFound) as missing:
        find("partnership-region-today")
    assert str(missing.value).startswith(
        "There is no saved query called 'partnership-region-today'. Did you mean partnership-regions-today"
    )
    with pytest.raises(KnowledgeBaseError, match=r"There is no saved query called 'zzzz'\.$"):
        find("zzzz")
