"""A small application behind the real front and the real server, for tests that need a socket.

Run as a program it serves until it is stopped, and first prints its port. `FOLDER` gets a file `slow-began`
when a request to /slow has begun, which is answered when there is a file `go`. With `PATIENCE` slow clients
have so many seconds.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flask import Flask, Response, request

from kb.errors import NotAllowed
from server import front, problems, slow_clients
from server.serving import listen, run
from server.settings import Settings, load_settings

FOLDER = "TINY_SERVICE_FOLDER"
PATIENCE = "REGIOLINK_TINY_PATIENCE"


def make_app(settings: Settings, folder: Path) -> Flask:
    """Addresses that say what reached them."""
    app = Flask("server.app")
    problems.register(app)
    front.install(app, settings)

    @app.route("/echo", methods=["GET", "POST", "PUT"])
    def echo() -> dict[str, object]:
        return {
            "body": len(request.get_data()),
            "client": request.remote_addr,
            "scheme": request.scheme,
            "headers": sorted(request.headers.keys()),
        }

    @app.get("/slow")
    def slow() -> str:
        (folder / "slow-began").touch()
        while not (folder / "go").exists():
            time.sleep(0.01)
        return "slow but whole"

    @app.get("/cut")
    def cut() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"some of it, "
            yield b"x" * 300_000
            raise NotAllowed("The rest cannot be had.")

        return Response(parts(), mimetype="text/plain")

    @app.get("/large")
    def large() -> str:
        return "x" * 1_000_000

    return app


def main() -> None:
    """Serves on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    if PATIENCE in os.environ:
        slow_clients.HEAD_SECONDS = slow_clients.BODY_SECONDS = float(os.environ[PATIENCE])
    settings = replace(load_settings(), port=port)
    folder = Path(os.environ[FOLDER])
    listener = listen(settings)
    run(lambda: make_app(settings, folder), settings, listener, lambda: print(port, flush=True))  # noqa: T201


if __name__ == "__main__":
    main()
