"""The page on searching: each of its queries gives the answer that stands below it."""

import csv
import re
from pathlib import Path

import pytest
from rdflib import URIRef

from kb.terms import PREFIXES
from kb.words import NAMES

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "searching.md").read_text(encoding="utf-8")
ANSWERED = re.findall(r"```sparql\n(.*?)```\n\n```csv\n(.*?)```", PAGE, re.DOTALL)


def test_every_query_of_the_page_has_its_answer_below_it():
    assert len(ANSWERED) == PAGE.count("```sparql") == 5


@pytest.mark.parametrize(("query", "answer"), ANSWERED)
def test_the_answer_is_that_of_the_shipped_data(client, query, answer):
    asked = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/csv"})
    assert list(csv.reader(asked.text.splitlines())) == list(csv.reader(answer.splitlines()))


def test_the_page_tells_which_properties_are_names():
    row = next(line for line in PAGE.splitlines() if line.startswith("| names |"))
    told = [name.split(":") for name in re.findall(r"`(\w+:\w+)`", row)]
    assert [URIRef(PREFIXES[prefix] + name) for prefix, name in told] == list(NAMES)
