"""Brings the tables of a ledger's database up to date when it is opened."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kb.ledger.database import Database
from kb.ledger.errors import LedgerTooNew

VERSION_TABLE: Final = "ledger_schema"
"""The table that tells which step was taken last; its own name, so that a database can be shared."""

_STEPS = Path(__file__).with_name("migrations")
# Any number that nobody else is likely to take; it is the same in every version of the program.
_ADVISORY_LOCK = 7_340_033
# Alembic's `op`, which the steps use, is one for the whole process.
_ONE_AT_A_TIME = threading.Lock()


def migrate(database: Database, to: str = "head") -> None:
    """Takes the steps that the database lacks, all or none; several processes may do so at once.

    to: the last step to take. Raises `LedgerTooNew` for a database that a newer program has changed.
    """
    script = ScriptDirectory(_STEPS, version_locations=[_STEPS])
    with database.reading() as connection:
        if _missing(script, connection, to) == []:
            return
    lock = f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"
    with _ONE_AT_A_TIME, database.writing(lock=lock) as connection:
        context = _context(connection)
        # Read again: another process may have taken them while we waited for the lock.
        for step in _missing(script, connection, to):
            with Operations.context(context):
                script.get_revision(step).module.upgrade()
            context.stamp(script, step)


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _missing(script: ScriptDirectory, connection: Connection, to: str) -> list[str]:
    """The steps from where the database stands, in order."""
    found = _context(connection).get_current_revision()
    known = [step.revision for step in script.walk_revisions()]
    if found is not None and found not in known:
        raise LedgerTooNew(found, known[0])
    steps = [step.revision for step in script.iterate_revisions(to, found or "base")]
    return steps[::-1]
