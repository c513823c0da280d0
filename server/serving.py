"""Runs the application under gunicorn, in the foreground, until told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from kb.errors import KnowledgeBaseError
from kb.store import KnowledgeBase
from server.app import create_app
from server.settings import Settings


class CannotListen(KnowledgeBaseError):
    """The address to listen on is taken, or not ours."""

    title = "Cannot listen"


def listen(settings: Settings) -> socket.socket:
    """A socket that listens at the address of `settings`. Raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
        made.listen(128)
    except OSError:
        made.close()
        raise CannotListen(
            f"Port {settings.port} of {settings.host} is in use or not available; "
            "stop what uses it, or set REGIOLINK_PORT to another one."
        ) from None
    return made


class _Gunicorn(BaseApplication):
    """gunicorn with our options instead of its command line."""

    def __init__(self, options: dict[str, Any], load: Callable[[], Flask]) -> None:
        self._options, self._load = options, load
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._load()


def serve(kb: KnowledgeBase, settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answers requests on `listener` until SIGTERM or SIGINT; then requests under way are finished.

    ready: called once, when the first request can be answered. Does not return: gunicorn ends the process
    with status 0.
    """

    def first_worker_is_up(worker: Any) -> None:
        if worker.age == 1:
            ready()

    options = {
        "bind": [f"fd://{listener.fileno()}"],
        # One process: the engine is opened after the fork, and its threads share it.
        "workers": 1,
        "worker_class": "gthread",
        "threads": settings.threads,
        "graceful_timeout": 30,
        "timeout": 0,
        "loglevel": "warning",
        "accesslog": None,
        "post_worker_init": first_worker_is_up,
    }
    _Gunicorn(options, lambda: create_app(kb)).run()
