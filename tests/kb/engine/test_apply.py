"""Tests of applying patches to the engine: the merge as default graph, and the head revision."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kb.engine.contract import DEFAULT, HISTORY, INFERRED, SHAPES, DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotAllowed
from kb.patch import Patch
from kb.terms import GRAPH

A, B = GRAPH["a"], GRAPH["b"]
S, P = URIRef("https://example.org/s"), URIRef("https://example.org/p")


def quad(value, graph):
    return (S, P, Literal(value), graph)


def default_graph(engine):
    return set(engine.triples(DEFAULT))


def named(engine):
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


def listed(engine):
    """The names that the store lists, but those of the head revision."""
    names = {name.value for name in engine.store.named_graphs()}
    return {name for name in names if not name.startswith("urn:x-regiolink:revision-bit:")}


@pytest.fixture(params=["memory", "disk"])
def engine(request, tmp_path):
    if request.param == "memory":
        return OxigraphEngine.in_memory()
    return OxigraphEngine.in_folder(tmp_path / "store")


def test_a_patch_changes_named_graphs_and_their_merge(engine):
    engine.apply(Patch.of(inserts=[quad("1", A), quad("2", A), quad("2", B)]), 1)
    engine.apply(Patch.of(deletes=[quad("1", A), quad("2", A)], inserts=[quad("3", B)]), 2)
    assert named(engine) == {quad("2", B), quad("3", B)}
    assert default_graph(engine) == {quad("2", B)[:3], quad("3", B)[:3]}
    assert (engine.size(), engine.revision()) == (2, 2)


def test_a_triple_stays_in_the_default_graph_until_its_last_graph_lets_go(engine):
    engine.apply(Patch.of(inserts=[quad("1", A), quad("1", B)]), 1)
    engine.apply(Patch.of(deletes=[quad("1", A)]), 2)
    assert default_graph(engine) == {quad("1", A)[:3]}
    engine.apply(Patch.of(deletes=[quad("1", B)]), 3)
    assert default_graph(engine) == set()


def test_shapes_are_no_part_of_the_default_graph(engine):
    engine.apply(Patch.of(inserts=[quad("1", SHAPES), quad("2", SHAPES), quad("2", A)]), 1)
    assert default_graph(engine) == {quad("2", A)[:3]}


def test_a_note_is_kept_with_a_change_and_is_no_graph_of_anybody(engine):
    engine.transact(Patch.of(inserts=[quad("1", A)]), note='take "1" back\n')
    assert (engine.note(), engine.revision(), named(engine)) == ('take "1" back\n', 0, {quad("1", A)})
    engine.transact(Patch.of(deletes=[quad("1", A)]), revision=5)
    assert (engine.note(), engine.revision(), listed(engine)) == (None, 5, set())


def test_in_bulk_a_patch_does_the_same(engine):
    engine.apply(Patch.of(inserts=[quad("1", A), quad("2", A), quad("2", B), quad("4", B)]), 1)
    patch = Patch.of(deletes=[quad("1", A), quad("2", A), quad("4", B)], inserts=[quad("3", A), quad("1", B)])
    engine.apply_in_bulk(patch, 2)
    engine.apply_in_bulk(patch.inverse(), 2)
    assert named(engine) == {quad("3", A), quad("2", B), quad("1", B)}
    assert default_graph(engine) == {each[:3] for each in named(engine)} and engine.revision() == 2


def test_a_triple_that_changes_its_graph_stays_in_the_default_graph(engine):
    engine.apply(Patch.of(inserts=[quad("1", A)]), 1)
    engine.apply(Patch.of(deletes=[quad("1", A)], inserts=[quad("1", B)]), 2)
    assert (named(engine), default_graph(engine)) == ({quad("1", B)}, {quad("1", B)[:3]})


def test_receipts_are_no_part_of_the_default_graph_and_what_is_inferred_is(engine):
    engine.apply(Patch.of(inserts=[quad("1", HISTORY), quad("2", HISTORY), quad("2", INFERRED)]), 1)
    assert default_graph(engine) == {quad("2", INFERRED)[:3]}
    engine.apply(Patch.of(deletes=[quad("2", INFERRED)]), 2)
    assert (named(engine), default_graph(engine)) == ({quad("1", HISTORY), quad("2", HISTORY)}, set())


def test_a_replayed_revision_changes_nothing(engine):
    engine.apply(Patch.of(inserts=[quad("1", A)]), 1)
    engine.apply(Patch.of(deletes=[quad("1", A)], inserts=[quad("2", A)]), 2)
    for revision in (1, 2):
        engine.apply(Patch.of(inserts=[quad("1", A)]), revision)
    assert (named(engine), engine.revision()) == ({quad("2", A)}, 2)


def test_what_is_not_there_is_deleted_in_vain_and_what_is_there_inserted_in_vain(engine):
    engine.apply(Patch.of(inserts=[quad("1", A)]), 1)
    engine.apply(Patch.of(deletes=[quad("2", A), quad("1", B)], inserts=[quad("1", A)]), 2)
    assert (named(engine), default_graph(engine)) == ({quad("1", A)}, {quad("1", A)[:3]})


def test_the_revision_is_no_quad_and_no_graph_of_people(engine):
    assert engine.revision() == 0
    engine.apply(Patch(), 7)
    assert engine.revision() == 7
    assert (engine.graph_names(), engine.size(), list(engine.store)) == ([], 0, [])
    assert list(engine.select("SELECT * { GRAPH ?g { ?s ?p ?o } }")) == []


def test_many_revisions_leave_nothing_behind(engine):
    for revision in [*range(1, 40), 2**20 - 1, 2**20, 2**40 + 5]:
        engine.apply(Patch(), revision)
        assert engine.revision() == revision
    assert len(list(engine.store.named_graphs())) == 3


def test_the_revision_goes_with_the_folder_and_with_a_checkpoint(tmp_path):
    engine = OxigraphEngine.in_folder(tmp_path / "live")
    engine.apply(Patch.of(inserts=[quad("1", A)]), 1)
    engine.checkpoint(tmp_path / "then")
    engine.apply(Patch.of(deletes=[quad("1", A)]), 2)
    engine.close()
    assert OxigraphEngine.in_folder(tmp_path / "live").revision() == 2
    assert OxigraphEngine.read_only(tmp_path / "then").revision() == 1


def test_a_graph_that_is_empty_is_no_graph_any_more(engine):
    engine.apply(Patch.of(inserts=[quad("1", A), quad("1", B)]), 1)
    engine.apply(Patch.of(deletes=[quad("1", A)]), 2)
    assert engine.graph_names() == [B]
    assert listed(engine) == {str(B)}


@pytest.mark.parametrize("graph", [DEFAULT, URIRef("urn:x-regiolink:revision-bit:9")])
def test_a_patch_for_a_graph_of_the_engine_is_refused_whole(engine, graph):
    with pytest.raises(NotAllowed, match="belongs to the engine"):
        engine.apply(Patch.of(inserts=[quad("1", graph), quad("1", A)]), 1)
    assert (named(engine), default_graph(engine), engine.revision()) == (set(), set(), 0)


def test_a_default_graph_of_its_own_holds_what_is_stated_in_it():
    engine = OxigraphEngine.in_memory(DefaultGraph.OWN)
    engine.apply(Patch.of(inserts=[quad("1", DEFAULT), quad("2", DEFAULT), quad("3", A)]), 1)
    engine.apply(Patch.of(deletes=[quad("2", DEFAULT)]), 2)
    assert (default_graph(engine), named(engine)) == ({quad("1", A)[:3]}, {quad("3", A)})
    assert engine.graphs_with(quad("1", A)[:3]) == {DEFAULT}
    assert engine.holds([quad("1", DEFAULT), quad("1", A), quad("3", A)]) == {
        quad("1", DEFAULT),
        quad("3", A),
    }


def test_the_engine_tells_which_quads_it_holds_and_which_graphs_hold_a_triple(engine):
    engine.apply(Patch.of(inserts=[quad("1", A), quad("1", HISTORY), quad("2", B)]), 1)
    assert engine.holds([quad("1", A), quad("1", B), quad("2", B)]) == {quad("1", A), quad("2", B)}
    assert engine.graphs_with(quad("1", A)[:3]) == {A, HISTORY}
    assert engine.graphs_with(quad("3", A)[:3]) == set()


QUADS = [quad(value, graph) for value in "123" for graph in (A, B, GRAPH["c"], HISTORY, INFERRED)]
PATCHES = st.builds(Patch, *[st.frozensets(st.sampled_from(QUADS))] * 2)


@settings(deadline=None)
@given(st.lists(PATCHES, max_size=6))
def test_after_any_patches_the_default_graph_is_the_merge_of_the_public_graphs(patches):
    engine = OxigraphEngine.in_memory()
    expected = set()
    for revision, patch in enumerate(patches, start=1):
        engine.apply(patch, revision)
        expected = patch.apply(expected)
        assert named(engine) == expected
        assert default_graph(engine) == {quad[:3] for quad in expected if quad[3] != HISTORY}
        assert listed(engine) == {str(quad[3]) for quad in expected}
    assert engine.revision() == len(patches)


def test_terms_of_every_sort_are_applied_as_they_are():
    values = [
        URIRef("https://example.org/é?a=b&c='d'"),
        Literal("quotes \" ' \\ and\nlines\r\t\u2028 \U0001f600"),
        Literal("a", lang="pt-br"),
        Literal("1", datatype=URIRef("https://example.org/type")),
        Literal(""),
    ]
    quads = {(S, P, value, A) for value in values}
    engine = OxigraphEngine.in_memory()
    engine.apply(Patch.of(inserts=quads), 1)
    assert (named(engine), default_graph(engine)) == (quads, {quad[:3] for quad in quads})
    engine.apply(Patch.of(deletes=quads), 2)
    assert list(engine.store) == []
