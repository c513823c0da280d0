"""Finding commits: by author, by graph, by thing; and keeping the index that this needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, Subquery, func, insert, select, update

from kb.ledger.commits import Commit, canonical_json
from kb.ledger.database import Database
from kb.ledger.errors import LedgerDamaged
from kb.ledger.patches import PatchFolder
from kb.ledger.rows import FIELDS, patch_text
from kb.ledger.tables import COMMITS, TOUCHES
from kb.ledger.touches import As, hash_of, in_chunks, rows_of, touched

_EACH = 10_000


@dataclass(frozen=True)
class Wanted:
    """Which commits: after < revision <= until, and what else is given holds too, at most `limit` of them.

    author: whose. thing: an IRI that the commit states something about; links: or that it links to. graph:
    the name of a graph that it touches; with `thing`, where it does what it does with the thing.
    """

    after: int
    until: int | None
    limit: int
    newest_first: bool
    author: str | None = None
    thing: str | None = None
    links: bool = False
    graph: str | None = None


@dataclass(frozen=True)
class Found:
    """A commit that was found. rows: of its patch, those about the thing that was asked for."""

    commit: Commit
    rows: tuple[str, ...]


def find(connection: Connection, folder: PatchFolder, wanted: Wanted) -> Iterator[Found]:
    """The commits that are wanted, in order. Raises `LedgerDamaged` when a patch cannot be looked into."""
    left = wanted
    while left.limit > 0:
        asked = left.limit
        page = connection.execute(_page(left)).all()
        for row in page:
            found = _looked_into(connection, folder, row._asdict(), wanted)
            if found is not None:
                left = replace(left, limit=left.limit - 1)
                yield found
        if len(page) < asked:
            return
        # Only when a hash stood for another IRI is there anything left to find.
        last = page[-1].revision
        left = replace(left, until=last - 1) if wanted.newest_first else replace(left, after=last)


def touching(connection: Connection, hashes: Iterable[int], after: int) -> set[int]:
    """The revisions after `after` that touch any of the hashes."""
    found: set[int] = set()
    for chunk in in_chunks(hashes):
        query = select(TOUCHES.c.revision).where(TOUCHES.c.thing_hash.in_(chunk), TOUCHES.c.revision > after)
        found.update(connection.execute(query.distinct()).scalars())
    return found


def note(connection: Connection, revision: int, hashes: Iterable[int]) -> None:
    """Writes down what a commit touches, in the transaction that writes the commit."""
    # In the order of the key, which spares the database much moving about.
    rows = [{"thing_hash": each, "revision": revision} for each in sorted(hashes)]
    for start in range(0, len(rows), _EACH):
        connection.execute(insert(TOUCHES), rows[start : start + _EACH])


def noted(connection: Connection, revision: int, hashes: Iterable[int]) -> bool:
    """Whether all of this is written down for a commit."""
    for chunk in in_chunks(hashes):
        query = select(func.count()).where(TOUCHES.c.revision == revision, TOUCHES.c.thing_hash.in_(chunk))
        if connection.execute(query).scalar_one() < len(chunk):
            return False
    return True


def fill(database: Database, folder: PatchFolder) -> None:
    """Writes down what each commit touches in a ledger that an older program wrote; all or nothing.

    Raises `LedgerDamaged` when a patch cannot be read, and what `Database.writing` raises.
    """
    # All or nothing, so the first commit speaks for all.
    first_lacks_it = select(COMMITS.c.revision).where(COMMITS.c.revision == 1, COMMITS.c.graphs.is_(None))
    with database.reading() as connection:
        if connection.execute(first_lacks_it).one_or_none() is None:
            return
    with database.writing() as connection:
        if connection.execute(first_lacks_it).one_or_none() is None:
            return
        newest = connection.execute(select(func.max(COMMITS.c.revision))).scalar_one()
        for revision in range(1, newest + 1):
            text = patch_text(connection, folder, revision)
            if text is None:
                raise LedgerDamaged.at(revision, "it is missing")
            what = touched(text)
            note(connection, revision, what.hashes)
            graphs = canonical_json(what.graphs)
            connection.execute(update(COMMITS).where(COMMITS.c.revision == revision).values(graphs=graphs))


def _page(wanted: Wanted) -> Select[Any]:
    """The commits that may be those that are wanted, in order."""
    touching = []
    if wanted.thing is not None:
        roles = (As.SUBJECT, As.OBJECT) if wanted.links else (As.SUBJECT,)
        touching.append(_touching([hash_of(role, wanted.thing) for role in roles]))
    if wanted.graph is not None:
        touching.append(_touching([hash_of(As.GRAPH, wanted.graph)]))
    query = select(*FIELDS)
    for index in touching:
        query = query.join(index, index.c.revision == COMMITS.c.revision)
    # The index has this order already, so that no more rows are read than are wanted.
    revision = touching[0].c.revision if touching else COMMITS.c.revision
    query = query.where(revision > wanted.after)
    if wanted.until is not None:
        query = query.where(revision <= wanted.until)
    if wanted.author is not None:
        query = query.where(COMMITS.c.author == wanted.author)
    return query.order_by(revision.desc() if wanted.newest_first else revision).limit(wanted.limit)


def _touching(hashes: list[int]) -> Subquery:
    """The revisions that touch any of the hashes, each once."""
    if len(hashes) == 1:
        return select(TOUCHES.c.revision).where(TOUCHES.c.thing_hash == hashes[0]).subquery()
    return select(TOUCHES.c.revision).where(TOUCHES.c.thing_hash.in_(hashes)).distinct().subquery()


def _looked_into(
    connection: Connection, folder: PatchFolder, row: dict[str, Any], wanted: Wanted
) -> Found | None:
    """The commit in a row, if its patch bears out what the hashes say."""
    commit = Commit.from_row(row)
    # An IRI of rdflib equals no text.
    if wanted.graph is not None and str(wanted.graph) not in commit.graphs:
        return None
    if wanted.thing is None:
        return Found(commit, ())
    text = patch_text(connection, folder, commit.revision) or ""
    rows = rows_of(text, wanted.thing, wanted.links, wanted.graph)
    return Found(commit, tuple(rows)) if rows else None
