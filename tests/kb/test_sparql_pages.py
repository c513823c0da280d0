"""Some of the solutions of a SELECT."""

import pytest
from rdflib import Literal

from kb.engine.contract import QuerySyntaxError
from kb.engine.oxigraph import OxigraphEngine
from kb.sparql_pages import Select

TEN = "{ VALUES ?n { 0 1 2 3 4 5 6 7 8 9 } }"


def numbers(text):
    return [
        row[0].toPython() for row in OxigraphEngine.in_memory().select(text) if isinstance(row[0], Literal)
    ]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (f"SELECT * {TEN}", list(range(10))),
        (f"SELECT * {TEN} # at the end a comment", list(range(10))),
        (f"SELECT * {TEN} ORDER BY DESC(?n) LIMIT 4", [9, 8, 7, 6]),
        (f"SELECT * {TEN} OFFSET 3", [3, 4, 5, 6, 7, 8, 9]),
        (f"SELECT * {TEN} LIMIT 5 # five\n OFFSET 2", [2, 3, 4, 5, 6]),
        (f"SELECT * {TEN} limit 5 VALUES ?n {{ 1 2 3 4 5 6 7 8 }}", [1, 2, 3, 4, 5]),
        (f"SELECT * {TEN} VALUES ?n {{ 1 2 3 4 5 6 7 8 }}", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("SELECT * { { SELECT * " + TEN + " LIMIT 6 } }", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_pages_are_parts_of_the_whole(text, whole):
    assert numbers(text) == whole
    select = Select.of(text)
    for first in (0, 1, 4, 20):
        for many in (1, 3, 50):
            assert numbers(select.page(first, many)) == whole[first : first + many]
        assert numbers(select.page(first, None)) == whole[first:]
        beyond = select.beyond(first)
        assert bool(beyond and numbers(beyond)) == (first < len(whole))


@pytest.mark.parametrize("modifiers", ["LIMIT 5 ORDER BY ?n OFFSET 2", "LIMIT 5 LIMIT 6", "LIMIT 5 OFFSET"])
def test_what_does_not_parse_still_does_not(modifiers):
    with pytest.raises(QuerySyntaxError):
        numbers(Select.of(f"SELECT * {TEN} {modifiers}").page(0, 1))


def test_what_is_no_number_is_left_to_the_parser():
    text = f"SELECT * {TEN} LIMIT {'9' * 5000}"
    assert Select.of(text).page(0, 1).startswith(text[:-1])
