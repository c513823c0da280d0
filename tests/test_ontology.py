"""The ontology keeps the rules of tests/ontology/*.rq, is written our way, and has no contradiction."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import OWL, RDF, Dataset, Graph, URIRef
from rdflib.term import Node

from kb.consistency import Consistency, ReasonerRefused, check
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.schema import ALIGNMENT, load_modules, load_ontology
from kb.terms import DEF, GRAPH, ID, PREFIXES, TERMS
from kb.turtle import to_trig, to_turtle

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted((ROOT / "tests" / "ontology").glob("*.rq"))
FILES = sorted((ROOT / "ontology").rglob("*.ttl"))
GOLDEN = ROOT / "tests" / "ontology" / "golden.trig"
HEAD = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(PREFIXES.items()))


def graph_name(path: Path) -> URIRef:
    """The name of the graph that holds a file: that of the module, or that of the code list."""
    if path.parent.name == "terms":
        return GRAPH[f"terms/{path.stem}"]
    return URIRef(str(DEF).rstrip("/")) if path.stem == "regiolink" else DEF[f"module/{path.stem}"]


def engine() -> OxigraphEngine:
    """All files of the ontology, each in a graph of its own."""
    made = OxigraphEngine.in_memory()
    for path in FILES:
        made.insert(read_quads(path, "ttl", path.name, graph_name(path)))
    return made


def short(term: Node | None) -> str:
    """An IRI of ours without its namespace, anything else as it is."""
    text = str(term)
    for namespace in (DEF, TERMS, ID):
        text = text.removeprefix(str(namespace))
    return text


def offenders(rule: Path, where: OxigraphEngine) -> list[str]:
    rows = where.select(rule.read_text(encoding="utf-8"))
    return [" ".join(short(value) for value in row) for row in rows]


@pytest.fixture(scope="module")
def ontology() -> OxigraphEngine:
    return engine()


@pytest.fixture(scope="module")
def schema() -> Graph:
    return load_ontology()


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.stem)
def test_nothing_offends_the_rule(rule, ontology):
    text = rule.read_text(encoding="utf-8")
    assert text.startswith("# ") and text.splitlines()[0].endswith("."), "The first line says the rule."
    assert offenders(rule, ontology) == []


@dataclass(frozen=True)
class Break:
    """One change that breaks one rule.

    removed: triple patterns taken out everywhere. added: Turtle put into `file`. rows: what the rule then
    finds, sorted.
    """

    rows: list[str]
    removed: str = ""
    added: str = ""
    file: str = "core.ttl"


GOOD_CLASS = (
    "a owl:Class ; rdfs:subClassOf def:Entity ; rdfs:isDefinedBy <https://w3id.org/regiolink/def/module/core>"
)

BREAKS = {
    "class-names": Break(["Regions"], added=f"def:Regions {GOOD_CLASS} ."),
    "class-root": Break(["Region"], removed="def:Region rdfs:subClassOf def:Territory"),
    "clause-exists": Break(
        ["Entity https://w3id.org/regiolink/terms/clause/p9".replace(str(TERMS), "")],
        added="def:Entity dct:source <https://w3id.org/regiolink/terms/clause/p9> .",
    ),
    "clause-has-term": Break(
        ["clause/t"], removed="?any dct:source <https://w3id.org/regiolink/terms/clause/t>"
    ),
    "concept-definition": Break(
        ["role/partner"], removed="<https://w3id.org/regiolink/terms/role/partner> skos:definition ?any"
    ),
    "concept-labels": Break(
        ["role/partner de"],
        removed='<https://w3id.org/regiolink/terms/role/partner> skos:prefLabel "Partner"@de',
    ),
    "concept-labels-distinct": Break(
        ["role/member partner"],
        added='<https://w3id.org/regiolink/terms/role/member> skos:prefLabel "partner"@en .',
    ),
    "concept-place": Break(
        ["clause/i3a", "role/partner"],
        removed="terms:role skos:hasTopConcept <https://w3id.org/regiolink/terms/role/partner> ."
        " <https://w3id.org/regiolink/terms/clause/i3a> skos:broader ?any",
    ),
    "datatypes": Break([f"validFrom {PREFIXES['xsd']}date"], added="def:validFrom rdfs:range xsd:date ."),
    "declared-terms": Break(
        ["http://purl.org/dc/terms/creater", "Regoin"],
        added='def:Region dct:creater "x" . def:acronym rdfs:domain def:Regoin .',
    ),
    "definition-says-more": Break(["Region A region."], added='def:Region skos:definition "A region."@en .'),
    "distinct-labels": Break(["Country region"], added='def:Country skos:prefLabel "region"@en .'),
    "imports-downwards": Break(
        ["Region https://w3id.org/regiolink/def/module/core".replace(str(DEF), "")],
        added="def:theme rdfs:domain def:Region .",
    ),
    "inverses": Break(
        ["hasVersion versionOf", "versionOf hasVersion"], added="def:hasVersion owl:inverseOf def:versionOf ."
    ),
    "module-header": Break(
        ["module/core"], removed='<https://w3id.org/regiolink/def/module/core> dct:title "Kern"@de'
    ),
    "one-kind": Break(["acronym"], added="def:acronym a owl:ObjectProperty ."),
    "one-version": Break(
        ["module/core module/core/0.2.0"],
        added="<https://w3id.org/regiolink/def/module/core> owl:versionIRI"
        " <https://w3id.org/regiolink/def/module/core/0.2.0> .",
    ),
    "property-names": Break(["HasBoss"], added="def:HasBoss a owl:ObjectProperty ."),
    "range-kind": Break(
        [f"acronym {PREFIXES['skos']}Concept"], added="def:acronym rdfs:range skos:Concept ."
    ),
    "scheme-header": Break(["role"], removed="terms:role dct:source ?any"),
    "term-definition": Break(
        ["Country", "Region"],
        removed="def:Region skos:definition ?any",
        added='def:Country skos:definition "Another one."@en .',
    ),
    "term-home": Break(["Region"], added="def:Region a owl:Class ."),
    "term-labels": Break(
        ["Region de", "Region en"],
        removed='def:Region skos:prefLabel "Region"@de',
        added='def:Region skos:prefLabel "area"@en .',
    ),
    "term-source": Break(["Country"], removed="def:Country dct:source ?any"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.stem)
def test_the_rule_finds_what_offends_it(rule):
    broken, change = engine(), BREAKS[rule.stem]
    for pattern in filter(None, change.removed.split(" . ")):
        broken.update(
            f"{HEAD} DELETE WHERE {{ GRAPH ?graph {{ {pattern} }} }} ; DELETE WHERE {{ {pattern} }}"
        )
    added = (HEAD + change.added).encode()
    broken.insert(read_quads(added, "ttl", "added", graph_name(ROOT / "ontology" / change.file)))
    assert offenders(rule, broken) == change.rows


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "ontology").as_posix())
def test_the_file_is_written_our_way(path):
    text = path.read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=text, format="turtle")) == text


def golden() -> Dataset:
    return Dataset().parse(GOLDEN, format="trig")


def triples(data: Dataset) -> Graph:
    """The triples of all graphs together."""
    flat = Graph()
    for subject, predicate, value, _ in data.quads():
        flat.add((subject, predicate, value))
    return flat


def with_turtle(text: str, *graphs: Graph) -> Graph:
    whole = Graph().parse(data=HEAD + text, format="turtle")
    for graph in graphs:
        whole += graph
    return whole


def test_the_golden_sample_is_written_our_way():
    assert to_trig(golden()) == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_sample_uses_only_declared_terms_and_codes_of_our_lists():
    vocabulary = Graph()
    for path in FILES:
        vocabulary.parse(path, format="turtle")
    known = set(vocabulary.subjects())
    used = set()
    for _, predicate, value in triples(golden()):
        used.add(predicate)
        if predicate == RDF.type or str(value).startswith(str(TERMS)):
            used.add(value)
    assert {short(term) for term in used - known - {RDF.type}} == set()


def test_the_golden_sample_uses_every_class_and_property_that_can_be_stated(schema):
    stated = {term for _, predicate, value in triples(golden()) for term in (predicate, value)}
    derived = set(schema.subjects(OWL.propertyChainAxiom)) - {DEF.locatedIn}
    one_of_a_pair = {
        term
        for pair in schema.subject_objects(OWL.inverseOf)
        if (stated | derived) & set(pair)
        for term in pair
    }
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    ours = {term for kind in kinds for term in schema.subjects(RDF.type, kind) if short(term) != str(term)}
    unused = {short(term) for term in ours - stated - derived - one_of_a_pair}
    assert unused == {
        "CommittedRegionalAuthority",
        "DualApproachPartnership",
        "Entity",
        "IndustryActor",
        "JointProject",
        "Linkage",
        "Opportunity",
        "Organisation",
        "Partnership",
        "Situation",
        "SpecialisedSMEIntermediary",
        "Strategy",
        "Territory",
    }


def test_the_ontology_is_consistent_and_each_class_can_have_members(schema):
    assert check(schema) == Consistency(True)


def test_the_ontology_with_its_alignment_is_consistent():
    whole = Graph()
    for graph in load_modules(ALIGNMENT).values():
        whole += graph
    found = check(whole)
    assert (found.consistent, found.unsatisfiable) == (True, ())


def test_the_golden_sample_is_consistent_and_the_two_defined_classes_follow(schema):
    found = check(schema + triples(golden()))
    assert (found.consistent, found.unsatisfiable) == (True, ())
    defined = (DEF.DualApproachPartnership, DEF.CommittedRegionalAuthority)
    assert {(short(thing), short(kind)) for thing, kind in found.types if kind in defined} == {
        ("organisation/sample-basque-government", "CommittedRegionalAuthority"),
        ("partnership/sample-alpha", "DualApproachPartnership"),
        ("partnership/sample-beta", "DualApproachPartnership"),
    }


def test_the_shipped_partnerships_and_what_they_refer_to_are_consistent(schema):
    whole = Graph() + schema
    for name in ("founding-call", "countries", "eu-programmes", "partnerships"):
        data = Dataset().parse(ROOT / "kb" / "datasets" / name / f"{name}.trig", format="trig")
        whole += triples(data)
    found = check(whole)
    assert (found.consistent, found.unsatisfiable) == (True, ())


def test_a_network_can_be_an_organisation_and_a_fund_a_programme(schema):
    text = "<urn:n> a def:Network , def:Organisation . <urn:f> a def:Fund , def:FundingProgramme ."
    assert check(with_turtle(text, schema)).consistent


def test_one_body_can_be_several_kinds_of_intermediary(schema):
    text = "<urn:b> a def:ClusterOrganisation , def:TechnologyCentre , def:SciencePark ."
    assert check(with_turtle(text, schema)).consistent


def test_a_class_in_two_disjoint_classes_is_unsatisfiable(schema):
    text = "def:Odd a owl:Class ; rdfs:subClassOf def:Country , def:Region ."
    assert check(with_turtle(text, schema)) == Consistency(True, (DEF.Odd,))


@pytest.mark.parametrize(
    "text",
    [
        "<urn:x> a def:Partnership , def:Organisation .",
        "<urn:x> a def:ThematicPlatform , def:Organisation .",
        "<urn:x> a def:Fund , def:Grant .",
        "<urn:x> a def:RegionalAuthority , def:ClusterOrganisation .",
        "<urn:x> a def:ClusterPartnership , def:RegionalAuthorityPartnership .",
        "<urn:x> a def:Cluster , def:ClusterOrganisation .",
        "<urn:x> a def:RegionVersion , def:Region .",
        '<urn:x> a def:Region ; def:vision "A region is no strategy."@en .',
        "<urn:v> def:versionOf <urn:a> , <urn:b> . <urn:a> owl:differentFrom <urn:b> .",
        '<urn:v> def:nutsCode "ES21" , "ES22" .',
        "<urn:l> a def:Linkage , def:Document .",
    ],
)
def test_a_contradiction_is_found(text, schema):
    assert check(with_turtle(text, schema)) == Consistency(False)


def test_counting_partners_in_the_ontology_is_refused_because_they_are_derived(schema):
    text = """def:ESCPS3 rdfs:subClassOf
        [ a owl:Restriction ; owl:onProperty def:hasPartner ; owl:minCardinality 3 ] ."""
    with pytest.raises(
        ReasonerRefused, match=r"^HermiT cannot reason over this: Non-simple property .*hasPartner"
    ):
        check(with_turtle(text, schema))
