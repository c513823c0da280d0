"""Compiled validation beside pySHACL, and alone on more data."""

from __future__ import annotations

from pathlib import Path

from rdflib import Graph

from bench.data import GOLDEN, add, shipped
from bench.measuring import Act, Measured, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine, OxigraphTriples, read_quads
from kb.gate import compiled, reference
from kb.report import Report
from kb.schema import load_shapes
from kb.shipped import shipped_graphs


def beside_pyshacl(runs: int, told: Told) -> list[Measured]:
    """Both on the golden sample with the ontology and the code lists."""
    shapes = load_shapes()
    engine, data = golden_sample()

    def by_engine() -> Act:
        return lambda: _verdict(compiled.validate(engine, shapes), engine)

    def by_pyshacl() -> Act:
        return lambda: _verdict(reference.validate(data, shapes), engine)

    return side_by_side({"compiled to SPARQL": by_engine, "pySHACL": by_pyshacl}, runs, told)


def golden_sample() -> tuple[OxigraphEngine, Graph]:
    """The golden sample with the ontology and the code lists, in the engine and as a graph."""
    engine = OxigraphEngine.in_memory()
    for name, content, graph in shipped_graphs():
        if name.startswith("ontology/"):
            engine.insert(read_quads(content, "ttl", name, graph))
    engine.insert(read_quads(GOLDEN, "trig", GOLDEN.name))
    triples = engine.query("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
    assert isinstance(triples, OxigraphTriples)
    data = Graph()
    for triple in triples:
        data.add(triple)
    return engine, data


def of_generated(file: Path, runs: int, told: Told) -> list[Measured]:
    """Compiled validation of what is shipped, and of that with the generated data of `file`."""
    shapes = load_shapes()
    small, large = shipped(), shipped()
    add(large, file)

    def checking(engine: OxigraphEngine) -> Act:
        return lambda: _verdict(compiled.validate(engine, shapes), engine)

    acts = {"shipped": lambda: checking(small), "shipped and generated": lambda: checking(large)}
    return side_by_side(acts, runs, told)


def _verdict(report: Report, engine: OxigraphEngine) -> str:
    counts = (
        f"{len(report.violations)} violations, {len(report.warnings)} warnings, {len(report.infos)} hints"
    )
    return f"{counts} on {engine.size():,} triples"
