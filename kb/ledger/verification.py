"""Verifying a ledger: every hash, every patch, no gap."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from kb.imported import Progress
from kb.ledger.commits import GENESIS, Head, canonical_json, hash_of
from kb.ledger.database import Database
from kb.ledger.errors import LedgerDamaged
from kb.ledger.patches import PatchDamaged, PatchFolder, file_name
from kb.ledger.rows import find_row, head_of, packed_patch
from kb.ledger.searching import noted
from kb.ledger.tables import COMMITS
from kb.ledger.touches import touched

_AT_ONCE = 500


@dataclass(frozen=True)
class Verdict:
    """What `verify` found.

    head: the newest revision up to which all is whole. broken: the first revision that is not, None when
    all are. sentence: the same in words. orphans: files of the patch folder that no commit names, sorted; a
    write that was cut off, or is under way, leaves one, and it harms nobody (looked for when all is whole).
    """

    head: Head
    broken: int | None
    sentence: str
    orphans: tuple[str, ...] = ()


class _Broken(Exception):
    """Why a commit is not whole."""


def verify(database: Database, folder: PatchFolder, progress: Progress) -> Verdict:
    """Walks the chain from the first commit to the newest.

    That the newest commits were taken away with all their traces cannot be seen here: compare `head` with
    what an engine or a backup holds. Raises `LedgerUnavailable` when the database goes away meanwhile.
    """
    whole = GENESIS
    try:
        with database.reading() as connection:
            newest = head_of(connection).revision
        while whole.revision < newest:
            # A long transaction would keep SQLite from emptying its write-ahead log.
            with database.reading() as connection:
                for revision in range(whole.revision + 1, min(whole.revision + _AT_ONCE, newest) + 1):
                    whole = _checked(connection, folder, revision, whole)
                    progress(revision, newest, "commits verified")
        return _all_whole(whole, _orphans(database, folder))
    except (_Broken, PatchDamaged) as error:
        reason = str(error)
    except (LedgerDamaged, DBAPIError):
        reason = "the database cannot read it"
    broken = whole.revision + 1
    return Verdict(whole, broken, str(LedgerDamaged.at(broken, reason)))


def _checked(connection: Connection, folder: PatchFolder, revision: int, parent: Head) -> Head:
    """The head that the commit `revision` makes, if it is whole and follows `parent`."""
    row = find_row(connection, COMMITS.c.revision == revision)
    packed = packed_patch(connection, folder, revision)
    if row is None or packed is None:
        raise _Broken("it is missing")
    if hash_of(row) != row["hash"]:
        raise _Broken("its fields are not those that were committed")
    if (row["parent"], row["parent_hash"]) != (parent.revision, parent.hash):
        raise _Broken("it does not follow from the commit before it")
    text = packed.text()
    if (text.count("\nA "), text.count("\nD ")) != (row["inserts"], row["deletes"]):
        raise _Broken("its patch has another number of quads than it says")
    what = touched(text)
    if row["graphs"] != canonical_json(what.graphs) or not noted(connection, revision, what.hashes):
        raise _Broken("the index does not tell all that it touches")
    return Head(revision, row["hash"])


def _orphans(database: Database, folder: PatchFolder) -> tuple[str, ...]:
    # The files first: one that is written after this look cannot be taken for an orphan.
    present = folder.names()
    with database.reading() as connection:
        in_files = select(COMMITS.c.patch_hash).where(COMMITS.c.patch.is_(None))
        named = {file_name(patch_hash) for patch_hash in connection.execute(in_files).scalars()}
    return tuple(sorted(present - named))


def _all_whole(head: Head, orphans: tuple[str, ...]) -> Verdict:
    said = (
        f"All commits up to revision {head.revision} are whole." if head.revision else "There are no commits."
    )
    if orphans:
        files = "file belongs" if len(orphans) == 1 else "files belong"
        said += f" In the patch folder {len(orphans)} {files} to no commit, which does no harm."
    return Verdict(head, None, said, orphans)
