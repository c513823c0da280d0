"""Errors over HTTP: one shape (RFC 9457), the status decided here, nothing of the inside shown."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, json, render_template, request
from werkzeug.exceptions import HTTPException

from kb.engine.contract import FileSyntaxError, NotSupported, QuerySyntaxError
from kb.errors import (
    DataRefused,
    FolderUnusable,
    KnowledgeBaseError,
    NoRoom,
    NotAllowed,
    NotFound,
    NotUnderstood,
    RemoteFailed,
    RemoteTooSlow,
    TooLarge,
)
from kb.gate.gate import TooLong
from kb.history import FutureRevision, StaleChange, UndoImpossible
from kb.ledger.errors import InDoubt, KeyReused, LedgerBusy, StaleHead
from server.credentials import BadToken, TokenNeeded, TooManyWrongTokens
from server.findings import as_shacl, refusal
from server.negotiation import NotAcceptable, wants_page
from server.protocol import BadKey, PreconditionFailed, UnsupportedMedia, WebError, WrongMethod
from server.readers.errors import Unserved
from server.remote_writer import GivenUp, WriterAway
from server.request_log import note

STATUS: dict[type[KnowledgeBaseError], int] = {
    TokenNeeded: 401,
    BadToken: 401,
    WrongMethod: 405,
    NotAcceptable: 406,
    StaleHead: 409,
    UndoImpossible: 409,
    StaleChange: 412,
    FutureRevision: 412,
    PreconditionFailed: 412,
    UnsupportedMedia: 415,
    BadKey: 400,
    KeyReused: 422,
    TooManyWrongTokens: 429,
    NotFound: 404,
    NotAllowed: 403,
    TooLarge: 413,
    DataRefused: 422,
    NotUnderstood: 400,
    NotSupported: 501,
    RemoteFailed: 502,
    RemoteTooSlow: 504,
    FolderUnusable: 503,
    Unserved: 503,
    LedgerBusy: 503,
    InDoubt: 503,
    WriterAway: 503,
    GivenUp: 503,
    TooLong: 503,
    NoRoom: 507,
}
"""The status of each kind of error; of two kinds that fit, the nearer class counts."""

_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not answer that method.",
    413: "The request is larger than this service accepts.",
    415: "This content type is not understood here.",
}


def status_of(error: KnowledgeBaseError) -> int:
    """The HTTP status of a domain error; 500 for a kind that `STATUS` does not know."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(status: int, title: str, detail: str, more: Mapping[str, object] | None = None) -> Response:
    """An error answer: a page for browsers, else application/problem+json. more: its other members."""
    if wants_page(request.headers.get("Accept")):
        page = render_template("problem.html", status=status, title=title, detail=detail)
        answer = Response(page, status, mimetype="text/html")
    else:
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **(more or {})}
        answer = Response(json.dumps(body) + "\n", status, mimetype="application/problem+json")
    answer.headers["Vary"] = "Accept"
    return answer


def _facts(error: KnowledgeBaseError) -> dict[str, object]:
    """Where the fault is in what was sent, or which commits are in the way, for programs."""
    later = error.later if isinstance(error, UndoImpossible) else ()
    if isinstance(error, StaleChange):
        later = tuple(conflict.commit for conflict in error.conflicts)
    if later:
        return {
            "commits": [
                {"revision": each.revision, "author": each.author, "time": each.time} for each in later
            ]
        }
    if isinstance(error, QuerySyntaxError | FileSyntaxError) and error.line is not None:
        return {"line": error.line, "column": error.column}
    return {}


def _broken_rules(error: DataRefused) -> Response:
    """What the shapes found, as a problem, or as SHACL where RDF is asked for."""
    report = as_shacl(error, request.headers.get("Accept"))
    if report is not None:
        media, body = report
        answer = Response(body, status_of(error), mimetype=media)
    else:
        more = refusal(error, request.headers.get("Accept-Language"))
        answer = problem(status_of(error), error.title, str(error), more)
        answer.headers["Content-Language"] = str(more["language"])
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer


def register(app: Flask) -> None:
    """Makes every error of `app` a problem."""

    @app.errorhandler(KnowledgeBaseError)
    def refused(error: KnowledgeBaseError) -> Response:
        note(error=type(error).__name__)
        if isinstance(error, DataRefused):
            return _broken_rules(error)
        answer = problem(status_of(error), error.title, str(error), _facts(error))
        if isinstance(error, WebError):
            answer.headers.update(error.headers)
        elif isinstance(error, Unserved) and error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    @app.errorhandler(HTTPException)
    def by_http(error: HTTPException) -> Response:
        status = error.code or 500
        answer = problem(
            status, HTTPStatus(status).phrase, _WORDS.get(status, HTTPStatus(status).description)
        )
        if error.get_response().headers.get("Allow"):
            answer.headers["Allow"] = error.get_response().headers["Allow"]
        return answer

    @app.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        app.logger.error("A request failed unexpectedly", exc_info=error)
        return problem(
            500, "Internal error", "Something went wrong here; the fault is ours and has been logged."
        )
