"""Our rules beside the OWL 2 RL closure, and our rules on what the product ships."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import owlrl  # type: ignore[import-untyped]
from rdflib import Dataset, Graph

from bench.data import GOLDEN, add, shipped
from bench.measuring import Act, Measured, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.reasoning import infer
from kb.schema import load_ontology
from kb.shipped import fill


def beside_owlrl(runs: int, told: Told) -> list[Measured]:
    """Our rules, and owlrl, on the golden sample with the ontology."""
    ontology = load_ontology()
    sample = Dataset(default_union=True)
    sample.parse(GOLDEN, format="trig")

    def rules() -> Act:
        engine = OxigraphEngine.in_memory()
        engine.insert(read_quads(GOLDEN, "trig", GOLDEN.name))
        return lambda: f"{infer(engine, ontology):,} inferred"

    def closure() -> Act:
        graph = Graph() + ontology
        for subject, predicate, value, _ in sample.quads():
            graph.add((subject, predicate, value))
        reasoner = owlrl.DeductiveClosure(
            owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False
        )
        return lambda: reasoner.expand(graph)

    return side_by_side({"our rules": rules, "owlrl": closure}, runs, told)


def on_shipped_and_generated(file: Path, runs: int, told: Told) -> list[Measured]:
    """Our rules on all that the product ships, in memory and in a folder, and with the data of `file` too."""
    ontology = load_ontology()
    with TemporaryDirectory() as folder:
        shipped_alone = OxigraphEngine.in_folder(Path(folder) / "shipped")
        with_generated = OxigraphEngine.in_folder(Path(folder) / "generated")
        told("filling the folders")
        fill(shipped_alone)
        fill(with_generated)
        add(with_generated, file)
        number = count()

        def inferring(engine: OxigraphEngine) -> Act:
            asserted = engine.size()
            return lambda: f"{infer(engine, ontology):,} inferred from {asserted:,}"

        def copied(engine: OxigraphEngine) -> Act:
            copy = Path(folder) / str(next(number))
            engine.checkpoint(copy)
            return inferring(OxigraphEngine.in_folder(copy))

        acts = {
            "shipped, in memory": lambda: inferring(shipped()),
            "shipped, in a folder": lambda: copied(shipped_alone),
            "with generated data, in a folder": lambda: copied(with_generated),
        }
        return side_by_side(acts, runs, told)
