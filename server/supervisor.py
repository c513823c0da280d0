"""The processes of `regiolink serve`: starts the writer and the web server, and keeps them running."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from kb.errors import KnowledgeBaseError
from server import metrics
from server.writer_process import READY

_SOONEST = 0.2
_SLOWEST = 10.0
_END_WITH_PARENT = 1  # prctl(PR_SET_PDEATHSIG), Linux


class CannotStart(KnowledgeBaseError):
    """The process that makes changes ended before it was ready; the sentence is its own."""

    title = "The service cannot start"


class _Writer:
    """The process that makes changes, started again whenever it ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._wait = _SOONEST
        self._started = 0.0

    def start(self) -> None:
        """Returns when it takes changes. Raises `CannotStart`."""
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.writer_process"],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        assert self._process.stdout is not None
        said = ""
        for line in self._process.stdout:
            said = line.strip()
            if said == READY:
                return
        self._process.wait()
        raise CannotStart(said or "The process that makes changes ended before it was ready.")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def restart(self) -> None:
        """Starts it again after it ended; slower each time when it does not last."""
        if time.monotonic() - self._started > _SLOWEST:
            self._wait = _SOONEST
        else:
            time.sleep(self._wait)
            self._wait = min(self._wait * 2, _SLOWEST)
        metrics.writer_restarted()
        try:
            self.start()
        except CannotStart as error:
            print(f"regiolink: {error}", file=sys.stderr)  # noqa: T201

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """Lets it finish what it is at."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def supervise(listener: socket.socket, web: Callable[[], None]) -> int:
    """Runs writer and web server until SIGTERM or SIGINT. Out: the exit status.

    listener: closed here, once `web` has it. web: runs the web server, in a process of its own, and never
    returns. Raises `CannotStart`.
    """
    writer = _Writer()
    writer.start()
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        # The web server first: it finishes what it has begun, and that may need the writer.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)

    child = os.fork()
    if child == 0:
        # Ctrl-C in a terminal reaches the whole group; only this process may decide what it means.
        os.setpgrp()
        _end_with_parent()
        web()
        os._exit(0)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    listener.close()
    while True:
        pid, status = _ended(child)
        if pid == child:
            break
        if not stopping and writer.ended():
            writer.restart()
    writer.stop()
    return os.waitstatus_to_exitcode(status) if not stopping else 0


def _ended(child: int) -> tuple[int, int]:
    """Whether the web server has ended by now: its pid and status, else zeros after a moment."""
    found = os.waitpid(child, os.WNOHANG)
    if found == (0, 0):
        time.sleep(0.1)
    return found


def _end_with_parent() -> None:
    """Asks the kernel to end this process when its parent is gone, where it can."""
    try:
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGTERM)
    except (AttributeError, OSError):
        return
