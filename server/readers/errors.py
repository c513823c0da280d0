"""What can happen to a reader, said in one sentence each."""

from __future__ import annotations

from kb.errors import KnowledgeBaseError, TooLarge


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
