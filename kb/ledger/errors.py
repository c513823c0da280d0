"""What can go wrong in the ledger: refused, in doubt, or out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from errno import EDQUOT, ENOSPC

from kb.errors import FolderUnusable, KnowledgeBaseError, NoRoom


class StaleHead(KnowledgeBaseError):
    """The head is not the one that the change was made on; nothing was changed."""

    title = "Someone else changed this first"

    def __init__(self, expected: int, found: int) -> None:
        self.expected, self.found = expected, found
        super().__init__(
            f"The change was made on revision {expected}, but the knowledge base is at revision {found}."
        )


class AlreadyDone(KnowledgeBaseError):
    """The same request is in the ledger already, as `revision`; nothing was changed."""

    title = "This was done already"

    def __init__(self, revision: int) -> None:
        self.revision = revision
        super().__init__(f"This request was already done as revision {revision}.")


class KeyReused(KnowledgeBaseError):
    """An idempotency key of one request was given for another; nothing was changed."""

    title = "The idempotency key belongs to another request"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The idempotency key {key!r} belongs to another request; take a new key for a new request."
        )


class InDoubt(KnowledgeBaseError):
    """The database went away, or failed, while it was asked to commit: done or not done, not known yet.

    commit_ids: what `Ledger.settle` takes; several for a group, which is done or not as a whole; none for
    a change of users or tokens, which the list of users and tokens tells.
    """

    title = "It is not known yet whether this was done"

    def __init__(self, commit_ids: Sequence[str] = ()) -> None:
        self.commit_ids = tuple(commit_ids)
        super().__init__(
            "The ledger's database failed while it committed the change, so it may or may not be done; "
            "look before you try again."
        )

    @property
    def commit_id(self) -> str | None:
        """The id that settles it, if there is one."""
        return self.commit_ids[0] if self.commit_ids else None


class LedgerBusy(KnowledgeBaseError):
    """Another writer held the ledger for too long; nothing was changed."""

    title = "The ledger is busy"

    def __init__(self) -> None:
        super().__init__(
            "Another program has been writing to the ledger for too long; try again in a moment."
        )


class LedgerUnavailable(FolderUnusable):
    """The ledger's database cannot be reached, opened or written to."""

    title = "The ledger cannot be used"


def disk_error(error: OSError, what: str) -> NoRoom | LedgerUnavailable:
    """The error to raise when the disk refuses to write. what: the thing that cannot be written to."""
    if error.errno in (ENOSPC, EDQUOT):
        return NoRoom()
    return LedgerUnavailable(f"{what} cannot be written to; check who owns it and whether the disk is sound.")


class LedgerTooNew(FolderUnusable):
    """A newer program has changed the ledger's tables."""

    title = "The ledger is newer than this program"

    def __init__(self, found: str, known: str) -> None:
        self.found, self.known = found, known
        super().__init__(
            f"The ledger was written by a newer Regiolink (schema {found}, this program knows {known}); "
            "use that version."
        )


class LedgerDamaged(KnowledgeBaseError):
    """Something in the ledger is not what was committed."""

    title = "The ledger is damaged"

    @classmethod
    def at(cls, revision: int, reason: str) -> LedgerDamaged:
        """The first revision that is not whole, and what is wrong with it."""
        return cls(f"Revision {revision} is damaged: {reason}; restore the ledger from a backup.")
