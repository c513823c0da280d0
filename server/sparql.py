"""/sparql: SPARQL 1.1 queries by GET and POST."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, request

from kb.engine.contract import Triples, Truth
from kb.engine.oxigraph import OxigraphEngine, OxigraphSolutions, OxigraphTruth
from kb.errors import NotAllowed, NotUnderstood
from kb.sparql_text import Form, check
from server.negotiation import GRAPHS, RESULTS, TRUTHS, choose

_READS_ONLY = "This address answers queries; it does not change data."
_DATASET = ("default-graph-uri", "named-graph-uri", "using-graph-uri", "using-named-graph-uri")


class UnsupportedMedia(NotUnderstood):
    """A POST whose content type says neither form nor query."""

    title = "Content type not understood"


def blueprint(engine: OxigraphEngine) -> Blueprint:
    """The endpoint over `engine`, which is only read."""
    bp = Blueprint("sparql", __name__)

    @bp.route("/sparql", methods=["GET", "POST", "OPTIONS"])
    def sparql() -> Response:
        if request.method == "OPTIONS":
            return _preflight()
        return answer(engine, _query_text(), request.headers.get("Accept"))

    return bp


def answer(engine: OxigraphEngine, text: str, accept: str | None) -> Response:
    """The answer to a query in the form that `accept` asks for.

    Raises `NotUnderstood` for a query that does not parse, and what `kb.sparql_text.check` refuses.
    Source: SPARQL 1.1 Protocol, section 2.1.
    """
    if check(text) is Form.UPDATE:
        raise NotAllowed(_READS_ONLY)
    found = engine.query(text)
    if isinstance(found, OxigraphSolutions):
        media, form = choose(accept, RESULTS)
    elif isinstance(found, OxigraphTruth):
        media, form = choose(accept, TRUTHS)
    else:
        media, form = choose(accept, GRAPHS)
    body = cast("OxigraphSolutions | Truth | Triples", found).serialize(form)
    made = Response(body, mimetype=media)
    if media.startswith("text/"):
        made.headers["Content-Type"] = f"{media}; charset=utf-8"
    made.headers["Vary"] = "Accept"
    made.headers["Access-Control-Allow-Origin"] = "*"
    return made


def _query_text() -> str:
    """The query of the request. Raises `NotUnderstood` when there is none, or more than one."""
    media = request.mimetype
    if request.method == "POST" and media == "application/sparql-query":
        _refuse_unserved(request.args.keys())
        try:
            return request.get_data().decode("utf-8")
        except UnicodeDecodeError:
            raise NotUnderstood("The query is not UTF-8 text.") from None
    if request.method == "POST" and media == "application/sparql-update":
        raise NotAllowed(_READS_ONLY)
    if request.method == "POST" and media != "application/x-www-form-urlencoded":
        raise UnsupportedMedia(
            "Send a query as application/sparql-query, or as the field 'query' of a URL-encoded form."
        )
    fields = request.form if request.method == "POST" else request.args
    _refuse_unserved(fields.keys())
    queries = fields.getlist("query")
    if len(queries) != 1:
        raise NotUnderstood("Give exactly one query: /sparql?query=… by GET, or the field 'query' by POST.")
    return queries[0]


def _refuse_unserved(names: object) -> None:
    """Refuses what would otherwise be ignored in silence and change the meaning of the request."""
    given = set(cast("set[str]", names))
    if "update" in given:
        raise NotAllowed(_READS_ONLY)
    for name in _DATASET:
        if name in given:
            raise NotUnderstood(f"The parameter {name} is not served here; write FROM or GRAPH in the query.")


def _preflight() -> Response:
    made = Response(status=204)
    made.headers["Access-Control-Allow-Origin"] = "*"
    made.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    made.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
    made.headers["Access-Control-Max-Age"] = "86400"
    return made
