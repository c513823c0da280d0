"""Fixtures for the tests of the server."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@contextmanager
def running(folder: Path, **settings: str):
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "PYTHONPATH": str(HERE.parents[1]),
        "REGIOLINK_DATA_DIR": str(folder / "data"),
        "TINY_SERVICE_FOLDER": str(folder),
        **{f"REGIOLINK_{name.upper()}": value for name, value in settings.items()},
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "tiny_service.py")],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield int(process.stdout.readline()), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


@pytest.fixture(scope="session")
def tiny_service():
    """Runs tests/server/tiny_service.py: `with tiny_service(folder, setting=value) as (port, process)`.

    Its log is the file `log` in the folder. It is stopped at the end of the block.
    """
    return running
