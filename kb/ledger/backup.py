"""Backup of a ledger in SQLite while it is in use, and restoring one.

A backup is a folder with `ledger.sqlite` and `patches/`: it is there and verified, or it is not there.
"""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import delete, select, update

from kb.errors import NotAllowed, NotFound
from kb.imported import Progress
from kb.ledger.database import Database
from kb.ledger.errors import LedgerDamaged, disk_error
from kb.ledger.migration import migrate
from kb.ledger.patches import PatchDamaged, PatchFolder, sync
from kb.ledger.rows import head_of
from kb.ledger.searching import fill
from kb.ledger.tables import COMMITS, SETTLED, TOUCHES
from kb.ledger.verification import Verdict, verify

DATABASE_NAME = "ledger.sqlite"
PATCHES_NAME = "patches"


def back_up(database: Database, patches: PatchFolder, folder: Path, progress: Progress) -> Verdict:
    """Copies the ledger as it is at one moment to `folder`, which must not exist, and verifies the copy.

    Readers and writers go on meanwhile. Users and the hashes of their tokens are in the copy. Raises
    `NotAllowed` for PostgreSQL, which has its own tools, and for a folder that exists; `LedgerDamaged` when
    the copy does not verify; `NoRoom`, `LedgerUnavailable` when the folder cannot be written.
    """
    if not database.is_sqlite:
        raise NotAllowed(
            "A ledger in PostgreSQL is backed up with pg_dump, "
            "and its patch folder, if it has one, by a copy made after that."
        )
    if folder.exists():
        raise NotAllowed(f"There is {folder} already; name a new folder for the backup.")
    partial = _partial(folder)
    try:
        partial.mkdir(parents=True)
        _copy_database(database, partial / DATABASE_NAME)
        # The file of a patch is written before its row: what the copied rows name is there by now.
        verdict = _complete(partial / DATABASE_NAME, patches, PatchFolder(partial / PATCHES_NAME), progress)
        sync(partial)
        partial.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise disk_error(error, f"The folder {folder}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return verdict


def restore(
    backup: Path, place: Path, patch_folder: Path, progress: Progress, until: int | None = None
) -> Verdict:
    """Makes the ledger at `place`, a file that does not exist yet, from a backup that verifies.

    until: the last revision to restore; later ones are left out, and may be damaged. Users and tokens are
    those of the backup in any case. Raises `NotFound` when there is no backup in the folder `backup` or no
    revision `until` in it, `NotAllowed` when there is a ledger at `place` already, `LedgerDamaged` when the
    backup is not whole, `NoRoom`, `LedgerUnavailable`, `LedgerTooNew`.
    """
    if not (backup / DATABASE_NAME).is_file():
        raise NotFound(f"There is no backup of a ledger in {backup}.")
    # A write-ahead log that was left behind would be played into the restored file.
    for old in (place, place.with_name(f"{place.name}-wal")):
        if old.exists():
            raise NotAllowed(f"There is {old} already; move the old ledger away first.")
    partial = _partial(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(backup / DATABASE_NAME, partial)
        if until is not None:
            _leave_out(partial, until)
        verdict = _complete(partial, PatchFolder(backup / PATCHES_NAME), PatchFolder(patch_folder), progress)
        partial.rename(place)
        sync(place.parent)
    except OSError as error:
        raise disk_error(error, f"The folder {place.parent}") from error
    finally:
        partial.unlink(missing_ok=True)
    return verdict


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")


def _copy_database(database: Database, copy: Path) -> None:
    with database.engine.connect() as connection, closing(sqlite3.connect(copy)) as target:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        # In one step: a copy in several would begin again with every commit that comes between.
        source.backup(target)


def _leave_out(copy: Path, until: int) -> None:
    """Takes the commits after `until` out of a copied database, and their traces out of its file."""
    database = Database.connect(copy)
    try:
        migrate(database)
        with database.writing() as connection:
            newest = head_of(connection).revision
            if not 0 <= until <= newest:
                raise NotFound(f"There is no revision {until} in the backup; its newest is {newest}.")
            connection.execute(delete(COMMITS).where(COMMITS.c.revision > until))
            connection.execute(delete(TOUCHES).where(TOUCHES.c.revision > until))
            connection.execute(update(SETTLED).where(SETTLED.c.revision > until).values(revision=None))
    finally:
        database.close()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("VACUUM")


def _complete(copy: Path, source: PatchFolder, target: PatchFolder, progress: Progress) -> Verdict:
    """Puts the patches that a copied database names into `target`, and verifies the copy as a whole."""
    database = Database.connect(copy)
    try:
        migrate(database)
        with database.reading() as connection:
            in_files = select(COMMITS.c.patch_hash).where(COMMITS.c.patch.is_(None)).distinct()
            hashes = connection.execute(in_files).scalars().all()
        for patch_hash in hashes:
            # One that is missing is found again by `verify`, which knows whose it is.
            with suppress(PatchDamaged):
                target.keep(source.read(patch_hash))
        fill(database, target)
        verdict = verify(database, target, progress)
    finally:
        database.close()
    if verdict.broken is not None:
        raise LedgerDamaged(verdict.sentence)
    sync(copy)
    return verdict
