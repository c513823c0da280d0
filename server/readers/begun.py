"""A question on its way to its answer while no thread waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from kb.snapshot import Snapshot
from server.readers.answer import Answer
from server.readers.pool import Pool
from server.readers.processes import Process
from server.readers.tasks import Form
from server.readers.turns import Place, Turn
from server.readers.work import Clock, Work

LONG: Final = 0.1
"""Seconds at a reader after which somebody should wait for the answer."""


class Whole(NamedTuple):
    """A whole answer. rows: of a SELECT."""

    body: bytes
    rows: int | None


class Begun:
    """A question that waits for its turn, or that a reader works on. For one thread at a time.

    It goes on when `told` is called, and when there is something to read at `fileno`; then `go_on` is to be
    called. When that raises `NotWhole`, or `is_late`, a thread has to `finish` it.
    """

    def __init__(
        self,
        pool: Pool,
        client: str,
        state: Snapshot,
        clock: Clock,
        task: dict[str, Any],
        form: Form,
        told: Callable[[], None],
    ) -> None:
        """told: called once its turn has come, by any thread; must return at once. Raises `Busy`."""
        self.client, self.state = client, state
        self._pool, self._clock, self._task, self._form, self._told = pool, clock, task, form, told
        self._work: Work | None = None
        self._late = float("inf")
        self._turn = self._entered()

    def go_on(self) -> Whole | None:
        """The answer, if all of it is here; takes the next step where there is one, and never waits.

        Raises `server.readers.work.NotWhole`, and `Busy`.
        """
        while self._work is None:
            turn = self._turn.turn if isinstance(self._turn, Place) else self._turn
            if turn is None:
                return None
            self._start(turn)
        found = self._work.arrived()
        return None if found is None else Whole(found[1], found[0]["end"].get("rows"))

    def fileno(self) -> int | None:
        """The descriptor on which the answer comes; None while it waits for its turn."""
        return None if self._work is None else self._work.fileno()

    def is_late(self, now: float) -> bool:
        """Whether it has waited for its turn, or has been worked on, for long. now: of `time.monotonic`."""
        return now > (self._turn.until if self._work is None else self._late)

    def finish(self, connection: int | None) -> Answer:
        """The answer, once it has begun, waited for. connection, and what is raised: see `Work`."""
        try:
            while self._work is None:
                self._start(
                    self._pool.turns.wait(self._turn) if isinstance(self._turn, Place) else self._turn
                )
            self._work.wait_from_now(connection)
            return Answer(self._work, *self._work.head(), self._form, self.state)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Gives it up, unless it is done."""
        if self._work is not None:
            self._work.close()
        elif isinstance(self._turn, Place):
            self._pool.turns.give_up(self._turn)
        else:
            self._pool.end(self._turn, usable=True)

    def _entered(self) -> Turn[Process] | Place[Process]:
        return self._pool.enter(self.client, self._clock.seconds, self.state, self._told)

    def _start(self, turn: Turn[Process]) -> None:
        """Gives the reader its task; enters again when the reader has died."""
        if not self._pool.is_good(turn, self.state):
            self._turn = self._entered()
            return
        self._work = Work(self._pool, self.client, self.state, self._clock, turn=turn)
        self._late = time.monotonic() + LONG
        self._work.begin(self._task)
