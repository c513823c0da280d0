"""The web application; the only place where the blueprints meet."""

from __future__ import annotations

import atexit

from flask import Flask, Response

from kb.saved_query import load_all
from server import (
    cross_origin,
    front,
    graph_store,
    history,
    pages,
    problems,
    saved_queries,
    sparql,
    things,
    undoing,
)
from server.guard import GUARD
from server.prompt import Prompt
from server.services import Services
from server.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The application over the knowledge base of the settings, whose writer is running.

    To be made in the process that answers. Raises what opening the ledger raises.
    """
    app = Flask(__name__)
    problems.register(app)
    installed = front.install(app, settings)
    services = Services(settings, installed.authorisation)
    services.add_probes(installed.readiness)
    atexit.register(services.close)
    app.extensions["services"] = services
    backend, queries = services.backend, load_all()
    app.extensions["prompt"] = Prompt(backend, services.reads, installed, settings)
    cross_origin.register(app)
    app.register_blueprint(pages.blueprint(backend, services.reads, queries))
    app.register_blueprint(sparql.blueprint(backend))
    app.register_blueprint(graph_store.blueprint(backend))
    app.register_blueprint(things.blueprint(backend))
    app.register_blueprint(undoing.blueprint(backend))
    app.register_blueprint(saved_queries.blueprint(backend, services.reads, queries))
    app.register_blueprint(history.blueprint(lambda: services.ledger))

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers.extend(GUARD)
        return answer

    return app
