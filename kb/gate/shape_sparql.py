"""Reads constraints in SPARQL from a shapes graph: sh:sparql, and constraint components of one's own.

Source: SHACL sections 5 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rdflib import OWL, RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import BNode, Node

from kb.errors import KnowledgeBaseError
from kb.gate.constraints import Sparql
from kb.gate.shape_values import BadShapes, iri, only, several, term_name, text, truth
from kb.gate.sparql_body import open_body
from kb.report import to_messages

_RESERVED = frozenset(("this", "shapesGraph", "currentShape", "path", "PATH", "value"))
_NOT_IN_STRINGS = r"""(?P<keep>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>\s]*>|\#[^\n]*)|"""


@dataclass(frozen=True)
class Component:
    """A constraint component of one's own. parameters: variable name -> (property, whether optional)."""

    node: URIRef
    parameters: Mapping[str, tuple[URIRef, bool]]


def components(graph: Graph) -> list[Component]:
    """The constraint components that `graph` declares. Raises `BadShapes`."""
    classes = {SH.ConstraintComponent, *graph.transitive_subjects(RDFS.subClassOf, SH.ConstraintComponent)}
    nodes = {
        iri(node, "A constraint component") for each in classes for node in graph.subjects(RDF.type, each)
    }
    return [_component(graph, node) for node in sorted(nodes)]


def _component(graph: Graph, node: URIRef) -> Component:
    parameters: dict[str, tuple[URIRef, bool]] = {}
    for parameter in several(graph, node, SH.parameter):
        path = iri(only(graph, parameter, SH.path), f"The path of a parameter of {node}")
        name = re.split("[/#]", path)[-1]
        if name in _RESERVED or not re.fullmatch(r"[A-Za-z_]\w*", name) or name in parameters:
            raise BadShapes(f"The parameter {path} of {node} cannot be used as a variable in a query.")
        parameters[name] = (path, truth(only(graph, parameter, SH.optional), f"sh:optional of {path}"))
    if all(optional for _, optional in parameters.values()):
        raise BadShapes(f"The constraint component {node} needs a parameter that is not optional.")
    return Component(node, parameters)


def custom_constraint(graph: Graph, shape: Node, path: str | None, component: Component) -> Sparql | None:
    """The constraint that `component` puts on `shape`, None when a parameter is missing there.

    path: of the shape. Raises `BadShapes`.
    """
    bound: dict[str, Node] = {}
    for name, (parameter, optional) in component.parameters.items():
        value = only(graph, shape, parameter)
        if isinstance(value, BNode):
            raise BadShapes(f"The value of {parameter} at {term_name(shape)} is a blank node.")
        if value is not None:
            bound[name] = value
        elif not optional:
            return None
    specific = SH.nodeValidator if path is None else SH.propertyValidator
    validator = only(graph, component.node, specific) or only(graph, component.node, SH.validator)
    if validator is None:
        raise BadShapes(f"{component.node} has no validator for {term_name(shape)}.")
    return _constraint(graph, shape, path, validator, component.node, bound)


def sparql_constraint(graph: Graph, shape: Node, path: str | None, node: Node) -> Sparql | None:
    """The sh:sparql constraint at `node`, None when it is deactivated. Raises `BadShapes`."""
    if truth(only(graph, node, SH.deactivated), f"sh:deactivated of a constraint of {term_name(shape)}"):
        return None
    if only(graph, node, SH.select) is None:
        raise BadShapes(f"A SPARQL constraint of {term_name(shape)} has no sh:select.")
    return _constraint(graph, shape, path, node, SH.SPARQLConstraintComponent, {})


def _constraint(
    graph: Graph, shape: Node, path: str | None, node: Node, component: URIRef, bound: dict[str, Node]
) -> Sparql:
    ask, select = only(graph, node, SH.ask), only(graph, node, SH.select)
    found = select if ask is None else ask
    if found is None or (ask is not None and select is not None):
        raise BadShapes(f"{term_name(node)} needs either sh:ask or sh:select.")
    name = term_name(shape if isinstance(node, BNode) else node)
    body = text(found, f"The query of {name}")
    if _uses("shapesGraph", body):
        raise BadShapes(f"The query of {name} uses $shapesGraph, which is not available here.")
    if _uses("PATH", body):
        if path is None:
            raise BadShapes(f"The query of {name} uses $PATH, but {term_name(shape)} has no path.")
        body = _with_path(body, path)
    if _uses("currentShape", body) and isinstance(shape, URIRef):
        bound = bound | {"currentShape": shape}
    query = (
        "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in _prefixes(graph, node).items()) + body
    )
    given = {"this", *bound} | (set() if ask is None else {"value"})
    try:
        open_body(query, given, ("currentShape",))
    except KnowledgeBaseError as error:
        raise BadShapes(f"The query of {name}: {error}") from error
    return Sparql(
        component=component,
        node=node,
        query=query,
        asks=ask is not None,
        bound=bound,
        messages=to_messages(graph.objects(node, SH.message)),
    )


def _uses(name: str, query: str) -> bool:
    return re.search(rf"[?$]{name}\b", query) is not None


def _with_path(query: str, path: str) -> str:
    """`query` with the path in the place of $PATH."""
    put = path if re.fullmatch("<[^<>]*>", path) else f"({path})"
    return re.sub(_NOT_IN_STRINGS + r"[?$]PATH\b", lambda found: found["keep"] or put, query)


def _prefixes(graph: Graph, node: Node) -> dict[str, str]:
    """Prefix -> namespace, from the declarations that `node` names and those that they import."""
    found: dict[str, str] = {}
    waiting, seen = several(graph, node, SH.prefixes), set()
    while waiting:
        holder = waiting.pop()
        if holder in seen:
            continue
        seen.add(holder)
        waiting += several(graph, holder, OWL.imports)
        for declaration in several(graph, holder, SH.declare):
            prefix = text(only(graph, declaration, SH.prefix), "sh:prefix")
            space = only(graph, declaration, SH.namespace)
            if not isinstance(space, Literal | URIRef) or found.get(prefix, str(space)) != str(space):
                raise BadShapes(f"The prefix {prefix} has no namespace, or two.")
            found[prefix] = str(space)
    return found
