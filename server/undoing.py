"""/commits/<revision>/undo: takes commits back, as a new commit through the one door."""

from __future__ import annotations

from flask import Blueprint, Response, request

from kb.errors import NotUnderstood
from kb.intent import Undo
from kb.ledger.commits import Door
from server.answers import Bare
from server.backend import Backend
from server.changes import Asking, commit, told
from server.protocol import WrongMethod, parameters, whole_number

METHODS = "POST, OPTIONS"


def blueprint(backend: Backend) -> Blueprint:
    """Undoing over a backend."""
    bp = Blueprint("undoing", __name__)

    @bp.route(
        "/commits/<revision>/undo",
        methods=["GET", "HEAD", "POST", "OPTIONS"],
        provide_automatic_options=False,
    )
    def undo(revision: str) -> Response:
        if request.method == "OPTIONS":
            return Bare(status=204, headers={"Allow": METHODS})
        if request.method != "POST":
            raise WrongMethod("A commit is taken back by POST.", METHODS)
        author = backend.visitors.author(Door.UNDO)
        fields = parameters(request.query_string)
        first = whole_number({"revision": [revision]}, "revision")
        last = whole_number(fields, "to") or first
        if first is None or last is None or last < first:
            raise NotUnderstood(f"The revision {last} comes before {first}; name the earlier one first.")
        asking = Asking(request, author, fields, Door.UNDO, "")
        return told(request, commit(backend, asking, Undo(first, last)))

    return bp
