"""How the latency of a small change grows with the data, up to more than an import may bring."""

from __future__ import annotations

import gc
import shutil
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.committing import bare, ten_triples
from bench.data import SEED, add, generate
from bench.judging import hub
from bench.measuring import Measured, Prepare, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine
from kb.knowledge_base import KnowledgeBase

LESS = 100_000
"""Generated triples in the smaller knowledge base."""


def growth(file: Path, runs: int, told: Told) -> list[Measured]:
    """A change of 10 triples, with gate, ledger and all that follows, in less data and in that of `file`.

    The ratio is to the smaller knowledge base. The data is put into the engines beneath the ledger, which
    need not know of it for this, in bulk: through the gate it would take hours. What follows from it is left
    out, but that of what is shipped.
    """
    with TemporaryDirectory() as folder, ExitStack() as open_:
        less, more = Path(folder) / "less", Path(folder) / "more"
        told("making the shipped knowledge base")
        with KnowledgeBase(less).writer():
            pass
        shutil.copytree(less, more)
        little = Path(folder) / "little.nq"
        generate(little, LESS, SEED)
        for base, data in ((less, little), (more, file)):
            _fill(base, data, told)
        writers = [open_.enter_context(KnowledgeBase(base).writer()) for base in (less, more)]
        numbers = count(1_000)
        acts: dict[str, Prepare] = {
            f"10 triples, {writer.live.stated.size():,} triples there": partial(ten_triples, writer, numbers)
            for writer in writers
        }
        engine = OxigraphEngine.in_folder(Path(folder) / "bare")
        synced = open_.enter_context((Path(folder) / "synced").open("wb"))
        acts["engine update and one sync alone"] = partial(
            bare, engine, synced, numbers, hub(writers[0].live.stated)
        )
        return side_by_side(acts, runs, told)


def _fill(base: Path, data: Path, told: Told) -> None:
    """Adds the quads of a file to both engines of a knowledge base that nobody has open."""
    engines = base / "engines"
    pair = engines / (engines / "current").read_text(encoding="utf-8").strip()
    for kind in ("stated", "public"):
        told(f"filling {base.name}, {kind}")
        engine = OxigraphEngine.in_folder(pair / kind)
        add(engine, data)
        engine.flush()
        engine.close()
        del engine
        gc.collect()  # a folder is let go with the last reference to its store
    # Readers of the smaller state would keep it.
    shutil.rmtree(base / "checkpoints")
    (base / "checkpoints").mkdir()
