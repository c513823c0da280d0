"""Three ways to ask all named graphs at once, which led to the stored default graph.

This alone asks Oxigraph without the engine's contract, because the contract offers one way only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from zlib import crc32

import pyoxigraph as ox

from bench.measuring import Act, Measured, Prepare, Told, side_by_side
from kb.terms import DEF, GRAPH

GRAPHS = 40
"""Over how many named graphs the data is spread."""

_JOIN = f"""
SELECT (COUNT(*) AS ?count) {{
  ?partnership <{DEF.hasMembership}> ?membership .
  ?membership <{DEF.member}> ?body .
  ?body <{DEF.locatedIn}> ?region .
  ?partnership <{DEF.theme}> ?theme .
}}
"""
_COUNT = f"SELECT (COUNT(*) AS ?count) {{ ?organisation <{DEF.establishedIn}> ?country }}"


def default_graph(file: Path, runs: int, told: Told) -> list[Measured]:
    """A join, and a count of triples that each stand in two graphs, on `file` spread over 40 graphs."""
    names = [ox.NamedNode(str(GRAPH[f"bench/{number}"])) for number in range(GRAPHS)]
    named, stored = ox.Store(), ox.Store()
    named.bulk_extend(_spread(file, names))
    stored.bulk_extend(_spread(file, names))
    stored.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in _spread(file, names))

    ways: dict[str, Callable[[str], object]] = {
        "union flag": lambda text: named.query(text, use_default_graph_as_union=True),
        f"list of {GRAPHS} graphs": lambda text: named.query(text, default_graph=[*names]),
        "stored default graph": lambda text: stored.query(text),
    }

    def asking(way: Callable[[str], object], text: str) -> Act:
        return lambda: _counted(way(text))

    found: list[Measured] = []
    for what, text in (("join", _JOIN), ("count", _COUNT)):
        acts: dict[str, Prepare] = {
            f"{what}: {name}": partial(asking, way, text) for name, way in ways.items()
        }
        found += side_by_side(acts, runs, told)
    return found


def _counted(answer: object) -> str:
    assert isinstance(answer, ox.QuerySolutions)
    ((found,),) = answer
    return f"{int(found.value):,} counted"


def _spread(file: Path, names: list[ox.NamedNode]) -> Iterator[ox.Quad]:
    """Each triple in the graph that its subject falls to, and what `_COUNT` counts in the next one too."""
    counted = ox.NamedNode(str(DEF.establishedIn))
    for quad in ox.parse(path=str(file), format=ox.RdfFormat.N_QUADS):
        own = crc32(quad.subject.value.encode()) % len(names)
        yield ox.Quad(quad.subject, quad.predicate, quad.object, names[own])
        if quad.predicate == counted:
            yield ox.Quad(quad.subject, quad.predicate, quad.object, names[(own + 1) % len(names)])
