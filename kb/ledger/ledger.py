"""The ledger: the one ordered, hash-chained list of commits that everything else follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from kb.errors import NotFound, NotUnderstood
from kb.imported import Progress
from kb.ledger.backup import back_up
from kb.ledger.commits import Commit, Entry, Head, is_storable, row_after, time_text
from kb.ledger.database import WAIT, Database
from kb.ledger.errors import AlreadyDone, KeyReused, LedgerDamaged, StaleHead
from kb.ledger.migration import migrate
from kb.ledger.patches import PackedPatch, PatchDamaged, PatchFolder
from kb.ledger.people import People
from kb.ledger.rows import FIELDS, find_row, head_of, packed_patch
from kb.ledger.tables import COMMITS, SETTLED
from kb.ledger.verification import Verdict, verify
from kb.patch import Patch
from kb.rdf_patch import from_text

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
        database = Database.connect(place, wait)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        if in_row is None and database.is_sqlite:
            in_row = IN_ROW
        return cls(database, PatchFolder(patch_folder), in_row, now)

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
        packed = [PackedPatch.of(entry.patch) for entry in entries]
        in_files = [
            patch for patch in packed if self._in_row is not None and len(patch.packed) > self._in_row
        ]
        for patch in in_files:
            self._folder.keep(patch)
        with self.database.writing([entry.id for entry in entries]) as connection:
            head = head_of(connection)
            if head.revision != expected_head:
                raise StaleHead(expected_head, head.revision)
            _refuse_used_keys(connection, entries)
            time = self._time_after(connection, head)
            rows = []
            for entry, patch in zip(entries, packed, strict=True):
                row = row_after(head, entry, patch.hash, time)
                head = Head(row["revision"], row["hash"])
                rows.append(row | {"patch": None if patch in in_files else patch.packed})
            if rows:
                connection.execute(insert(COMMITS), rows)
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
    ) -> list[Commit]:
        """At most `limit` commits with after < revision <= until, of `author` alone if given."""
        wanted = select(*FIELDS).where(COMMITS.c.revision > _in_range(after)).limit(_in_range(limit))
        if until is not None:
            wanted = wanted.where(COMMITS.c.revision <= _in_range(until))
        if author is not None:
            if not is_storable(author):
                return []
            wanted = wanted.where(COMMITS.c.author == author)
        order = COMMITS.c.revision.desc() if newest_first else COMMITS.c.revision
        with self.database.reading() as connection:
            return [Commit.from_row(row._asdict()) for row in connection.execute(wanted.order_by(order))]

    def revision_at(self, moment: datetime) -> int:
        """The newest revision that was there at that moment, 0 when there was none."""
        newest = select(func.max(COMMITS.c.revision)).where(COMMITS.c.time <= time_text(moment))
        with self.database.reading() as connection:
            return connection.execute(newest).scalar_one() or 0

    def patch_text(self, revision: int) -> str:
        """The patch of a revision as RDF Patch, without header, checked against its hash.

        Raises `NotFound`, and `LedgerDamaged` when it is not what was committed.
        """
        try:
            with self.database.reading() as connection:
                packed = packed_patch(connection, self._folder, _in_range(revision))
            if packed is None:
                raise self._no_revision(revision)
            return packed.text()
        except PatchDamaged as error:
            raise LedgerDamaged(
                f"Revision {revision} is damaged: {error}; restore the ledger from a backup."
            ) from error

    def patch_of(self, revision: int) -> Patch:
        """The patch of a revision, made from the revision before it; raises as `patch_text` does."""
        read = from_text(self.patch_text(revision))
        return Patch(read.deletes, read.inserts, made_from=revision - 1)

    # -- keeping ------------------------------------------------------------------------------------------

    def verify(self, progress: Progress) -> Verdict:
        """Whether every commit is what was committed; see `kb.ledger.verification.verify`."""
        return verify(self.database, self._folder, progress)

    def backup(self, folder: Path, progress: Progress) -> Verdict:
        """A verified copy of everything, made while others read and write; see `kb.ledger.backup`."""
        return back_up(self.database, self._folder, folder, progress)

    # -- inside -------------------------------------------------------------------------------------------

    def _time_after(self, connection: Connection, head: Head) -> str:
        # A clock can be set back; the order of times must stay that of revisions.
        before = select(COMMITS.c.time).where(COMMITS.c.revision == head.revision)
        return max(time_text(self._now()), connection.execute(before).scalar_one_or_none() or "")

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
