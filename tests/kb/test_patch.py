"""Tests of kb/patch.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Literal, URIRef

from kb.patch import NotGround, Patch

QUADS = [
    (URIRef(f"urn:s{s}"), URIRef("urn:p"), Literal(o), URIRef(f"urn:g{g}"))
    for s in (1, 2)
    for o in "ab"
    for g in (1, 2)
]
some_quads = st.frozensets(st.sampled_from(QUADS))
patches = st.builds(Patch, some_quads, some_quads)


def test_a_quad_that_goes_out_and_comes_in_is_only_an_insert():
    assert Patch.of(QUADS[:2], QUADS[1:3]) == Patch.of(QUADS[:1], QUADS[1:3])


@given(some_quads, patches)
def test_the_inverse_of_what_had_an_effect_brings_the_state_back(state, patch):
    effective = patch.effective(set(state))
    assert effective.apply(state) == patch.apply(state)
    assert effective.inverse().apply(patch.apply(state)) == state


@given(some_quads, patches, patches)
def test_two_patches_as_one_have_the_effect_of_one_after_the_other(state, first, second):
    assert first.then(second).apply(state) == second.apply(first.apply(state))


@pytest.mark.parametrize(
    "quad",
    [
        (BNode(), URIRef("urn:p"), Literal("x"), URIRef("urn:g")),
        (URIRef("urn:s"), URIRef("urn:p"), BNode(), URIRef("urn:g")),
        (Literal("x"), URIRef("urn:p"), Literal("x"), URIRef("urn:g")),
        (URIRef("urn:s"), URIRef("urn:p"), Literal("x"), None),
    ],
)
def test_a_quad_that_is_not_ground_is_refused(quad):
    with pytest.raises(NotGround):
        Patch.of(inserts=[quad])


def test_the_revision_it_was_made_from_is_not_part_of_what_it_changes():
    assert Patch.of(QUADS, made_from=3) == Patch.of(QUADS, made_from=4)
    assert Patch.of(QUADS).graphs() == {URIRef("urn:g1"), URIRef("urn:g2")}
