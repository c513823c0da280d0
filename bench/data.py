"""The data that is measured on: what the product ships, and generated data on top of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.generator.stream import Generator
from bench.generator.world import World
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.schema import load_ontology, load_shapes
from kb.shipped import fill

SEED = 2018
"""What makes the data the same at each run."""

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "ontology" / "golden.trig"
"""The sample that uses every class and property of the ontology; in a checkout only."""


def shipped() -> OxigraphEngine:
    """A new engine in memory with all that the product ships."""
    engine = OxigraphEngine.in_memory()
    fill(engine)
    return engine


def generate(file: Path, triples: int, seed: int, told: Callable[[int], None] = lambda _: None) -> int:
    """Writes at least `triples` triples to `file` as N-Quads, for the world that the product ships.

    told: is told how many are written. Out: how many.
    """
    world = World.of(shipped())
    return Generator(load_shapes(), load_ontology(), world, seed).write(file, triples, told)


def add(engine: OxigraphEngine, file: Path) -> int:
    """Adds the quads of an N-Quads file to an engine that nobody reads. Out: how many."""
    return engine.insert(read_quads(file, "nq", file.name))
