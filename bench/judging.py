"""How long the gate takes to judge a change, and how that grows with the change and with the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, Graph, Literal, URIRef

from bench.checking import golden_sample
from bench.data import add
from bench.measuring import Act, Measured, Prepare, Told, side_by_side
from kb.engine.oxigraph import OxigraphEngine
from kb.gate import compiled, reference
from kb.gate.gate import Gate
from kb.gate.value_tests import Hierarchy
from kb.patch import Patch, Quad
from kb.schema import load_shapes
from kb.shipped import fill
from kb.terms import COUNTRY, DEF, GRAPH, TERMS, mint

HUB = 750
"""How many things a change of a hub affects."""

TIMES = 10
"""How often a change is judged in one act, because once is too short to measure."""

_GRAPH = GRAPH["edits"]


def in_more_data(file: Path, runs: int, told: Told) -> list[Measured]:
    """Two changes, judged in what is shipped with a tenth of the data of `file`, and with all of it.

    One is a new organisation of 10 triples, the other one more class of a region where 750 are located. Each
    is judged ten times; the ratio is to the first change in less data.
    """
    gate = Gate(load_shapes())
    with TemporaryDirectory() as folder:
        told("filling the folders")
        less = Path(folder) / "tenth.nq"
        _write_tenth(file, less)
        engines = [_filled(Path(folder) / name, of) for name, of in (("less", less), ("all", file))]
        region = hub(engines[0])
        changes = {"new organisation": new_organisation(0, region), f"hub of {HUB}": one_more_class(region)}
        acts: dict[str, Prepare] = {}
        for what, change in changes.items():
            for engine in engines:
                acts[f"{what}, {engine.size():,} triples"] = partial(judging, gate, engine, change)
        return side_by_side(acts, runs, told)


def beside_full(runs: int, told: Told) -> list[Measured]:
    """A change of the golden sample judged by what it affects, by all data, and by pySHACL."""
    shapes = load_shapes()
    engine, data = golden_sample()
    gate, change = Gate(shapes), new_organisation(0, hub(engine))

    def by_all() -> Act:
        return lambda: _told(len(compiled.validate(engine, shapes).violations))

    def by_pyshacl(data: Graph) -> Act:
        return lambda: _told(len(reference.validate(data, shapes).violations))

    acts: dict[str, Prepare] = {
        "by what it affects, 10 times": partial(judging, gate, engine, change),
        "all data": by_all,
        "all data, by pySHACL": partial(by_pyshacl, data),
    }
    return side_by_side(acts, runs, told)


def judging(gate: Gate, engine: OxigraphEngine, change: Patch) -> Act:
    """Stages a change that breaks nothing; the act judges it ten times and tells what was checked."""

    def before() -> AbstractContextManager[OxigraphEngine]:
        raise AssertionError("a change that brings no violation needs no look at the state before")

    def judge() -> str:
        checked = 0
        for _ in range(TIMES):
            verdict = gate.judge(engine, change, before, hierarchy=classes)
            checked = verdict.checked
        return f"{checked:,} checked"

    engine.transact(change)
    classes = Hierarchy.of(engine)
    return judge


def _filled(folder: Path, file: Path) -> OxigraphEngine:
    """What is shipped, the data of a file, and the things that the changes are about."""
    engine = OxigraphEngine.in_folder(folder)
    fill(engine)
    add(engine, file)
    region = hub(engine)
    located = (quad for number in range(1, HUB + 1) for quad in _quads(number, region))
    engine.transact(Patch.of((), located))
    return engine


def _write_tenth(file: Path, to: Path) -> None:
    with file.open(encoding="utf-8") as lines, to.open("w", encoding="utf-8") as out:
        count = sum(1 for _ in lines) // 10
        lines.seek(0)
        out.writelines(islice(lines, count))


def hub(engine: OxigraphEngine) -> URIRef:
    """The region that is the hub: the first one of the data."""
    ((region,),) = engine.select(f"SELECT ?r {{ ?r a {DEF.Region.n3()} }} ORDER BY ?r LIMIT 1")
    assert isinstance(region, URIRef)
    return region


def new_organisation(number: int, region: URIRef) -> Patch:
    """A new organisation of 10 triples in a region."""
    return Patch.of((), _quads(number, region))


def _quads(number: int, region: URIRef) -> Iterator[Quad]:
    organisation = mint("organisation", f"judged {number}")
    facts = (
        (RDF.type, DEF.Enterprise),
        (RDFS.label, Literal(f"Company {number}", lang="en")),
        (RDFS.label, Literal(f"Empresa {number}", lang="es")),
        (SKOS.altLabel, Literal(f"C{number}", lang="en")),
        (SKOS.altLabel, Literal(f"C {number}", lang="en")),
        (DEF.locatedIn, region),
        (DEF.establishedIn, COUNTRY.ESP),
        (DEF.basis, TERMS["basis/stated"]),
        (DCTERMS.source, URIRef("https://example.org/companies")),
        (FOAF.homepage, URIRef(f"https://example.org/companies/{number}")),
    )
    for predicate, value in facts:
        yield organisation, predicate, value, _GRAPH


def one_more_class(region: URIRef) -> Patch:
    """A change that concerns everything located in a region and breaks nothing."""
    return Patch.of((), [(region, RDF.type, DEF.Territory, _GRAPH)])


def _told(violations: int) -> str:
    return f"{violations} violations"
