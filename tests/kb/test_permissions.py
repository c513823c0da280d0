"""Tests of kb/permissions.py: every role on every kind of graph, by every door."""

import pickle
import re
from pathlib import Path

import pytest

from kb.engine.contract import DEFAULT, HISTORY, INFERRED, RESERVED, SHAPES, WORDS
from kb.errors import NotAllowed
from kb.ledger.commits import Door
from kb.ledger.people import Role
from kb.permissions import SOURCE_DOORS, Forbidden, Kind, may_commit
from kb.terms import GRAPH

EDITS, NUTS = str(GRAPH["edits"]), str(GRAPH["source/nuts"])
PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
ROLES = [*Role, "Regiolink itself"]


def refusal(*asked) -> str:
    with pytest.raises(Forbidden) as refused:
        may_commit(*asked)
    return str(refused.value)


def allowed(*asked) -> bool:
    try:
        may_commit(*asked)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("graph", "kind"),
    [
        (INFERRED, Kind.ENGINE),
        (HISTORY, Kind.ENGINE),
        (WORDS, Kind.ENGINE),
        (f"{RESERVED}head", Kind.ENGINE),
        (NUTS, Kind.SOURCE),
        (GRAPH["ontology"], Kind.MODEL),
        (SHAPES, Kind.MODEL),
        (GRAPH["meta"], Kind.META),
        (GRAPH["terms/role"], Kind.DATA),
        (GRAPH["links/ror"], Kind.DATA),
        (EDITS, Kind.DATA),
        ("https://example.org/mine", Kind.DATA),
        (DEFAULT, Kind.DATA),
    ],
)
def test_the_name_of_a_graph_tells_its_kind(graph, kind):
    assert Kind.of(graph) is kind


def documented() -> dict[Kind, tuple[list[str], list[str]]]:
    """For each kind of graph: the graphs that the page names, and what it says of each role."""
    rows = {}
    for line in PAGE.read_text(encoding="utf-8").split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        kind = cells[0].partition(":")[0]
        if kind in set(Kind):
            named = [name.replace("…", "x") for name in re.findall("`([^`]+)`", cells[0])]
            graphs = [
                f"{name}x" if name.startswith(RESERVED) else GRAPH[name.removeprefix("graph/")]
                for name in named
            ]
            rows[Kind(kind)] = ([str(graph) for graph in graphs], cells[1:])
    return rows


def decided(role: str, graph: str) -> str:
    """What the code decides, in the words of the page."""
    if role == "Regiolink itself":
        return "yes" if allowed("system", None, Door.SYSTEM, {graph}) else "no"
    by_people = [door for door in Door if door is not Door.SYSTEM]
    doors = [door for door in by_people if allowed(role, {graph}, door, {graph})]
    assert doors == [door for door in by_people if allowed(role, None, door, {graph})]
    if not doors:
        return "no"
    ungranted = [door for door in doors if allowed(role, {f"{GRAPH}other"}, door, {graph})]
    assert ungranted in ([], doors), "a grant counts at every door or at none"
    words = [] if ungranted else ["granted"]
    if doors != by_people:
        assert set(doors) == set(SOURCE_DOORS)
        words.append("by import, load or undo")
    return ", ".join(words) or "yes"


@pytest.mark.parametrize("kind", Kind)
def test_the_page_says_what_the_code_decides(kind):
    graphs, said = documented()[kind]
    assert graphs and {Kind.of(graph) for graph in graphs} == {kind}
    for graph in graphs:
        assert [decided(role, graph) for role in ROLES] == said


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            (Role.READER, None, Door.UPDATE, {EDITS}),
            "A reader may not change anything; ask an administrator for another role.",
        ),
        (
            (Role.CONTRIBUTOR, None, Door.UPDATE, {EDITS}),
            "A contributor may only write drafts, and there are no drafts over this way in yet; "
            "ask a steward to make the change.",
        ),
        (
            ("boss", None, Door.UPDATE, {EDITS}),
            "The role 'boss' is not known, so it may not change anything.",
        ),
        (
            (Role.STEWARD, (NUTS,), Door.UPDATE, {EDITS}),
            "The graph graph/edits is not among the graphs that you may change; "
            "ask an administrator to grant it.",
        ),
        (
            (Role.STEWARD, (), Door.UPDATE, {"https://example.org/mine"}),
            "The graph https://example.org/mine is not among the graphs that you may change; "
            "ask an administrator to grant it.",
        ),
        (
            (Role.STEWARD, (), Door.UPDATE, {DEFAULT}),
            "The default graph is not among the graphs that you may change; "
            "ask an administrator to grant it.",
        ),
        (
            (Role.ADMIN, None, Door.UPDATE, {NUTS}),
            "The graph graph/source/nuts is an imported dataset; it is changed by importing or loading it "
            "anew, or by undoing that.",
        ),
        (
            (Role.STEWARD, None, Door.UPDATE, {SHAPES}),
            "The graph graph/shapes says what all data must be; only an administrator changes it.",
        ),
        (
            (Role.STEWARD, None, Door.UPDATE, {GRAPH["meta"]}),
            "The graph graph/meta describes the datasets; only an administrator changes it.",
        ),
        (
            (Role.ADMIN, None, Door.UNDO, {HISTORY}),
            "The graph graph/history is kept by Regiolink itself; nobody edits it.",
        ),
        (
            (Role.STEWARD, None, Door.UPDATE, {EDITS}, "later"),
            "Only an administrator may have violations accepted by a waiver.",
        ),
        (
            (Role.ADMIN, None, Door.UPDATE, {EDITS}, "later"),
            "A waiver accepts what a change of graph/ontology or graph/shapes breaks; "
            "this change is of neither, so correct the data instead.",
        ),
    ],
)
def test_a_refusal_names_the_graph_and_why(asked, sentence):
    assert refusal(*asked) == sentence


def test_one_graph_that_may_not_be_changed_refuses_the_whole_change():
    assert allowed(Role.STEWARD, {EDITS}, Door.UPDATE, {EDITS})
    assert "graph/meta" in refusal(Role.STEWARD, {EDITS}, Door.UPDATE, {EDITS, GRAPH["meta"]})


def test_an_administrator_may_waive_what_a_change_of_the_model_breaks():
    may_commit(Role.ADMIN, None, Door.UPDATE, {SHAPES, EDITS}, "old data is mended next week")


def test_whether_somebody_may_write_at_all_is_asked_without_a_graph():
    assert [allowed(role, (), Door.UPDATE, ()) for role in Role] == [False, False, True, True]


def test_a_refusal_keeps_its_graph_on_the_way_to_another_process():
    with pytest.raises(Forbidden) as refused:
        may_commit(Role.STEWARD, None, Door.FORM, {HISTORY})
    sent = pickle.loads(pickle.dumps(refused.value))
    assert (str(sent), sent.graph) == (str(refused.value), str(HISTORY))
    assert isinstance(sent, NotAllowed)
