"""Reads a shapes graph, and refuses what it does not know: a constraint must never pass by being overlooked.

Refused are unknown terms of SHACL's namespace (a misspelt sh:maxcount), shapes that refer to themselves,
malformed lists, paths and values, and what is not of SHACL 1.0, core or SPARQL-based constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import NotUnderstood
from kb.gate.constraints import (
    AtLeast,
    AtMost,
    Closed,
    Compares,
    Conforms,
    Constraint,
    Disjoint,
    Equals,
    HasValue,
    InClass,
    InLanguages,
    Length,
    Limit,
    OfDatatype,
    OfKind,
    OncePerLanguage,
    OneOf,
    Pattern,
    Qualified,
    Shape,
    Targets,
)
from kb.gate.shape_sparql import Component, components, custom_constraint, sparql_constraint
from kb.gate.shape_values import BadShapes, iri, number, only, several, term_name, text, truth
from kb.paths import may_stay, members, path_text
from kb.report import severity_name, to_messages

_KINDS: Final[Mapping[Node, tuple[str, ...]]] = {
    SH.IRI: ("IRI",),
    SH.BlankNode: ("Blank",),
    SH.Literal: ("Literal",),
    SH.BlankNodeOrIRI: ("Blank", "IRI"),
    SH.BlankNodeOrLiteral: ("Blank", "Literal"),
    SH.IRIOrLiteral: ("IRI", "Literal"),
}
_TARGETS: Final = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
_DEEPEST: Final = 30

_LIMITS: Final = {"minInclusive": ">=", "minExclusive": ">", "maxInclusive": "<=", "maxExclusive": "<"}
_LENGTHS: Final = {"minLength": ">=", "maxLength": "<="}
_COMPARES: Final = {"lessThan": "<", "lessThanOrEquals": "<="}
_LOGICAL: Final = ("and", "or", "xone")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PROPERTY_ONLY: Final = _names("minCount maxCount uniqueLang lessThan lessThanOrEquals qualifiedValueShape")
_PARAMETERS: Final = _names(
    "class datatype nodeKind minExclusive minInclusive maxExclusive maxInclusive minLength maxLength pattern "
    "flags languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and or xone node property in "
    "qualifiedValueShape qualifiedValueShapesDisjoint qualifiedMinCount qualifiedMaxCount closed "
    "ignoredProperties hasValue minCount maxCount sparql"
)
_JOINED: Final = _names(
    "pattern flags closed ignoredProperties qualifiedValueShape qualifiedMinCount qualifiedMaxCount"
)
_OTHER_PREDICATES: Final = _names(
    "path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath targetNode targetClass "
    "targetSubjectsOf targetObjectsOf severity message deactivated name description order group defaultValue "
    "prefixes declare prefix namespace select ask validator nodeValidator propertyValidator parameter "
    "optional labelTemplate shapesGraph suggestedShapesGraph conforms result resultSeverity resultPath "
    "resultMessage focusNode value sourceShape sourceConstraint sourceConstraintComponent detail "
    "shapesGraphWellFormed"
)
_TYPES: Final = _names(
    "NodeShape PropertyShape PropertyGroup SPARQLConstraint SPARQLAskValidator SPARQLSelectValidator "
    "ConstraintComponent Parameter PrefixDeclaration ValidationReport ValidationResult Shape"
)


def read_shapes(graph: Graph) -> dict[Node, Shape]:
    """Every shape of `graph` that has a target, or is typed as a shape: node -> shape, sorted by node.

    Raises `BadShapes`, or another `NotUnderstood` for a list or path, naming the shape.
    """
    _refuse_unknown_terms(graph)
    reader = _ShapeReader(graph)
    named = {shape for kind in (SH.NodeShape, SH.PropertyShape) for shape in graph.subjects(RDF.type, kind)}
    targeted = {shape for target in _TARGETS for shape in graph.subjects(target, None)}
    return {node: reader.shape(node, ()) for node in sorted(named | targeted, key=str)}


def _refuse_unknown_terms(graph: Graph) -> None:
    for subject, predicate, value in graph:
        if _local(predicate) and _local(predicate) not in _PARAMETERS | _OTHER_PREDICATES:
            raise BadShapes(f"{term_name(predicate)}, used by {term_name(subject)}, is not checked here.")
        if predicate == RDF.type and _local(value) and _local(value) not in _TYPES:
            raise BadShapes(f"{term_name(value)}, the class of {term_name(subject)}, is not known here.")


def _local(term: Node) -> str | None:
    """What follows SHACL's namespace, None for a term outside it."""
    text = str(term)
    return text.removeprefix(str(SH)) if text.startswith(str(SH)) else None


def _component(name: str) -> URIRef:
    """The IRI of the constraint component whose parameter is sh:`name`."""
    return SH[f"{name[0].upper()}{name[1:]}ConstraintComponent"]


class _ShapeReader:
    """Reads shapes of one graph, each once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.components: list[Component] = components(graph)
        self.classes = {RDFS.Class, *graph.transitive_subjects(RDFS.subClassOf, RDFS.Class)}
        self.read: dict[Node, Shape] = {}
        self.depth: dict[Node, int] = {}

    def shape(self, node: Node, trail: tuple[Node, ...]) -> Shape:
        """The shape at `node`. trail: the shapes that led to it."""
        if node in trail:
            raise BadShapes(f"{term_name(node)} refers to itself; recursive shapes cannot be checked.")
        if node not in self.read:
            try:
                shape = self._read(node, (*trail, node))
            except BadShapes:
                raise
            except NotUnderstood as error:
                raise BadShapes(f"{term_name(node)}: {error}") from error
            self.depth[node] = 1 + max((self.depth[part.node] for part in shape.parts()), default=0)
            self.read[node] = shape
        if len(trail) + self.depth[node] > _DEEPEST:
            raise BadShapes(f"{term_name((*trail, node)[0])} refers to shapes more than {_DEEPEST} deep.")
        return self.read[node]

    def _read(self, node: Node, trail: tuple[Node, ...]) -> Shape:
        graph = self.graph
        if len(trail) > _DEEPEST:
            raise BadShapes(f"{term_name(trail[0])} refers to shapes more than {_DEEPEST} deep.")
        if isinstance(node, Literal) or (isinstance(node, URIRef) and (node, None, None) not in graph):
            raise BadShapes(f"There is no shape {node.n3()}.")
        at = only(graph, node, SH.path)
        path = None if at is None else path_text(graph, at)
        if path is None and (node, RDF.type, SH.PropertyShape) in graph:
            raise BadShapes(f"The property shape {term_name(node)} has no sh:path.")
        if path and (node, RDF.type, SH.NodeShape) in graph:
            raise BadShapes(f"{term_name(node)} has a sh:path, so it is no sh:NodeShape.")
        properties = several(graph, node, SH.property)
        for part in properties:
            if (part, SH.path, None) not in graph:
                raise BadShapes(f"{term_name(part)}, a sh:property of {term_name(node)}, has no sh:path.")
        return Shape(
            node=node,
            path=path,
            stays=at is not None and may_stay(graph, at),
            severity=self._severity(node),
            messages=to_messages(several(graph, node, SH.message)),
            deactivated=truth(only(graph, node, SH.deactivated), f"sh:deactivated of {term_name(node)}"),
            targets=self._targets(node),
            constraints=tuple(self._constraints(node, path, trail)),
            properties=tuple(self.shape(part, trail) for part in properties),
        )

    def _severity(self, node: Node) -> str:
        what = f"sh:severity of {term_name(node)}"
        said = only(self.graph, node, SH.severity)
        severity = SH.Violation if said is None else iri(said, what)
        if severity.startswith(str(SH)) and severity not in (SH.Violation, SH.Warning, SH.Info):
            raise BadShapes(f"{what} is {term_name(severity)}, which does not exist.")
        return severity_name(severity)

    def _targets(self, node: Node) -> Targets:
        def iris(predicate: URIRef) -> tuple[URIRef, ...]:
            what = f"{term_name(predicate)} of {term_name(node)}"
            return tuple(iri(value, what) for value in several(self.graph, node, predicate))

        nodes = tuple(several(self.graph, node, SH.targetNode))
        if any(isinstance(target, BNode) for target in nodes):
            raise BadShapes(f"sh:targetNode of {term_name(node)} is a blank node, which names nothing.")
        classes = iris(SH.targetClass)
        if isinstance(node, URIRef) and not self.classes.isdisjoint(self.graph.objects(node, RDF.type)):
            classes = (*classes, node)
        return Targets(nodes, classes, iris(SH.targetSubjectsOf), iris(SH.targetObjectsOf))

    def _constraints(self, node: Node, path: str | None, trail: tuple[Node, ...]) -> list[Constraint]:
        graph, found = self.graph, list[Constraint]()
        said = {_local(predicate) for predicate in graph.predicates(node)}
        for name in sorted(_PARAMETERS & said):
            if path is None and name in _PROPERTY_ONLY:
                raise BadShapes(f"sh:{name} needs a path, and {term_name(node)} has none.")
            if name in _READ_ONCE:
                only(graph, node, SH[name])
            for value in several(graph, node, SH[name]):
                if name in _READ:
                    found += _READ[name](graph, value, f"sh:{name} of {term_name(node)}", _component(name))
                elif name in ("not", "node", *_LOGICAL):
                    found.append(self._conforms(name, value, trail))
                elif name == "sparql":
                    found += filter(None, [sparql_constraint(graph, node, path, value)])
        if said & _JOINED:
            found += self._pattern(node) + self._closed(node) + self._qualified(node, trail)
        found += filter(None, (custom_constraint(graph, node, path, own) for own in self.components))
        return found

    def _conforms(self, name: str, value: Node, trail: tuple[Node, ...]) -> Conforms:
        nodes = members(self.graph, value) if name in _LOGICAL else [value]
        shapes = tuple(self.shape(node, trail) for node in nodes)
        if name == "node" and shapes[0].path is not None:
            raise BadShapes(f"{term_name(value)} is a property shape; sh:node takes a node shape.")
        return Conforms(component=_component(name), kind=name, shapes=shapes)

    def _pattern(self, node: Node) -> list[Constraint]:
        pattern, flags = only(self.graph, node, SH.pattern), only(self.graph, node, SH.flags)
        if pattern is None:
            if flags is not None:
                raise BadShapes(f"{term_name(node)} has sh:flags without sh:pattern.")
            return []
        what = f"sh:pattern of {term_name(node)}"
        said = text(pattern, what)
        modes = "" if flags is None else text(flags, f"sh:flags of {term_name(node)}")
        return [Pattern(component=_component("pattern"), pattern=said, flags=modes)]

    def _closed(self, node: Node) -> list[Constraint]:
        graph, what = self.graph, f"sh:ignoredProperties of {term_name(node)}"
        ignored = only(graph, node, SH.ignoredProperties)
        allowed = [] if ignored is None else [iri(each, what) for each in members(graph, ignored)]
        if not truth(only(graph, node, SH.closed), f"sh:closed of {term_name(node)}"):
            return []
        paths = [only(graph, part, SH.path) for part in several(graph, node, SH.property)]
        allowed += [path for path in paths if isinstance(path, URIRef)]
        return [Closed(component=_component("closed"), allowed=tuple(sorted(set(allowed))))]

    def _qualified(self, node: Node, trail: tuple[Node, ...]) -> list[Constraint]:
        graph, name = self.graph, term_name(node)
        value = only(graph, node, SH.qualifiedValueShape)
        counts = {
            SH.qualifiedMinCount: ">=",
            SH.qualifiedMaxCount: "<=",
        }
        said = {each: only(graph, node, each) for each in counts}
        if value is None:
            if any(count is not None for count in said.values()):
                raise BadShapes(f"{name} counts values without a sh:qualifiedValueShape.")
            return []
        if all(count is None for count in said.values()):
            raise BadShapes(f"{name} has a sh:qualifiedValueShape and counts nothing.")
        apart = truth(only(graph, node, SH.qualifiedValueShapesDisjoint), f"the disjointness of {name}")
        shape, siblings = self.shape(value, trail), self._siblings(node, value, trail) if apart else ()
        return [
            Qualified(
                component=_component(predicate.removeprefix(str(SH))),
                operator=operator,
                count=number(count, f"{term_name(predicate)} of {name}"),
                shape=shape,
                siblings=siblings,
            )
            for predicate, operator in counts.items()
            if (count := said[predicate]) is not None
        ]

    def _siblings(self, node: Node, value: Node, trail: tuple[Node, ...]) -> tuple[Shape, ...]:
        """The other qualified value shapes of the shapes that `node` is a property of."""
        found = {
            sibling
            for parent in self.graph.subjects(SH.property, node)
            for part in self.graph.objects(parent, SH.property)
            for sibling in self.graph.objects(part, SH.qualifiedValueShape)
        } - {value}
        return tuple(self.shape(sibling, trail) for sibling in sorted(found, key=lambda each: each.n3()))


Read = Callable[[Graph, Node, str, URIRef], list[Constraint]]


def _limit(operator: str) -> Read:
    def read(_: Graph, value: Node, what: str, component: URIRef) -> list[Constraint]:
        if not isinstance(value, Literal):
            raise BadShapes(f"{what} has to be a literal, not {value.n3()}.")
        return [Limit(component=component, operator=operator, literal=value)]

    return read


def _length(operator: str) -> Read:
    return lambda _, value, what, component: [
        Length(component=component, operator=operator, length=number(value, what))
    ]


def _compares(operator: str) -> Read:
    return lambda _, value, what, component: [
        Compares(component=component, operator=operator, property=iri(value, what))
    ]


def _kind(_: Graph, value: Node, what: str, component: URIRef) -> list[Constraint]:
    if value not in _KINDS:
        raise BadShapes(f"{what} cannot be {value.n3()}.")
    return [OfKind(component=component, kinds=_KINDS[value])]


def _once_per_language(_: Graph, value: Node, what: str, component: URIRef) -> list[Constraint]:
    return [OncePerLanguage(component=component)] if truth(value, what) else []


def _languages(graph: Graph, value: Node, what: str, component: URIRef) -> list[Constraint]:
    return [
        InLanguages(component=component, languages=tuple(text(each, what) for each in members(graph, value)))
    ]


_READ: Final[Mapping[str, Read]] = {
    "class": lambda _, value, what, component: [InClass(component=component, of=iri(value, what))],
    "datatype": lambda _, value, what, component: [
        OfDatatype(component=component, datatype=iri(value, what))
    ],
    "nodeKind": _kind,
    "languageIn": _languages,
    "uniqueLang": _once_per_language,
    "in": lambda graph, value, _, component: [OneOf(component=component, terms=tuple(members(graph, value)))],
    "hasValue": lambda _, value, __, component: [HasValue(component=component, term=value)],
    "equals": lambda _, value, what, component: [Equals(component=component, property=iri(value, what))],
    "disjoint": lambda _, value, what, component: [Disjoint(component=component, property=iri(value, what))],
    "minCount": lambda _, value, what, component: [AtLeast(component=component, count=number(value, what))],
    "maxCount": lambda _, value, what, component: [AtMost(component=component, count=number(value, what))],
    **{name: _limit(operator) for name, operator in _LIMITS.items()},
    **{name: _length(operator) for name, operator in _LENGTHS.items()},
    **{name: _compares(operator) for name, operator in _COMPARES.items()},
}
_READ_ONCE: Final = _names(
    "datatype nodeKind languageIn uniqueLang in minCount maxCount minLength maxLength"
) | frozenset(_LIMITS)
