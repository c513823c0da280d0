"""Appending to the ledger and reading it, on both databases."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rdflib import Literal, URIRef
from sqlalchemy import event

from kb.errors import NotFound
from kb.ledger.commits import GENESIS, Door, Entry, Head, Summary
from kb.ledger.errors import AlreadyDone, KeyReused, StaleHead
from kb.patch import Patch

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUAD = (URIRef("urn:s"), URIRef("urn:p"), Literal("é", lang="fr"), URIRef("urn:g"))
OTHER = (URIRef("urn:s"), URIRef("urn:p"), Literal("old"), URIRef("urn:g"))


def test_an_empty_ledger_is_at_revision_0(ledger):
    assert ledger.head() == GENESIS == Head(0, "0" * 64)
    assert ledger.commits() == []
    assert ledger.revision_at(NOON) == 0


def test_a_commit_keeps_all_that_was_said_with_it(open_ledger):
    ledger = open_ledger(now=lambda: NOON)
    entry = Entry(
        Patch.of(deletes=[OTHER], inserts=[QUAD]),
        author="ana",
        role="steward",
        message="Corrigé — “fin”\nline two",
        door=Door.GRAPH_STORE,
        key="k1",
        request_digest="d1",
        summary=Summary(0, 2, 1, ("A thing: it has no name.",)),
        waiver="Agreed — on Monday.",
    )
    commit = ledger.append(entry, 0)
    assert commit == ledger.commit(1) == ledger.commits()[0]
    assert commit == replace(
        commit,
        revision=1,
        id=entry.id,
        parent=0,
        parent_hash="0" * 64,
        author="ana",
        role="steward",
        time="2026-11-22T12:00:00.000000Z",
        message="Corrigé — “fin”\nline two",
        door=Door.GRAPH_STORE,
        key="k1",
        request_digest="d1",
        inserts=1,
        deletes=1,
        summary=Summary(0, 2, 1, ("A thing: it has no name.",)),
        waiver="Agreed — on Monday.",
        graphs=("urn:g",),
    )
    assert ledger.head() == commit.head == Head(1, commit.hash)
    assert ledger.patch_of(1) == entry.patch
    assert ledger.patch_of(1).made_from == 0
    assert ledger.patch_text(1) == (
        'TX .\nD <urn:s> <urn:p> "old" <urn:g> .\nA <urn:s> <urn:p> "é"@fr <urn:g> .\nTC .\n'
    )


def test_commits_are_numbered_without_a_gap_and_each_names_its_parent(ledger, entry):
    first, second, third = (ledger.append(entry(), head) for head in range(3))
    assert [first.revision, second.revision, third.revision] == [1, 2, 3]
    assert [second.parent, third.parent] == [1, 2]
    assert [second.parent_hash, third.parent_hash] == [first.hash, second.hash]


def test_a_commit_that_was_made_on_another_head_is_refused(ledger, entry):
    ledger.append(entry(), 0)
    for wrong in (0, 2):
        with pytest.raises(StaleHead) as refused:
            ledger.append(entry(), wrong)
        assert (refused.value.expected, refused.value.found) == (wrong, 1)
    assert str(refused.value) == (
        "The change was made on revision 2, but the knowledge base is at revision 1."
    )
    assert ledger.head().revision == 1


def test_several_entries_become_commits_in_one_transaction(ledger, entry):
    ledger.append(entry(), 0)
    transactions = []
    event.listen(ledger.database.engine, "commit", transactions.append)
    entries = [entry(), entry(), entry()]
    commits = ledger.append_all(entries, 1)
    assert len(transactions) == 1
    assert [commit.id for commit in ledger.commits(after=1)] == [entry.id for entry in entries]
    assert commits == ledger.commits(after=1)
    assert [ledger.patch_of(revision) for revision in (2, 3, 4)] == [entry.patch for entry in entries]


def test_of_several_entries_all_or_none_are_committed(ledger, entry):
    ledger.append(entry(key="k", request_digest="d"), 0)
    with pytest.raises(AlreadyDone):
        ledger.append_all([entry(), entry(key="k", request_digest="d")], 1)
    assert ledger.head().revision == 1


def test_a_group_of_none_changes_nothing(ledger):
    assert ledger.append_all([], 0) == []
    assert ledger.head() == GENESIS


def test_a_repeated_request_finds_its_commit(ledger, entry):
    first = ledger.append(entry(key="k", request_digest="d"), 0)
    assert ledger.find_by_key("ana", "k", "d") == first
    assert ledger.find_by_key("ben", "k", "d") is None
    assert ledger.find_by_key("ana", "other", "d") is None
    with pytest.raises(AlreadyDone) as done:
        ledger.append(entry(key="k", request_digest="d"), 1)
    assert (done.value.revision, str(done.value)) == (1, "This request was already done as revision 1.")


def test_a_key_of_another_request_is_refused(ledger, entry):
    ledger.append(entry(key="k", request_digest="d"), 0)
    for attempt in (
        lambda: ledger.find_by_key("ana", "k", "other"),
        lambda: ledger.append(entry(key="k", request_digest="other"), 1),
        lambda: ledger.append_all(
            [entry(key="n", request_digest="d"), entry(key="n", request_digest="d")], 1
        ),
    ):
        with pytest.raises(KeyReused) as refused:
            attempt()
    assert str(refused.value) == (
        "The idempotency key 'n' belongs to another request; take a new key for a new request."
    )
    assert ledger.head().revision == 1


def test_two_authors_may_take_the_same_key_and_none_needs_one(ledger, entry):
    ledger.append(entry(key="k", request_digest="d"), 0)
    ledger.append(entry(author="ben", key="k", request_digest="other"), 1)
    ledger.append(entry(), 2)
    assert ledger.append(entry(), 3).revision == 4


def test_a_clock_that_is_set_back_does_not_turn_the_order_round(open_ledger, entry):
    times = iter([NOON, NOON - timedelta(hours=1), NOON + timedelta(hours=1)])
    ledger = open_ledger(now=lambda: next(times))
    assert [ledger.append(entry(), head).time for head in range(3)] == [
        "2026-11-22T12:00:00.000000Z",
        "2026-11-22T12:00:00.000000Z",
        "2026-11-22T13:00:00.000000Z",
    ]
    assert ledger.revision_at(NOON - timedelta(microseconds=1)) == 0
    assert ledger.revision_at(NOON) == 2
    assert ledger.revision_at(NOON + timedelta(days=9)) == 3


def test_commits_are_found_by_revision_and_author(ledger, entry):
    for head, author in enumerate(["ana", "ben", "ana", "ben", "ana"]):
        ledger.append(entry(author=author), head)

    def revisions(**wanted):
        return [commit.revision for commit in ledger.commits(**wanted)]

    assert revisions() == [1, 2, 3, 4, 5]
    assert revisions(after=1, until=4) == [2, 3, 4]
    assert revisions(author="ana") == [1, 3, 5]
    assert revisions(author="ana", limit=2, newest_first=True) == [5, 3]
    assert revisions(author="nobody") == []


@pytest.mark.parametrize("read", ["commit", "patch_of", "patch_text"])
def test_a_revision_that_is_not_there_is_not_found(ledger, entry, read):
    ledger.append(entry(), 0)
    for revision in (2, 0, -1, 10**30):
        with pytest.raises(NotFound) as missing:
            getattr(ledger, read)(revision)
        assert str(missing.value) == f"There is no revision {revision}; the newest is 1."


def test_what_no_database_can_hold_is_not_found(ledger, entry):
    commit = ledger.append(entry(), 0)
    assert ledger.commits(after=-(10**30), until=10**30, limit=10**30) == [commit]
    assert ledger.commits(author="a\0b") == ledger.commits(author="\ud800") == []
    assert ledger.find_by_key("ana", "\0", "d") is ledger.find_by_key("\ud800", "k", "d") is None


def test_large_patches_become_files_and_small_ones_rows(open_ledger, entry, tmp_path):
    ledger = open_ledger(in_row=1000)
    small, large = entry(), entry(size=100)
    ledger.append_all([small, large], 0)
    (file,) = (tmp_path / "patches").iterdir()
    assert file.name == f"{ledger.commit(2).patch_hash}.rdfp.zz"
    assert (ledger.patch_of(1), ledger.patch_of(2)) == (small.patch, large.patch)


def test_a_large_patch_is_on_the_disk_before_its_row_is_written(open_ledger, entry, tmp_path, monkeypatch):
    ledger = open_ledger(in_row=1000)
    steps, sync = [], os.fsync

    def watched(descriptor):
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        steps.append("file" if name.endswith(".partial") else name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    event.listen(ledger.database.engine, "begin", lambda _: steps.append("row"))
    ledger.append(entry(size=100), 0)
    assert steps == [tmp_path.name, "file", "patches", "row"]


def test_the_same_large_patch_twice_is_one_file(open_ledger, entry, tmp_path):
    ledger = open_ledger(in_row=1000)
    large = entry(size=100)
    ledger.append(large, 0)
    ledger.append(entry(), 1)
    ledger.append(Entry(large.patch, "ben", "steward", "again", Door.UNDO), 2)
    assert len(list((tmp_path / "patches").iterdir())) == 1
    assert ledger.patch_of(1) == ledger.patch_of(3) == large.patch


def test_what_was_appended_is_there_when_it_is_opened_again(open_ledger, entry):
    ledger = open_ledger()
    commits = [ledger.append(entry(), head) for head in range(3)]
    ledger.close()
    assert open_ledger().commits() == commits
