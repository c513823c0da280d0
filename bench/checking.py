"""Compiled validation beside pySHACL, and alone on more data."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rdflib import Graph

from bench.data import GOLDEN, add, shipped
from bench.measuring import Act, Measured, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine, OxigraphTriples, read_quads
from kb.gate import compiled, reference
from kb.report import Report
from kb.schema import load_shapes
from kb.shipped import fill, shipped_graphs


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


def of_much(file: Path, told: Told) -> Measured:
    """One compiled validation of what is shipped and the data of `file`, in a folder, and its memory.

    It is done in a process of its own, so that the memory is that of the validation and not of loading.
    """
    with TemporaryDirectory() as folder:
        told("loading")
        engine = OxigraphEngine.in_folder(Path(folder) / "engine")
        fill(engine)
        add(engine, file)
        engine.flush()
        engine.close()
        told("checking")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            seconds, verdict, memory = process.submit(_checked, Path(folder) / "engine").result()
    return Measured("full validation", seconds, 1, note=f"{verdict}; {memory:,} MB at most")


def _checked(folder: Path) -> tuple[float, str, int]:
    """Seconds, findings, and megabytes at most."""
    engine, shapes, start = OxigraphEngine.read_only(folder), load_shapes(), perf_counter()
    report = compiled.validate(engine, shapes)
    seconds = perf_counter() - start
    return seconds, _verdict(report, engine), _most_memory()


def _most_memory() -> int:
    """Megabytes that this process took at most; what `getrusage` tells begins with those of its parent."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) // 1024 if found else 0


def _verdict(report: Report, engine: OxigraphEngine) -> str:
    counts = (
        f"{len(report.violations)} violations, {len(report.warnings)} warnings, {len(report.infos)} hints"
    )
    return f"{counts} on {engine.size():,} triples"
