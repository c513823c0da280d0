"""The state at an earlier revision, made from the nearest checkpoint and the patches in between."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

from kb.checkpoints import Checkpoints, holding
from kb.derivation import Derivation, TooMuchFollows, ontology_of
from kb.engine.contract import DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.word_index import word_changes
from kb.errors import NotFound
from kb.history import between
from kb.ledger.ledger import Ledger
from kb.live import joined
from kb.patch import Patch
from kb.reasoning import infer
from kb.receipts import receipt
from kb.snapshot import Snapshot
from kb.terms import GRAPH

_AT_ONCE = 10_000


def state_at(revision: int, ledger: Ledger, checkpoints: Checkpoints, *, plain: bool = False) -> Snapshot:
    """The state that readers saw at a revision, made unless it is kept.

    The cost follows the number of quads that changed between the revision and the nearest checkpoint.
    plain: without inference and receipts. Raises `NotFound` for a revision that is not there.
    """
    kept = checkpoints.find(revision)
    if kept is not None:
        checkpoints.use(kept)
        return kept
    if revision < 0 or revision > ledger.head().revision:
        raise NotFound(f"There is no revision {revision}; the newest is {ledger.head().revision}.")
    base = _nearest(revision, ledger, checkpoints)
    way = between(ledger, base.revision, revision)
    receipts = Patch() if plain else _receipts(base.revision, revision, ledger)
    with holding(base), checkpoints.new(revision, time_of(revision, ledger)) as folder:
        working = folder.with_suffix(".working")
        mode = DefaultGraph.OWN if plain else DefaultGraph.MERGE
        with closing(OxigraphEngine.read_only(base.folder, mode)) as engine:
            engine.checkpoint(working)
        try:
            with closing(OxigraphEngine.in_folder(working, mode)) as engine:
                _go(engine, way, receipts, revision, plain=plain)
                # What was written to would repeat its log at each opening; its checkpoint opens at once.
                engine.checkpoint(folder)
        finally:
            shutil.rmtree(working, ignore_errors=True)
    made = checkpoints.find(revision)
    assert made is not None
    return made


def time_of(revision: int, ledger: Ledger) -> datetime:
    """When a revision was committed; the beginning of time for revision 0."""
    if revision == 0:
        return datetime.fromtimestamp(0, UTC)
    return datetime.fromisoformat(ledger.commit(revision).time)


def _nearest(revision: int, ledger: Ledger, checkpoints: Checkpoints) -> Snapshot:
    """The checkpoint with the fewest quads between it and a revision."""

    def way(other: int) -> int:
        low, high = sorted((revision, other))
        return sum(
            commit.inserts + commit.deletes for commit in ledger.commits(after=low, until=high, limit=100_000)
        )

    for candidate in sorted(checkpoints.revisions(), key=way):
        found = checkpoints.find(candidate)
        if found is not None:
            return found
    raise NotFound("There is no state to begin from yet; 'regiolink serve' makes one.")


def _receipts(start: int, end: int, ledger: Ledger) -> Patch:
    """The receipts that come in, or go out, on the way from one revision to another."""
    low, high = sorted((start, end))
    quads = [
        quad for commit in ledger.commits(after=low, until=high, limit=100_000) for quad in receipt(commit)
    ]
    return Patch.of(inserts=quads) if end > start else Patch.of(deletes=quads)


def _go(engine: OxigraphEngine, way: Patch, receipts: Patch, revision: int, *, plain: bool) -> None:
    derived: Patch | None = Patch()
    if not plain:
        derived = _derived(engine, way)
    whole = joined(joined(way, receipts), word_changes(engine, way))
    if derived is not None:
        whole = joined(whole, derived)
    for some in _parts(whole):
        engine.transact(some)
    if derived is None:
        infer(engine, ontology_of(engine))
    engine.transact(Patch(), revision=revision)


def _derived(engine: OxigraphEngine, way: Patch) -> Patch | None:
    """How what follows changes on the way; None when it is to be derived anew."""
    if GRAPH["ontology"] in way.graphs():
        return None
    try:
        return Derivation(ontology_of(engine)).changes(engine, way)
    except TooMuchFollows:
        return None


def _parts(patch: Patch) -> Iterable[Patch]:
    deletes, inserts = iter(patch.deletes), iter(patch.inserts)
    while some := list(islice(deletes, _AT_ONCE)):
        yield Patch.of(deletes=some)
    while some := list(islice(inserts, _AT_ONCE)):
        yield Patch.of(inserts=some)
