"""From what somebody asks to change to the patch that it means on the present state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rdflib import URIRef

from kb.delta import UnknownGraph, delta
from kb.engine.contract import DEFAULT, EDITS, DefaultGraph
from kb.engine.dry_run import check_syntax
from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, to_rdflib
from kb.errors import NotAllowed, NotFound, TooLarge
from kb.history import undo_patch
from kb.intent import AddQuads, Change, DropGraph, RdfPatch, ReplaceGraph, SparqlUpdate, Undo
from kb.ledger.ledger import Ledger
from kb.normal_form import NormalForm
from kb.patch import Patch, Quad
from kb.pending import Origin
from kb.rdf_patch import from_text
from kb.update_text import EDIT, Data, Load, operations

MAX_QUADS: Final = 2_000_000
"""How many quads one change may come to."""


@dataclass(frozen=True)
class Planned:
    """What a change means. patch: each quad of it makes a difference. origins: where in the text it is asked.

    reads_graphs: IRIs of the graphs that it depends on as a whole. reads_all: whether it depends on anything
    that is there.
    """

    patch: Patch
    origins: Mapping[Quad, Origin] = field(default_factory=dict)
    reads_graphs: tuple[str, ...] = ()
    reads_all: bool = False


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
    """The IRIs of the graphs that a change is about as a whole, even where it makes no difference."""
    return (change.graph,) if isinstance(change, ReplaceGraph | DropGraph) else ()


def plan(change: Change, stated: OxigraphEngine, public: OxigraphEngine, ledger: Ledger) -> Planned:
    """The patch that a change means on the present state, which stays as it is.

    Raises what `kb.delta.delta` raises, `TooLarge` beyond `MAX_QUADS`, `UnknownGraph` for a graph that is to
    be dropped and holds nothing, `NotAllowed` for a patch that deletes what is not there, and what
    `kb.history.undo_patch` raises.
    """
    match change:
        case Patch():
            whole = change.deletes | change.inserts
            return Planned(change.effective(stated.holds(whole)))
        case SparqlUpdate():
            reads = needs_public(change)
            found = delta(public if reads else stated, change)
            return Planned(found.patch, found.origins, reads_all=reads)
        case AddQuads():
            return Planned(_adding(stated, _quads(stated, change.source)))
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
        case RdfPatch():
            return Planned(_patching(stated, change))
        case Undo():
            return Planned(undo_patch(ledger, stated.holds, change.first, change.last))


def _quads(engine: OxigraphEngine, source: bytes | Path, graph: URIRef | None = None) -> Iterator[Quad]:
    """The quads of N-Quads in normal form; those without a graph are for the engine's default one."""
    default = DEFAULT if engine.default_graph is DefaultGraph.OWN else EDITS
    form = NormalForm()
    if isinstance(source, Path) and not source.is_file():
        raise NotFound("The data that was handed over is no longer there; send it again.")
    for number, quad in enumerate(read_quads(source, "nq", "the data", graph or default), start=1):
        if number > MAX_QUADS:
            raise TooLarge(f"The change has more than {MAX_QUADS:,} quads; send it in parts.")
        made = form.quad(
            (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph_of(quad))
        )
        if graph is not None and made[3] != graph:
            raise NotAllowed(f"The data states something in the graph {made[3]}, not in {graph}.")
        yield made


def _adding(engine: OxigraphEngine, quads: Iterable[Quad]) -> Patch:
    wanted = set(quads)
    return Patch.of(inserts=wanted - engine.holds(wanted), made_from=engine.revision())


def _replacing(engine: OxigraphEngine, graph: URIRef, wanted: set[Quad]) -> Patch:
    form = NormalForm()
    present = {form.quad((*triple, graph)) for triple in engine.triples(graph)}
    return Patch.of(present - wanted, wanted - present, made_from=engine.revision())


def _patching(engine: OxigraphEngine, change: RdfPatch) -> Patch:
    default = DEFAULT if engine.default_graph is DefaultGraph.OWN else EDITS
    read = from_text(change.text, URIRef(change.graph) if change.graph else default)
    if len(read) > MAX_QUADS:
        raise TooLarge(f"The patch has {len(read):,} quads; {MAX_QUADS:,} is the most.")
    form = NormalForm()
    deletes = {form.quad(quad) for quad in read.deletes}
    inserts = {form.quad(quad) for quad in read.inserts}
    missing = deletes - engine.holds(deletes)
    if missing:
        shown = " ".join(term.n3() for term in min(missing))
        raise NotAllowed(
            f"The patch deletes {len(missing):,} quad{'s' if len(missing) > 1 else ''} that "
            f"{'are' if len(missing) > 1 else 'is'} not there, such as {shown}."
        )
    return Patch.of(deletes, inserts - engine.holds(inserts), made_from=engine.revision())
