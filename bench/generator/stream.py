"""Writes generated data, block after block, as N-Quads: as much as is asked for, in little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random

from rdflib import RDF, RDFS, Graph, URIRef

from bench.generator.fields import Field, Fields
from bench.generator.plan import Block, Thing
from bench.generator.values import Make, expanded, maker
from bench.generator.world import World
from kb.errors import NotUnderstood
from kb.terms import DEF, GRAPH

OPTIONAL = 0.4
"""How likely a thing has a property that it need not have."""


class Generator:
    """Makes data for `world` that keeps `shapes`, the same for the same `seed`."""

    def __init__(self, shapes: Graph, ontology: Graph, world: World, seed: int) -> None:
        self._fields, self._ontology = Fields(shapes, ontology), ontology
        self._world, self._seed = world, seed
        self._filling: dict[str, list[tuple[str, Field, Make | None]]] = {}
        self._graphs: dict[str, str] = {}

    def lines(self) -> Iterator[list[str]]:
        """Lines of N-Quads without end, a block at a time."""
        for number in count():
            block = Block(number, self._seed, self._world)
            yield [line for thing in block.things() for line in self._lines(thing, block.random)]

    def write(self, file: Path, triples: int, told: Callable[[int], None]) -> int:
        """Writes at least `triples` lines, to the end of a block, to `file`. Out: how many.

        told: is told how many lines are written. Raises `NotUnderstood` for a class of the plan with a
        property that it must have and that neither the plan nor the shapes give a value for.
        """
        written = 0
        with file.open("w", encoding="utf-8") as out:
            for lines in self.lines():
                out.writelines(lines)
                written += len(lines)
                told(written)
                if written >= triples:
                    return written
        raise AssertionError("blocks never end")

    def _lines(self, thing: Thing, random: Random) -> Iterator[str]:
        graph = self._graph(thing.kind)
        yield f"{thing.iri} {RDF.type.n3()} {expanded(thing.kind)} {graph} .\n"
        facts = {expanded(name): values for name, values in thing.facts.items()}
        for path, field, make in self._filling_of(thing.kind):
            if path in facts:
                continue
            if field.least > 1 or (field.least and make is None):
                raise NotUnderstood(f"The plan gives {thing.kind} no {path}, and the shapes ask for it.")
            if make and (field.least or random.random() < OPTIONAL):
                facts[path] = [make(random)]
        for path, values in facts.items():
            for value in values:
                yield f"{thing.iri} {path} {value} {graph} .\n"

    def _filling_of(self, kind: str) -> list[tuple[str, Field, Make | None]]:
        if kind not in self._filling:
            self._filling[kind] = [
                (field.path.n3(), field, maker(field, self._world))
                for field in self._fields.of(URIRef(expanded(kind)[1:-1]))
            ]
        return self._filling[kind]

    def _graph(self, kind: str) -> str:
        """The graph of things of a class: one a module of the ontology, and one for foreign classes."""
        if kind not in self._graphs:
            module = str(self._ontology.value(URIRef(expanded(kind)[1:-1]), RDFS.isDefinedBy))
            name = module.removeprefix(DEF["module/"]) if module.startswith(DEF["module/"]) else "other"
            self._graphs[kind] = GRAPH[f"bench/{name}"].n3()
        return self._graphs[kind]
