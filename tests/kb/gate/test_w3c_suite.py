"""The W3C SHACL test suite, core and SPARQL, by the compiled validation and by pySHACL.

The suite stands beside the repository in shared/suites/shacl; where it is missing, these tests are skipped.
Every exception is listed with its reason in docs/shacl-deviations.md, and read from there.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from pathlib import Path

import pyoxigraph
import pytest
import rdflib
from rdflib import RDF, BNode, Graph, Namespace, URIRef
from rdflib.term import Literal, Node

from kb.engine.oxigraph import OxigraphEngine, to_rdflib
from kb.errors import KnowledgeBaseError
from kb.gate import compiled, reference
from kb.report import Report

ROOT = Path(__file__).resolve().parents[3]
SUITE = ROOT.parent / "shared" / "suites" / "shacl" / "data-shapes-test-suite" / "tests"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")


def parse(path: Path) -> Graph:
    """The graph of a file of the suite, its literals as they are written there."""
    rdflib.NORMALIZE_LITERALS = False
    logging.getLogger("rdflib.term").disabled = True  # it reports each ill-formed literal
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Graph().parse(path, format="turtle", publicID=path.as_uri())
    finally:
        rdflib.NORMALIZE_LITERALS = True
        logging.getLogger("rdflib.term").disabled = False


def load(path: Path) -> OxigraphEngine:
    """An engine that holds a file of the suite."""
    graph = pyoxigraph.NamedNode("https://example.org/graph")
    quads = pyoxigraph.parse(path.read_bytes(), pyoxigraph.RdfFormat.TURTLE, base_iri=path.as_uri())
    engine = OxigraphEngine.in_memory()
    engine.insert(pyoxigraph.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)
    return engine


def cases() -> dict[str, Path]:
    """Test name -> file, such as "core/node/and-001"; nothing where the suite is missing."""
    return {
        str(path.relative_to(SUITE).with_suffix("")): path
        for part in ("core", "sparql")
        for path in sorted((SUITE / part).rglob("*.ttl"))
        if "sht:Validate" in path.read_text(encoding="utf-8")
    }


def read_case(path: Path) -> tuple[Path, Path, Report | None]:
    """The data file, the shapes file and the findings of a case; None for them if validation has to fail."""
    graph = parse(path)
    test = graph.value(predicate=RDF.type, object=SHT.Validate)
    action, result = graph.value(test, MF.action), graph.value(test, MF.result)
    data, shapes = (
        path.parent / str(graph.value(action, each)).rpartition("/")[2]
        for each in (SHT.dataGraph, SHT.shapesGraph)
    )
    return data, shapes, None if result == SHT.Failure else Report.from_graph(graph)


def exceptions(of: str) -> dict[str, str]:
    """Test -> outcome, from the table below the heading "W3C test suite: `of`"."""
    page = (ROOT / "docs" / "shacl-deviations.md").read_text(encoding="utf-8")
    section = page.split(f"## W3C test suite: {of}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| ((?:core|sparql)/\S+) \| (\w+) \| .+ \|$", section, re.MULTILINE))


def written(term: Node | None) -> str | None:
    """A term for comparing: blank nodes have no name in common, language tags no case."""
    if isinstance(term, Literal) and term.language:
        return term.n3().lower()
    if isinstance(term, BNode):
        return "_:"
    return None if term is None else term.n3()


def canonical(term: Node | None) -> Node | None:
    """A literal as the engine keeps it."""
    if not isinstance(term, Literal) or term.language:
        return term
    datatype = pyoxigraph.NamedNode(str(term.datatype)) if term.datatype else None
    store = pyoxigraph.Store()
    node = pyoxigraph.NamedNode("https://example.org/node")
    store.add(pyoxigraph.Quad(node, node, pyoxigraph.Literal(str(term), datatype=datatype)))
    (quad,) = store
    return to_rdflib(quad.object)


def compared(report: Report, in_canonical_form: bool = False) -> Counter[tuple[object, ...]]:
    """What the suite compares of each finding, with how often it is there."""
    form = canonical if in_canonical_form else lambda term: term
    return Counter(
        (
            written(form(found.focus)),
            found.path,
            written(form(found.value)),
            found.component,
            found.severity,
            found.shape if isinstance(found.shape, URIRef) else None,
        )
        for found in report.findings
    )


SKIPPED = "The W3C SHACL test suite is not in shared/suites/shacl: clone w3c/data-shapes there to run it."
CASES = cases() or {"missing": SUITE}
BY_ENGINE = exceptions("compiled validation")
BY_PYSHACL = exceptions("pySHACL")


@pytest.mark.parametrize("name", CASES)
def test_the_compiled_validation_finds_what_the_suite_says(name):
    if not SUITE.is_dir():
        pytest.skip(SKIPPED)
    data, shapes, expected = read_case(CASES[name])
    outcome = "refused" if expected is None else BY_ENGINE.get(name, "same")
    if outcome == "refused":
        with pytest.raises(KnowledgeBaseError):
            compiled.validate(load(data), parse(shapes))
        return
    found = compiled.validate(load(data), parse(shapes))
    same = compared(found) == compared(expected)
    assert same is (outcome == "same")
    assert compared(found) == compared(expected, in_canonical_form=True)


@pytest.mark.parametrize("name", CASES)
def test_pyshacl_finds_what_the_suite_says(name):
    if not SUITE.is_dir():
        pytest.skip(SKIPPED)
    data, shapes, expected = read_case(CASES[name])
    outcome = "refused" if expected is None else BY_PYSHACL.get(name, "same")
    if outcome == "refused":
        with pytest.raises(KnowledgeBaseError):
            reference.validate(parse(data), parse(shapes))
        return
    found = reference.validate(parse(data), parse(shapes))
    assert (compared(found) == compared(expected)) is (outcome == "same")


def test_every_exception_is_a_test_of_the_suite():
    if not SUITE.is_dir():
        pytest.skip(SKIPPED)
    assert (len(BY_ENGINE), len(BY_PYSHACL)) == (7, 3)
    assert not (set(BY_ENGINE) | set(BY_PYSHACL)) - set(CASES)
