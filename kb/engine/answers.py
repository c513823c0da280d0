"""Answers written out as they are found, row by row, whatever their size.

For a process that may be killed: nothing here can be stopped from inside, and a deep or costly text can end
the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Literal, Protocol, cast

import pyoxigraph as ox
from rdflib import URIRef

from kb.engine.contract import RESERVED, NotSupported
from kb.engine.faults import fault, in_our_words
from kb.engine.oxigraph import OxigraphEngine, query_error
from kb.engine.oxigraph_terms import to_graph_name
from kb.engine.used_prefixes import used_prefixes
from kb.errors import NotUnderstood
from kb.sparql_tokens import small_booleans

_RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "n3": ox.RdfFormat.N3,
}
_WITH_PREFIXES = frozenset(("ttl", "trig", "n3"))
_LOOKED_THROUGH = 500
"""Triples whose prefixes are declared; an IRI of another namespace that comes later is written in full."""

RESULT_FORMS = tuple(_RESULTS)
"""How solutions can be written; a truth value as "json" or "xml" only."""

GRAPH_FORMS = tuple(_GRAPHS)
"""How triples can be written."""

# A GRAPH with a variable whose group begins with anything but a triple pattern; rather too many than too few.
_MERE_NAMES = re.compile(
    r"\bGRAPH\s*(#|[?$][^\s{#]*\s*(#|\{\s*([#{}]|(OPTIONAL|FILTER|BIND|MINUS|VALUES|SELECT|GRAPH|SERVICE)\b)))",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bFROM\b", re.IGNORECASE)
_Named = ox.NamedNode | ox.BlankNode
_Graph = _Named | ox.DefaultGraph
Kind = Literal["solutions", "truth", "triples"]


class Out(Protocol):
    """Where an answer is written to, some kilobytes at a time."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


@dataclass(frozen=True)
class Some:
    """Some of the triples of an answer. more: whether others come after them."""

    triples: list[ox.Triple]
    more: bool

    def write(self, form: str, out: Out) -> None:
        """Writes them in `form`. Raises `NotUnderstood` for a form that triples cannot have."""
        _write_triples(self.triples, form, cast(IO[bytes], out))


class Found:
    """The answer to a query, written once."""

    def __init__(self, found: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> None:
        self._found = found
        self.kind: Kind = (
            "solutions"
            if isinstance(found, ox.QuerySolutions)
            else "truth"
            if isinstance(found, ox.QueryBoolean)
            else "triples"
        )

    def write(self, form: str, out: Out, first: int = 0) -> None:
        """Writes it in `form`; solutions and triples as they are found, triples from number `first` on.

        Of triples each is written once, unless there are more than a million. Raises `NotUnderstood` for a
        form that it cannot have and for what turns out not to be answerable, and what `out` raises.
        """
        file = cast(IO[bytes], out)
        with _evaluating():
            if isinstance(self._found, ox.QueryTriples):
                _write_triples(islice(self._found, first, None), form, file)
            elif form not in _RESULTS or (self.kind == "truth" and form not in ("json", "xml")):
                raise NotUnderstood(f"This answer cannot be written as {form}.")
            else:
                self._found.serialize(file, _RESULTS[form])

    def some(self, first: int, many: int) -> Some:
        """`many` of the triples, from number `first` on; reads all these."""
        with _evaluating():
            found = list(islice(cast(ox.QueryTriples, self._found), first, first + many + 1))
        return Some(found[:many], len(found) > many)

    def is_empty(self) -> bool:
        """Whether there is no solution and no triple; reads one."""
        with _evaluating():
            return next(cast(ox.QuerySolutions, self._found), None) is None


def ask(
    engine: OxigraphEngine,
    text: str,
    *,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
    base: str | None = None,
) -> Found:
    """Evaluates a query.

    default_graphs, named_graphs: names of the graphs that the query is about, instead of what it says itself;
    both empty: what it says itself, else the stored dataset. base: resolves relative IRIs. Raises `BadTerm`,
    `QuerySyntaxError` and `NotUnderstood`.
    """
    given = bool(default_graphs or named_graphs)
    default: list[_Graph] | None = [_graph(name) for name in default_graphs] if given else None
    named = [cast(_Named, _graph(name)) for name in named_graphs] if given else _named(engine, text)
    text = small_booleans(text)
    try:
        with _evaluating():
            return Found(engine.store.query(text, base_iri=base, default_graph=default, named_graphs=named))
    except SyntaxError as error:
        raise query_error(error) from None
    except ValueError:
        raise NotUnderstood(f"The base {base!r} is not an absolute IRI.") from None


def _named(engine: OxigraphEngine, text: str) -> list[_Named] | None:
    """The names of the graphs for a query that may ask for mere names; None where it is about triples.

    The engine keeps empty graphs of its own, which no triple pattern finds. With names it is slower.
    """
    if _FROM.search(text) or not _MERE_NAMES.search(text):
        return None
    names = engine.store.named_graphs()
    return [name for name in names if isinstance(name, ox.NamedNode) and not name.value.startswith(RESERVED)]


def holds(engine: OxigraphEngine, graph: str) -> bool:
    """Whether there is a triple in a graph; `kb.engine.contract.DEFAULT` is the default graph."""
    with in_our_words():
        return next(engine.store.quads_for_pattern(None, None, None, _graph(graph)), None) is not None


def write_graph(engine: OxigraphEngine, graph: str, form: str, out: Out) -> None:
    """Writes the triples of a graph as they are read; `kb.engine.contract.DEFAULT` is the default graph."""
    if form not in _GRAPHS:
        raise NotUnderstood(f"A graph cannot be written as {form}.")
    name = _graph(graph)
    with in_our_words():
        quads = engine.store.quads_for_pattern(None, None, None, name)
        prefixes = used_prefixes(islice(quads, _LOOKED_THROUGH)) if form in _WITH_PREFIXES else None
        engine.store.dump(cast(IO[bytes], out), _GRAPHS[form], from_graph=name, prefixes=prefixes)


def _graph(name: str) -> ox.NamedNode | ox.DefaultGraph:
    return cast("ox.NamedNode | ox.DefaultGraph", to_graph_name(URIRef(name)))


def _write_triples(triples: Iterable[ox.Triple], form: str, file: IO[bytes]) -> None:
    if form not in _GRAPHS:
        raise NotUnderstood(f"Triples cannot be written as {form}.")
    prefixes = None
    if form in _WITH_PREFIXES:
        triples = iter(triples)
        first = list(islice(triples, _LOOKED_THROUGH))
        prefixes, triples = used_prefixes(first), chain(first, triples)
    ox.serialize(triples, file, _GRAPHS[form], prefixes=prefixes)


@contextmanager
def _evaluating() -> Iterator[None]:
    """Says in a sentence what the engine could not do."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # such as a function that the engine does not have
        explained = fault(error)
        if explained is not None:
            raise explained from None
        raise NotSupported(f"The query cannot be evaluated: {str(error).rstrip('.')}.") from None
