"""Whatever the ontology and the changes: step by step gives what deriving all anew gives."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, XSD, Graph, Literal, URIRef

from kb.derivation import Derivation
from kb.engine.contract import DEFAULT, HISTORY, INFERRED, SHAPES
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import as_stored
from kb.patch import Patch
from kb.reasoning import infer
from kb.rules import UnsupportedAxiom, rules
from kb.terms import DEF, GRAPH, PREFIXES

HEAD = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("def", "owl", "rdf", "rdfs"))
HEAD += "PREFIX : <https://example.org/>\n"
CLASSES = ["def:A", "def:B", "def:C"]
PROPERTIES = ["def:p", "def:q", "def:r"]

THINGS = [URIRef(f"https://example.org/{name}") for name in "abc"]
VALUES = [*THINGS, *THINGS, Literal("x"), as_stored(Literal("1.50", datatype=XSD.decimal))]
# Most in one graph, so that much is gone when it is deleted; some in several, or outside the merge.
GRAPHS = [*[GRAPH["one"]] * 5, GRAPH["two"], GRAPH["ontology"], HISTORY, SHAPES]

named = st.sampled_from(CLASSES)
properties = st.sampled_from(PROPERTIES)
classes = st.recursive(
    named | st.just("owl:Thing"),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(
            lambda members: f"[ a owl:Class ; owl:intersectionOf ( {' '.join(members)} ) ]"
        )
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda members: f"[ a owl:Class ; owl:unionOf ( {' '.join(members)} ) ]"
        )
        | st.tuples(properties, inner).map(
            lambda pair: f"[ a owl:Restriction ; owl:onProperty {pair[0]} ; owl:someValuesFrom {pair[1]} ]"
        )
        | st.tuples(properties, st.sampled_from([":a", ":b", "'x'", "1.50"])).map(
            lambda pair: f"[ a owl:Restriction ; owl:onProperty {pair[0]} ; owl:hasValue {pair[1]} ]"
        )
    ),
    max_leaves=4,
)
axioms = st.one_of(
    st.tuples(named, st.just("rdfs:subClassOf"), named),
    st.tuples(classes, st.just("rdfs:subClassOf"), classes),
    st.tuples(named, st.just("owl:equivalentClass"), classes),
    st.tuples(
        properties,
        st.sampled_from(["rdfs:subPropertyOf", "owl:equivalentProperty", "owl:inverseOf"]),
        properties,
    ),
    st.tuples(
        properties,
        st.just("a"),
        st.sampled_from(["owl:SymmetricProperty", "owl:TransitiveProperty"]),
    ),
    st.tuples(properties | st.just("def:text"), st.sampled_from(["rdfs:domain", "rdfs:range"]), classes),
    st.tuples(
        properties,
        st.just("owl:propertyChainAxiom"),
        st.lists(properties, min_size=2, max_size=3).map(lambda links: f"( {' '.join(links)} )"),
    ),
).map(lambda axiom: " ".join(axiom) + " .\n")


def is_supported(ontology: Graph) -> bool:
    try:
        return bool(rules(ontology))
    except UnsupportedAxiom:
        return False


ontologies = (
    st.lists(axioms, min_size=2, max_size=8)
    .map(
        lambda made: Graph().parse(
            data=HEAD
            + "".join(f"{term} a owl:ObjectProperty .\n" for term in PROPERTIES)
            + "def:text a owl:DatatypeProperty .\n"
            + "".join(made),
            format="turtle",
        )
    )
    .filter(is_supported)
)
triples = st.one_of(
    st.tuples(
        st.sampled_from(THINGS),
        st.sampled_from([DEF.p, DEF.q, DEF.r, DEF.text]),
        st.sampled_from(VALUES),
    ),
    st.tuples(st.sampled_from(THINGS), st.just(RDF.type), st.sampled_from([DEF.A, DEF.B, DEF.C, DEF.p])),
)
quads = st.tuples(triples, st.sampled_from(GRAPHS)).map(lambda pair: (*pair[0], pair[1]))
facts = st.sets(quads, min_size=4, max_size=12)
steps = st.lists(
    st.tuples(
        st.lists(st.integers(0, 30), max_size=5), st.sets(quads, max_size=3), st.sets(quads, max_size=2)
    ),
    min_size=1,
    max_size=4,
)


def joined(one: Patch, other: Patch) -> Patch:
    return Patch.of(one.deletes | other.deletes, one.inserts | other.inserts)


def from_scratch(stated: set, ontology: Graph) -> OxigraphEngine:
    engine = OxigraphEngine.in_memory()
    engine.apply(Patch.of(inserts=stated), 1)
    infer(engine, ontology)
    return engine


@settings(max_examples=300, deadline=None)
@given(ontologies, facts, steps)
def test_step_by_step_gives_what_deriving_all_anew_gives(ontology, stated, changes):
    derivation, engine = Derivation(ontology), from_scratch(stated, ontology)
    for revision, (picks, inserts, missed) in enumerate(changes, start=2):
        present = sorted(stated)
        deletes = missed | {present[pick % len(present)] for pick in picks if present}
        patch = Patch.of(deletes, inserts)
        derived = derivation.changes(engine, patch)
        assert derived.graphs() <= {INFERRED}
        assert derived.effective(engine.holds(derived.deletes | derived.inserts)) == derived

        engine.apply(joined(patch, derived), revision)
        stated = patch.apply(stated)
        expected = from_scratch(stated, ontology)
        assert set(engine.triples(INFERRED)) == set(expected.triples(INFERRED))
        assert set(engine.triples(DEFAULT)) == set(expected.triples(DEFAULT))
