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
from graphlib import CycleError, TopologicalSorter
from itertools import chain, count, pairwise, product
from typing import cast

from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef, Variable
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
_READ_BESIDE_OWL = {RDF.first, RDF.rest, RDFS.domain, RDFS.range, RDFS.subClassOf, RDFS.subPropertyOf}
_X, _Y = Variable("x"), Variable("y")

Atom = tuple[Node, URIRef, Node]
"""A triple with variables of rdflib as subject and object, or a fixed term in their place."""


class UnsupportedAxiom(KnowledgeBaseError):
    """An axiom of the ontology that no kind of rule can express."""

    title = "The ontology says something that no rule can derive"

    def __init__(self, term: Node, what: str) -> None:
        self.term, self.what = term, what
        super().__init__(f"{_short(term)} {what}.")


@dataclass(frozen=True)
class Rule:
    """One rule: every match of `body` gives the triple `head`, but for one whose subject is a literal.

    kind: the form of axiom. body: in the order of the axiom, each triple sharing a variable with another.
    """

    kind: str
    body: tuple[Atom, ...]
    head: Atom

    @property
    def name(self) -> str:
        """The rule in a few words, such as "inverse: def:versionOf -> def:hasVersion"."""
        given = ", ".join(_short(term_of(atom)) for atom in self.body)
        return f"{self.kind}: {given} -> {_short(self.writes)}"

    @property
    def reads(self) -> frozenset[URIRef]:
        """The classes and properties whose triples `body` looks at."""
        return frozenset(term_of(atom) for atom in self.body)

    @property
    def writes(self) -> URIRef:
        """The class or property whose triples it makes."""
        return term_of(self.head)

    @property
    def where(self) -> str:
        """`body` as a SPARQL group graph pattern, without its braces.

        It may match where the subject of `head` is a literal: a CONSTRUCT leaves such triples out by itself,
        and the engine takes long to look at each term.
        """
        return " ".join(map(_text, self.body))

    @property
    def then(self) -> str:
        """`head` in SPARQL."""
        return _text(self.head)


def term_of(triple: tuple[Node, Node, Node]) -> URIRef:
    """The class or property that a triple says something with: its class when it states a type.

    >>> term_of((_X, RDF.type, OWL.Ontology)) == OWL.Ontology
    True
    """
    _, predicate, value = triple
    return cast(URIRef, value if predicate == RDF.type else predicate)


def is_axiom(triple: tuple[Node, Node, Node]) -> bool:
    """Whether a triple of an ontology can make a difference to its rules; a label cannot, for one."""
    form = term_of(triple)
    return form in _READ_BESIDE_OWL or form.startswith(PREFIXES["owl"])


def rules(ontology: Graph) -> list[Rule]:
    """The rules of `ontology`, all its modules in one graph, sorted by name.

    Raises `UnsupportedAxiom` for an axiom that no rule can express.
    """
    _refuse_rings(ontology)
    _refuse_unknown_forms(ontology)
    found = {
        *_class_rules(ontology),
        *_property_rules(ontology),
        *_type_rules(ontology),
        *_chain_rules(ontology),
    }
    telling = [rule for rule in found if rule.head not in rule.body]
    return sorted(telling, key=lambda rule: (rule.name, rule.where))


def _class_rules(ontology: Graph) -> Iterator[Rule]:
    """Subclasses and equivalent classes, named or described."""
    implied = [("subclass", part, whole) for part, whole in ontology.subject_objects(RDFS.subClassOf)]
    for one, other in ontology.subject_objects(OWL.equivalentClass):
        implied += [("equivalent class", one, other), ("equivalent class", other, one)]
    for kind, part, whole in implied:
        for body, head in product(_conditions(ontology, part, _X, count()), _consequences(ontology, whole)):
            if not body:
                raise UnsupportedAxiom(whole, "is said to hold everything there is")
            yield Rule(kind, body, head)


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
        turned = kind in ("inverse", "symmetric")
        yield Rule(kind, ((_X, given, _Y),), (_Y, derived, _X) if turned else (_X, derived, _Y))


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
            atom = (_X, given, _Y) if kind == "domain" else (_Y, given, _X)
            for head in _consequences(ontology, end):
                yield Rule(kind, (atom,), head)


def _chain_rules(ontology: Graph) -> Iterator[Rule]:
    """Property chains; a transitive property is a chain of itself."""
    chains = [
        ("chain", [*_members(ontology, derived, links), derived])
        for derived, links in ontology.subject_objects(OWL.propertyChainAxiom)
    ]
    chains += [("transitive", [term] * 3) for term in ontology.subjects(RDF.type, OWL.TransitiveProperty)]
    for kind, terms in chains:
        if found := _properties(ontology, terms):
            *links, derived = found
            stops = [_X, *(Variable(f"x{number}") for number in range(1, len(links))), _Y]
            body = tuple(
                (start, link, end) for link, (start, end) in zip(links, pairwise(stops), strict=True)
            )
            yield Rule(kind, body, (_X, derived, _Y))


def _conditions(
    ontology: Graph, described: Node, variable: Variable, numbers: Iterator[int]
) -> list[tuple[Atom, ...]]:
    """The patterns, any of which shows that `variable` is in a class, named or described.

    numbers: where the names of further variables come from.
    """
    if described in _EVERYTHING:
        return [()]
    if isinstance(described, URIRef):
        return [((variable, RDF.type, described),)]
    form, given = _form(ontology, described)
    if form == OWL.unionOf:
        members = _members(ontology, described, given)
        return [one for member in members for one in _conditions(ontology, member, variable, numbers)]
    if form == OWL.intersectionOf:
        members = _members(ontology, described, given)
        choices = product(*(_conditions(ontology, member, variable, numbers) for member in members))
        return [tuple(chain.from_iterable(choice)) for choice in choices]
    term = _property_of(ontology, described)
    if form == OWL.hasValue:
        return [((variable, term, given),)]
    value = Variable(f"v{next(numbers)}")
    return [((variable, term, value), *filler) for filler in _conditions(ontology, given, value, numbers)]


def _consequences(ontology: Graph, described: Node) -> list[Atom]:
    """What follows when ?x is in a class, named or described."""
    if described in _EVERYTHING:
        return []
    if isinstance(described, URIRef):
        return [(_X, RDF.type, described)]
    form, given = _form(ontology, described)
    if form == OWL.intersectionOf:
        return [
            one for member in _members(ontology, described, given) for one in _consequences(ontology, member)
        ]
    if form == OWL.hasValue:
        return [(_X, _property_of(ontology, described), given)]
    return []  # a union or "some value" says that one of several holds, or that something unnamed exists


def _text(atom: Atom) -> str:
    subject, predicate, value = (term.n3() for term in atom)
    return f"{subject} {'a' if atom[1] == RDF.type else predicate} {value} ."


def _form(ontology: Graph, described: Node) -> tuple[Node, Node]:
    """How an unnamed class is described: the form of its expression, and what that is given."""
    found = [(form, given) for form, given in ontology.predicate_objects(described) if form in _EXPRESSIONS]
    if len(found) != 1:
        raise UnsupportedAxiom(_owner(ontology, described), "uses an unnamed class that is not described")
    if found[0][0] == OWL.hasValue and isinstance(found[0][1], BNode):
        raise UnsupportedAxiom(_owner(ontology, described), "gives an unnamed thing as value")
    return found[0]


def _members(ontology: Graph, user: Node, start: Node) -> list[Node]:
    """The members of a list that `user` uses, one at least. Raises `UnsupportedAxiom` for what is no list."""
    found: list[Node] = []
    node, seen = start, set[Node]()
    while node != RDF.nil:
        firsts, rests = [*ontology.objects(node, RDF.first)], [*ontology.objects(node, RDF.rest)]
        if len(firsts) != 1 or len(rests) != 1 or node in seen:
            break
        seen.add(node)
        found += firsts
        node = rests[0]
    if node != RDF.nil or not found:
        raise UnsupportedAxiom(_owner(ontology, user), "uses a list that is empty or broken")
    return found


def _property_of(ontology: Graph, restriction: Node) -> URIRef:
    term = ontology.value(restriction, OWL.onProperty)
    if not isinstance(term, URIRef):
        raise UnsupportedAxiom(_owner(ontology, restriction), "uses a restriction on no named property")
    if term == RDF.type:
        raise UnsupportedAxiom(_owner(ontology, restriction), "uses a restriction on rdf:type")
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


def _refuse_rings(ontology: Graph) -> None:
    """Raises `UnsupportedAxiom` for an unnamed term that is described by itself."""
    parts: dict[Node, set[Node]] = {}
    for subject, _, value in ontology:
        if isinstance(subject, BNode) and isinstance(value, BNode):
            parts.setdefault(subject, set()).add(value)
            parts.setdefault(value, set())
    try:
        list(TopologicalSorter(parts).static_order())
    except CycleError as error:
        raise UnsupportedAxiom(_owner(ontology, error.args[1][0]), "is described by itself") from None


def _owner(ontology: Graph, node: Node) -> Node:
    """The named term whose axiom an unnamed one is part of."""
    above = ontology.transitive_subjects(None, node)
    return next((term for term in above if term is not None and not isinstance(term, BNode)), RDFS.Resource)


def _short(term: Node) -> str:
    """`term` with its usual prefix, or as it is."""
    fitting = [(len(base), prefix) for prefix, base in PREFIXES.items() if str(term).startswith(base)]
    if not fitting:
        return str(term)
    length, prefix = max(fitting)
    return f"{prefix}:{str(term)[length:]}"
