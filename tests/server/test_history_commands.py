"""`regiolink history`, `blame` and `diff`, run in this process on a small knowledge base."""

import json

import pytest
from click.testing import CliRunner

from kb.intent import Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from server.cli import main

THING = "https://w3id.org/regiolink/id/region/x"
PLACES = "https://w3id.org/regiolink/graph/places"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    kb = KnowledgeBase(tmp_path_factory.mktemp("history") / "data")
    with kb.writer(empty=True) as writer:
        for author, text in (
            ("ann", f'INSERT DATA {{ GRAPH <{PLACES}> {{ <{THING}> <urn:p> "1" , "2" }} }}'),
            ("bob", f'DELETE DATA {{ GRAPH <{PLACES}> {{ <{THING}> <urn:p> "1" }} }}'),
            ("ann", """INSERT DATA { <urn:other> <urn:p> "3" }"""),
        ):
            writer.commit(Intent(SparqlUpdate(text), author, "admin", Door.UPDATE, f"by {author}"))
    return kb.folder.path


@pytest.fixture
def regiolink(folder, monkeypatch):
    monkeypatch.setenv("REGIOLINK_DATA_DIR", str(folder))

    def run(*words):
        done = CliRunner().invoke(main, words)
        return done.exit_code, done.stdout, done.stderr

    return run


def revisions(told):
    return [commit["revision"] for commit in json.loads(told[1])]


def test_commits_are_listed_by_thing_author_and_graph(regiolink):
    assert revisions(regiolink("history", "--format", "json")) == [3, 2, 1]
    assert revisions(regiolink("history", "region/x", "--format", "json")) == [2, 1]
    assert revisions(regiolink("history", "--author", "ann", "--format", "json")) == [3, 1]
    assert revisions(regiolink("history", "--graph", "places", "--before", "2", "--format", "json")) == [1]
    _, out, _ = regiolink("history", "--limit", "1")
    assert "by ann" in out and "by bob" not in out


def test_each_statement_is_told_with_who_brought_it(regiolink):
    code, out, _ = regiolink("blame", "region/x")
    (row,) = [line for line in out.split("\n") if "places" in line]
    assert code == 0 and [cell.strip() for cell in row.split("│")][2:] == ["ann", "urn:p", "2", "places"]
    assert "1 " in regiolink("blame", THING, "--at", "1")[1]
    assert regiolink("blame", "region/none")[0::2] == (
        2,
        "regiolink: Nothing is stated about https://w3id.org/regiolink/id/region/none.\n",
    )


def test_what_differs_between_revisions_is_a_patch(regiolink):
    code, out, _ = regiolink("diff", "1", "2")
    assert (code, out) == (0, f'TX .\nD <{THING}> <urn:p> "1" <{PLACES}> .\nTC .\n')
    assert regiolink("diff", "2", "1")[1] == out.replace("D <", "A <")
    code, _, err = regiolink("diff", "1", "9")
    assert code == 2 and "There is no revision 9" in err
