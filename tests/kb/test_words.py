"""Tests of kb/words.py: which words a name has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.words import LONGEST, trigrams, word_iri, words, words_and_pairs


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Advanced manufacturing", {"advanced", "manufacturing"}),
        ("S3-Textile: 3D printing (2018/2019)", {"s3", "textile", "3d", "printing", "2018", "2019"}),
        ("Île-de-France", {"ile", "de", "france"}),
        ("ŁÓDZKIE, Sjælland, İstanbul, I\u011fd\u0131r", {"lodzkie", "sjaelland", "istanbul", "igdir"}),
        ("Straße STRASSE", {"strasse"}),
        ("Αθήνα ΑΘΗΝΑ", {"αθηνα"}),
        ("Йовково", {"иовково"}),
        ("ﬁne ½ ℡", {"fine", "1", "2", "tel"}),
        ("Textil\u00adindustrie, under_score", {"textilindustrie", "under", "score"}),
        ("… & –", set()),
        ("", set()),
    ],
)
def test_the_words_of_a_name(name, expected):
    assert words(name) == expected


def test_of_a_name_only_the_beginning_counts():
    assert words("a" * (LONGEST - 2) + " bc d") == {"a" * (LONGEST - 2), "b"}


@given(st.text(max_size=40))
def test_a_word_that_is_asked_for_is_the_word_that_was_found(name):
    assert words(" ".join(words(name))) == words(name)
    assert all(words(word) == {word} for word in words(name))


def test_pairs_are_of_words_that_stand_side_by_side():
    assert words_and_pairs("Blue (TILE) works") == {"blue", "tile", "works", "blue tile", "tile works"}
    assert (words_and_pairs("Tile"), words_and_pairs("…")) == ({"tile"}, set())


@given(st.text(max_size=40))
def test_the_single_words_among_words_and_pairs_are_the_words(name):
    assert {word for word in words_and_pairs(name) if " " not in word} == words(name)


def test_a_word_has_all_its_trigrams_each_once():
    assert trigrams("banana") == {"ban", "ana", "nan"}


def test_each_word_has_an_address_of_its_own():
    assert str(word_iri("αβ")) == "https://w3id.org/regiolink/words/%CE%B1%CE%B2"
