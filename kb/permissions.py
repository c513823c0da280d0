"""Who may do what: the one module that decides. Pure: no database, no request."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from kb.engine.contract import DEFAULT, HISTORY, INFERRED, RESERVED, SHAPES, WORDS
from kb.errors import NotAllowed
from kb.ledger.commits import Door
from kb.ledger.people import Role
from kb.terms import BASE, GRAPH

SOURCE_DOORS = (Door.IMPORT, Door.LOAD, Door.UNDO)
"""The ways by which people may change an imported dataset."""

_SOURCES = str(GRAPH["source/"])
_MODEL = {str(GRAPH["ontology"]), str(SHAPES)}
_META = str(GRAPH["meta"])


class Kind(StrEnum):
    """What a graph is to those who want to write in it. The values are the words of docs/permissions.md."""

    ENGINE = "engine's own"
    SOURCE = "source"
    MODEL = "model"
    META = "meta"
    DATA = "data"

    @classmethod
    def of(cls, graph: str) -> Kind:
        """The kind of the graph with this IRI.

        >>> Kind.of("https://w3id.org/regiolink/graph/source/nuts").value
        'source'
        """
        graph = str(graph)
        if graph == str(DEFAULT):
            # Patches name it only where it is a graph of its own, as in a plain SPARQL store.
            return cls.DATA
        if graph in (str(INFERRED), str(HISTORY), str(WORDS)) or graph.startswith(RESERVED):
            return cls.ENGINE
        if graph.startswith(_SOURCES):
            return cls.SOURCE
        if graph in _MODEL:
            return cls.MODEL
        return cls.META if graph == _META else cls.DATA


class Forbidden(NotAllowed):
    """Somebody may not do what they ask for. graph: the IRI of the graph that it is about, if it is one."""

    title = "You may not do this"

    def __init__(self, sentence: str, graph: str | None = None) -> None:
        self.graph = graph
        super().__init__(sentence)


def may_commit(
    role: str,
    graphs: Collection[str] | None,
    door: Door,
    touched: Iterable[str],
    waiver: str | None = None,
) -> None:
    """Raises `Forbidden` when somebody may not make a change; its sentence names the first graph that is why.

    role, graphs: what the person is, and the IRIs of the graphs that a steward may change, None for all.
    door: the way by which the change comes in; `Door.SYSTEM` is Regiolink itself, whatever the role.
    touched: IRIs of the graphs that the change writes in; none, to ask whether the person may write at all.
    waiver: why violations are to be accepted, None when they are not.
    """
    touched = sorted(str(graph) for graph in touched)
    for graph in touched:
        if Kind.of(graph) is Kind.ENGINE:
            raise Forbidden(f"{_named(graph)} is kept by Regiolink itself; nobody edits it.", graph)
    if door is Door.SYSTEM:
        return
    _refuse_who_never_commits(role)
    for graph in touched:
        if Kind.of(graph) is Kind.SOURCE and door not in SOURCE_DOORS:
            raise Forbidden(
                f"{_named(graph)} is an imported dataset; it is changed by importing or loading it "
                "anew, or by undoing that.",
                graph,
            )
        if role != Role.ADMIN:
            _refuse_beyond_steward(graph, graphs)
    if waiver is not None:
        _refuse_waiver(role, touched)


def _refuse_who_never_commits(role: str) -> None:
    if role == Role.READER:
        raise Forbidden("A reader may not change anything; ask an administrator for another role.")
    if role == Role.CONTRIBUTOR:
        raise Forbidden(
            "A contributor may only write drafts, and there are no drafts over this way in yet; "
            "ask a steward to make the change."
        )
    if role not in (Role.STEWARD, Role.ADMIN):
        raise Forbidden(f"The role {role!r} is not known, so it may not change anything.")


def _refuse_beyond_steward(graph: str, granted: Collection[str] | None) -> None:
    kind = Kind.of(graph)
    if kind is Kind.MODEL:
        raise Forbidden(
            f"{_named(graph)} says what all data must be; only an administrator changes it.", graph
        )
    if kind is Kind.META:
        raise Forbidden(f"{_named(graph)} describes the datasets; only an administrator changes it.", graph)
    if granted is not None and graph not in granted:
        raise Forbidden(
            f"{_named(graph)} is not among the graphs that you may change; ask an administrator to grant it.",
            graph,
        )


def _refuse_waiver(role: str, touched: Iterable[str]) -> None:
    if role != Role.ADMIN:
        raise Forbidden("Only an administrator may have violations accepted by a waiver.")
    if not any(Kind.of(graph) is Kind.MODEL for graph in touched):
        raise Forbidden(
            "A waiver accepts what a change of graph/ontology or graph/shapes breaks; "
            "this change is of neither, so correct the data instead."
        )


def _named(graph: str) -> str:
    """How a sentence about the graph begins: ours without the base, others whole."""
    if graph == str(DEFAULT):
        return "The default graph"
    return f"The graph {graph.removeprefix(BASE) if graph.startswith(str(GRAPH)) else graph}"
