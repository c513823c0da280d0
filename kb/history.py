"""What the ledger tells of the past: what changed between revisions, who brought a quad, what can be undone.

Everything here reads the ledger alone. Patches in it are effective, each delete was there before and each
insert was not, so that what takes each other back can be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kb.errors import KnowledgeBaseError, NotAllowed, NotFound, NotUnderstood, TooLarge
from kb.ledger.commits import Commit
from kb.ledger.ledger import Ledger
from kb.ledger.touches import subjects_of
from kb.patch import Patch, Quad
from kb.rdf_patch import from_text, to_text

MAX_QUADS: Final = 2_000_000
"""How many quads the difference between two revisions may have: as many as one change may have."""

_PAGE = 100
_NAMED = 3


@dataclass(frozen=True)
class Conflict:
    """A commit that changed what a change from an older revision read or wrote.

    things: those of its subjects that the change is about too, sorted. graphs: likewise.
    """

    commit: Commit
    things: tuple[str, ...]
    graphs: tuple[str, ...]


class FutureRevision(NotFound):
    """A change that says it was made from a revision that is not there yet."""

    title = "There is no such revision yet"

    def __init__(self, revision: int, newest: int) -> None:
        self.revision, self.newest = revision, newest
        super().__init__(_not_yet(revision, newest))


class StaleChange(KnowledgeBaseError):
    """What a change read or wrote was changed since the revision that it was made from.

    conflicts: the commits that did, the newest first.
    """

    title = "Someone else changed this first"

    def __init__(self, base: int, conflicts: Sequence[Conflict]) -> None:
        self.base, self.conflicts = base, tuple(conflicts)
        newest = self.conflicts[0]
        more = f", and {len(conflicts) - 1} more did before" if len(conflicts) > 1 else ""
        super().__init__(
            f"{_what(newest)} was changed by {newest.commit.author} in revision {newest.commit.revision} "
            f"({_minute(newest.commit)}){more}, after revision {base} from which your change was made; "
            "look at it and make your change again."
        )


class UndoImpossible(NotAllowed):
    """Later commits changed again what an undo would change.

    quads: those that stand in the way, sorted. later: the commits that changed them, oldest first.
    """

    title = "This cannot be undone"

    def __init__(self, first: int, last: int, quads: Iterable[Quad], later: Sequence[Commit]) -> None:
        self.quads, self.later = tuple(sorted(quads, key=_as_text)), tuple(later)
        what = f"Revision {first}" if first == last else f"Revisions {first} to {last}"
        named = ", ".join(f"revision {commit.revision} by {commit.author}" for commit in later[:_NAMED])
        more = f" and {len(later) - _NAMED} more" if len(later) > _NAMED else ""
        count = f"{len(self.quads):,} of the same quads"
        if later:
            why = f"{named}{more} changed {count} again"
        else:
            why = f"the knowledge base does not hold {count} as the ledger says"
        super().__init__(f"{what} cannot be undone: {why}.")


# -- differences --------------------------------------------------------------------------------------------


def between(ledger: Ledger, earlier: int, later: int, limit: int = MAX_QUADS) -> Patch:
    """The patch that leads from revision `earlier` to `later`; the second may be the older one.

    limit: quads that are held at a time. Raises `NotFound` for a revision that is not there, `TooLarge`
    when more than `limit` quads differ on the way, `LedgerDamaged`.
    """
    newest = ledger.head().revision
    for revision in (earlier, later):
        _refuse_missing(revision, newest, lowest=0)
    gone, come = _net(ledger, min(earlier, later), max(earlier, later), limit)
    if earlier > later:
        gone, come = come, gone
    rows = [*(f"D {row}" for row in gone), *(f"A {row}" for row in come)]
    read = from_text("\n".join(rows))
    return Patch(read.deletes, read.inserts, made_from=earlier)


def _net(ledger: Ledger, start: int, end: int, limit: int) -> tuple[set[str], set[str]]:
    """What is gone and what has come from one revision to a later one, as rows without their codes."""
    gone: set[str] = set()
    come: set[str] = set()
    for commit in _commits(ledger, start, end):
        if commit.inserts + commit.deletes > limit:
            raise _too_large(start, end, limit)
        for row in ledger.patch_text(commit.revision).split("\n"):
            if not row.startswith(("A ", "D ")):
                continue
            # A quad is written in one way only, so that rows can be compared in place of quads.
            undone, done = (gone, come) if row.startswith("A ") else (come, gone)
            if row[2:] in undone:
                undone.remove(row[2:])
            else:
                done.add(row[2:])
        if len(gone) + len(come) > limit:
            raise _too_large(start, end, limit)
    return gone, come


def _commits(ledger: Ledger, after: int, until: int) -> Iterator[Commit]:
    while after < until:
        page = ledger.commits(after=after, until=until, limit=_PAGE)
        yield from page
        after = page[-1].revision


def _too_large(start: int, end: int, limit: int) -> TooLarge:
    return TooLarge(
        f"Between revisions {start} and {end} more than {limit:,} quads were changed; "
        "take revisions that are closer to each other."
    )


# -- one thing ----------------------------------------------------------------------------------------------


def of_thing(
    ledger: Ledger, thing: str, *, before: int | None = None, limit: int = 20, links: bool = False
) -> list[tuple[Commit, Patch]]:
    """The newest commits about a thing, the newest first, each with the quads about it that came and went.

    before: only older revisions than this one: the last one told, for the next page. links: whether quads
    that have the thing as object count, for things below our `id/` namespace. Raises `LedgerDamaged`.
    """
    until = None if before is None else before - 1
    return ledger.changes(thing, links=links, until=until, limit=limit, newest_first=True)


def blame(ledger: Ledger, thing: str, *, at: int | None = None) -> dict[Quad, Commit]:
    """Each quad that is stated about a thing, with the commit that brought it, the newest first.

    at: the revision at which they are stated, by default the newest. What follows by inference was stated by
    nobody and is not told. Raises `LedgerDamaged`.
    """
    return _brought(ledger, thing, at, None)


def blame_of(ledger: Ledger, quads: Iterable[Quad]) -> dict[Quad, Commit]:
    """Those of the quads that are stated now, each with the commit that brought it.

    Reads no further back than it has to. Raises `LedgerDamaged`.
    """
    by_subject: dict[str, set[Quad]] = {}
    for quad in quads:
        by_subject.setdefault(str(quad[0]), set()).add(quad)
    found: dict[Quad, Commit] = {}
    for thing, wanted in sorted(by_subject.items()):
        found |= _brought(ledger, thing, None, wanted)
    return found


def _brought(
    ledger: Ledger, thing: str, at: int | None, wanted: Collection[Quad] | None
) -> dict[Quad, Commit]:
    """As in `blame`; wanted: the quads to look for, None for all."""
    last_seen: dict[Quad, Commit | None] = {}
    missing = None if wanted is None else set(wanted)
    until = at
    while missing is None or missing:
        page = ledger.changes(thing, until=until, limit=_PAGE, newest_first=True)
        for commit, patch in page:
            # Going back in time, what is seen first is how it is now.
            for quad in sorted(patch.inserts, key=_as_text):
                last_seen.setdefault(quad, commit)
            for quad in patch.deletes:
                last_seen.setdefault(quad, None)
        if missing is not None:
            missing -= last_seen.keys()
        if len(page) < _PAGE:
            break
        until = page[-1][0].revision - 1
    return {
        quad: commit
        for quad, commit in last_seen.items()
        if commit is not None and (wanted is None or quad in wanted)
    }


# -- taking back --------------------------------------------------------------------------------------------


def undo_patch(ledger: Ledger, holds: Callable[[Iterable[Quad]], set[Quad]], first: int, last: int) -> Patch:
    """The patch that takes back the commits `first` to `last`, both included, from the newest state.

    holds: gives those of the quads that are stated in the newest state. Raises `NotFound` for a revision
    that is not there, `NotUnderstood` when `last` comes before `first`, `TooLarge` beyond `MAX_QUADS`,
    `UndoImpossible` when a quad that is to go is gone, or one that is to come back is back already.
    """
    newest = ledger.head().revision
    for revision in (first, last):
        _refuse_missing(revision, newest, lowest=1)
    if last < first:
        raise NotUnderstood(f"An undo names the older revision first; {last} comes before {first}.")
    patch = between(ledger, last, first - 1)
    present = holds(patch.deletes | patch.inserts)
    in_the_way = (patch.deletes - present) | (patch.inserts & present)
    if in_the_way:
        raise UndoImpossible(first, last, in_the_way, _changed_by(ledger, in_the_way, last))
    return Patch(patch.deletes, patch.inserts, made_from=newest)


def _changed_by(ledger: Ledger, quads: Collection[Quad], after: int) -> list[Commit]:
    """The commits after `after` that changed any of the quads."""
    rows = {row[2:] for row in to_text(Patch.of(inserts=quads)).split("\n") if row.startswith("A ")}
    revisions = ledger.touching(after, {str(quad[0]) for quad in quads})
    return [
        ledger.commit(revision)
        for revision in revisions
        if not rows.isdisjoint(row[2:] for row in ledger.patch_text(revision).split("\n"))
    ]


# -- changes from an older revision -------------------------------------------------------------------------


def changed_since(
    ledger: Ledger,
    base: int,
    writes: Patch,
    *,
    reads_all: bool = False,
    reads_things: Iterable[str] = (),
    reads_graphs: Iterable[str] = (),
    limit: int = 20,
) -> list[Conflict]:
    """The newest commits after `base` that a change from `base` does not know of, and would have to.

    writes: what the change does; a commit about the same subjects is in its way. reads_things, reads_graphs:
    what else it depends on, such as the graph that it replaces. reads_all: whether it depends on everything,
    so that every commit is in its way. Raises `FutureRevision`, `NotFound` for a negative revision.
    """
    newest = ledger.head().revision
    if base > newest:
        raise FutureRevision(base, newest)
    _refuse_missing(base, newest, lowest=0)
    if reads_all:
        later = ledger.commits(after=base, limit=limit, newest_first=True)
        return [Conflict(commit, (), commit.graphs) for commit in later]
    things = {str(quad[0]) for quad in writes.deletes | writes.inserts} | set(map(str, reads_things))
    graphs = set(map(str, reads_graphs))
    found: list[Conflict] = []
    for revision in reversed(ledger.touching(base, things, graphs)):
        if len(found) == limit:
            break
        commit = ledger.commit(revision)
        shared = subjects_of(ledger.patch_text(revision)) & things
        if shared or graphs.intersection(commit.graphs):
            same = tuple(sorted(graphs.intersection(commit.graphs)))
            found.append(Conflict(commit, tuple(sorted(shared)), same))
    return found


def refuse_stale(
    ledger: Ledger,
    base: int,
    writes: Patch,
    *,
    reads_all: bool = False,
    reads_things: Iterable[str] = (),
    reads_graphs: Iterable[str] = (),
) -> None:
    """Raises `StaleChange` when `changed_since` finds anything, and what that raises."""
    conflicts = changed_since(
        ledger, base, writes, reads_all=reads_all, reads_things=reads_things, reads_graphs=reads_graphs
    )
    if conflicts:
        raise StaleChange(base, conflicts)


# -- words and order ----------------------------------------------------------------------------------------


def _refuse_missing(revision: int, newest: int, lowest: int) -> None:
    if revision > newest:
        raise NotFound(_not_yet(revision, newest))
    if revision < lowest:
        raise NotFound(f"There is no revision {revision}; the first is {lowest}.")


def _not_yet(revision: int, newest: int) -> str:
    return f"There is no revision {revision} yet; the newest is {newest}."


def _what(conflict: Conflict) -> str:
    """What a commit changed, in words."""
    if conflict.things:
        return _and_more(conflict.things)
    return f"The graph {_and_more(conflict.graphs)}" if conflict.graphs else "The knowledge base"


def _and_more(iris: Sequence[str]) -> str:
    return f"{iris[0]} (and {len(iris) - 1} more)" if len(iris) > 1 else iris[0]


def _as_text(quad: Quad) -> tuple[str, ...]:
    return tuple(map(str, quad))


def _minute(commit: Commit) -> str:
    return f"{commit.time[:16].replace('T', ' ')} UTC"
