"""The local socket between who wants a change and the one process that makes it.

Values travel pickled: only the owner of the data folder can reach the socket, and both ends are this program.
"""

from __future__ import annotations

import os
import socket
from multiprocessing.connection import Connection
from pathlib import Path

_WAITING = 64


def listen(place: Path) -> socket.socket:
    """A socket that listens at `place`, in the stead of one that was left behind."""
    place.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _at(place, made.bind)
    place.chmod(0o600)
    made.listen(_WAITING)
    return made


def connect(place: Path) -> Connection:
    """A connection to who listens at `place`. Raises `OSError` when nobody does."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _at(place, made.connect)
    except BaseException:
        made.close()
        raise
    return Connection(made.detach())


def accept(listener: socket.socket) -> Connection:
    """The next connection."""
    made, _ = listener.accept()
    return Connection(made.detach())


def _at(place: Path, call: object) -> None:
    # The name of a socket may have a hundred characters only; by its folder's descriptor it is short.
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        short = f"/proc/self/fd/{folder}/{place.name}"
        call(short if Path("/proc/self/fd").exists() else str(place))  # type: ignore[operator]
    finally:
        os.close(folder)
