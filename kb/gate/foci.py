"""The focus nodes of a shape as a graph pattern, so that one query can stand for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.term import Node

from kb.gate.constraints import Shape, Targets


@dataclass(frozen=True)
class Foci:
    """Focus nodes: the pattern that binds the variable `node` to each of them, some maybe several times.

    depth: how many shapes with a path led here from the target. outer, ways: for the values of a property
    shape, its focus nodes and a SELECT of (focus node, value), each pair once. given: the focus nodes,
    where they were named. few: whether they, or those that they are values of, were.
    """

    pattern: str
    depth: int = 0
    outer: Foci | None = None
    ways: str = ""
    given: tuple[Node, ...] = ()
    few: bool = False

    @property
    def node(self) -> str:
        """The variable of the focus nodes."""
        return f"?n{self.depth}"

    @property
    def value(self) -> str:
        """The variable of their values."""
        return f"?n{self.depth + 1}"

    def values(self, shape: Shape) -> str:
        """The pattern that binds `node` to each focus node and `value` to each of its values."""
        itself = f"{self.pattern} BIND({self.node} AS {self.value})"
        if shape.path is None:
            return itself
        reached = f"{self.pattern} {self.node} {shape.path} {self.value} ."
        # The engine starts a path of no steps only at nodes that stand in the data.
        return f"{{ {reached} }} UNION {{ {itself} }}" if shape.stays else reached

    def at_values(self, shape: Shape) -> Foci:
        """The values of these focus nodes as focus nodes."""
        values = self.values(shape)
        pattern = f"{{ SELECT DISTINCT {self.value} {{ {values} }} }}"
        ways = f"SELECT DISTINCT {self.node} {self.value} {{ {values} }}"
        return Foci(pattern, self.depth + 1, self, ways, few=self.few)


def given(nodes: Iterable[Node]) -> Foci:
    """These focus nodes, at least one, none of them a blank node."""
    named = tuple(nodes)
    return Foci(f"VALUES ?n0 {{ {' '.join(node.n3() for node in named)} }}", given=named, few=True)


def targeted(targets: Targets, classes: list[URIRef]) -> Foci:
    """The focus nodes that a target gives. classes: its classes with all their subclasses."""
    parts = []
    if targets.nodes:
        parts.append(f"VALUES ?n0 {{ {' '.join(node.n3() for node in targets.nodes)} }}")
    if len(classes) == 1:
        parts.append(f"?n0 a {classes[0].n3()} .")
    elif classes:
        parts.append(f"?n0 a ?c . VALUES ?c {{ {' '.join(each.n3() for each in classes)} }}")
    parts += [f"{{ SELECT DISTINCT ?n0 {{ ?n0 {each.n3()} ?o }} }}" for each in targets.subjects_of]
    parts += [f"{{ SELECT DISTINCT ?n0 {{ ?s {each.n3()} ?n0 }} }}" for each in targets.objects_of]
    return Foci(parts[0] if len(parts) == 1 else " UNION ".join(f"{{ {part} }}" for part in parts))
