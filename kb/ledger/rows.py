"""Reading the rows of commits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from kb.ledger.commits import GENESIS, Head
from kb.ledger.errors import LedgerDamaged
from kb.ledger.patches import PackedPatch, PatchDamaged, PatchFolder
from kb.ledger.tables import COMMITS

FIELDS = tuple(column for column in COMMITS.columns if column.name != "patch")
"""All columns of a commit but its patch, which can be large."""


# Made once, because making a statement takes longer than asking it.
_NEWEST = (
    select(COMMITS.c.revision, COMMITS.c.hash, COMMITS.c.time).order_by(COMMITS.c.revision.desc()).limit(1)
)


def head_of(connection: Connection) -> Head:
    """The newest revision."""
    return newest_of(connection)[0]


def newest_of(connection: Connection) -> tuple[Head, str]:
    """The newest revision and its time, which is empty where there is no commit."""
    row = connection.execute(_NEWEST).one_or_none()
    return (GENESIS, "") if row is None else (Head(row.revision, row.hash), row.time)


def find_row(connection: Connection, *conditions: ColumnElement[bool]) -> dict[str, Any] | None:
    """The one row of a commit that meets the conditions, without its patch; None when there is none."""
    row = connection.execute(select(*FIELDS).where(*conditions)).one_or_none()
    return row._asdict() if row else None


def packed_patch(connection: Connection, folder: PatchFolder, revision: int) -> PackedPatch | None:
    """The patch of a revision from its row or its file, not yet checked; None when there is no such revision.

    Raises `PatchDamaged` when its file cannot be read.
    """
    found = select(COMMITS.c.patch_hash, COMMITS.c.patch).where(COMMITS.c.revision == revision)
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    patch_hash, packed = row
    return folder.read(patch_hash) if packed is None else PackedPatch(patch_hash, packed)


def patch_text(connection: Connection, folder: PatchFolder, revision: int) -> str | None:
    """The patch of a revision as RDF Patch, checked against its hash; None when there is no such revision.

    Raises `LedgerDamaged` when it is not what was committed.
    """
    try:
        packed = packed_patch(connection, folder, revision)
        return None if packed is None else packed.text()
    except PatchDamaged as error:
        raise LedgerDamaged.at(revision, str(error)) from error
