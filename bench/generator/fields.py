"""What the shapes ask of a thing of each class, property by property."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.term import Node

from kb.gate.constraints import AtLeast, AtMost, Closed, Constraint, Shape
from kb.gate.shape_graph import read_shapes


@dataclass(frozen=True)
class Field:
    """One property of one class, as all shapes together see it.

    least, most: how many values, `most` None when there is no limit; hints and warnings count too.
    constraints: what each value has to keep.
    """

    path: URIRef
    least: int
    most: int | None
    constraints: tuple[Constraint, ...]


class Fields:
    """The fields of every class, from the shapes and the class hierarchy of the ontology."""

    def __init__(self, shapes: Graph, ontology: Graph) -> None:
        self._shapes: Mapping[Node, Shape] = read_shapes(shapes)
        self._ontology = ontology
        self.of = cache(self._of)

    def _of(self, kind: URIRef) -> tuple[Field, ...]:
        """The fields of class `kind`, sorted by property; only properties, no longer paths."""
        classes = set(self._ontology.transitive_objects(kind, RDFS.subClassOf))
        about = [shape for shape in self._shapes.values() if classes & set(shape.targets.classes)]
        found: dict[URIRef, list[Constraint]] = {}
        for shape in about:
            for path, part in _simple(shape.properties):
                found.setdefault(path, []).extend(part.constraints)
        for path, constraints in found.items():
            for shape in self._shapes.values():
                if path in shape.targets.subjects_of:
                    constraints += [
                        one
                        for at, part in _simple(shape.properties)
                        if at == path
                        for one in part.constraints
                    ]
        for path in set(found) - _allowed(about, set(found)):
            del found[path]
        return tuple(_field(path, found[path]) for path in sorted(found))


def _simple(parts: Iterable[Shape]) -> list[tuple[URIRef, Shape]]:
    """The property shapes whose path is one property, with that property."""
    return [
        (URIRef(match[1]), part) for part in parts if (match := re.fullmatch(r"<([^>]*)>", part.path or ""))
    ]


def _allowed(shapes: list[Shape], properties: set[URIRef]) -> set[URIRef]:
    """The `properties` that no closed shape forbids."""
    closed = [set(one.allowed) for shape in shapes for one in shape.constraints if isinstance(one, Closed)]
    return properties.intersection(*closed) - {RDF.type}


def _field(path: URIRef, constraints: list[Constraint]) -> Field:
    most = [one.count for one in constraints if isinstance(one, AtMost)]
    return Field(
        path,
        max((one.count for one in constraints if isinstance(one, AtLeast)), default=0),
        min(most) if most else None,
        tuple(one for one in constraints if not isinstance(one, AtLeast | AtMost)),
    )
