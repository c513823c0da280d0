"""Errors over HTTP: one shape (RFC 9457), the status decided here, nothing of the inside shown."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, json, render_template, request
from werkzeug.exceptions import HTTPException

from kb.errors import (
    DataRefused,
    FolderUnusable,
    KnowledgeBaseError,
    NotAllowed,
    NotFound,
    NotUnderstood,
    RemoteFailed,
    RemoteTooSlow,
    TooLarge,
)
from server.credentials import BadToken, TokenNeeded, TooManyWrongTokens
from server.negotiation import NotAcceptable, wants_page
from server.protocol import UnsupportedMedia, WebError, WrongMethod

STATUS: dict[type[KnowledgeBaseError], int] = {
    TokenNeeded: 401,
    BadToken: 401,
    WrongMethod: 405,
    NotAcceptable: 406,
    UnsupportedMedia: 415,
    TooManyWrongTokens: 429,
    NotFound: 404,
    NotAllowed: 403,
    TooLarge: 413,
    DataRefused: 422,
    NotUnderstood: 400,
    RemoteFailed: 502,
    RemoteTooSlow: 504,
    FolderUnusable: 503,
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


def problem(status: int, title: str, detail: str) -> Response:
    """An error answer: a page for browsers, else application/problem+json."""
    if wants_page(request.headers.get("Accept")):
        page = render_template("problem.html", status=status, title=title, detail=detail)
        answer = Response(page, status, mimetype="text/html")
    else:
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        answer = Response(json.dumps(body) + "\n", status, mimetype="application/problem+json")
    answer.headers["Vary"] = "Accept"
    return answer


def register(app: Flask) -> None:
    """Makes every error of `app` a problem."""

    @app.errorhandler(KnowledgeBaseError)
    def refused(error: KnowledgeBaseError) -> Response:
        answer = problem(status_of(error), error.title, str(error))
        if isinstance(error, WebError):
            answer.headers.update(error.headers)
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
