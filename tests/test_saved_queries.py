"""The saved queries: each described, each answered on a little data, and on what the product ships."""

import csv
import re
from pathlib import Path

import pytest

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.reasoning import infer
from kb.resources import shipped_files
from kb.saved_query import load_all
from kb.schema import load_ontology
from kb.sparql_text import Form, check
from kb.sparql_tokens import Kind, tokens
from kb.terms import GRAPH

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "queries"
QUERIES = load_all()
EXPECTED = sorted(path.relative_to(CASES) for path in CASES.glob("*/expected*.csv"))


def rows_of(path):
    """What `path` holds: the parameters of its first line ("# on=2018-02-01, theme=textiles"), the rows."""
    lines = path.read_text(encoding="utf-8").splitlines()
    values = {}
    if lines[0].startswith("# "):
        values = dict(pair.split("=", 1) for pair in lines.pop(0)[2:].split(", "))
    return values, list(csv.reader(lines))


def answer(engine, name, **values):
    """The rows of a saved query as tuples of texts, the column names left out."""
    return [tuple("" if term is None else str(term) for term in row) for row in ask(engine, name, values)]


def ask(engine, name, values):
    return engine.select(QUERIES[name].bind(values))


@pytest.fixture(scope="module")
def terms_of_ours():
    """The ontology and the code lists as (bytes, name), which the little data refers to."""
    return [(file.read_bytes(), path) for path, file in shipped_files("ontology", ".ttl")]


def little_engine(terms_of_ours, name):
    made = OxigraphEngine.in_memory()
    for data, path in terms_of_ours:
        made.insert(read_quads(data, "ttl", path, GRAPH["ontology"]))
    (data,) = (CASES / name).glob("data.*")
    made.insert(read_quads(data, data.suffix.removeprefix("."), data.name, GRAPH["test"]))
    return made


# -- descriptions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_asks_a_question_and_describes_itself(name):
    query = QUERIES[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert query.summary.endswith("?") and query.summary[0].isupper() and len(query.summary) <= 110
    assert query.description.endswith(".")
    assert all(parameter.description.endswith(".") for parameter in query.parameters.values())
    assert set(query.example) <= set(query.parameters)
    query.bind(query.example)


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_can_be_asked_without_parameters_and_within_the_limits(name):
    assert check(QUERIES[name].bind({})) is Form.SELECT


@pytest.mark.parametrize("name", QUERIES)
def test_each_column_has_a_heading_and_the_order_is_settled(name):
    query = QUERIES[name]
    found = OxigraphEngine.in_memory().select(query.bind({}))
    assert list(found.variables) == list(query.columns)
    assert "ORDER BY" in query.text


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_joins_in_not_exists(name):
    """The engine evaluates it once a row; MINUS says the same and is fast."""
    words = [token.word for token in tokens(QUERIES[name].text) if token.kind is Kind.WORD]
    assert "EXISTS" not in words


def test_each_query_has_a_little_data_and_a_line_in_the_docs():
    page = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
    assert {path.parent.name for path in CASES.glob("*/expected.csv")} == set(QUERIES)
    assert {path.name for path in CASES.iterdir()} == set(QUERIES)
    for name, query in QUERIES.items():
        line = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert query.summary in line
        assert re.findall(r"`(\w+)`", line.rpartition("|")[0].rpartition("|")[2]) == list(query.parameters)


# -- a little data -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXPECTED, ids=str)
def test_the_answer_on_a_little_data(terms_of_ours, case):
    values, (header, *rows) = rows_of(CASES / case)
    engine = little_engine(terms_of_ours, case.parent.name)
    found = ask(engine, case.parent.name, values)
    assert list(found.variables) == header
    assert [["" if term is None else str(term) for term in row] for row in found] == rows


@pytest.mark.parametrize("name", QUERIES)
def test_what_is_inferred_does_not_change_the_answer(terms_of_ours, name):
    engine = little_engine(terms_of_ours, name)
    infer(engine, load_ontology())
    for case in (CASES / name).glob("expected*.csv"):
        values, (_, *rows) = rows_of(case)
        assert answer(engine, name, **values) == [tuple(row) for row in rows], case.name
