"""Questions to the knowledge base, answered by reader processes on states that never change.

    service = QueryService(snapshots, limits)
    answer = service.ask(question, client)        an `Answer`: its head is known, its bytes come by iterating
    answer = service.graph(name, form, client)    the same for a stored graph; None is the default graph
    service.has_graph(name, client)               whether it holds a triple
    table = service.select(text)                  rows of a small SELECT of our own, as rdflib terms
    parsed = service.parse(document, client)      foreign RDF as N-Quads in normal form
    service.state()                               what the readers do, for operators
    service.close()

`client` names who asks, such as an address: a client has a share of the readers and no more. All of them
raise `TimeLimit`, `MemoryLimit`, `Busy` and `ReaderLost` (`server.readers.errors`), which are answered with
503.

An `Answer` must be closed, which frees its reader at once; exhausting it closes it. When it cannot be
finished, iterating raises `AnswerCut`: let that through to the HTTP server, which cuts the connection, so
that nobody takes a part for the whole.
"""

from __future__ import annotations

from typing import Protocol

from kb.snapshot import Snapshot


class Snapshots(Protocol):
    """Where states to read come from."""

    def newest(self, at_least: int | None = None) -> Snapshot:
        """The newest state; of a revision `at_least`, for which it waits if it must."""

    def at(self, revision: int) -> Snapshot:
        """The state of a revision. Raises `NotFound` when there is none."""
