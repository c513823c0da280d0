"""Forward rules generated from the ontology.

Each rule is one axiom read in one direction, in the sense of the OWL 2 RL rules (W3C, OWL 2 Profiles, section
4.3): subclass, subproperty, equivalence, inverse, symmetric, transitive, property chain, domain, range, and
classes defined by intersection, union, some value from a class, and one given value. Axioms that only say
what must not be, such as disjointness, derive no triple: consistency and the shapes see to them. A functional
property derives no equality either, because two values there are a mistake to be shown, not two names of one
thing. Any other form of axiom is refused by name, so that nothing is left out in silence.

Left out on purpose: `a owl:Thing`, types of literals, annotation properties, and whatever only says that
something unnamed exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise, product

from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from kb.errors import KnowledgeBaseError
from kb.terms import PREFIXES

_EXPRESSIONS = {OWL.hasValue, OWL.intersectionOf, OWL.someValuesFrom, OWL.unionOf}
_WITH_RULES = {
    *_EXPRESSIONS,
    OWL.SymmetricProperty,
    OWL.TransitiveProperty,
    OWL.equivalentClass,
    OWL.equivalentProperty,
    OWL.inverseOf,
    OWL.propertyChainAxiom,
}
_WITHOUT_RULES = {
    OWL.AllDifferent,
    OWL.AllDisjointClasses,
    OWL.AllDisjointProperties,
    OWL.AnnotationProperty,
    OWL.AsymmetricProperty,
    OWL.Class,
    OWL.DatatypeProperty,
    OWL.FunctionalProperty,
    OWL.IrreflexiveProperty,
    OWL.NamedIndividual,
    OWL.ObjectProperty,
    OWL.Ontology,
    OWL.Restriction,
    OWL.backwardCompatibleWith,
    OWL.deprecated,
    OWL.differentFrom,
    OWL.disjointWith,
    OWL.distinctMembers,
    OWL.imports,
    OWL.incompatibleWith,
    OWL.members,
    OWL.onProperty,
    OWL.priorVersion,
    OWL.propertyDisjointWith,
    OWL.versionIRI,
    OWL.versionInfo,
}
_PROPERTY_KINDS = {OWL.ObjectProperty, OWL.DatatypeProperty}
_EVERYTHING = {OWL.Thing, RDFS.Resource}


class UnsupportedAxiom(KnowledgeBaseError):
    """An axiom of the ontology that no kind of rule can express."""

    title = "The ontology says something that no rule can derive"

    def __init__(self, term: Node, what: str) -> None:
        self.term, self.what = term, what
        super().__init__(f"{_short(term)} {what}.")


@dataclass(frozen=True)
class Rule:
    """One rule: every match of `where` gives the triple `then`.

    kind: the form of axiom. terms: the classes and properties of the axiom, what is derived last.
    where: a SPARQL group graph pattern, without its braces; then: one triple over its variables.
    reads, writes: the classes and properties whose triples `where` looks at and `then` makes.
    """

    kind: str
    terms: tuple[URIRef, ...]
    where: str
    then: str
    reads: frozenset[URIRef]
    writes: URIRef

    @property
    def name(self) -> str:
        """The rule in a few words, such as "inverse: def:versionOf -> def:hasVersion"."""
        *given, derived = map(_short, self.terms)
        return f"{self.kind}: {', '.join(given)} -> {derived}"


@dataclass(frozen=True)
class _Pattern:
    """A SPARQL pattern, and the classes and properties that it reads, in the order of the axiom."""

    text: str
    reads: tuple[URIRef, ...]


def rules(ontology: Graph) -> list[Rule]:
    """The rules of `ontology`, all its modules in one graph, sorted by name.

    Raises `UnsupportedAxiom` for an axiom that no rule can express.
    """
    _refuse_unknown_forms(ontology)
    found = {
        *_class_rules(ontology),
        *_property_rules(ontology),
        *_type_rules(ontology),
        *_chain_rules(ontology),
    }
    telling = [rule for rule in found if rule.then not in rule.where]
    return sorted(telling, key=lambda rule: (rule.name, rule.where))


def _class_rules(ontology: Graph) -> Iterator[Rule]:
    """Subclasses and equivalent classes, named or described."""
    implied = [("subclass", part, whole) for part, whole in ontology.subject_objects(RDFS.subClassOf)]
    for one, other in ontology.subject_objects(OWL.equivalentClass):
        implied += [("equivalent class", one, other), ("equivalent class", other, one)]
    for kind, part, whole in implied:
        for pattern, (then, writes) in product(
            _conditions(ontology, part, "?x", count()), _consequences(ontology, whole)
        ):
            if not pattern.reads:
                raise UnsupportedAxiom(whole, "is said to hold everything there is")
            yield Rule(kind, (*pattern.reads, writes), pattern.text, then, frozenset(pattern.reads), writes)


def _property_rules(ontology: Graph) -> Iterator[Rule]:
    """Subproperties, equivalent properties, inverses and symmetric properties: one triple gives another."""
    implied = [("subproperty", *pair) for pair in ontology.subject_objects(RDFS.subPropertyOf)]
    for one, other in ontology.subject_objects(OWL.equivalentProperty):
        implied += [("equivalent property", one, other), ("equivalent property", other, one)]
    for one, other in ontology.subject_objects(OWL.inverseOf):
        implied += [("inverse", one, other), ("inverse", other, one)]
    implied += [("symmetric", term, term) for term in ontology.subjects(RDF.type, OWL.SymmetricProperty)]
    for kind, *pair in implied:
        if not (found := _properties(ontology, pair)):
            continue
        given, derived = found
        if kind in ("inverse", "symmetric"):
            where, then = f"?x {given.n3()} ?y . FILTER(!isLiteral(?y))", f"?y {derived.n3()} ?x ."
        else:
            where, then = f"?x {given.n3()} ?y .", f"?x {derived.n3()} ?y ."
        yield Rule(kind, (given, derived), where, then, frozenset({given}), derived)


def _type_rules(ontology: Graph) -> Iterator[Rule]:
    """Domains, and ranges of object properties."""
    ends = [("domain", *pair) for pair in ontology.subject_objects(RDFS.domain)]
    ends += [
        ("range", *pair)
        for pair in ontology.subject_objects(RDFS.range)
        if (pair[0], RDF.type, OWL.DatatypeProperty) not in ontology
    ]
    for kind, term, end in ends:
        for given in _properties(ontology, [term]):
            where = (
                f"?x {given.n3()} ?y ."
                if kind == "domain"
                else f"?y {given.n3()} ?x . FILTER(!isLiteral(?x))"
            )
            for then, writes in _consequences(ontology, end):
                yield Rule(kind, (given, writes), where, then, frozenset({given}), writes)


def _chain_rules(ontology: Graph) -> Iterator[Rule]:
    """Property chains; a transitive property is a chain of itself."""
    chains = [
        ("chain", [*Collection(ontology, links), derived])
        for derived, links in ontology.subject_objects(OWL.propertyChainAxiom)
    ]
    chains += [("transitive", [term] * 3) for term in ontology.subjects(RDF.type, OWL.TransitiveProperty)]
    for kind, terms in chains:
        if found := _properties(ontology, terms):
            *links, derived = found
            stops = ["?x", *(f"?x{number}" for number in range(1, len(links))), "?y"]
            where = " ".join(
                f"{start} {link.n3()} {end} ."
                for link, (start, end) in zip(links, pairwise(stops), strict=True)
            )
            yield Rule(kind, found, where, f"?x {derived.n3()} ?y .", frozenset(links), derived)


def _conditions(ontology: Graph, described: Node, variable: str, numbers: Iterator[int]) -> list[_Pattern]:
    """The patterns, any of which shows that `variable` is in a class, named or described.

    numbers: where the names of further variables come from.
    """
    if described in _EVERYTHING:
        return [_Pattern("", ())]
    if isinstance(described, URIRef):
        return [_Pattern(f"{variable} a {described.n3()} .", (described,))]
    form, given = _form(ontology, described)
    if form == OWL.unionOf:
        members = Collection(ontology, given)
        return [one for member in members for one in _conditions(ontology, member, variable, numbers)]
    if form == OWL.intersectionOf:
        members = Collection(ontology, given)
        choices = product(*(_conditions(ontology, member, variable, numbers) for member in members))
        return [_all_of(choice) for choice in choices]
    term = _property_of(ontology, described)
    if form == OWL.hasValue:
        return [_Pattern(f"{variable} {term.n3()} {given.n3()} .", (term,))]
    value = f"?v{next(numbers)}"
    step = _Pattern(f"{variable} {term.n3()} {value} .", (term,))
    return [_all_of((step, filler)) for filler in _conditions(ontology, given, value, numbers)]


def _consequences(ontology: Graph, described: Node) -> list[tuple[str, URIRef]]:
    """What follows when ?x is in a class, named or described: each a triple, and the term that it writes."""
    if described in _EVERYTHING:
        return []
    if isinstance(described, URIRef):
        return [(f"?x a {described.n3()} .", described)]
    form, given = _form(ontology, described)
    if form == OWL.intersectionOf:
        return [one for member in Collection(ontology, given) for one in _consequences(ontology, member)]
    if form == OWL.hasValue:
        term = _property_of(ontology, described)
        return [(f"?x {term.n3()} {given.n3()} .", term)]
    return []  # a union or "some value" says that one of several holds, or that something unnamed exists


def _all_of(patterns: tuple[_Pattern, ...]) -> _Pattern:
    text = " ".join(pattern.text for pattern in patterns if pattern.text)
    return _Pattern(text, tuple(term for pattern in patterns for term in pattern.reads))


def _form(ontology: Graph, described: Node) -> tuple[Node, Node]:
    """How an unnamed class is described: the form of its expression, and what that is given."""
    found = [(form, given) for form, given in ontology.predicate_objects(described) if form in _EXPRESSIONS]
    if len(found) != 1:
        raise UnsupportedAxiom(_owner(ontology, described), "uses an unnamed class that is not described")
    return found[0]


def _property_of(ontology: Graph, restriction: Node) -> URIRef:
    term = ontology.value(restriction, OWL.onProperty)
    if not isinstance(term, URIRef):
        raise UnsupportedAxiom(_owner(ontology, restriction), "uses a restriction on no named property")
    return term


def _properties(ontology: Graph, terms: list[Node]) -> tuple[URIRef, ...]:
    """The properties `terms`; none when one of them is an annotation property, which derives nothing.

    Raises `UnsupportedAxiom` when one is no declared property, such as an unnamed inverse.
    """
    found: list[URIRef] = []
    for term in terms:
        kinds = set(ontology.objects(term, RDF.type))
        if not isinstance(term, URIRef) or not kinds & {*_PROPERTY_KINDS, OWL.AnnotationProperty}:
            raise UnsupportedAxiom(_owner(ontology, term), "uses a property that is not declared")
        if not kinds & _PROPERTY_KINDS:
            return ()
        found.append(term)
    return tuple(found)


def _refuse_unknown_forms(ontology: Graph) -> None:
    for subject, predicate, value in sorted(ontology, key=lambda triple: tuple(map(str, triple))):
        form = value if predicate == RDF.type else predicate
        if not str(form).startswith(PREFIXES["owl"]):
            continue
        if form not in _WITH_RULES | _WITHOUT_RULES:
            raise UnsupportedAxiom(_owner(ontology, subject), f"uses {_short(form)}, which has no rule")
        if form in _EXPRESSIONS and isinstance(subject, URIRef):
            raise UnsupportedAxiom(subject, f"uses {_short(form)} outside owl:equivalentClass")


def _owner(ontology: Graph, node: Node) -> Node:
    """The named term whose axiom an unnamed one is part of."""
    while isinstance(node, BNode):
        node = next(ontology.subjects(None, node), RDFS.Resource)
    return node


def _short(term: Node) -> str:
    """`term` with its usual prefix, or as it is."""
    fitting = [(len(base), prefix) for prefix, base in PREFIXES.items() if str(term).startswith(base)]
    if not fitting:
        return str(term)
    length, prefix = max(fitting)
    return f"{prefix}:{str(term)[length:]}"
