"""Questions to the history, in a short ledger and in a long one."""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from rdflib import Literal, URIRef

from bench.measuring import Act, Measured, Told, side_by_side
from kb.history import Conflict, between, blame, changed_since, of_thing, undo_patch
from kb.ledger.commits import Door, Entry
from kb.ledger.ledger import Ledger
from kb.patch import Patch, Quad
from kb.terms import DEF, GRAPH, mint

SHORT = 1_000
"""Commits of the ledger that the other one is compared with."""

_PER_THING = 10
_QUADS = 5
_GROUP = 500
_AUTHORS = 10
_GRAPHS = 5


def beside_shorter(commits: int, runs: int, told: Told) -> list[Measured]:
    """Each question to a ledger of `SHORT` commits and to one of `commits`, ten times as often as `runs`.

    A commit adds five quads about one thing; each thing has ten commits, far from each other, by ten authors
    in five graphs.
    """
    with ExitStack() as at_the_end:
        ledgers = []
        for size in (SHORT, commits):
            folder = Path(at_the_end.enter_context(TemporaryDirectory()))
            told(f"writing {size:,} commits")
            ledger = at_the_end.enter_context(closing(Ledger.open(folder / "ledger.sqlite", folder)))
            _write(ledger, size)
            ledgers.append((size, ledger))
        rows = []
        for what, ask in _QUESTIONS.items():
            acts = {
                f"{what}, {size:,} commits": _asking(ask, ledger, size // _PER_THING)
                for size, ledger in ledgers
            }
            rows += side_by_side(acts, runs * 10, told)
        return rows


def _thing(number: int) -> URIRef:
    return mint("organisation", f"measured {number}")


def _quads(thing: int, commit: int) -> list[Quad]:
    graph = GRAPH[f"measured/{commit % _GRAPHS}"]
    values = (Literal(f"Name {part} of {commit}", lang="en") for part in range(_QUADS))
    return [(_thing(thing), DEF.acronym, value, graph) for value in values]


def _write(ledger: Ledger, size: int) -> None:
    things = size // _PER_THING
    for start in range(0, size, _GROUP):
        entries = [
            Entry(
                Patch.of(inserts=_quads(number % things, number)),
                f"author {number % _AUTHORS}",
                "steward",
                "Measured",
                Door.FORM,
            )
            for number in range(start, min(start + _GROUP, size))
        ]
        ledger.append_all(entries, start)


_Ask = Callable[[Ledger, int], object]

_QUESTIONS: dict[str, _Ask] = {
    "the newest commits": lambda ledger, _: _commits(ledger.commits(newest_first=True, limit=20)),
    "commits by an author": lambda ledger, thing: _commits(
        ledger.commits(author=f"author {thing % _AUTHORS}", newest_first=True, limit=20)
    ),
    "commits in a graph": lambda ledger, thing: _commits(
        ledger.commits(graph=GRAPH[f"measured/{thing % _GRAPHS}"], newest_first=True, limit=20)
    ),
    "history of a thing": lambda ledger, thing: _commits(of_thing(ledger, _thing(thing))),
    "blame of a thing": lambda ledger, thing: f"{len(blame(ledger, _thing(thing)))} quads",
    "is a change stale, 100 commits later": lambda ledger, _: _commits(_newer(ledger)),
    "difference of the last 100": lambda ledger, _: f"{len(_last(ledger))} quads",
    "undo of the last commit": lambda ledger, _: f"{len(_undo(ledger))} quads",
}


def _commits(found: Sized) -> str:
    return f"{len(found)} commits"


def _newer(ledger: Ledger) -> list[Conflict]:
    """What is in the way of a change of the thing that the newest commit changed."""
    head = ledger.head().revision
    newest = ledger.patch_of(head)
    return changed_since(ledger, head - 100, newest.inverse())


def _last(ledger: Ledger) -> Patch:
    head = ledger.head().revision
    return between(ledger, head - 100, head)


def _undo(ledger: Ledger) -> Patch:
    head = ledger.head().revision
    return undo_patch(ledger, set, head, head)


def _asking(ask: _Ask, ledger: Ledger, things: int) -> Callable[[], Act]:
    """Another thing each time, so that no answer lies ready."""
    numbers = count()

    def prepare() -> Act:
        thing = next(numbers) * 37 % things
        return lambda: ask(ledger, thing)

    return prepare
