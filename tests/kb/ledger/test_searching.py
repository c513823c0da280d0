"""Finding commits by thing, graph and author; on both databases."""

import pytest
from rdflib import Literal, URIRef
from sqlalchemy import text

from kb.ledger import searching, touches
from kb.ledger.commits import Door, Entry
from kb.ledger.searching import Wanted, fill
from kb.patch import Patch
from kb.terms import ID

A, B = ID["region/a"], ID["region/b"]
P, G, H = URIRef("urn:p"), URIRef("urn:g"), URIRef("urn:h")


def entry_of(*inserts, deletes=(), author="ana") -> Entry:
    return Entry(Patch.of(deletes, inserts), author, "steward", "why", Door.FORM)


@pytest.fixture
def filled(ledger):
    """Five commits: 1 says something of A, 2 of B, 3 links B to A, 4 takes from A in H, 5 is ben's of A."""
    ledger.append_all(
        [
            entry_of((A, P, Literal(1), G), (A, P, Literal(4), H)),
            entry_of((B, P, Literal("a"), G)),
            entry_of((B, P, A, H)),
            entry_of(deletes=[(A, P, Literal(4), H)]),
            entry_of((A, P, Literal(5), G), author="ben"),
        ],
        0,
    )
    return ledger


def revisions(ledger, **wanted):
    return [commit.revision for commit in ledger.commits(**wanted)]


def test_commits_are_found_by_thing_graph_and_author(filled):
    assert revisions(filled, thing=A) == [1, 4, 5]
    assert revisions(filled, thing=B) == [2, 3]
    assert revisions(filled, graph=G) == [1, 2, 5]
    assert revisions(filled, graph=H) == [1, 3, 4]
    assert revisions(filled, thing=A, author="ben") == [5]
    assert revisions(filled, graph=G, author="ana") == [1, 2]
    assert revisions(filled, thing=A, graph=H) == [1, 4]
    assert revisions(filled, thing=A, graph=H, author="ben") == []
    assert (
        revisions(filled, thing=P) == revisions(filled, graph=A) == revisions(filled, thing="urn:none") == []
    )


def test_commits_of_a_thing_come_in_pages_newest_first(filled):
    assert revisions(filled, thing=A, limit=2, newest_first=True) == [5, 4]
    assert revisions(filled, thing=A, limit=2, newest_first=True, until=3) == [1]
    assert revisions(filled, thing=A, limit=1, after=1) == [4]
    assert revisions(filled, graph=G, limit=0) == []


def test_what_was_done_about_a_thing_is_told_with_its_commit(filled):
    assert filled.changes(A) == [
        (filled.commit(1), Patch.of(inserts=[(A, P, Literal(1), G), (A, P, Literal(4), H)])),
        (filled.commit(4), Patch.of(deletes=[(A, P, Literal(4), H)])),
        (filled.commit(5), Patch.of(inserts=[(A, P, Literal(5), G)])),
    ]


def test_what_links_to_a_thing_is_told_when_it_is_asked_for(filled):
    found = filled.changes(A, links=True, limit=3, newest_first=True)
    assert [commit.revision for commit, _ in found] == [5, 4, 3]
    assert found[-1][1] == Patch.of(inserts=[(B, P, A, H)])


def test_revisions_that_touch_one_of_many_things_or_graphs_are_told(filled):
    assert filled.touching(0, [A, B]) == [1, 2, 3, 4, 5]
    assert filled.touching(2, [A, "urn:none"]) == [4, 5]
    assert filled.touching(1, [], [H]) == [3, 4]
    assert filled.touching(5, [A]) == filled.touching(0) == []
    assert filled.touching(3, [*(f"urn:{number}" for number in range(2000)), A]) == [4, 5]


def test_what_no_database_can_hold_is_not_found(filled):
    for odd in ("\ud800", "a\0b"):
        assert filled.commits(thing=odd) == filled.commits(graph=odd) == filled.changes(odd) == []
    assert filled.commits(thing=f"{A}> <{P}") == []


def test_a_hash_of_two_things_misleads_nobody(ledger, monkeypatch):
    monkeypatch.setattr(searching, "hash_of", lambda *_: 7)
    monkeypatch.setattr(touches, "hash_of", lambda *_: 7)
    ledger.append_all([entry_of((each, P, Literal(1), G)) for each in (A, B, B, A, B, A)], 0)
    assert revisions(ledger, thing=A, limit=2) == [1, 4]
    assert revisions(ledger, thing=B, limit=2, newest_first=True) == [5, 3]
    assert revisions(ledger, thing=B) == [2, 3, 5]
    assert revisions(ledger, graph=H) == []


def test_nothing_is_filled_in_twice(filled):
    def all_touches():
        with filled.database.reading() as connection:
            return connection.execute(text("SELECT * FROM touches ORDER BY 1, 2")).all()

    before = all_touches()
    fill(filled.database, None)
    assert all_touches() == before


@pytest.mark.parametrize("wanted", [{}, {"author": "ana"}, {"thing": A}, {"graph": G}])
def test_a_page_is_read_in_the_order_of_an_index(tmp_path, wanted):
    from kb.ledger.ledger import Ledger

    ledger = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches")
    query = searching._page(Wanted(0, 99, 10, True, **wanted))
    compiled = query.compile(ledger.database.engine, compile_kwargs={"literal_binds": True})
    with ledger.database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
    ledger.close()
    steps = [row[-1] for row in plan]
    assert steps and all(step.startswith("SEARCH") for step in steps), steps
