"""Killing the writer of a running service, again and again: what is lost, and how long it stays away."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from bench.faulty import STEPS
from bench.measuring import Measured, Told
from bench.served import Served, adding, children

_POWER_CUT = 10
_ANY_TIME = 3
_LARGE = ("Copy.make", "Judge.large", "Live.put_in_use", "Live.finish")


class _Trial:
    """One service under fire, and what its client was told."""

    def __init__(self, service: Served, seed: int) -> None:
        self.service = service
        self.chance = random.Random(seed)
        self.done: set[str] = set()
        self.kills = 0
        self.power_cuts = 0
        self.given_up = 0
        self.outages: list[float] = []
        self.quiet: list[float] = []
        self._doubted: set[str] = set()
        steps = [step for step in STEPS if step not in _LARGE]
        self._points = [(step, when, nth) for step in steps for when in ("before", "after") for nth in (1, 2)]

    def change(self, name: str) -> float:
        """Asks for one change, as a client that believes what it is told. Out: seconds that it took."""
        start = perf_counter()
        said = self.service.update(adding(name))
        seconds = perf_counter() - start
        if said.status == 204:
            self.done.add(name)
        elif said.status == 503 and "nothing was changed" in said.detail:
            self.given_up += 1
        else:
            self._doubted.add(name)
        return seconds

    def at_a_step(self, number: int) -> None:
        """The writer ends at a step of a commit."""
        step, when, nth = self._points[number % len(self._points)]
        self.service.ask_for_fault(step, when, nth)
        seconds = self.change(f"step-{number}")
        if self.service.fault.exists():
            self.service.fault.unlink()
            self.quiet.append(seconds)
            return
        self.kills += 1
        self.outages.append(seconds + self.change(f"after-{number}"))

    def at_any_time(self, number: int) -> None:
        """The writer ends while changes come without pause."""
        stop = threading.Event()

        def work() -> None:
            for turn in range(10_000):
                if stop.is_set():
                    return
                self.change(f"any-{number}-{turn}")

        worker = threading.Thread(target=work)
        worker.start()
        sleep(self.chance.uniform(0.0, 0.3))
        writer = self.service.writer_pid()
        if writer is not None:
            os.kill(writer, signal.SIGKILL)
            self.kills += 1
        sleep(0.1)
        stop.set()
        worker.join()

    def power_cut(self) -> None:
        """All processes end, and the engines' logs, which nobody has synced, are lost with them."""
        everyone, waiting = [], [self.service.pid]
        while waiting:
            everyone.append(waiting.pop())
            waiting += children(everyone[-1])
        self.service.stop(signal.SIGKILL)
        for pid in everyone[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for log in self.service.kb.folder.engines.glob("*/*/*.log"):
            log.write_bytes(log.read_bytes()[: self.chance.choice((0, log.stat().st_size // 2))])
        self.service.start()
        self.power_cuts += 1

    def check(self) -> None:
        """That all that was acknowledged is there, and nothing that was given up. Raises `AssertionError`."""
        self.service.wait_for_writer()
        found = self.service.assert_whole()
        assert self.done <= found <= self.done | self._doubted, found ^ self.done


def durability(folder: Path, rounds: int, seed: int, told: Told, *, quick: bool = False) -> list[Measured]:
    """Kills the writer in so many rounds, at each step of a commit in turn and at any time, over HTTP.

    After each, what was acknowledged must be whole in what is stated, merged, inferred, told by the history
    and kept by the ledger, and what was not acknowledged nowhere; in the end `regiolink verify` has to agree.
    quick: as in `bench.faulty.QUICK`. Raises `AssertionError` when it is not so.
    """
    service = Served(folder, quick=quick)
    service.start()
    trial = _Trial(service, seed)
    try:
        for number in range(rounds):
            told(f"round {number + 1} of {rounds}: {len(trial.done)} changes done")
            if number % _POWER_CUT == _POWER_CUT - 1:
                trial.power_cut()
            elif number % _ANY_TIME == _ANY_TIME - 1:
                trial.at_any_time(number)
            else:
                trial.at_a_step(number)
            trial.check()
        found = service.command("verify")
        assert found.returncode == 0, found.stdout
    finally:
        if service._process is not None:
            service.stop()
    note = (
        f"{trial.kills} kills and {trial.power_cuts} power cuts: {len(trial.done)} changes acknowledged, "
        f"none lost; {trial.given_up} given up, none there"
    )
    rows = [("a change that meets a kill, and the next one", trial.outages, note)]
    if trial.quiet:
        rows.insert(0, ("a change without a kill", trial.quiet, ""))
    first = median(rows[0][1])
    return [
        Measured(what, median(taken), len(taken), median(taken) / first, said) for what, taken, said in rows
    ]
