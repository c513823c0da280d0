"""What can happen to a reader, said in one sentence each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kb.engine.contract import BadTerm, FileSyntaxError, NotSupported, QuerySyntaxError
from kb.errors import (
    EngineDamaged,
    FolderUnusable,
    KnowledgeBaseError,
    NotAllowed,
    NotFound,
    NotUnderstood,
    RemoteFailed,
    TooLarge,
)


class Unserved(KnowledgeBaseError):
    """It was understood and could not be answered now. retry_after: seconds until it is worth asking again.

    None: the same would happen again.
    """

    title = "Not answered"

    def __init__(self, sentence: str, retry_after: int | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(sentence)


class Busy(Unserved):
    """All readers are at work and too many wait already, or it waited too long."""

    title = "Too much to do at the moment"


class TimeLimit(Unserved):
    """It took longer than it may. `seconds` is the limit."""

    title = "It took too long"

    def __init__(self, sentence: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(sentence)


class MemoryLimit(Unserved):
    """It needed more memory than it may. `bytes` is the limit."""

    title = "It needed too much memory"

    def __init__(self, sentence: str, limit: int) -> None:
        self.bytes = limit
        super().__init__(sentence)


class ReaderLost(Unserved):
    """The process that worked on it came to an end."""

    title = "The reader came to an end"


class ClientGone(Unserved):
    """Who asked went away, so that nobody needs the answer."""

    title = "The client went away"


class AnswerTooLarge(TooLarge):
    """The whole answer exceeds a limit; nothing of it was sent."""

    title = "The answer is too large"


class AnswerCut(Unserved):
    """An answer of which a part was sent cannot be finished; cut the connection, so that it shows."""

    title = "The answer was cut off"


class StateGone(NotFound):
    """The state that was asked for was removed meanwhile."""

    title = "The state is no longer kept"


_TOLD: Final = (
    QuerySyntaxError,
    NotSupported,
    FileSyntaxError,
    BadTerm,
    AnswerTooLarge,
    TooLarge,
    StateGone,
    NotFound,
    NotAllowed,
    EngineDamaged,
    FolderUnusable,
    RemoteFailed,
    NotUnderstood,
)
"""The kinds of error that a reader tells of, the nearer one first."""


def as_head(error: KnowledgeBaseError) -> dict[str, Any]:
    """An error as a head of a message."""
    kind = next((kind for kind in _TOLD if isinstance(error, kind)), NotUnderstood)
    fields: list[Any] = [str(error)]
    if isinstance(error, QuerySyntaxError):
        fields = [error.what, error.line, error.column]
    elif isinstance(error, FileSyntaxError):
        fields = [error.name, error.what, error.line, error.column]
    return {"error": kind.__name__, "fields": fields}


def from_head(head: dict[str, Any]) -> KnowledgeBaseError:
    """The error that a head tells of."""
    kind: Callable[..., KnowledgeBaseError] = next(
        (kind for kind in _TOLD if kind.__name__ == head.get("error")), NotUnderstood
    )
    return kind(*head["fields"])
