"""The ledger: the one ordered, hash-chained list of commits that everything else follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from kb.errors import NotFound, NotUnderstood
from kb.imported import Progress
from kb.ledger.backup import back_up
from kb.ledger.commits import Commit, Entry, Head, is_storable, row_after, time_text
from kb.ledger.database import WAIT, Database
from kb.ledger.errors import AlreadyDone, KeyReused, StaleHead
from kb.ledger.migration import migrate
from kb.ledger.patches import PackedPatch, PatchFolder
from kb.ledger.people import People
from kb.ledger.rows import find_row, head_of, newest_of, patch_text
from kb.ledger.searching import Found, Wanted, fill, find, note, touching
from kb.ledger.tables import COMMITS, SETTLED
from kb.ledger.touches import As, hash_of, touched
from kb.ledger.verification import Verdict, verify
from kb.patch import Patch
from kb.rdf_patch import from_own_text, from_text, to_text

IN_ROW = 256 * 1024
"""Bytes that a compressed patch may have to stay in its row of SQLite; larger ones become files."""

_LARGEST = 2**31 - 1


class Ledger:
    """The ledger in one database; several processes may use it at once, each with a `Ledger` of its own.

    people: who may commit, in the same database.
    """

    def __init__(
        self, database: Database, folder: PatchFolder, in_row: int | None, now: Callable[[], datetime]
    ) -> None:
        self.database = database
        self.people = People(database, now)
        self._folder = folder
        self._in_row = in_row
        self._now = now

    @classmethod
    def open(
        cls,
        place: str | Path,
        patch_folder: Path,
        *,
        in_row: int | None = None,
        wait: float = WAIT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Ledger:
        """The ledger at `place`, a file or a `postgresql://` URL; made, or brought up to date, when need be.

        patch_folder: where large patches are kept. in_row: bytes that a compressed patch may have to stay in
        its row; by default `IN_ROW` in SQLite, and no limit in PostgreSQL, where several machines share the
        rows but not a folder. wait: seconds that a writer waits for the one before it. now: the clock.
        Raises `LedgerUnavailable`, `LedgerTooNew`, `LedgerDamaged`, `NotUnderstood` for another kind of URL.
        """
        database, folder = Database.connect(place, wait), PatchFolder(patch_folder)
        try:
            migrate(database)
            fill(database, folder)
        except BaseException:
            database.close()
            raise
        if in_row is None and database.is_sqlite:
            in_row = IN_ROW
        return cls(database, folder, in_row, now)

    def close(self) -> None:
        """Lets go of the database."""
        self.database.close()

    # -- writing ------------------------------------------------------------------------------------------

    def append(self, entry: Entry, expected_head: int) -> Commit:
        """Makes `entry` the next commit, if the head is still `expected_head`; see `append_all`."""
        (commit,) = self.append_all([entry], expected_head)
        return commit

    def append_all(self, entries: Sequence[Entry], expected_head: int) -> list[Commit]:
        """Makes the entries the next commits, in order, with one sync for all; all or none.

        Done: it returns, and the commits are on the disk. Refused, nothing changed: `StaleHead`,
        `AlreadyDone` and `KeyReused` for an idempotency key that is in the ledger, `CannotBeWritten`,
        `NoRoom`, `LedgerBusy`, `LedgerUnavailable`. In doubt: `InDoubt`; then ask `settle`.
        """
        texts = [to_text(entry.patch) for entry in entries]
        packed, touches = [PackedPatch.of_text(text) for text in texts], [touched(text) for text in texts]
        in_files = [
            patch for patch in packed if self._in_row is not None and len(patch.packed) > self._in_row
        ]
        for patch in in_files:
            self._folder.keep(patch)
        with self.database.writing([entry.id for entry in entries]) as connection:
            head, before = newest_of(connection)
            if head.revision != expected_head:
                raise StaleHead(expected_head, head.revision)
            _refuse_used_keys(connection, entries)
            # A clock can be set back; the order of times must stay that of revisions.
            time = max(time_text(self._now()), before)
            rows = []
            for entry, patch, what in zip(entries, packed, touches, strict=True):
                row = row_after(head, entry, patch.hash, time, what.graphs)
                head = Head(row["revision"], row["hash"])
                rows.append(row | {"patch": None if patch in in_files else patch.packed})
            if rows:
                connection.execute(insert(COMMITS), rows)
            for row, what in zip(rows, touches, strict=True):
                note(connection, row["revision"], what.hashes)
        return [_commit(row) for row in rows]

    def settle(self, commit_id: str) -> Commit | None:
        """What became of a commit that was in doubt: the commit, or None when it never was and never will be.

        Waits for a transaction of it that the database may still be at, and writes the finding down, so that
        nothing of a failed write can come up later. Raises `InDoubt` when the database fails again, and
        `NotUnderstood` for what is no commit id.
        """
        if not re.fullmatch("[0-9a-f]{32}", commit_id):
            raise NotUnderstood("The id of a commit has 32 hexadecimal digits.")
        with self.database.writing([commit_id]) as connection:
            row = find_row(connection, COMMITS.c.id == commit_id)
            connection.execute(delete(SETTLED).where(SETTLED.c.id == commit_id))
            revision = row["revision"] if row else None
            connection.execute(
                insert(SETTLED).values(id=commit_id, time=time_text(self._now()), revision=revision)
            )
        return Commit.from_row(row) if row else None

    # -- reading ------------------------------------------------------------------------------------------

    def head(self) -> Head:
        """The newest revision and its hash; revision 0 when there is none."""
        with self.database.reading() as connection:
            return head_of(connection)

    def find_by_key(self, author: str, key: str, request_digest: str) -> Commit | None:
        """The commit that the author's request with this idempotency key made, None when there is none.

        Raises `KeyReused` when the key was given for a request with another digest.
        """
        if not is_storable(author + key):
            return None
        with self.database.reading() as connection:
            row = find_row(connection, COMMITS.c.author == author, COMMITS.c.key == key)
        if row is not None and row["request_digest"] != request_digest:
            raise KeyReused(key)
        return Commit.from_row(row) if row else None

    def commit(self, revision: int) -> Commit:
        """The commit with this revision. Raises `NotFound`."""
        with self.database.reading() as connection:
            row = find_row(connection, COMMITS.c.revision == _in_range(revision))
        if row is None:
            raise self._no_revision(revision)
        return Commit.from_row(row)

    def commits(
        self,
        after: int = 0,
        until: int | None = None,
        author: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
        thing: str | None = None,
        graph: str | None = None,
    ) -> list[Commit]:
        """At most `limit` commits with after < revision <= until, in their order or the newest first.

        author: theirs alone. thing: an IRI that they state something about, or no longer state. graph: one
        that they touch; with `thing`, the one in which they do so. Raises `LedgerDamaged`.
        """
        wanted = Wanted(after, until, limit, newest_first, author, thing, False, graph)
        return [found.commit for found in self._find(wanted)]

    def changes(
        self,
        thing: str,
        *,
        links: bool = False,
        after: int = 0,
        until: int | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[tuple[Commit, Patch]]:
        """The commits as `commits` finds them for a thing, each with what it did about the thing.

        links: whether quads that have the thing as object are about it too; these are found for things
        below our `id/` namespace only. Raises `LedgerDamaged`.
        """
        wanted = Wanted(after, until, limit, newest_first, None, thing, links, None)
        return [(found.commit, from_text("\n".join(found.rows))) for found in self._find(wanted)]

    def touching(self, after: int, things: Iterable[str] = (), graphs: Iterable[str] = ()) -> list[int]:
        """The revisions after `after` that state something about any of the things or touch any graph.

        Rarely also one that does not: an index of short hashes tells them. Look into the patch to be sure.
        """
        hashes = {hash_of(As.SUBJECT, iri) for iri in things} | {hash_of(As.GRAPH, iri) for iri in graphs}
        with self.database.reading() as connection:
            return sorted(touching(connection, hashes, _in_range(after)))

    def revision_at(self, moment: datetime) -> int:
        """The newest revision that was there at that moment, 0 when there was none."""
        newest = select(func.max(COMMITS.c.revision)).where(COMMITS.c.time <= time_text(moment))
        with self.database.reading() as connection:
            return connection.execute(newest).scalar_one() or 0

    def patch_text(self, revision: int) -> str:
        """The patch of a revision as RDF Patch, without header, checked against its hash.

        Raises `NotFound`, and `LedgerDamaged` when it is not what was committed.
        """
        with self.database.reading() as connection:
            text = patch_text(connection, self._folder, _in_range(revision))
        if text is None:
            raise self._no_revision(revision)
        return text

    def patch_of(self, revision: int) -> Patch:
        """The patch of a revision, made from the revision before it; raises as `patch_text` does."""
        return from_own_text(self.patch_text(revision)).made(revision - 1)

    # -- keeping ------------------------------------------------------------------------------------------

    def verify(self, progress: Progress) -> Verdict:
        """Whether every commit is what was committed; see `kb.ledger.verification.verify`."""
        return verify(self.database, self._folder, progress)

    def backup(self, folder: Path, progress: Progress) -> Verdict:
        """A verified copy of everything, made while others read and write; see `kb.ledger.backup`."""
        return back_up(self.database, self._folder, folder, progress)

    # -- inside -------------------------------------------------------------------------------------------

    def _find(self, wanted: Wanted) -> list[Found]:
        if not all(is_storable(text or "") for text in (wanted.author, wanted.thing, wanted.graph)):
            return []
        possible = replace(
            wanted,
            after=_in_range(wanted.after),
            until=None if wanted.until is None else _in_range(wanted.until),
            limit=_in_range(wanted.limit),
        )
        with self.database.reading() as connection:
            return list(find(connection, self._folder, possible))

    def _no_revision(self, revision: int) -> NotFound:
        return NotFound(f"There is no revision {revision}; the newest is {self.head().revision}.")


def _refuse_used_keys(connection: Connection, entries: Sequence[Entry]) -> None:
    seen = set()
    for entry in entries:
        if entry.key is None:
            continue
        if (entry.author, entry.key) in seen:
            raise KeyReused(entry.key)
        seen.add((entry.author, entry.key))
        used = select(COMMITS.c.revision, COMMITS.c.request_digest).where(
            COMMITS.c.author == entry.author, COMMITS.c.key == entry.key
        )
        row = connection.execute(used).one_or_none()
        if row is not None:
            raise AlreadyDone(row[0]) if row[1] == entry.request_digest else KeyReused(entry.key)


def _in_range(number: int) -> int:
    """The number, or the nearest one that the databases can hold and that is no revision either."""
    return max(0, min(number, _LARGEST))


def _commit(row: dict[str, Any]) -> Commit:
    return Commit.from_row({name: value for name, value in row.items() if name != "patch"})
