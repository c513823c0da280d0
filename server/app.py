"""The web application; the only place where the blueprints meet."""

from __future__ import annotations

from flask import Flask, Response

from kb.saved_query import load_all
from kb.store import KnowledgeBase
from server import pages, problems, saved_queries, sparql

_MAX_BODY_BYTES = 1_000_000

_CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def create_app(kb: KnowledgeBase) -> Flask:
    """The application over the generation of `kb` that is in use now, for as long as it lives.

    Raises `FolderUnusable` when nothing has been built yet.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    engine, queries = kb.public(), load_all()
    problems.register(app)
    app.register_blueprint(pages.blueprint(engine, kb.about(), queries))
    app.register_blueprint(sparql.blueprint(engine))
    app.register_blueprint(saved_queries.blueprint(engine, queries))

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Content-Security-Policy"] = _CONTENT_SECURITY
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    return app
