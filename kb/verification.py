"""Whether the engines hold just what the ledger says: every commit repeated, every quad compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from kb.engine.contract import DEFAULT, DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import EngineDamaged
from kb.ledger.ledger import Ledger
from kb.live import Live, Told, tell_nobody


@dataclass(frozen=True)
class Comparison:
    """What `verify` found.

    revision: up to which was compared. sentences: what is wrong, in plain words; none when all is well.
    """

    revision: int
    sentences: tuple[str, ...] = ()


def verify(
    ledger: Ledger, stated: OxigraphEngine, public: OxigraphEngine, told: Told = tell_nobody
) -> Comparison:
    """Compares engines with what the ledger makes of them when all is repeated from the first commit.

    stated, public: states of one revision, to read only; the ledger may have gone on since.
    Raises what the ledger raises.
    """
    verdict = ledger.verify(lambda done, total, _: told("Verifying commits", done, total))
    if verdict.broken is not None:
        return Comparison(verdict.head.revision, (verdict.sentence,))
    found = []
    revision = public.revision()
    if stated.revision() != revision or revision > verdict.head.revision:
        found.append(
            f"The engines hold the revisions {stated.revision()} and {revision}, "
            f"the ledger {verdict.head.revision}."
        )
        return Comparison(verdict.head.revision, tuple(found))
    with TemporaryDirectory(prefix="regiolink-verify-") as folder:
        again = Live(Path(folder), ledger, plain=stated.default_graph is DefaultGraph.OWN)
        again.rebuild(told, until=revision)
        try:
            for what, kept, made in (("stated", stated, again.stated), ("public", public, again.public)):
                found += _compared(what, kept, made)
        finally:
            again.close()
    return Comparison(revision, tuple(found))


def _compared(what: str, kept: OxigraphEngine, made: OxigraphEngine) -> list[str]:
    try:
        return list(_differences(what, kept, made))
    except EngineDamaged:
        return [f"The {what} engine is damaged: its files cannot be read. 'regiolink rebuild' makes it anew."]


def _differences(what: str, kept: OxigraphEngine, made: OxigraphEngine) -> Iterator[str]:
    names = sorted({*kept.graph_names(), *made.graph_names(), DEFAULT})
    for name in names:
        has, should = set(kept.triples(name)), set(made.triples(name))
        if has == should:
            continue
        graph = "the default graph" if name == DEFAULT else f"the graph {name}"
        yield (
            f"The {what} engine differs from the ledger in {graph}: "
            f"{len(should - has):,} triples are missing and {len(has - should):,} are too many."
        )
