"""Runs the application under gunicorn, in the foreground, until told to stop."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from kb.errors import KnowledgeBaseError
from server.app import create_app
from server.request_log import configure
from server.settings import Settings
from server.slow_clients import FIELD_BYTES, FIELDS, LINE_BYTES

_STRICT = {
    # One process: the engine is opened after the fork, and its threads share it.
    "workers": 1,
    "worker_class": "server.prompt_worker.PromptWorker",
    "worker_connections": 900,  # most systems let a process have 1,024 files open
    "timeout": 0,
    "graceful_timeout": 30,
    # Longer than a proxy keeps its connections (docs/operating.md), so that it is never left with a dead one.
    "keepalive": 20,
    "limit_request_line": LINE_BYTES,
    "limit_request_fields": FIELDS,
    "limit_request_field_size": FIELD_BYTES,
    # A header with an underscore could pass for another one. No header decides scheme or address here: of the
    # proxies that are known, the application reads them.
    "header_map": "refuse",
    "forwarder_headers": "",
    "forwarded_allow_ips": "",
    "http_parser": "python",
    "http_protocols": "h1",
    "proxy_protocol": "off",
    "permit_obsolete_folding": False,
    "permit_unconventional_http_method": False,
    "permit_unconventional_http_version": False,
    "casefold_http_method": False,
    "strip_header_spaces": False,
    "control_socket_disable": True,
    "logger_class": "server.serving.OneLog",
    "loglevel": "warning",
    "accesslog": None,
}


class OneLog(glogging.Logger):
    """gunicorn's log, written as all others are."""

    def setup(self, cfg: Any) -> None:
        """As gunicorn sets it up, but for where it goes."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.filters[:] = [_tells_of_a_fault]


def _tells_of_a_fault(record: logging.LogRecord) -> bool:
    """Not that a client went away or was too slow, nor what the line of the request says already."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, BlockingIOError | TimeoutError | ConnectionError | KnowledgeBaseError)


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


def serve(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answers requests on `listener` until SIGTERM or SIGINT; then requests under way are finished.

    ready: called once, when the first request can be answered. Does not return: gunicorn ends the process
    with status 0.
    """
    run(lambda: create_app(settings), settings, listener, ready)


def run(
    make_app: Callable[[], Flask], settings: Settings, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """Serves the application that `make_app` makes in the process that answers; else as `serve`."""

    def first_worker_is_up(worker: Any) -> None:
        if worker.age == 1:
            ready()

    configure(settings.log)
    options = _STRICT | {
        # gunicorn closes the one that it is given and goes on with a copy.
        "bind": [f"fd://{listener.detach()}"],
        "threads": settings.threads,
        "post_worker_init": first_worker_is_up,
    }
    _Gunicorn(options, make_app).run()
