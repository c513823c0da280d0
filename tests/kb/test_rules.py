"""What each form of axiom derives on a handful of triples, and which forms are refused."""

import pytest
from rdflib import RDF, Graph, Variable

from kb.engine.contract import INFERRED
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.reasoning import infer
from kb.rules import UnsupportedAxiom, is_axiom, rules
from kb.terms import DEF, GRAPH, PREFIXES

HEAD = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("def", "owl", "rdf", "rdfs", "skos"))
HEAD += "PREFIX : <https://example.org/>\n"
DECLARED = """
def:partOf a owl:ObjectProperty . def:hasPart a owl:ObjectProperty . def:locatedIn a owl:ObjectProperty .
def:level a owl:ObjectProperty . def:code a owl:DatatypeProperty . def:note a owl:AnnotationProperty .
"""


def ontology(axioms: str) -> Graph:
    return Graph().parse(data=HEAD + DECLARED + axioms, format="turtle")


def some(term: str, filler: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty {term} ; owl:someValuesFrom {filler} ]"


def given(term: str, value: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty {term} ; owl:hasValue {value} ]"


def both(*members: str) -> str:
    return f"[ a owl:Class ; owl:intersectionOf ( {' '.join(members)} ) ]"


def either(*members: str) -> str:
    return f"[ a owl:Class ; owl:unionOf ( {' '.join(members)} ) ]"


def triples(text: str) -> set:
    return set(Graph().parse(data=HEAD + text, format="turtle"))


def derived(axioms: str, facts: str) -> set:
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads((HEAD + facts).encode(), "ttl", "facts.ttl", GRAPH["source/test"]))
    asserted = set(engine.select("SELECT ?s ?p ?o { ?s ?p ?o }"))
    count = infer(engine, ontology(axioms))
    found = set(engine.select(f"SELECT ?s ?p ?o {{ GRAPH {INFERRED.n3()} {{ ?s ?p ?o }} }}"))
    assert set(engine.select("SELECT ?s ?p ?o { ?s ?p ?o }")) == asserted | found
    assert (len(found), asserted & found) == (count, set())
    return found


@pytest.mark.parametrize(
    ("axioms", "facts", "expected"),
    [
        pytest.param(
            "def:Region rdfs:subClassOf def:Territory . def:Territory rdfs:subClassOf def:Entity .",
            ":a a def:Region . :b a def:Territory .",
            ":a a def:Territory, def:Entity . :b a def:Entity .",
            id="subclass",
        ),
        pytest.param(
            "def:locatedIn rdfs:subPropertyOf def:partOf .",
            ":a def:locatedIn :b .",
            ":a def:partOf :b .",
            id="subproperty",
        ),
        pytest.param(
            "def:locatedIn owl:equivalentProperty def:partOf .",
            ":a def:locatedIn :b . :c def:partOf :d .",
            ":a def:partOf :b . :c def:locatedIn :d .",
            id="equivalent property",
        ),
        pytest.param(
            "def:partOf owl:inverseOf def:hasPart .",
            ":a def:partOf :b . :c def:hasPart :d .",
            ":b def:hasPart :a . :d def:partOf :c .",
            id="inverse, both ways",
        ),
        pytest.param(
            "def:level a owl:SymmetricProperty .",
            ":a def:level :b . :c def:level :c .",
            ":b def:level :a .",
            id="symmetric",
        ),
        pytest.param(
            "def:partOf a owl:TransitiveProperty .",
            ":a def:partOf :b . :b def:partOf :c . :c def:partOf :d .",
            ":a def:partOf :c, :d . :b def:partOf :d .",
            id="transitive",
        ),
        pytest.param(
            "def:locatedIn owl:propertyChainAxiom ( def:locatedIn def:partOf ) .",
            ":a def:locatedIn :b . :b def:partOf :c . :c def:partOf :d .",
            ":a def:locatedIn :c, :d .",
            id="chain of two, onto itself",
        ),
        pytest.param(
            "def:locatedIn owl:propertyChainAxiom ( def:hasPart def:level def:partOf ) .",
            ":a def:hasPart :b . :b def:level :c . :c def:partOf :d .",
            ":a def:locatedIn :d .",
            id="chain of three",
        ),
        pytest.param(
            "def:code rdfs:domain def:Version . def:partOf rdfs:domain def:Territory .",
            ":a def:code 'ES21' . :b def:partOf :c .",
            ":a a def:Version . :b a def:Territory .",
            id="domain",
        ),
        pytest.param(
            "def:partOf rdfs:range def:Territory . def:code rdfs:range rdfs:Literal .",
            ":a def:partOf :b ; def:code 'ES21' .",
            ":b a def:Territory .",
            id="range of an object property only",
        ),
        pytest.param(
            "def:Dual owl:equivalentClass "
            + either(
                both("def:Left", some("def:level", "def:Right")),
                both("def:Right", some("def:level", "def:Left")),
            )
            + " .",
            ":a a def:Left ; def:level :b . :b a def:Right . "
            ":c a def:Right ; def:level :a . :d a def:Left ; def:level :a .",
            ":a a def:Dual . :c a def:Dual .",
            id="defined by a union of intersections",
        ),
        pytest.param(
            "def:Committed owl:equivalentClass "
            + both("def:Authority", some("def:hasPart", given("def:level", ":high")))
            + " .",
            ":a a def:Authority ; def:hasPart :m . :m def:level :high . "
            ":b a def:Authority ; def:hasPart :n . "
            ":n def:level :low . :c a def:Committed .",
            ":a a def:Committed . :c a def:Authority .",
            id="defined by a given value of a value",
        ),
        pytest.param(
            some("def:hasPart", "owl:Thing")
            + " rdfs:subClassOf def:Whole . def:Whole rdfs:subClassOf "
            + given("def:level", ":top")
            + " .",
            ":a def:hasPart :b .",
            ":a a def:Whole ; def:level :top .",
            id="some value of any kind, and a given value as consequence",
        ),
    ],
)
def test_an_axiom_derives_exactly(axioms, facts, expected):
    assert derived(axioms, facts) == triples(expected)


@pytest.mark.parametrize(
    ("axioms", "facts"),
    [
        pytest.param(
            "def:Region rdfs:subClassOf owl:Thing, def:Region .", ":a a def:Region .", id="the obvious"
        ),
        pytest.param("def:note rdfs:domain def:Entity .", ":a def:note 'x' .", id="annotation property"),
        pytest.param("def:code rdfs:subPropertyOf def:note .", ":a def:code 'x' .", id="super-annotation"),
        pytest.param(
            "def:code a owl:FunctionalProperty .", ":a def:code 'x', 'y' .", id="functional property"
        ),
        pytest.param("def:A owl:disjointWith def:B .", ":a a def:A, def:B .", id="disjointness"),
        pytest.param(
            "def:A rdfs:subClassOf " + some("def:level", "def:B") + " .",
            ":a a def:A .",
            id="something unnamed",
        ),
        pytest.param(
            "def:level a owl:SymmetricProperty ; owl:inverseOf def:partOf ; rdfs:range def:B .",
            ":a def:level 'a literal cannot be a subject' .",
            id="literal",
        ),
        pytest.param("def:partOf rdfs:domain def:A .", ":a def:partof :b .", id="another property"),
    ],
)
def test_nothing_is_derived_from(axioms, facts):
    assert derived(axioms, facts) == set()


@pytest.mark.parametrize(
    ("axioms", "sentence"),
    [
        ("def:A owl:hasKey ( def:code ) .", "def:A uses owl:hasKey, which has no rule."),
        (
            "def:level a owl:InverseFunctionalProperty .",
            "def:level uses owl:InverseFunctionalProperty, which has no rule.",
        ),
        (
            "def:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty def:level ; owl:maxCardinality 1 ] .",
            "def:A uses owl:maxCardinality, which has no rule.",
        ),
        (
            "def:A owl:equivalentClass [ a owl:Class ; owl:unionOf ( def:B [ owl:complementOf def:C ] ) ] .",
            "def:A uses owl:complementOf, which has no rule.",
        ),
        ("def:A owl:unionOf ( def:B def:C ) .", "def:A uses owl:unionOf outside owl:equivalentClass."),
        ("def:A owl:equivalentClass [ a owl:Class ] .", "def:A uses an unnamed class that is not described."),
        (
            "def:A owl:equivalentClass [ a owl:Restriction ; owl:hasValue :b ] .",
            "def:A uses a restriction on no named property.",
        ),
        (
            "def:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty rdf:type ; owl:hasValue def:B ] .",
            "def:A uses a restriction on rdf:type.",
        ),
        (
            "def:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty def:level ; owl:hasValue [] ] .",
            "def:A gives an unnamed thing as value.",
        ),
        ("def:partOf owl:propertyChainAxiom () .", "def:partOf uses a list that is empty or broken."),
        (
            "def:A owl:equivalentClass [ owl:unionOf [ rdf:first def:B ] ] .",
            "def:A uses a list that is empty or broken.",
        ),
        ("def:A owl:equivalentClass [ owl:unionOf def:B ] .", "def:A uses a list that is empty or broken."),
        ("def:A owl:equivalentClass _:a . _:a owl:unionOf ( def:B _:a ) .", "def:A is described by itself."),
        ("def:unknown rdfs:domain def:A .", "def:unknown uses a property that is not declared."),
        (
            "def:partOf owl:propertyChainAxiom ( def:hasPart [ owl:inverseOf def:partOf ] ) .",
            "def:partOf uses a property that is not declared.",
        ),
        ("owl:Thing rdfs:subClassOf def:A .", "def:A is said to hold everything there is."),
    ],
)
def test_an_axiom_without_a_rule_is_refused_by_name(axioms, sentence):
    with pytest.raises(UnsupportedAxiom) as refused:
        rules(ontology(axioms))
    assert str(refused.value) == sentence


def test_a_rule_in_sparql_leaves_it_to_the_construct_that_no_literal_becomes_a_subject():
    (rule,) = rules(ontology("def:partOf rdfs:range def:Territory ."))
    assert rule.body == ((Variable("y"), DEF.partOf, Variable("x")),)
    assert rule.head == (Variable("x"), RDF.type, DEF.Territory)
    assert rule.where == f"?y <{DEF.partOf}> ?x ."
    assert rule.then == f"?x a <{DEF.Territory}> ."
    assert (rule.reads, rule.writes) == ({DEF.partOf}, DEF.Territory)


def test_a_triple_is_an_axiom_when_rules_can_depend_on_it():
    said = ontology("def:A rdfs:subClassOf def:B ; skos:prefLabel 'A'@en . :a a def:A .")
    axioms = {triple for triple in said if is_axiom(triple)}
    assert set(said) - axioms == triples("def:A skos:prefLabel 'A'@en . :a a def:A .")


def test_a_rule_says_what_it_is():
    (rule,) = rules(ontology("def:locatedIn owl:propertyChainAxiom ( def:locatedIn def:partOf ) ."))
    assert rule.name == "chain: def:locatedIn, def:partOf -> def:locatedIn"
    assert rule.where == (f"?x <{PREFIXES['def']}locatedIn> ?x1 . ?x1 <{PREFIXES['def']}partOf> ?y .")
    assert rule.then == f"?x <{PREFIXES['def']}locatedIn> ?y ."
