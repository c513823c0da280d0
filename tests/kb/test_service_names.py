"""Tests of kb/service_names.py, and of the texts that are let through by it."""

import pytest

from kb.errors import NotAllowed
from kb.service_names import declared
from kb.sparql_text import examine
from kb.sparql_tokens import tokens
from kb.update_text import operations

ONE = "https://one.example/sparql"
PREFIX = "PREFIX one: <https://one.example/> "


@pytest.mark.parametrize(
    "where",
    [
        f"{{ SERVICE <{ONE}> {{}} }}",
        f"{{ SERVICE SILENT <{ONE}> {{}} }}",
        f"{{ OPTIONAL {{ service#\n<{ONE}> {{}} }} }}",
        "{ SERVICE one:sparql {} }",
        "{ SERVICE ?any {} }",
        f"{{ SERVICE <{ONE}> {{ SERVICE <{ONE}> {{}} }} }}",
    ],
)
def test_endpoints_that_are_listed_are_let_through(where):
    found = examine(f"{PREFIX}SELECT * {where}", services=[ONE])
    assert found.federated and found.volatile
    (operation,) = operations(f"{PREFIX}INSERT {{}} WHERE {where}", services=[ONE])
    assert operation.text == f"INSERT {{}} WHERE {where}"


def test_a_text_without_service_is_not_federated():
    found = examine("SELECT * { ?service ?p 'SERVICE' }", services=[ONE])
    assert not found.federated and not found.volatile


REFUSED = [
    ("<https://two.example/sparql>", "<https://two.example/sparql>"),
    ("SILENT <https://two.example/sparql>", "<https://two.example/sparql>"),
    (f"<{ONE}/>", f"<{ONE}/>"),
    (f"<{ONE}?x>", f"<{ONE}?x>"),
    ("<sparql>", "<sparql>"),
    ("<https://one.example/\\u0073parql>", "<https://one.example/\\u0073parql>"),
    ("one:other", "<https://one.example/other>"),
    ("one:", "<https://one.example/>"),
]


@pytest.mark.parametrize(("name", "shown"), REFUSED)
def test_other_endpoints_are_refused_with_their_place_and_the_setting(name, shown):
    for start, ask in (
        (f"{PREFIX}ASK {{\n ", lambda text: examine(text, services=[ONE])),
        (f"{PREFIX}INSERT {{}} WHERE {{\n ", lambda text: operations(text, services=[ONE])),
    ):
        with pytest.raises(NotAllowed) as refused:
            ask(f"{start}SERVICE {name} {{}} }}")
        assert str(refused.value) == (
            f"Line 2, column 2: SERVICE {shown} is refused; the setting service_endpoints does not list it."
        )


def test_a_clause_inside_of_a_clause_is_looked_at_too():
    with pytest.raises(NotAllowed, match=r"^Line 1, column \d\d: SERVICE <urn:x> is refused; the setting"):
        examine(f"ASK {{ SERVICE <{ONE}> {{ SERVICE <urn:x> {{}} }} }}", services=[ONE])


def test_a_prefix_means_what_was_declared_last_before_it():
    text = (
        f"{PREFIX}INSERT {{}} WHERE {{}} ; PREFIX one: <urn:> INSERT {{}} WHERE {{ SERVICE one:sparql {{}} }}"
    )
    with pytest.raises(NotAllowed, match="SERVICE <urn:sparql> is refused"):
        operations(text, services=[ONE])
    assert declared(tokens(f"{PREFIX}BASE <urn:> prefix : <x> ASK {{}}")) == {
        "one:": "https://one.example/",
        ":": "x",
    }
