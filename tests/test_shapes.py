"""Every shape is held to cases: a little data, and exactly the results that it must give.

A case stands in tests/shapes/<module>/{pass,fail}-<what>.ttl. Its data may name what context.ttl describes:
countries, editions, codes, organisations, a platform, a call. What it must give stands beside the data, each
as a sh:ValidationResult; there are no other results.
"""

import re
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SH, SKOS, Dataset, Graph, Literal, URIRef
from rdflib.term import Node

from kb.gate.lint import lint
from kb.gate.reference import validate
from kb.schema import load_ontology, load_shapes, load_terms
from kb.terms import DASH, DEF, SHAPE, TERMS
from kb.turtle import to_turtle

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "shapes"
FILES = sorted(FOLDER.glob("*/*.ttl"))
CONTEXT = FOLDER / "context.ttl"
GOLDEN = ROOT / "tests" / "ontology" / "golden.trig"

# Looks at the ontology as well, which takes a second; its own cases and one test over all others are enough.
WHOLE_DATA = SHAPE["WholeData"]
# A region comes with its codes, a priority with its strategy, a deadline with its call.
OWNS = (DEF.versionOf, DEF.hasPriority, DEF.hasDeadline)
# Nothing that it looks at may pass.
NEVER_PASSES = {SHAPE["NaturalPerson"]}

Result = tuple[Node | None, Node | None, Node | None, Node | None]


def results(graph: Graph) -> set[Result]:
    """The validation results in a case or in a report: focus node, shape, SPARQL constraint, severity."""
    parts = (SH.focusNode, SH.sourceShape, SH.sourceConstraint, SH.resultSeverity)
    found = graph.subjects(RDF.type, SH.ValidationResult)
    return {tuple(graph.value(result, part) for part in parts) for result in found}


def data_of(case: Graph) -> Graph:
    """A case without the results that it must give."""
    data = Graph()
    told = set(case.subjects(RDF.type, SH.ValidationResult))
    for triple in case:
        if triple[0] not in told:
            data.add(triple)
    return data


def described(context: Graph, data: Graph) -> Graph:
    """What the context says about the things that `data` names, and about those that they name in turn."""
    wanted: set[Node] = set()
    named = set(data.all_nodes())
    while named:
        wanted |= named
        told = {value for node in named for value in context.objects(node)}
        owners = {owner for node in named for owns in OWNS for owner in context.subjects(owns, node)}
        named = (told | owners) - wanted
    found = Graph()
    for triple in context:
        if triple[0] in wanted:
            found.add(triple)
    return found


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def without(graph: Graph, subject: URIRef) -> Graph:
    left = Graph()
    for triple in graph:
        if triple[0] != subject:
            left.add(triple)
    return left


def has_target(graph: Graph, shape: Node) -> bool:
    targets = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
    return any((shape, kind, None) in graph for kind in targets)


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return load_shapes()


@pytest.fixture(scope="module")
def known() -> Graph:
    """What shapes ask of the ontology and the code lists: types and subclasses."""
    whole = load_ontology()
    for graph in load_terms().values():
        whole += graph
    asked = Graph()
    for triple in whole:
        if triple[1] in (RDF.type, RDFS.subClassOf):
            asked.add(triple)
    return asked


@pytest.fixture(scope="module")
def context() -> Graph:
    return Graph().parse(CONTEXT)


@pytest.fixture(scope="module")
def cases() -> dict[str, Graph]:
    return {name_of(path): Graph().parse(path) for path in FILES}


@pytest.mark.parametrize("name", [name_of(path) for path in FILES])
def test_a_case_gives_exactly_its_results(name, cases, context, shapes, known):
    used = shapes if name.startswith("vocabulary/") else without(shapes, WHOLE_DATA)
    data = data_of(cases[name])
    report = validate(data + described(context, data), used, known)
    assert results(report.to_graph()) == results(cases[name])


def test_a_case_that_passes_gives_no_results_and_one_that_fails_gives_some(cases):
    assert {name: bool(results(case)) for name, case in cases.items()} == {
        name: name.rpartition("/")[2].startswith("fail-") for name in cases
    }


def test_the_context_breaks_no_rule(context, shapes, known):
    assert validate(context, without(shapes, WHOLE_DATA), known).sentences() == []


def test_every_rule_has_a_case_in_which_it_is_broken(cases, shapes):
    broken = {part for case in cases.values() for result in results(case) for part in result[1:3]}
    told = {shape for shape in shapes.subjects(SH.message) if isinstance(shape, URIRef)}
    assert sorted(told - broken) == []


def test_every_shape_with_a_target_has_a_case_in_which_it_passes(cases, shapes, known):
    passing = Graph()
    for name, case in cases.items():
        if "/pass-" in name:
            passing += case
    types = {
        above
        for kind in passing.objects(None, RDF.type)
        for above in known.transitive_objects(kind, RDFS.subClassOf)
    }
    looked_at = {
        *(shape for kind in types for shape in shapes.subjects(SH.targetClass, kind)),
        *(shape for used in passing.predicates() for shape in shapes.subjects(SH.targetSubjectsOf, used)),
        *(shape for used in passing.predicates() for shape in shapes.subjects(SH.targetObjectsOf, used)),
        *(shape for shape in shapes.subjects(SH.targetNode, None)),
    }
    targeted = {shape for shape in shapes.subjects(RDF.type, SH.NodeShape) if has_target(shapes, shape)}
    assert sorted(targeted - looked_at - NEVER_PASSES) == []


def test_the_cases_use_known_terms_only(cases, context, shapes, known):
    together = Graph() + context
    for name, case in cases.items():
        if not name.startswith("vocabulary/"):
            together += data_of(case)
    only = Graph()
    for triple in shapes:
        if triple[0] == WHOLE_DATA or (triple[0], RDF.type, SH.NodeShape) not in shapes:
            only.add(triple)
    assert validate(together, only, known).sentences() == []


def test_the_golden_sample_breaks_no_rule(shapes, known):
    dataset = Dataset()
    dataset.parse(GOLDEN)
    golden = Graph()
    for quad in dataset.quads():
        golden.add(quad[:3])
    report = validate(golden, shapes, known)
    assert [found.sentence("en", {}) for found in report.violations] == []


def test_the_shapes_have_no_fault_that_the_linter_knows(shapes):
    assert [str(fault) for fault in lint(shapes)] == []


def test_every_term_that_the_shapes_name_is_in_the_ontology(shapes):
    ontology = load_ontology()
    named = {
        node for triple in shapes for node in triple if isinstance(node, URIRef) and node.startswith(DEF)
    }
    for select in shapes.objects(None, SH.select):
        named |= {DEF[local] for local in re.findall(r"\bdef:(\w+)", select)}
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    declared = {term for kind in kinds for term in ontology.subjects(RDF.type, kind)}
    assert sorted(named - declared) == []


def test_every_code_that_the_shapes_name_is_in_a_list(shapes):
    concepts = {
        concept for graph in load_terms().values() for concept in graph.subjects(RDF.type, SKOS.Concept)
    }
    named = {node for node in shapes.all_nodes() if isinstance(node, URIRef) and node.startswith(TERMS)}
    for select in shapes.objects(None, SH.select):
        named |= {URIRef(iri) for iri in re.findall(rf"<({re.escape(TERMS)}[^>]+)>", select)}
    assert sorted(named - concepts) == []


def test_every_list_that_a_pattern_names_exists(shapes):
    lists = set(load_terms())
    named = set()
    for pattern in shapes.objects(None, SH.pattern):
        for listed in re.findall(r"/terms/\(?([a-z0-9|-]+)\)?/", pattern):
            named |= set(listed.split("|"))
    assert sorted(named - lists) == []


def test_every_property_that_takes_codes_checks_them(shapes):
    takes_codes = {
        term for term in load_ontology().subjects(RDFS.range, SKOS.Concept) if term.startswith(DEF)
    }
    checked = {
        path
        for shape, path in shapes.subject_objects(SH.path)
        if (shape, SH["class"], SKOS.Concept) in shapes
    }
    # The codes of these two are official addresses, checked by their form.
    assert takes_codes - checked == {DEF.nutsConcept, DEF.currency}


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "shapes").glob("*.ttl")), *FILES, CONTEXT],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_the_file_is_in_the_form_in_which_we_write(path):
    assert to_turtle(Graph().parse(path)) == path.read_text(encoding="utf-8")


def test_fields_of_one_form_have_different_places(shapes):
    """Two editors in one node shape must not share group and order, or their sequence is left to chance."""
    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        fields = [
            field for field in shapes.objects(shape, SH.property) if (field, DASH.editor, None) in shapes
        ]
        places = [(shapes.value(field, SH.group), shapes.value(field, SH.order)) for field in fields]
        assert len(set(places)) == len(places), shape
        assert all(isinstance(order, Literal) for _, order in places), shape
