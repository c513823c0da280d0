"""Clients over HTTP in a process of their own, so that what is measured does not wait for them.

    python -m bench.clients PORT PATH MEDIA CLIENTS < QUERIES     one query a line

Each client keeps its connection and asks its next query when it has the answer to the one before. Prints
`Asked` as JSON.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import quote

_AT_ONCE = 1 << 20
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Asked:
    """What came of it. seconds: for all queries together. half: seconds within which half were answered.

    size: bytes of the bodies.
    """

    seconds: float
    half: float
    size: int


def ask_all(port: int, path: str, media: str, queries: Sequence[str], clients: int) -> Asked:
    """Asks each query once, by so many clients at once in a new process.

    path: of the endpoint. media: the type that answers are to have. Raises `RuntimeError` when an answer is
    not a 200.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.clients", str(port), path, media, str(clients)],
        input="\n".join(queries),
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError("A query of the measurement was not answered.")
    return Asked(**json.loads(done.stdout))


class _Client:
    """One connection, and the answer that is coming on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """Asks, and waits for nothing."""
        self._head, self._tail = b"", b""
        self._size, self._length = 0, -1
        self._began = perf_counter()
        self.socket.sendall(request)

    def take(self) -> tuple[float, int] | None:
        """Takes what has come. Out: seconds and bytes of an answer that is whole. Raises `RuntimeError`."""
        come = self.socket.recv(_AT_ONCE)
        if not come:
            raise RuntimeError("The connection was closed.")
        if self._length < 0:
            self._head += come
            head, end, come = self._head.partition(b"\r\n\r\n")
            if not end:
                return None
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(self._head.decode(errors="replace"))
            self._length = _length(head)
        self._size += len(come)
        if self._length:
            whole = self._size == self._length
        else:
            self._tail = (self._tail + come)[-7:]
            whole = self._tail == b"\r\n0\r\n\r\n"
        return (perf_counter() - self._began, self._size) if whole else None


def _length(head: bytes) -> int:
    """Of the body, 0 when it comes in chunks."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _ask(port: int, requests: Iterator[bytes], clients: int) -> Asked:
    seconds: list[float] = []
    size = 0
    with selectors.DefaultSelector() as waiting:
        made = [_Client(port) for _ in range(clients)]
        start = perf_counter()
        for client in made:
            waiting.register(client.socket, selectors.EVENT_READ, client)
            client.send(next(requests))
        while waiting.get_map():
            for key, _ in waiting.select():
                if (taken := key.data.take()) is None:
                    continue
                seconds.append(taken[0])
                size += taken[1]
                if (following := next(requests, None)) is None:
                    waiting.unregister(key.fileobj)
                else:
                    key.data.send(following)
        whole = perf_counter() - start
        for client in made:
            client.socket.close()
    return Asked(whole, median(seconds), size)


def _main(port: str, path: str, media: str, clients: str) -> None:
    requests = [
        f"GET {path}?query={quote(query.strip())} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\nAccept: {media}\r\n\r\n"
        for query in sys.stdin
    ]
    found = _ask(int(port), (request.encode() for request in requests), min(int(clients), len(requests)))
    print(json.dumps(asdict(found)))  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
