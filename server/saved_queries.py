"""/queries: the saved queries, their questions in plain words and their answers."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from kb.engine.oxigraph import OxigraphEngine
from kb.saved_query import SavedQuery, find
from server.negotiation import RESULTS

_FORMS = {"csv": "text/csv", "tsv": "text/tab-separated-values", "json": "application/sparql-results+json"}
assert set(_FORMS.values()) <= set(RESULTS.forms)


def blueprint(engine: OxigraphEngine, queries: dict[str, SavedQuery]) -> Blueprint:
    """The list and the answers of `queries` over `engine`."""
    bp = Blueprint("saved_queries", __name__)

    @bp.get("/queries")
    def listing() -> str:
        return render_template("queries.html", queries=queries)

    @bp.get("/queries/<name>")
    def page(name: str) -> str:
        query = find(name)
        given = {key: value for key, value in request.args.items() if value}
        bound = query.bind(given)
        table = engine.select(bound)
        return render_template(
            "query.html", query=query, given=given, bound=bound, variables=table.variables, rows=list(table)
        )

    @bp.get("/queries/<name>.<form>")
    def data(name: str, form: str) -> Response:
        if form not in _FORMS:
            abort(404)
        found = engine.select(find(name).bind(request.args.to_dict()))
        made = Response(found.serialize(form), mimetype=_FORMS[form])
        made.headers["Access-Control-Allow-Origin"] = "*"
        if form != "json":
            made.headers["Content-Type"] = f"{_FORMS[form]}; charset=utf-8"
            made.headers["Content-Disposition"] = f'inline; filename="{name}.{form}"'
        return made

    return bp
