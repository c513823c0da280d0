"""The readers of one web process: enough of them, a spare kept warm, dead ones replaced."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final, Protocol

from kb.snapshot import Snapshot
from server.readers.frames import Ended
from server.readers.processes import Died, Nursery, Process, Ready
from server.readers.turns import Place, Turn, Turns

TICK: Final = 1.0
"""Seconds between looks at whether something takes too long."""

_IDLE_SECONDS: Final = 30.0
_STILLBORN: Final = 5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PoolLimits:
    """How readers are shared and what one may take.

    readers: how many one client can keep at work; as many again are there for others. memory: bytes that a
    task may take. line: how many may wait for a reader, half of them of one client; patience: for how many
    seconds.
    """

    readers: int
    memory: int = 1 << 30
    line: int = 64
    patience: float = 5.0


@dataclass(frozen=True)
class PoolState:
    """What the readers do. barriers: what keeps them from the network, nothing before the first is up.

    ended: how many readers came to an end before their time, by reason: "time", "memory", "client", "lost".
    """

    ready: bool
    busy: int
    idle: int
    waiting: int
    barriers: tuple[str, ...]
    ended: Counter[str] = field(default_factory=Counter)

    @property
    def remark(self) -> str:
        """What an operator should know, if anything."""
        if self.ready and not self.barriers:
            return "Nothing on this system keeps readers from the network."
        return ""


class Watched(Protocol):
    """Something that a reader works on for a while."""

    def check(self, now: float) -> None:
        """Ends it when it takes too long. now: of `time.monotonic`."""


class Pool:
    """Readers for any number of threads."""

    def __init__(self, limits: PoolLimits) -> None:
        """Starts the first readers. Raises `OSError` when no process can be started."""
        self.limits = limits
        self.on_damage: Callable[[], None] = lambda: None
        """Called when a reader finds its state damaged."""
        self.turns: Turns[Process] = Turns(2 * limits.readers, limits.readers, limits.line, limits.patience)
        self._lock = Lock()
        self._alive: dict[int, Process] = {}
        self._coming = 0
        self._stillborn = 0
        self._newest = (-1, "")
        self._barriers: tuple[str, ...] = ()
        self._ended: Counter[str] = Counter()
        self._watched: set[Watched] = set()
        self._closed = False
        self._nursery = Nursery(limits.memory)
        self._thread = Thread(target=self._keep, name="readers", daemon=True)
        self._thread.start()
        self._fill()

    def take(self, client: str, seconds: float, snapshot: Snapshot | None) -> Turn[Process]:
        """A reader for a client, waited for. snapshot: the state that it is to read, if any.

        seconds: for how long at the longest. Raises `Busy`.
        """
        while True:
            found = self.enter(client, seconds, snapshot)
            turn = found if isinstance(found, Turn) else self.turns.wait(found)
            if self.is_good(turn, snapshot):
                return turn

    def enter(
        self,
        client: str,
        seconds: float,
        snapshot: Snapshot | None,
        told: Callable[[], None] | None = None,
    ) -> Turn[Process] | Place[Process]:
        """As `take`, but for the waiting: a reader at once, or a place in the line; see `Turns.enter`."""
        found = self.turns.enter(client, seconds, self._fits(snapshot), told)
        if isinstance(found, Place) and not self.turns.has_idle:
            self._fill()
        return found

    def is_good(self, turn: Turn[Process], snapshot: Snapshot | None) -> bool:
        """Whether the reader of a turn lives; else the turn is over. To be asked of each turn of `enter`."""
        if not self.turns.has_idle:
            self._fill()
        if not turn.thing.frames.is_quiet:
            self.end(turn, usable=False)  # it died idle, and nobody has noticed yet
            turn.thing.frames.close()
            return False
        if snapshot is not None and snapshot.revision > self._newest[0]:
            self._move_on(snapshot)
        return True

    def end(self, turn: Turn[Process], *, usable: bool, reason: str = "lost") -> None:
        """Gives a reader back. One that is not usable is killed, and another one takes its place.

        reason: why it is not usable, as in `PoolState.ended`. The connection is left to who had the turn.
        """
        process = turn.thing
        process.used = time.monotonic()
        if not self.turns.end(turn, usable=usable):
            return
        if usable:
            self._stillborn = 0
        else:
            process.doomed = True
            self._ended[reason] += 1
            self._nursery.kill(process)
            self._fill()

    def watch(self, work: Watched) -> None:
        """Has `work` looked after until `unwatch`."""
        with self._lock:
            self._watched.add(work)

    def unwatch(self, work: Watched) -> None:
        """Looks after it no more."""
        with self._lock:
            self._watched.discard(work)

    def state(self) -> PoolState:
        """What the readers do."""
        busy, idle, waiting = self.turns.counts()
        return PoolState(bool(busy or idle), busy, idle, waiting, self._barriers, Counter(self._ended))

    def close(self) -> None:
        """Ends all readers. Whoever waits or is being answered is told."""
        self._closed = True
        self.turns.close()
        self._nursery.close()
        self._thread.join()
        self._nursery.close()  # one that was started over just then
        for process in self.turns.idle():
            process.frames.close()

    def _fits(self, snapshot: Snapshot | None) -> Callable[[Process], bool]:
        """Which reader suits best: one that has the state open; for no state, one that has another."""
        if snapshot is None:
            return lambda process: process.folder != self._newest[1]
        folder = str(snapshot.folder)
        return lambda process: process.folder == folder

    def _move_on(self, snapshot: Snapshot) -> None:
        """Has idle readers open a newer state, so that the next question need not wait for it."""
        self._newest = (snapshot.revision, str(snapshot.folder))
        for process in self.turns.idle():
            if self.turns.remove(process):
                process.prepare(str(snapshot.folder))
                self.turns.put(process)

    def _fill(self) -> None:
        """Asks for as many readers as are missing: a spare beyond those at work, no fewer than at first."""
        busy = self.turns.counts()[0]
        wanted = max(self.limits.readers, min(self.turns.most, busy + self.turns.lacking())) + 1
        with self._lock:
            alive = sum(not process.doomed for process in self._alive.values())
            missing = max(0, wanted - alive - self._coming)
            if self._closed or self._stillborn >= _STILLBORN:
                return
            self._coming += missing
            for _ in range(missing):
                self._nursery.fork()

    # -- in the thread that looks after it all -------------------------------------------------------------

    def _keep(self) -> None:
        looked = time.monotonic()
        while not self._closed:
            try:
                self._heed(self._nursery.receive(TICK))
            except Ended:
                self._start_over()
            if time.monotonic() - looked >= TICK:
                looked = time.monotonic()
                self._look(looked)

    def _heed(self, told: Ready | Died | Process | None) -> None:
        if isinstance(told, Ready):
            self._barriers = told.barriers
            if not told.barriers:
                _LOG.warning("Nothing on this system keeps readers from the network.")
        elif isinstance(told, Process):
            with self._lock:
                self._alive[told.number] = told
                self._coming -= 1
            if self._newest[1]:
                told.prepare(self._newest[1])
            self.turns.put(told)
        elif isinstance(told, Died):
            self._bury(told)

    def _bury(self, died: Died) -> None:
        with self._lock:
            process = self._alive.pop(died.number, None)
        if process is None:
            return
        process.status = died.status
        process.ended.set()
        if self.turns.remove(process):
            self._ended["lost"] += 1
            self._stillborn += 1
            process.frames.close()
        self._fill()

    def _start_over(self) -> None:
        """All readers have ended, with the process that they came from; another one takes its place."""
        for process in tuple(self._alive.values()):
            process.ended.set()
            if self.turns.remove(process):
                process.frames.close()
        self._nursery.close()
        if self._closed:
            return
        _LOG.warning("The process that readers come from has ended and is started again.")
        try:
            nursery = Nursery(self.limits.memory)
        except OSError:
            _LOG.error("No process can be started for readers.")
            time.sleep(TICK)
            return
        with self._lock:
            # What was asked of the old one in the meantime is asked again.
            self._nursery, self._alive, self._coming = nursery, {}, 0
        self._fill()

    def _look(self, now: float) -> None:
        with self._lock:
            watched = tuple(self._watched)
            alive = len(self._alive)
        for work in watched:
            work.check(now)
        for process in self.turns.idle()[: max(0, alive - self.limits.readers - 1)]:
            if now - process.used > _IDLE_SECONDS and self.turns.remove(process):
                process.doomed = True
                process.frames.close()  # which it takes as its end
        self._stillborn = 0
        self._fill()
