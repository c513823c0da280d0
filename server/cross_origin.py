"""Lets programs on pages of any site use the service: what is public is public, and nothing rests on cookies.

Source: the Fetch standard, section 3.2 (CORS protocol).
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

_OPEN: Final = ("/sparql", "/graphs", "/graph/", "/data/", "/queries")
EXPOSED: Final = (
    "Accept-Patch, Accept-Post, Allow, Content-Language, ETag, Idempotency-Replayed, Last-Modified, Link, "
    "Location, Memento-Datetime, Regiolink-Complete, Regiolink-Revision, Retry-After, Vary, WWW-Authenticate"
)
OTHERWISE: Final = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED}
"""What every answer of the public addresses says, but for those to what browsers ask beforehand."""

_PREFLIGHT: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Datetime, Accept-Language, Authorization, Content-Type, "
    "Idempotency-Key, If-Match, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def register(app: Flask) -> None:
    """Adds the headers of CORS to every answer of the public addresses, errors too."""

    @app.after_request
    def allow(answer: Response) -> Response:
        if request.path.startswith(_OPEN):
            # Nobody else sets these; to replace what is not there takes three times as long.
            answer.headers.extend(_PREFLIGHT if request.method == "OPTIONS" else OTHERWISE)
        return answer
