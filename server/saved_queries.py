"""/queries: the saved queries, their questions in plain words and their answers."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from kb.saved_query import SavedQuery, find
from kb.sparql_text import Form as Asks
from server.answers import Wanted, respond
from server.backend import Backend
from server.moments import moment_of
from server.negotiation import RESULTS
from server.query_service import QueryService
from server.readers.tasks import Kind, Question
from server.request_log import note

_FORMS = {"csv": "text/csv", "tsv": "text/tab-separated-values", "json": "application/sparql-results+json"}
assert set(_FORMS.values()) <= set(RESULTS.forms)
_OF_THE_ADDRESS = ("at", "min_revision")


def blueprint(backend: Backend, reads: QueryService, queries: dict[str, SavedQuery]) -> Blueprint:
    """The list and the answers of `queries`. Each address takes `at`: the state to ask, as /sparql does."""
    bp = Blueprint("saved_queries", __name__)

    @bp.get("/queries")
    def listing() -> str:
        return render_template("queries.html", queries=queries)

    @bp.get("/queries/<name>")
    def page(name: str) -> str:
        note(asks="query")
        query = find(name)
        given = {key: value for key, value in _values().items() if value}
        bound = query.bind(given)
        moment = moment_of(_fields(), request.headers.get("Accept-Datetime"), backend)
        table = reads.select(bound, moment.state, request.remote_addr or "")
        return render_template(
            "query.html",
            query=query,
            given=given,
            bound=bound,
            variables=table.variables,
            rows=table.rows,
            state=moment.state,
        )

    @bp.get("/queries/<name>.<form>")
    def data(name: str, form: str) -> Response:
        if form not in _FORMS:
            abort(404)
        note(asks="query")
        bound = find(name).bind(_values())
        moment = moment_of(_fields(), request.headers.get("Accept-Datetime"), backend)
        choice = (_FORMS[form], form)
        question = Question(bound, {Kind.SOLUTIONS: choice}, Asks.SELECT)
        client = request.remote_addr or ""
        wanted = Wanted(choice, ("saved", bound), lambda: backend.reads.ask(question, client, moment.state))
        made = respond(backend, request, moment, wanted, private=False)
        if form != "json":
            made.headers["Content-Disposition"] = f'inline; filename="{name}.{form}"'
        return made

    return bp


def _values() -> dict[str, str]:
    """The parameters of the query, without those of the address."""
    return {key: value for key, value in request.args.items() if key not in _OF_THE_ADDRESS}


def _fields() -> dict[str, list[str]]:
    return request.args.to_dict(flat=False)
