"""What can go wrong, said in one sentence for the person and in facts for the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class KnowledgeBaseError(Exception):
    """Root of every error that a person may read: `str(error)` is one plain sentence.

    `title` is the kind of error in a few words, the same for every instance of the class.
    """

    title = "The knowledge base cannot do this"

    def __reduce__(self) -> tuple[object, ...]:
        # What is raised in one process is shown by another; a constructor may take other things than args.
        return _revived, (type(self), self.args, self.__dict__)


def _revived(kind: type[KnowledgeBaseError], args: tuple[object, ...], facts: dict[str, object]) -> object:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class NotFound(KnowledgeBaseError):
    """Something named in the request does not exist."""

    title = "Not found"


class NotUnderstood(KnowledgeBaseError):
    """The input is not what it should be: a syntax error, an unknown format, a bad parameter."""

    title = "Not understood"


class NotAllowed(KnowledgeBaseError):
    """Understood, and refused on purpose."""

    title = "Not allowed"


class TooLarge(KnowledgeBaseError):
    """The input exceeds a limit; the sentence names the limit."""

    title = "Too large"


class FolderUnusable(KnowledgeBaseError):
    """The data folder cannot be used: not writable, in use, or written by a newer version."""

    title = "The data folder cannot be used"


class EngineDamaged(FolderUnusable):
    """The engine's files are not what was written; the ledger can make them anew."""

    title = "The engine is damaged"


class NoRoom(KnowledgeBaseError):
    """The disk is full; nothing was changed."""

    title = "There is no room left"

    def __init__(self, whose: str = "the ledger") -> None:
        super().__init__(f"There is no room left on the disk of {whose}; nothing was changed.")


class RemoteFailed(KnowledgeBaseError):
    """Another server did not answer, or not as it should; the sentence names it."""

    title = "Another server failed"


class RemoteTooSlow(RemoteFailed):
    """Another server, or all that were asked together, took longer than they may."""

    title = "Another server took too long"


class DataRefused(KnowledgeBaseError):
    """Data that would break the shapes; nothing was changed.

    report: a `kb.report.Report` of what is wrong. older: one of what was wrong already about the same things.
    causes: finding -> the places in the request that it comes from, where they are known. labels: language ->
    thing -> what it is called, where known.
    """

    title = "The data breaks the rules"

    def __init__(
        self,
        sentence: str,
        report: object,
        older: object = None,
        causes: Mapping[Any, Any] | None = None,
        labels: Mapping[str, Mapping[Any, str]] | None = None,
    ) -> None:
        self.report, self.older = report, older
        self.causes, self.labels = dict(causes or {}), dict(labels or {})
        super().__init__(sentence)
