"""Tests of kb/terms.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.terms import KINDS, PREFIXES, BadKey, mint, slug


@given(st.text())
def test_a_slug_is_plain_ascii_and_making_it_twice_changes_nothing(text):
    made = slug(text)
    assert made.isascii() and made == made.lower() and slug(made) == made


def test_a_key_with_nothing_left_is_refused():
    with pytest.raises(BadKey, match="no letter or digit"):
        mint("region", " … ")


def test_an_unknown_kind_is_refused():
    with pytest.raises(BadKey, match="'planet'"):
        mint("planet", "Mars")


def test_each_prefix_and_each_namespace_stands_once():
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    assert set(KINDS.values()) <= set(PREFIXES)
