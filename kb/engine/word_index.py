"""Keeps the graph of words up with what is stated: `kb.words` says what it holds.

It follows from the names that are stated in the merge, inferred ones not counted, and from nothing else;
where the default graph is one of its own it is empty. A change of some names costs what these names cost,
whatever the size of the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, cast

import pyoxigraph as ox

from kb.engine.contract import WORDS, DefaultGraph
from kb.engine.faults import in_our_words
from kb.engine.lookup import Lookup, Statement
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import Term, to_graph_name, to_rdflib
from kb.patch import Patch, Quad
from kb.terms import DEF
from kb.words import NAMES, trigrams, word_iri, words_and_pairs

_WORDS: Final = cast(ox.NamedNode, to_graph_name(WORDS))
_WORD, _SPELLING, _TRIGRAM = (ox.NamedNode(str(DEF[name])) for name in ("word", "spelling", "trigram"))
_NAMES: Final = [ox.NamedNode(str(name)) for name in NAMES]
_NAMED: Final = frozenset(NAMES)
_Spoken = set[tuple[Term, str]]
"""Things, each with a word of its names."""


def word_changes(engine: OxigraphEngine, patch: Patch) -> Patch:
    """How the graph of words changes with a patch.

    engine: before the patch, its default graph the merge, its graph of words that of what it states.
    patch: in normal form, of what is stated. Out: a patch of the graph of words alone; what it inserts may be
    there already.
    """
    deletes, inserts = _changes(engine, patch)
    return Patch.of(map(_to_quad, deletes), map(_to_quad, inserts))


def fill(engine: OxigraphEngine) -> None:
    """Makes the graph of words of an engine that has none yet, and that nobody reads yet."""
    if engine.default_graph is DefaultGraph.MERGE:
        with in_our_words():
            engine.store.bulk_extend(_of_all(engine))


def _of_all(engine: OxigraphEngine) -> Iterator[ox.Quad]:
    lookup = Lookup(engine)
    met: set[str] = set()
    for name in _NAMES:
        for triple in lookup.match(None, name, None):
            if lookup.is_inferred(triple):
                continue
            for word in _words_of(triple):
                yield _has_word(triple[0], word)
                if word not in met and " " not in word:
                    met.add(word)
                    yield from _about(word)


def _changes(engine: OxigraphEngine, patch: Patch) -> tuple[set[ox.Quad], set[ox.Quad]]:
    """The quads of the graph of words that go, and those that come."""
    names = Patch(
        frozenset(quad for quad in patch.deletes if quad[1] in _NAMED),
        frozenset(quad for quad in patch.inserts if quad[1] in _NAMED),
    )
    if not names.deletes and not names.inserts:
        return set(), set()
    lookup = Lookup(engine)
    unstated, stated = lookup.stated_changes(names)
    added = {(triple[0], word) for triple in stated for word in _words_of(triple)}
    removed = _without_names(lookup, unstated) - added
    inserts = {_has_word(thing, word) for thing, word in added}
    for word in _single(added):
        if ox.Quad(_node(word), _SPELLING, ox.Literal(word), _WORDS) not in engine.store:
            inserts.update(_about(word))
    deletes = {_has_word(thing, word) for thing, word in removed}
    for word in _single(removed) - _single(added):
        holders = engine.store.quads_for_pattern(None, _WORD, ox.Literal(word), _WORDS)
        if all(quad in deletes for quad in holders):
            deletes.update(_about(word))
    return deletes, inserts


def _without_names(lookup: Lookup, unstated: set[Statement]) -> _Spoken:
    """The words that things lose with names that nobody states any more, unless other names keep them."""
    lost: defaultdict[Term, set[str]] = defaultdict(set)
    for triple in unstated:
        lost[triple[0]].update(_words_of(triple))
    for thing, its_words in lost.items():
        for name in _NAMES:
            for triple in lookup.match(thing, name, None):
                if triple not in unstated and not lookup.is_inferred(triple):
                    its_words -= _words_of(triple)
    return {(thing, word) for thing, its_words in lost.items() for word in its_words}


def _single(spoken: _Spoken) -> set[str]:
    """The words, without the pairs."""
    return {word for _, word in spoken if " " not in word}


def _words_of(triple: Statement) -> frozenset[str]:
    value = triple[2]
    return words_and_pairs(value.value) if isinstance(value, ox.Literal) else frozenset()


def _has_word(thing: Term, word: str) -> ox.Quad:
    return ox.Quad(cast(ox.NamedNode, thing), _WORD, ox.Literal(word), _WORDS)


def _node(word: str) -> ox.NamedNode:
    return ox.NamedNode(str(word_iri(word)))


def _about(word: str) -> Iterable[ox.Quad]:
    """What is told of a word as such."""
    node = _node(word)
    yield ox.Quad(node, _SPELLING, ox.Literal(word), _WORDS)
    for part in trigrams(word):
        yield ox.Quad(node, _TRIGRAM, ox.Literal(part), _WORDS)


def _to_quad(quad: ox.Quad) -> Quad:
    return cast(Quad, (*map(to_rdflib, (quad.subject, quad.predicate, quad.object)), WORDS))
