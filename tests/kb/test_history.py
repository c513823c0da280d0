"""Tests of kb/history.py, over a ledger in a file."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kb.errors import KnowledgeBaseError, NotAllowed, NotFound, NotUnderstood, TooLarge
from kb.history import (
    Conflict,
    FutureRevision,
    StaleChange,
    UndoImpossible,
    between,
    blame,
    blame_of,
    changed_since,
    of_thing,
    refuse_stale,
    undo_patch,
)
from kb.ledger.commits import Door, Entry
from kb.ledger.ledger import Ledger
from kb.patch import Patch
from kb.terms import ID

A, B = ID["region/a"], ID["region/b"]
P, G, H = URIRef("urn:p"), URIRef("urn:g"), URIRef("urn:h")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def quad(subject, value, graph=G):
    return subject, P, value if isinstance(value, URIRef) else Literal(value), graph


A1, A2, A3, B1, B_TO_A = quad(A, 1), quad(A, 2, H), quad(A, 3), quad(B, 1), quad(B, A)


def open_in(folder: Path) -> Ledger:
    return Ledger.open(folder / "ledger.sqlite", folder / "patches", now=lambda: NOON)


class Story:
    """A ledger that is told one change after the other, and what is stated after each."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.states: list[set] = [set()]

    def tell(self, deletes=(), inserts=(), author="ana") -> None:
        patch = Patch.of(deletes, inserts)
        entry = Entry(patch, author, "steward", "why", Door.FORM)
        self.ledger.append(entry, len(self.states) - 1)
        self.states.append(patch.apply(self.states[-1]))

    def holds(self, quads) -> set:
        return set(quads) & self.states[-1]


@pytest.fixture
def story(tmp_path):
    """1: A1 and A2. 2: B1, by ben. 3: A2 goes, B links to A. 4: A2 comes back and A3 with it, by ben."""
    told = Story(open_in(tmp_path))
    told.tell(inserts=[A1, A2])
    told.tell(inserts=[B1], author="ben")
    told.tell(deletes=[A2], inserts=[B_TO_A])
    told.tell(inserts=[A2, A3], author="ben")
    yield told
    told.ledger.close()


def refusal(work) -> tuple[type, str]:
    with pytest.raises(KnowledgeBaseError) as refused:
        work()
    return type(refused.value), str(refused.value)


# -- differences


def test_the_difference_of_two_revisions_leaves_out_what_took_itself_back(story):
    assert between(story.ledger, 1, 4) == Patch.of(inserts=[B1, B_TO_A, A3])
    assert between(story.ledger, 0, 3) == Patch.of(inserts=[A1, B1, B_TO_A])
    assert between(story.ledger, 2, 3) == Patch.of(deletes=[A2], inserts=[B_TO_A])
    assert between(story.ledger, 2, 2) == Patch()


def test_the_difference_can_be_taken_backwards(story):
    back = between(story.ledger, 4, 1)
    assert back == between(story.ledger, 1, 4).inverse()
    assert back.made_from == 4


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ((1, 5), "There is no revision 5 yet; the newest is 4."),
        ((5, 1), "There is no revision 5 yet; the newest is 4."),
        ((-1, 2), "There is no revision -1; the first is 0."),
    ],
)
def test_a_difference_needs_two_revisions_that_are_there(story, ends, sentence):
    assert refusal(lambda: between(story.ledger, *ends)) == (NotFound, sentence)


@pytest.mark.parametrize("limit", [1, 2])
def test_a_difference_that_is_too_large_is_refused(story, limit):
    assert refusal(lambda: between(story.ledger, 4, 0, limit)) == (
        TooLarge,
        f"Between revisions 0 and 4 more than {limit} quads were changed; "
        "take revisions that are closer to each other.",
    )


def test_a_difference_over_many_pages_is_whole(tmp_path):
    ledger = open_in(tmp_path)
    quads = [quad(A, number) for number in range(230)]
    ledger.append_all([Entry(Patch.of(inserts=[each]), "ana", "steward", "", Door.FORM) for each in quads], 0)
    assert between(ledger, 0, 230) == Patch.of(inserts=quads)
    assert blame(ledger, A) == {each: ledger.commit(number + 1) for number, each in enumerate(quads)}
    assert blame_of(ledger, quads[:1]) == {quads[0]: ledger.commit(1)}
    ledger.close()


# -- one thing


def test_the_history_of_a_thing_tells_what_came_and_went(story):
    ledger = story.ledger
    assert of_thing(ledger, A) == [
        (ledger.commit(4), Patch.of(inserts=[A2, A3])),
        (ledger.commit(3), Patch.of(deletes=[A2])),
        (ledger.commit(1), Patch.of(inserts=[A1, A2])),
    ]
    assert of_thing(ledger, A, links=True)[1] == (ledger.commit(3), Patch.of([A2], [B_TO_A]))
    assert of_thing(ledger, "urn:unknown") == []


def test_the_history_of_a_thing_comes_in_pages(story):
    pages, before = [], None
    while page := of_thing(story.ledger, A, before=before, limit=2):
        before = page[-1][0].revision
        pages.append([commit.revision for commit, _ in page])
    assert pages == [[4, 3], [1]]


def test_each_quad_is_blamed_on_the_newest_commit_that_brought_it(story):
    commit = story.ledger.commit
    assert blame(story.ledger, A) == {A1: commit(1), A2: commit(4), A3: commit(4)}
    assert list(blame(story.ledger, A)) == [A2, A3, A1]
    assert blame(story.ledger, A, at=3) == {A1: commit(1)}
    assert blame(story.ledger, A, at=2) == {A1: commit(1), A2: commit(1)}
    assert blame(story.ledger, A, at=0) == blame(story.ledger, "urn:unknown") == {}


def test_quads_of_several_things_are_blamed_and_what_is_not_stated_is_left_out(story):
    commit = story.ledger.commit
    assert blame_of(story.ledger, [A2, B1, quad(B, "inferred")]) == {A2: commit(4), B1: commit(2)}
    story.tell(deletes=[B1])
    assert blame_of(story.ledger, [B1]) == blame_of(story.ledger, []) == {}


# -- taking back


def test_an_undo_takes_back_what_a_commit_did_and_nothing_else(story):
    assert undo_patch(story.ledger, story.holds, 4, 4) == Patch.of(deletes=[A2, A3])
    assert undo_patch(story.ledger, story.holds, 2, 2) == Patch.of(deletes=[B1])
    assert undo_patch(story.ledger, story.holds, 3, 4) == Patch.of(deletes=[B_TO_A, A3])
    assert undo_patch(story.ledger, story.holds, 1, 4) == Patch.of(deletes=[A1, A2, A3, B1, B_TO_A])
    assert undo_patch(story.ledger, story.holds, 2, 2).made_from == 4


def test_an_undo_of_an_undo_brings_it_back(story):
    undo = undo_patch(story.ledger, story.holds, 1, 4)
    story.tell(undo.deletes, undo.inserts)
    assert undo_patch(story.ledger, story.holds, 5, 5) == undo.inverse()
    assert undo_patch(story.ledger, story.holds, 4, 5).made_from == 5


def test_an_undo_that_a_later_commit_stands_in_the_way_of_names_it(story):
    with pytest.raises(UndoImpossible) as refused:
        undo_patch(story.ledger, story.holds, 3, 3)
    assert isinstance(refused.value, NotAllowed)
    assert str(refused.value) == (
        "Revision 3 cannot be undone: revision 4 by ben changed 1 of the same quads again."
    )
    assert (refused.value.quads, refused.value.later) == ((A2,), (story.ledger.commit(4),))


def test_an_undo_of_several_commits_names_all_that_stand_in_the_way(story):
    story.tell(deletes=[A1, B1])
    story.tell(inserts=[quad(A, 9)])
    for number in range(3):
        story.tell(inserts=[A1] if number % 2 == 0 else [], deletes=[A1] if number % 2 else [])
    story.tell(deletes=[A1])
    with pytest.raises(UndoImpossible) as refused:
        undo_patch(story.ledger, story.holds, 1, 2)
    assert str(refused.value) == (
        "Revisions 1 to 2 cannot be undone: revision 5 by ana, revision 7 by ana, revision 8 by ana "
        "and 2 more changed 2 of the same quads again."
    )
    assert [commit.revision for commit in refused.value.later] == [5, 7, 8, 9, 10]


def test_an_undo_where_the_ledger_and_the_data_disagree_is_refused(story):
    assert refusal(lambda: undo_patch(story.ledger, lambda _: set(), 4, 4)) == (
        UndoImpossible,
        "Revision 4 cannot be undone: "
        "the knowledge base does not hold 2 of the same quads as the ledger says.",
    )


@pytest.mark.parametrize(
    ("first", "last", "kind", "sentence"),
    [
        (5, 5, NotFound, "There is no revision 5 yet; the newest is 4."),
        (1, 99, NotFound, "There is no revision 99 yet; the newest is 4."),
        (0, 2, NotFound, "There is no revision 0; the first is 1."),
        (3, 1, NotUnderstood, "An undo names the older revision first; 1 comes before 3."),
    ],
)
def test_an_undo_names_commits_that_are_there(story, first, last, kind, sentence):
    assert refusal(lambda: undo_patch(story.ledger, story.holds, first, last)) == (kind, sentence)


# -- changes from an older revision


def writes(*quads):
    return Patch.of(inserts=quads)


def test_a_change_is_in_conflict_with_later_commits_about_the_same_things(story):
    commit = story.ledger.commit
    assert changed_since(story.ledger, 1, writes(quad(A, 9))) == [
        Conflict(commit(4), (str(A),), ()),
        Conflict(commit(3), (str(A),), ()),
    ]
    assert changed_since(story.ledger, 3, writes(quad(B, 9))) == []
    assert changed_since(story.ledger, 4, writes(quad(A, 9))) == []
    assert changed_since(story.ledger, 0, Patch()) == []
    assert changed_since(story.ledger, 0, writes(quad(A, 9), quad(B, 9)), limit=2) == [
        Conflict(commit(4), (str(A),), ()),
        Conflict(commit(3), (str(A), str(B)), ()),
    ]


def test_what_a_change_read_counts_as_what_it_writes(story):
    commit = story.ledger.commit
    one = writes(quad(B, 9))
    assert changed_since(story.ledger, 3, one, reads_things=[A]) == [Conflict(commit(4), (str(A),), ())]
    assert changed_since(story.ledger, 2, one, reads_graphs=[H]) == [
        Conflict(commit(4), (), (str(H),)),
        Conflict(commit(3), (str(B),), (str(H),)),
    ]


def test_a_change_that_read_everything_is_in_conflict_with_every_later_commit(story):
    assert changed_since(story.ledger, 2, Patch(), reads_all=True) == [
        Conflict(story.ledger.commit(4), (), ("urn:g", "urn:h")),
        Conflict(story.ledger.commit(3), (), ("urn:g", "urn:h")),
    ]
    assert changed_since(story.ledger, 4, Patch(), reads_all=True) == []


def test_a_stale_change_is_refused_with_what_was_changed_and_by_whom(story):
    with pytest.raises(StaleChange) as refused:
        refuse_stale(story.ledger, 1, writes(quad(A, 9)))
    assert str(refused.value) == (
        f"{A} was changed by ben in revision 4 (2026-11-22 12:00 UTC), and 1 more did before, "
        "after revision 1 from which your change was made; look at it and make your change again."
    )
    assert (refused.value.base, len(refused.value.conflicts)) == (1, 2)
    assert refusal(lambda: refuse_stale(story.ledger, 3, Patch(), reads_graphs=[H])) == (
        StaleChange,
        "The graph urn:h was changed by ben in revision 4 (2026-11-22 12:00 UTC), "
        "after revision 3 from which your change was made; look at it and make your change again.",
    )
    story.tell(inserts=[quad(A, 7), quad(B, 7)])
    assert refusal(lambda: refuse_stale(story.ledger, 4, writes(quad(A, 9), quad(B, 9)))) == (
        StaleChange,
        f"{A} (and 1 more) was changed by ana in revision 5 (2026-11-22 12:00 UTC), "
        "after revision 4 from which your change was made; look at it and make your change again.",
    )
    refuse_stale(story.ledger, 5, writes(quad(A, 9)))


def test_a_change_from_a_revision_that_is_not_there_is_refused(story):
    assert refusal(lambda: refuse_stale(story.ledger, 99, Patch())) == (
        FutureRevision,
        "There is no revision 99 yet; the newest is 4.",
    )
    assert refusal(lambda: refuse_stale(story.ledger, -1, Patch())) == (
        NotFound,
        "There is no revision -1; the first is 0.",
    )


# -- any story

QUADS = st.tuples(
    st.sampled_from([A, B]),
    st.just(P),
    st.sampled_from([A, Literal(1), Literal("1")]),
    st.sampled_from([G, H]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(QUADS, min_size=1, max_size=3), min_size=1, max_size=8), st.data())
def test_any_story_is_told_right(toggled, data):
    """Each change takes away those of its quads that are there and brings the others."""
    with tempfile.TemporaryDirectory() as folder:
        story = Story(open_in(Path(folder)))
        for quads in toggled:
            story.tell(quads & story.states[-1], quads - story.states[-1])
        revision = st.integers(0, len(toggled))
        one, other = data.draw(revision), data.draw(revision)
        patch = between(story.ledger, one, other)
        assert patch.deletes == story.states[one] - story.states[other]
        assert patch.inserts == story.states[other] - story.states[one]
        for thing in (A, B):
            expected = {
                each: max(r for r in range(1, one + 1) if each not in story.states[r - 1])
                for each in story.states[one]
                if each[0] == thing
            }
            found = blame(story.ledger, thing, at=one)
            assert {each: commit.revision for each, commit in found.items()} == expected
            assert found == {
                each: commit
                for each, commit in found.items()
                if each in story.ledger.patch_of(commit.revision).inserts
            }
        first, last = sorted((max(one, 1), max(other, 1)))
        before, after, head = story.states[first - 1], story.states[last], story.states[-1]
        if any((each in head) != (each in after) for each in before ^ after):
            with pytest.raises(UndoImpossible):
                undo_patch(story.ledger, story.holds, first, last)
        else:
            undone = undo_patch(story.ledger, story.holds, first, last).apply(head)
            assert undone == (head - (after - before)) | (before - after)
        story.ledger.close()
