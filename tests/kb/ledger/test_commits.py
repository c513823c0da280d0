"""Tests of kb/ledger/commits.py."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from rdflib import URIRef

from kb.errors import KnowledgeBaseError, TooLarge
from kb.ledger.commits import (
    GENESIS,
    BadEntry,
    Commit,
    Door,
    Entry,
    Head,
    Summary,
    hash_of,
    row_after,
    time_text,
)
from kb.patch import Patch
from kb.report import INFO, WARNING, Finding, Report

ENTRY = Entry(Patch(), "ana", "steward", "why", Door.FORM, id="0" * 32)
NOON = "2026-11-22T12:00:00.000000Z"


def test_the_hash_of_a_commit_never_changes():
    """An older ledger must verify with every later version: this value is for good."""
    hashed = (
        f'{{"author":"ana","deletes":0,"door":"form","id":"{"0" * 32}","inserts":0,"message":"why",'
        f'"parent":0,"parent_hash":"{"0" * 64}","patch_hash":"{"f" * 64}",'
        '"report":"{\\"first\\":[],\\"infos\\":0,\\"violations\\":0,\\"warnings\\":0}",'
        '"revision":1,"role":"steward","time":"2026-11-22T12:00:00.000000Z"}'
    )
    row = row_after(GENESIS, ENTRY, "f" * 64, NOON)
    assert row["hash"] == sha256(hashed.encode()).hexdigest()


def test_every_field_counts_in_the_hash_but_the_stored_patch_and_what_follows_from_it():
    row = row_after(GENESIS, ENTRY, "f" * 64, NOON) | {"key": "k", "request_digest": "d", "waiver": "w"}
    for name in row:
        changed = hash_of(row | {name: "changed"})
        assert (changed == hash_of(row)) == (name in ("hash", "graphs")), name
    assert hash_of(row | {"patch": b"x"}) == hash_of(row)


def test_a_field_that_is_not_given_changes_no_hash():
    row = row_after(GENESIS, ENTRY, "f" * 64, NOON)
    assert hash_of(row | {"a_later_field": None}) == row["hash"]
    assert hash_of(row | {"a_later_field": ""}) != row["hash"]


def test_a_commit_follows_its_parent():
    first = row_after(GENESIS, ENTRY, "f" * 64, NOON)
    second = row_after(Head(1, first["hash"]), ENTRY, "f" * 64, NOON)
    assert (second["revision"], second["parent"], second["parent_hash"]) == (2, 1, first["hash"])


def test_a_row_reads_back_as_the_commit():
    entry = replace(
        ENTRY, summary=Summary(1, 2, 3, ("é.", "b.")), door=Door.GRAPH_STORE, waiver="Agreed on Monday."
    )
    commit = Commit.from_row(row_after(GENESIS, entry, "f" * 64, NOON, ["urn:a", "urn:é"]))
    assert (commit.summary, commit.door, commit.waiver, commit.graphs, commit.head) == (
        entry.summary,
        Door.GRAPH_STORE,
        "Agreed on Monday.",
        ("urn:a", "urn:é"),
        Head(1, commit.hash),
    )


def test_each_entry_has_an_id_of_its_own():
    ids = {Entry(Patch(), "ana", "steward", "", Door.FORM).id for _ in range(3)}
    assert len(ids) == 3 and all(len(one) == 32 and int(one, 16) for one in ids)


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"message": "x" * 1_000_000}, TooLarge, "The message has 1,000,000 characters; 10,000 is the most."),
        ({"waiver": "x" * 10_001}, TooLarge, "The waiver has 10,001 characters; 10,000 is the most."),
        ({"waiver": " "}, BadEntry, "A waiver says why violations are accepted."),
        ({"waiver": "a\0b"}, BadEntry, "The waiver holds a character that cannot be stored."),
        ({"author": ""}, BadEntry, "The author needs 1 to 200 characters."),
        ({"role": "x" * 201}, BadEntry, "The role needs 1 to 200 characters."),
        ({"key": "", "request_digest": "d"}, BadEntry, "The idempotency key needs 1 to 200 characters."),
        ({"key": "k"}, BadEntry, "An idempotency key and the digest of its request go together."),
        ({"request_digest": "d"}, BadEntry, "An idempotency key and the digest of its request go together."),
        ({"message": "a\0b"}, BadEntry, "The message holds a character that cannot be stored."),
        ({"author": "\ud800"}, BadEntry, "The author holds a character that cannot be stored."),
    ],
)
def test_an_entry_that_cannot_be_stored_is_refused(fields, kind, sentence):
    with pytest.raises(KnowledgeBaseError) as refused:
        replace(ENTRY, **fields)
    assert (type(refused.value), str(refused.value)) == (kind, sentence)


def test_a_summary_counts_and_keeps_the_first_sentences():
    def finding(number, severity):
        thing = URIRef(f"urn:{number}")
        shape, component = URIRef("urn:shape"), URIRef("urn:c")
        return Finding(thing, shape, component, severity=severity, messages={"en": "Bad."})

    report = Report.of([finding(1, WARNING), finding(2, WARNING), finding(3, INFO)])
    summary = Summary.of(report, {URIRef("urn:1"): "One"}, sentences=2)
    assert summary == Summary(0, 2, 1, ("One: Bad.", "urn:2: Bad."))
    assert Summary.from_json(summary.to_json()) == summary


def test_a_summary_keeps_no_whole_book():
    book = Finding(URIRef("urn:s"), URIRef("urn:shape"), URIRef("urn:c"), messages={"en": "x" * 10_000})
    (sentence,) = Summary.of(Report.of([book])).first
    assert (len(sentence), sentence[:10], sentence[-2:]) == (500, "urn:s: xxx", "x…")


def test_times_of_any_zone_sort_as_texts():
    moment = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert time_text(moment.astimezone(timezone(timedelta(hours=-5)))) == time_text(moment)
    assert time_text(moment) < time_text(moment + timedelta(microseconds=1))
    assert time_text(datetime(999, 1, 1, tzinfo=UTC)) < time_text(moment)
