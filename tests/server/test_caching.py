"""Tests of server/caching.py."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kb.snapshot import Snapshot
from server.caching import Kept, ResultCache, http_date, is_known, revision_of, tag, tag_after, tags

NOW = datetime(2026, 11, 22, 9, 5, 1, 20, tzinfo=UTC)
STATE = Snapshot(Path("any"), 7, NOW)


def test_a_tag_names_the_revision_and_is_the_same_for_the_same():
    assert revision_of(tag(STATE, "ASK {}", "json")) == revision_of(tag_after(7)) == 7
    assert tag(STATE, "ASK {}", "json") == tag(Snapshot(Path("other"), 7, NOW), "ASK {}", "json")


@pytest.mark.parametrize(
    "other",
    [
        tag(STATE, "ASK {}", "xml"),
        tag(STATE, "ASK { }", "json"),
        tag(STATE, "ASK", "{}json"),
        tag(Snapshot(STATE.folder, 8, NOW), "ASK {}", "json"),
        tag(Snapshot(STATE.folder, 7, NOW + timedelta(microseconds=1)), "ASK {}", "json"),
    ],
)
def test_a_tag_is_another_one_for_anything_else(other):
    assert tag(STATE, "ASK {}", "json") != other


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a" , "c"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ('"aa"', False),
    ],
)
def test_a_client_holds_an_answer_whose_tag_it_sends(header, known):
    assert is_known(header, '"a"') is known


@pytest.mark.parametrize("text", ['"x"', "7-" + "0" * 32, '"7"', '"7-' + "g" * 32 + '"'])
def test_a_tag_of_others_names_no_revision(text):
    assert revision_of(text) is None


def test_several_tags_are_told_apart_though_they_hold_commas():
    assert tags('"a,b", W/"c"') == ['"a,b"', '"c"']


def test_what_is_asked_for_least_recently_goes_first_and_the_bytes_have_a_bound():
    cache = ResultCache(20_000)
    for name in "abcdefghi":
        cache.put(name, Kept((), b"x" * 1_900))
        cache.get("a")
    assert cache.get("a") is not None and cache.get("b") is None and cache.get("i") is not None
    assert cache.bytes() <= 20_000


def test_an_answer_that_would_push_out_many_is_not_kept():
    cache = ResultCache(20_000)
    cache.put("a", Kept((), b"x" * 2_500))
    assert cache.get("a") is None and cache.bytes() == 0


def test_a_date_of_http_is_in_english_and_in_gmt():
    assert http_date(datetime.fromisoformat("2024-02-29T00:30:00+01:00")) == "Wed, 28 Feb 2024 23:30:00 GMT"
