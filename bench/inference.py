"""Our rules beside the OWL 2 RL closure, and our rules on what the product ships."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import owlrl  # type: ignore[import-untyped]
from rdflib import Dataset, Graph, URIRef

from bench.data import GOLDEN, SEED, add, shipped
from bench.measuring import Act, Measured, Told, duration, side_by_side
from kb.derivation import Derivation
from kb.engine.contract import APART, INFERRED
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.patch import Patch
from kb.reasoning import infer
from kb.schema import load_ontology
from kb.shipped import fill
from kb.terms import GRAPH

EDITS = 200
"""How many edits of each kind are followed."""


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


def of_changes(file: Path | None, runs: int, told: Told) -> list[Measured]:
    """Deriving all anew, beside following edits of ten triples, in a folder.

    file: generated data to add to what is shipped, if any. An edit takes out what is stated of one thing,
    at most ten triples, or states it of a new one. Nothing is written, so each edit meets the same state.
    """
    ontology = load_ontology()
    derivation = Derivation(ontology)
    with TemporaryDirectory() as folder:
        stated = OxigraphEngine.in_folder(Path(folder) / "stated")
        told("filling the folder")
        fill(stated)
        if file:
            add(stated, file)
        times = []
        for run in range(runs):
            told(f"all anew, run {run + 1} of {runs}")
            stated.checkpoint(Path(folder) / str(run))
            engine = OxigraphEngine.in_folder(Path(folder) / str(run))
            start = perf_counter()
            inferred = infer(engine, ontology)
            times.append(perf_counter() - start)
        anew = median(times)
        rows = [Measured("all anew", anew, runs, 1, f"{inferred:,} inferred from {stated.size():,}")]
        for what, patches in _edits(engine).items():
            told(what)
            took, changed = [], []
            for patch in patches:
                start = perf_counter()
                changed.append(len(derivation.changes(engine, patch)))
                took.append(perf_counter() - start)
            note = (
                f"{median(changed):g} inferred change, {max(changed)} at most; slowest {duration(max(took))}"
            )
            rows.append(Measured(what, median(took), len(patches), median(took) / anew, note))
        return rows


def _edits(engine: OxigraphEngine) -> dict[str, list[Patch]]:
    """Edits of things picked by chance, the same each time: what they do -> patches."""
    apart = ", ".join(name.n3() for name in {*APART, INFERRED, GRAPH["ontology"]})
    found = engine.select(
        f"SELECT DISTINCT ?it ?graph {{ GRAPH ?graph {{ ?it a ?type }} FILTER(?graph NOT IN ({apart})) }}"
    )
    things = sorted((URIRef(str(thing)), URIRef(str(graph))) for thing, graph in found)
    out, in_ = [], []
    for thing, graph in Random(SEED).sample(things, EDITS):
        said = engine.select(
            f"SELECT ?p ?o {{ GRAPH {graph.n3()} {{ {thing.n3()} ?p ?o }} }} ORDER BY ?p ?o LIMIT 10"
        )
        facts = [(URIRef(str(predicate)), value) for predicate, value in said if value is not None]
        out.append(Patch.of({(thing, *fact, graph) for fact in facts}))
        in_.append(Patch.of(inserts={(URIRef(f"{thing}-anew"), *fact, graph) for fact in facts}))
    return {"up to ten triples out": out, "up to ten triples in": in_}
