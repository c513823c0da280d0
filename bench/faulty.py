"""`python -m bench.faulty serve …`: the service with faults on request, for trials of what survives them.

The product knows nothing of this: here functions of it are wrapped before it runs. The file that the
environment variable `FAULT` names asks for one fault at a time, as `{"step": "Live.land", "when": "before",
"nth": 1}`; the process that comes to the step for the nth time removes the file and is killed.
`QUICK` in the environment has the writer forked from here, which spares it the start of an interpreter.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kb.ledger.ledger
import server.supervisor
from kb.checkpoints import Checkpoints
from kb.copies import Copy
from kb.engine.oxigraph import OxigraphEngine
from kb.judging import Judge
from kb.ledger.ledger import Ledger
from kb.live import Live
from server import writer_process
from server.cli import main as regiolink

FAULT = "FAULT"
QUICK = "QUICK"

STEPS: dict[str, tuple[Any, str]] = {
    "Live.stage": (Live, "stage"),
    "Judge.small": (Judge, "small"),
    "Ledger.append_all": (Ledger, "append_all"),
    "Ledger note": (kb.ledger.ledger, "note"),
    "Live.land": (Live, "land"),
    "OxigraphEngine.transact": (OxigraphEngine, "transact"),
    "OxigraphEngine.apply": (OxigraphEngine, "apply"),
    "Checkpoints.make": (Checkpoints, "make"),
    "OxigraphEngine.checkpoint": (OxigraphEngine, "checkpoint"),
    "Copy.make": (Copy, "make"),
    "Judge.large": (Judge, "large"),
    "Live.put_in_use": (Live, "_put_in_use"),
    "Live.finish": (Live, "_finish"),
}
"""The steps of a commit at which a fault can be asked for. "Ledger note" is inside its transaction."""


def _asked(place: Path, step: str, when: str) -> bool:
    """Whether the fault that is asked for is due at this step, now."""
    try:
        wanted = json.loads(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    if (wanted["step"], wanted["when"]) != (step, when):
        return False
    if wanted["nth"] > 1:
        place.write_text(json.dumps(wanted | {"nth": wanted["nth"] - 1}), encoding="utf-8")
        return False
    place.unlink(missing_ok=True)
    return True


def _strike() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrapped(call: Callable[..., Any], step: str, place: Path) -> Callable[..., Any]:
    def made(*given: Any, **named: Any) -> Any:
        if _asked(place, step, "before"):
            _strike()
        result = call(*given, **named)
        if _asked(place, step, "after"):
            _strike()
        return result

    return made


def install() -> None:
    """Has every step look whether a fault is asked for."""
    place = Path(os.environ[FAULT])
    for step, (owner, name) in STEPS.items():
        setattr(owner, name, _wrapped(getattr(owner, name), step, place))


class _Forked:
    """What `subprocess.Popen` gives for the writer process, forked from this one."""

    def __init__(self, *_: Any, **__: Any) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            os.dup2(writing, 1)
            os.setsid()
            server.supervisor._end_with_parent()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            status = 1
            try:
                writer_process.main()
                status = 0
            except SystemExit:
                status = 2
            finally:
                sys.stdout.flush()
                os._exit(status)
        os.close(writing)
        self.stdout = os.fdopen(reading)
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if ended else None
        return self._status

    def wait(self) -> int:
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)


def main() -> None:
    """`serve …` is `regiolink serve …` with a writer that has faults; `writer` is that writer."""
    install()
    if sys.argv[1:] == ["writer"]:
        writer_process.main()
        return
    # A service that is killed all the time is still to be started again soon.
    server.supervisor._SLOWEST = server.supervisor._SOONEST
    popen: Any = subprocess.Popen

    def start(_command: object, **options: Any) -> Any:
        return popen([sys.executable, "-m", "bench.faulty", "writer"], **options)

    # The supervisor's own name for it alone: readers are started as ever.
    only = SimpleNamespace(PIPE=subprocess.PIPE, Popen=_Forked if os.environ.get(QUICK) else start)
    setattr(server.supervisor, "subprocess", only)  # noqa: B010
    regiolink()


if __name__ == "__main__":
    main()
