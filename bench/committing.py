"""How long a change takes from asking to its receipt, by size, and the way to an old state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from rdflib import URIRef

from bench.data import SEED, generate
from bench.judging import hub, new_organisation, one_more_class
from bench.measuring import Act, Measured, Prepare, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.intent import AddQuads, Intent
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.patch import Patch
from kb.writer import Writer

_BACK = 20


def steward(file: Path, runs: int, told: Told) -> list[Measured]:
    """A change of 10 triples, with gate, ledger and inference, with the data of `file` and with a tenth.

    The ratio is to the smaller knowledge base. Beside it, on the larger one: the bare engine update with one
    sync of a file, a change that gives a region with 750 organisations another class, and the way to the
    state 20 commits earlier, which is not kept.
    """
    with TemporaryDirectory() as folder, ExitStack() as open_:
        writers = []
        told("generating less data")
        less = Path(folder) / "less.nq"
        with file.open(encoding="utf-8") as lines:
            generate(less, sum(1 for _ in lines) // 10, SEED)
        for name, part in (("less", less), ("more", file)):
            told(f"importing, {name}")
            writer = open_.enter_context(KnowledgeBase(Path(folder) / name).writer())
            writer.commit(_intent(AddQuads(part), Door.LOAD))
            for number in range(750):
                writer.commit(_intent(new_organisation(number, hub(writer.live.stated))))
            writers.append(writer)
        numbers = count(1_000)
        whole = writers[-1]
        alone = OxigraphEngine.in_folder(Path(folder) / "bare")
        synced = open_.enter_context((Path(folder) / "synced").open("wb"))
        acts: dict[str, Prepare] = {
            f"10 triples, {writer.live.stated.size():,} triples there": partial(ten_triples, writer, numbers)
            for writer in writers
        }
        acts["engine update and one sync alone"] = partial(
            bare, alone, synced, numbers, hub(whole.live.stated)
        )
        acts["a hub of 750"] = partial(_hub, whole)
        acts[f"the state {_BACK} commits earlier"] = partial(_earlier, whole)
        return side_by_side(acts, runs, told)


def beside_bulk_load(file: Path, runs: int, told: Told) -> list[Measured]:
    """An import through the gate beside the engine's bulk load of the same file into an empty folder."""
    with TemporaryDirectory() as folder:
        places = (Path(folder) / str(number) for number in count())

        def bulk() -> Act:
            engine = OxigraphEngine.in_folder(next(places))
            return lambda: f"{engine.insert(read_quads(file, 'nq', file.name)):,} triples"

        def gated() -> Act:
            def act() -> str:
                outcome = writer.commit(_intent(AddQuads(file), Door.LOAD))
                return f"{outcome.commit.inserts if outcome.commit else 0:,} triples"

            writer = open_.enter_context(KnowledgeBase(next(places)).writer())
            return act

        with ExitStack() as open_:
            return side_by_side({"bulk load": bulk, "import through the gate": gated}, runs, told)


def ten_triples(writer: Writer, numbers: Iterator[int]) -> Act:
    """A steward's change of 10 triples, another one for each number."""
    change = new_organisation(next(numbers), hub(writer.live.stated))

    def act() -> str:
        return f"revision {writer.commit(_intent(change)).revision:,}"

    return act


def bare(engine: OxigraphEngine, synced: BinaryIO, numbers: Iterator[int], region: URIRef) -> Act:
    """The least that the same change could cost: an update of an engine, and one sync of a file."""
    change = new_organisation(next(numbers), region)

    def act() -> None:
        engine.transact(change)
        synced.write(b"x" * 1_000)
        synced.flush()
        os.fsync(synced.fileno())

    return act


def _hub(writer: Writer) -> Act:
    change = one_more_class(hub(writer.live.stated))
    if writer.live.stated.holds(change.inserts):
        change = change.inverse()

    def act() -> str:
        return f"revision {writer.commit(_intent(change)).revision:,}"

    return act


def _earlier(writer: Writer) -> Act:
    writer.snapshot()
    revision = writer.head() - _BACK

    def act() -> str:
        return f"revision {writer.snapshot_at(revision).revision:,}"

    return act


def _intent(change: Patch | AddQuads, door: Door = Door.FORM) -> Intent:
    return Intent(change, "bench", "admin", door, seconds=3600)
