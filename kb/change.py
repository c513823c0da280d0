"""From what somebody asks to change to the patch that it means on the present state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from rdflib import URIRef

from kb.delta import UnknownGraph, delta
from kb.engine.contract import DEFAULT, EDITS
from kb.engine.dry_run import check_syntax
from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, to_rdflib
from kb.engine.row_reader import RowReader
from kb.engine.rows import Rows
from kb.errors import NotAllowed, NotFound, TooLarge
from kb.history import refuse_stale, undo_patch
from kb.intent import AddQuads, Change, DropGraph, RdfPatch, ReplaceGraph, ReplaceThing, SparqlUpdate, Undo
from kb.ledger.ledger import Ledger
from kb.normal_form import NormalForm
from kb.patch import Patch, Quad
from kb.pending import Origin
from kb.rdf_patch import from_text, row_of
from kb.terms import GENID
from kb.update_text import EDIT, Data, Load, operations

MAX_QUADS: Final = 2_000_000
"""How many quads one change may come to."""

_LARGE: Final = 4_000_000
"""Bytes of N-Quads from which on they are kept as rows."""

T = TypeVar("T")


@dataclass(frozen=True)
class Planned:
    """What a change means. patch: each quad of it makes a difference. origins: where in the text it is asked.

    reads_graphs: IRIs of the graphs that it depends on as a whole. reads_things: IRIs of the subjects that it
    is about, also where it makes no difference. reads_all: whether it depends on anything that is there.
    """

    patch: Patch
    origins: Mapping[Quad, Origin] = field(default_factory=dict)
    reads_graphs: tuple[str, ...] = ()
    reads_things: frozenset[str] = frozenset()
    reads_all: bool = False

    def refuse_stale(self, ledger: Ledger, base: int) -> None:
        """Raises `StaleChange` when what it is about has changed since the revision that it is made from."""
        refuse_stale(
            ledger,
            base,
            self.patch,
            reads_all=self.reads_all,
            reads_things=self.reads_things,
            reads_graphs=self.reads_graphs,
        )


def needs_public(change: Change) -> bool:
    """Whether the meaning of a change depends on what follows from the data, and not on the data alone.

    Raises what `kb.delta.delta` raises for an update that is none.
    """
    if not isinstance(change, SparqlUpdate):
        return False
    every = operations(change.text, EDIT, change.base, loads=bool(change.loaded))
    for operation in every:
        check_syntax(operation)
    return not all(isinstance(operation.parts(), Data | Load) for operation in every)


def graphs_named(change: Change) -> tuple[str, ...]:
    """The IRIs of the graphs that a change names itself, also where it makes no difference."""
    return (change.graph,) if isinstance(change, ReplaceGraph | DropGraph | ReplaceThing) else ()


def plan(change: Change, stated: OxigraphEngine, public: OxigraphEngine, ledger: Ledger) -> Planned:
    """The patch that a change means on the present state, which stays as it is.

    Raises what `kb.delta.delta` raises, `TooLarge` beyond `MAX_QUADS`, `UnknownGraph` for a graph that is to
    be dropped and holds nothing, `NotAllowed` for a patch that deletes what is not there, and what
    `kb.history.undo_patch` raises.
    """
    match change:
        case Patch():
            whole = change.deletes | change.inserts
            return Planned(change.effective(stated.holds(whole)), reads_things=_subjects(whole))
        case SparqlUpdate():
            reads = needs_public(change)
            found = delta(public if reads else stated, change)
            return Planned(found.patch, found.origins, reads_things=found.things, reads_all=reads)
        case AddQuads():
            if _is_large(stated, change.source):
                return _adding_rows(stated, change.source)
            quads = set(_quads(stated, change.source))
            patch = Patch.of(inserts=quads - stated.holds(quads), made_from=stated.revision())
            return Planned(patch, reads_things=_subjects(quads))
        case ReplaceGraph():
            graph = URIRef(change.graph)
            wanted = set(_quads(stated, change.source, graph))
            return Planned(_replacing(stated, graph, wanted), reads_graphs=(str(graph),))
        case DropGraph():
            graph = URIRef(change.graph)
            patch = _replacing(stated, graph, set())
            if not patch:
                raise UnknownGraph(f"There is no graph {graph}.")
            return Planned(patch, reads_graphs=(str(graph),))
        case ReplaceThing():
            return _replacing_thing(stated, change)
        case RdfPatch():
            return _patching(stated, change)
        case Undo():
            return Planned(undo_patch(ledger, stated.holds, change.first, change.last))


def _is_large(engine: OxigraphEngine, source: bytes | Path) -> bool:
    """Whether quads are so many that they are better kept as text; never in a store with blank nodes."""
    if engine.is_plain or (isinstance(source, Path) and not source.is_file()):
        return False
    return (source.stat().st_size if isinstance(source, Path) else len(source)) > _LARGE


def _adding_rows(engine: OxigraphEngine, source: bytes | Path) -> Planned:
    form = NormalForm()
    reader = RowReader(engine, form.quad, row_of)
    rows = set(map(reader.row, _limited(read_quads(source, "nq", "the data", EDITS))))
    whole = Rows(inserts=rows)
    patch = Rows(inserts=rows - reader.present, made_from=engine.revision())
    return Planned(patch, reads_things=whole.subjects())


def _limited(quads: Iterator[T]) -> Iterator[T]:
    for number, quad in enumerate(quads, start=1):
        if number > MAX_QUADS:
            raise TooLarge(f"The change has more than {MAX_QUADS:,} quads; send it in parts.")
        yield quad


def _quads(engine: OxigraphEngine, source: bytes | Path, graph: URIRef | None = None) -> Iterator[Quad]:
    """The quads of N-Quads in normal form; those without a graph are for the engine's default one."""
    default = DEFAULT if engine.is_plain else EDITS
    form = NormalForm(rdf12=engine.is_plain)
    if isinstance(source, Path) and not source.is_file():
        raise NotFound("The data that was handed over is no longer there; send it again.")
    for quad in _limited(read_quads(source, "nq", "the data", graph or default)):
        made = form.quad(
            (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph_of(quad))
        )
        if graph is not None and made[3] != graph:
            raise NotAllowed(f"The data states something in the graph {made[3]}, not in {graph}.")
        yield made


def _subjects(quads: Iterable[Quad]) -> frozenset[str]:
    return frozenset(str(quad[0]) for quad in quads)


def _replacing(engine: OxigraphEngine, graph: URIRef, wanted: set[Quad]) -> Patch:
    form = NormalForm(rdf12=engine.is_plain)
    present = {form.quad((*triple, graph)) for triple in engine.triples(graph)}
    return Patch.of(present - wanted, wanted - present, made_from=engine.revision())


def _replacing_thing(engine: OxigraphEngine, change: ReplaceThing) -> Planned:
    thing, graph = URIRef(change.thing), URIRef(change.graph)
    wanted = set(_quads(engine, change.source, graph))
    others = sorted(quad[0] for quad in wanted if quad[0] != thing)
    if others:
        what = "a blank node; give it an IRI" if others[0].startswith(GENID) else str(others[0])
        raise NotAllowed(f"The data is to be about {thing} alone, and it states something about {what}.")
    form = NormalForm(rdf12=engine.is_plain)
    present = {form.quad((*triple, graph)) for triple in engine.triples(graph, thing)}
    if not (wanted or present):
        raise NotFound(f"Nothing is stated about {thing} in the graph {graph}.")
    patch = Patch.of(present - wanted, wanted - present, made_from=engine.revision())
    return Planned(patch, reads_things=frozenset({str(thing)}))


def _patching(engine: OxigraphEngine, change: RdfPatch) -> Planned:
    default = DEFAULT if engine.is_plain else EDITS
    read = from_text(change.text, URIRef(change.graph) if change.graph else default)
    if len(read) > MAX_QUADS:
        raise TooLarge(f"The patch has {len(read):,} quads; {MAX_QUADS:,} is the most.")
    form = NormalForm(rdf12=engine.is_plain)
    deletes = {form.quad(quad) for quad in read.deletes}
    inserts = {form.quad(quad) for quad in read.inserts}
    missing = deletes - engine.holds(deletes)
    if missing:
        shown = " ".join(term.n3() for term in min(missing))
        raise NotAllowed(
            f"The patch deletes {len(missing):,} quad{'s' if len(missing) > 1 else ''} that "
            f"{'are' if len(missing) > 1 else 'is'} not there, such as {shown}."
        )
    patch = Patch.of(deletes, inserts - engine.holds(inserts), made_from=engine.revision())
    return Planned(patch, reads_things=_subjects(deletes | inserts))
