"""How long loading takes, into memory and into a folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.data import add
from bench.measuring import Act, Measured, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine


def loading(file: Path, runs: int, told: Told) -> list[Measured]:
    """`file`, N-Quads, into a new engine in memory and into one in a folder."""
    with TemporaryDirectory() as folder:
        made = 0

        def memory() -> Act:
            engine = OxigraphEngine.in_memory()
            return lambda: f"{add(engine, file):,} quads"

        def disk() -> Act:
            nonlocal made
            made += 1
            engine = OxigraphEngine.in_folder(Path(folder) / str(made))
            return lambda: f"{add(engine, file):,} quads"

        return side_by_side({"load into memory": memory, "load into a folder": disk}, runs, told)
