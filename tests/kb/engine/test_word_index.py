"""The graph of words: whatever the changes, it holds the words of the names that are stated, and no more."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDFS, SKOS, Literal, URIRef

from kb.engine.contract import DEFAULT, HISTORY, INFERRED, SHAPES, WORDS, DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.word_index import fill, word_changes
from kb.patch import Patch
from kb.terms import DEF, GRAPH
from kb.words import NAMES, trigrams, word_iri, words_and_pairs

EX = "https://example.org/"
A, B = GRAPH["a"], GRAPH["b"]


def quad(thing, name, graph=A, said=RDFS.label):
    return URIRef(EX + thing), said, name if isinstance(name, URIRef) else Literal(name), graph


def holding(*quads, default_graph=DefaultGraph.MERGE):
    engine = OxigraphEngine.in_memory(default_graph)
    engine.apply(Patch.of(inserts=quads), 1)
    fill(engine)
    return engine


def after(engine, deletes=(), inserts=()):
    """The engine after a change, its words followed."""
    patch = Patch.of(deletes, inserts)
    followed = word_changes(engine, patch)
    engine.transact(Patch(patch.deletes | followed.deletes, patch.inserts | followed.inserts))
    return engine


def found(engine):
    """Words by thing, after a look whether what is told of the words themselves is right."""
    told = set(engine.triples(WORDS))
    by_thing, every = {}, set()
    for thing, predicate, word in told:
        if predicate == DEF.word:
            by_thing.setdefault(str(thing).removeprefix(EX), set()).add(str(word))
            every.update(str(word).split())
    about = {(word_iri(word), DEF.spelling, Literal(word)) for word in every}
    about |= {(word_iri(word), DEF.trigram, Literal(part)) for word in every for part in trigrams(word)}
    assert {triple for triple in told if triple[1] != DEF.word} == about
    return by_thing


def test_each_thing_has_the_words_of_all_its_names():
    engine = holding(
        quad("a", "Blue Tiles"),
        quad("a", "Céramique bleue", said=SKOS.altLabel),
        quad("b", "Tiles", B),
        quad("b", "not a name", said=RDFS.comment),
        quad("b", URIRef("https://example.org/no-text")),
    )
    assert found(engine) == {
        "a": {"blue", "tiles", "blue tiles", "ceramique", "bleue", "ceramique bleue"},
        "b": {"tiles"},
    }


def test_words_are_told_in_a_graph_that_is_not_part_of_the_default_graph():
    engine = holding(quad("a", "Tile"))
    assert set(engine.triples(DEFAULT)) == {quad("a", "Tile")[:3]}
    assert set(engine.triples(WORDS)) == {
        (URIRef(EX + "a"), DEF.word, Literal("tile")),
        (word_iri("tile"), DEF.spelling, Literal("tile")),
        (word_iri("tile"), DEF.trigram, Literal("til")),
        (word_iri("tile"), DEF.trigram, Literal("ile")),
    }


def test_a_new_name_brings_its_words_and_takes_none():
    assert found(after(holding(quad("a", "Blue")), inserts=[quad("a", "Tile")])) == {"a": {"blue", "tile"}}


def test_a_name_that_goes_takes_the_words_that_no_other_name_has():
    engine = holding(quad("a", "Blue Tile"), quad("a", "Tile works", said=SKOS.altLabel), quad("b", "Blue"))
    assert found(after(engine, [quad("a", "Blue Tile")])) == {
        "a": {"tile", "works", "tile works"},
        "b": {"blue"},
    }


def test_a_renamed_thing_has_the_words_of_its_new_name():
    engine = holding(quad("a", "Blue Tile"))
    assert found(after(engine, [quad("a", "Blue Tile")], [quad("a", "Red Tile")])) == {
        "a": {"red", "tile", "red tile"}
    }


def test_a_name_stays_while_another_graph_states_it():
    engine = holding(quad("a", "Tile"), quad("a", "Tile", B))
    assert found(after(engine, [quad("a", "Tile")])) == {"a": {"tile"}}
    assert found(after(engine, [quad("a", "Tile", B)])) == {}


def test_what_is_inferred_or_stands_apart_gives_no_words():
    engine = holding(quad("a", "inferred", INFERRED), quad("a", "past", HISTORY), quad("a", "shape", SHAPES))
    assert found(engine) == {}
    assert found(after(engine, inserts=[quad("b", "past too", HISTORY)])) == {}
    followed = after(engine, [quad("a", "inferred", INFERRED)], [quad("a", "inferred"), quad("a", "more")])
    assert found(after(followed, [quad("a", "more")])) == {"a": {"inferred"}}


def test_a_name_that_is_inferred_as_well_keeps_no_words():
    engine = holding(quad("a", "stated"), quad("a", "stated too", INFERRED))
    assert found(after(engine, [quad("a", "stated")])) == {}


def test_a_change_of_other_things_changes_no_words():
    engine = holding(quad("a", "Tile"))
    patch = Patch.of([quad("a", "Tile", said=RDFS.comment)], [quad("b", "Tile", said=DEF.vision)])
    assert word_changes(engine, patch) == Patch()


def test_where_the_default_graph_is_one_of_its_own_there_are_no_words():
    engine = holding(quad("a", "Tile"), default_graph=DefaultGraph.OWN)
    assert found(after(engine, inserts=[quad("b", "Tile"), quad("b", "Tile", DEFAULT)])) == {}


NAMED = st.sampled_from(["blue", "Blue tile", "tile", "TILE works", "wörks", "…", URIRef(EX + "iri")])
QUADS = st.builds(
    quad,
    st.sampled_from("abc"),
    NAMED,
    st.sampled_from([A, A, B, HISTORY]),
    st.sampled_from([RDFS.label, RDFS.label, SKOS.prefLabel, RDFS.comment]),
)
STEPS = st.lists(st.tuples(st.lists(st.integers(0, 20), max_size=4), st.sets(QUADS, max_size=4)), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.sets(QUADS, max_size=8), STEPS)
def test_step_by_step_gives_the_words_of_what_is_stated(stated, steps):
    engine, present = holding(*stated), set(stated)
    for places, coming in steps:
        here = sorted(present)
        patch = Patch.of({here[place] for place in places if place < len(here)}, coming)
        after(engine, patch.deletes, patch.inserts)
        present = patch.apply(present)
        expected = {}
        for thing, said, name, graph in present:
            if said in NAMES and graph != HISTORY and isinstance(name, Literal) and words_and_pairs(name):
                expected.setdefault(str(thing).removeprefix(EX), set()).update(words_and_pairs(name))
        assert found(engine) == expected
