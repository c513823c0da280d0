"""Forward reasoning: the engine evaluates the rules of the ontology into the graph of inferred triples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from rdflib import Graph, URIRef

from kb.engine.contract import APART, INFERRED
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.row_reader import conclude
from kb.imported import Progress
from kb.rules import Rule, rules


def infer(engine: OxigraphEngine, ontology: Graph, progress: Progress | None = None) -> int:
    """Derives, into the graph of inferred triples, all that the rules of `ontology` give and nobody asserted.

    Every inferred triple also stands in the default graph. What was inferred before is taken out first, so
    the outcome depends on the asserted triples only. It is not one transaction: until the end, readers of the
    same engine see a part. Out: the number of inferred triples.
    Raises `UnsupportedAxiom`, with nothing changed.
    """
    layers = strata(rules(ontology))
    forget(engine)
    asserted = engine.size()
    done, total = 0, sum(map(len, layers))
    for layer in layers:
        _exhaust(engine, layer)
        done += len(layer)
        if progress:
            progress(done, total, "rules")
    return engine.size() - asserted


def forget(engine: OxigraphEngine) -> None:
    """Takes all inferred triples out of `engine`, and out of its default graph unless they are asserted."""
    inferred = INFERRED.n3()
    unmerged = ", ".join(name.n3() for name in sorted(APART))
    engine.update(
        f"DELETE {{ ?s ?p ?o }} WHERE {{ GRAPH {inferred} {{ ?s ?p ?o }} FILTER NOT EXISTS {{ "
        f"GRAPH ?asserted {{ ?s ?p ?o }} FILTER(?asserted NOT IN ({inferred}, {unmerged})) }} }} ; "
        f"CLEAR SILENT GRAPH {inferred}"
    )


def strata(all_rules: list[Rule]) -> list[list[Rule]]:
    """`all_rules` in layers: a rule reads only what its own layer and earlier ones write.

    Layer after layer, each until it adds nothing, gives the same triples as all rules together.
    """
    reads: dict[URIRef, set[URIRef]] = {}
    for rule in all_rules:
        reads.setdefault(rule.writes, set()).update(rule.reads)

    # Terms that depend on one another have the same terms behind them; what depends on those has more.
    def layer(rule: Rule) -> tuple[int, list[URIRef]]:
        behind = _reachable(rule.writes, reads)
        return len(behind), sorted(behind)

    return [list(group) for _, group in groupby(sorted(all_rules, key=layer), key=layer)]


def _reachable(start: URIRef, edges: dict[URIRef, set[URIRef]]) -> set[URIRef]:
    """`start` and all that one gets to from it."""
    found: set[URIRef] = set()
    ahead = {start}
    while ahead:
        term = ahead.pop()
        found.add(term)
        ahead |= edges.get(term, set()) - found
    return found


@dataclass(frozen=True)
class _Step:
    """All rules of a layer with one conclusion, as one question to the engine.

    news: the pattern whose matches give a triple, `then`, that is not there yet; reads, writes as in `Rule`.
    """

    then: str
    news: str
    reads: frozenset[URIRef]
    writes: URIRef


def _steps(layer: list[Rule]) -> Iterator[_Step]:
    def conclusion(rule: Rule) -> str:
        return rule.then

    for then, group in groupby(sorted(layer, key=conclusion), key=conclusion):
        rules_of_step = list(group)
        variables = " ".join(sorted(set(re.findall(r"\?\w+", then))))
        matches = " UNION ".join(f"{{ {rule.where} }}" for rule in rules_of_step)
        # Each candidate once, and MINUS rather than FILTER NOT EXISTS: half the time (docs/performance.md).
        yield _Step(
            then,
            f"{{ SELECT DISTINCT {variables} {{ {matches} }} }} MINUS {{ {then} }}",
            frozenset[URIRef]().union(*(rule.reads for rule in rules_of_step)),
            rules_of_step[0].writes,
        )


def _exhaust(engine: OxigraphEngine, layer: list[Rule]) -> None:
    """Evaluates the rules of `layer` until none gives anything new."""
    steps = list(_steps(layer))
    waiting = list(steps)
    while waiting:
        step = waiting.pop(0)
        if conclude(engine, step.then, step.news, INFERRED):
            waiting += [other for other in steps if step.writes in other.reads and other not in waiting]
