"""Whose turn it is: first come, first served, a share for each client, and a line that is not too long."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from server.readers.errors import Busy

T = TypeVar("T")


@dataclass(eq=False)
class Turn(Generic[T]):
    """The use of one thing by one client. until: when it is over at the latest, of `time.monotonic`."""

    client: str
    thing: T
    until: float


@dataclass(eq=False)
class Place(Generic[T]):
    """A place in the line. until: when patience is over, of `time.monotonic`. turn: once it has come.

    served: released when it has its turn, or when there will be none; `told` is called then, by whatever
    thread it is, and must return at once.
    """

    client: str
    seconds: float
    fits: Callable[[T], bool]
    until: float
    told: Callable[[], None] | None = None
    served: Lock = field(default_factory=Lock)
    turn: Turn[T] | None = None

    def __post_init__(self) -> None:
        self.served.acquire()

    def serve(self) -> None:
        """Says that its waiting is over."""
        self.served.release()
        if self.told:
            self.told()


class Turns(Generic[T]):
    """Things that are used by one client at a time, for any number of threads.

    most: turns at the same time. share: those of one client. line: how many may wait, half of them of one
    client. patience: seconds that somebody waits.
    """

    def __init__(self, most: int, share: int, line: int, patience: float) -> None:
        self.most, self.share, self.line, self.patience = most, share, line, patience
        self._lock = Lock()
        self._idle: list[T] = []
        self._turns: set[Turn[T]] = set()
        self._clients: Counter[str] = Counter()
        self._waiting: deque[Place[T]] = deque()
        self._closed = False

    def take(self, client: str, seconds: float, fits: Callable[[T], bool]) -> Turn[T]:
        """A turn, waited for. seconds: how long it will last at the longest. fits: which idle thing is best.

        Raises `Busy` when too many wait, or when it took too long.
        """
        found = self.enter(client, seconds, fits)
        return found if isinstance(found, Turn) else self.wait(found)

    def enter(
        self,
        client: str,
        seconds: float,
        fits: Callable[[T], bool],
        told: Callable[[], None] | None = None,
    ) -> Turn[T] | Place[T]:
        """A turn at once, or a place in the line. told: see `Place`. Raises `Busy` when too many wait."""
        with self._lock:
            if not self._waiting and (turn := self._turn(client, seconds, fits)):
                return turn
            self._refuse_too_many(client)
            place: Place[T] = Place(client, seconds, fits, time.monotonic() + self.patience, told)
            self._waiting.append(place)
            self._serve()  # those before may be waiting for their share only
        return place

    def wait(self, place: Place[T]) -> Turn[T]:
        """The turn of a place in the line. Raises `Busy` when it took too long."""
        if not place.served.acquire(timeout=max(0.0, place.until - time.monotonic())):
            self._leave(place)
        if place.turn is None:
            with self._lock:
                raise self._busy(place.client, f"Nobody was free to answer within {self.patience:g} seconds")
        return place.turn

    def give_up(self, place: Place[T]) -> None:
        """Leaves the line; a turn that has come by now is over."""
        self._leave(place)
        if place.turn is not None:
            self.end(place.turn, usable=True)

    @property
    def has_idle(self) -> bool:
        """Whether somebody else would be served at once."""
        return bool(self._idle)

    def idle(self) -> list[T]:
        """The idle things, the one that has been so for longest first."""
        with self._lock:
            return list(self._idle)

    def put(self, thing: T) -> None:
        """Adds a thing that can be used now."""
        with self._lock:
            self._idle.append(thing)
            self._serve()

    def remove(self, thing: T) -> bool:
        """Takes an idle thing away. Out: whether it was idle."""
        with self._lock:
            if thing in self._idle:
                self._idle.remove(thing)
                return True
            return False

    def end(self, turn: Turn[T], *, usable: bool) -> bool:
        """Ends a turn; its thing is idle then, if still usable. Out: whether the turn was not over yet."""
        with self._lock:
            if turn not in self._turns:
                return False
            self._turns.remove(turn)
            self._clients[turn.client] -= 1
            if not self._clients[turn.client]:
                del self._clients[turn.client]
            if usable:
                self._idle.append(turn.thing)
            self._serve()
            return True

    def close(self) -> None:
        """Sends everybody away who waits."""
        with self._lock:
            self._closed = True
            for place in self._waiting:
                place.serve()
            self._waiting.clear()

    def counts(self) -> tuple[int, int, int]:
        """How many turns there are, how many idle things, and how many wait."""
        with self._lock:
            return len(self._turns), len(self._idle), len(self._waiting)

    def lacking(self) -> int:
        """How many more things would be in use at once if there were any."""
        with self._lock:
            clients = Counter(self._clients)
            many = 0
            for waiting in self._waiting:
                if len(self._turns) + many < self.most and clients[waiting.client] < self.share:
                    clients[waiting.client] += 1
                    many += 1
            return many

    def _turn(self, client: str, seconds: float, fits: Callable[[T], bool]) -> Turn[T] | None:
        """A turn, if there may be one now."""
        if not self._idle or len(self._turns) >= self.most or self._clients[client] >= self.share:
            return None
        thing = next((thing for thing in self._idle if fits(thing)), self._idle[0])
        self._idle.remove(thing)
        turn = Turn(client, thing, time.monotonic() + seconds)
        self._turns.add(turn)
        self._clients[client] += 1
        return turn

    def _serve(self) -> None:
        """Gives their turn to those who wait, in their order; who has a share already is passed over."""
        for waiting in tuple(self._waiting):
            if not self._idle:
                break
            waiting.turn = self._turn(waiting.client, waiting.seconds, waiting.fits)
            if waiting.turn:
                self._waiting.remove(waiting)
                waiting.serve()

    def _leave(self, place: Place[T]) -> None:
        with self._lock:
            if place.turn is None and place in self._waiting:
                self._waiting.remove(place)

    def _refuse_too_many(self, client: str) -> None:
        if self._closed:
            raise Busy("The service is being stopped.", 1)
        if len(self._waiting) >= self.line:
            raise self._busy(client, f"{self.line} others wait already")
        own = sum(waiting.client == client for waiting in self._waiting)
        if own >= max(1, self.line // 2):
            raise self._busy(client, f"{own} requests of yours wait already")

    def _busy(self, client: str, why: str) -> Busy:
        """A refusal that says when a turn is over for certain."""
        if self._closed:
            return Busy("The service is being stopped.", 1)
        own = [turn.until for turn in self._turns if turn.client == client]
        ends = own if len(own) >= self.share else [turn.until for turn in self._turns]
        left = min(ends, default=0.0) - time.monotonic()
        return Busy(f"{why}; try again in a moment.", max(1, math.ceil(left)))
