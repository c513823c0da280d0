"""Tests of server/problems.py."""

import json

import pytest
from flask import Flask

from kb.engine.contract import QuerySyntaxError
from kb.errors import KnowledgeBaseError, NotFound
from server import problems


class Unheard(KnowledgeBaseError):
    """A kind of error that no status was given."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QuerySyntaxError("expected a dot", 1, 2), 400),
        (NotFound("No such thing."), 404),
        (Unheard("Well."), 500),
    ],
)
def test_the_nearest_kind_decides_the_status(error, status):
    assert problems.status_of(error) == status


def test_a_bug_shows_nothing_of_its_inside():
    app = Flask("server")
    problems.register(app)

    @app.get("/bug")
    def bug():
        raise RuntimeError("the password is swordfish")

    answer = app.test_client().get("/bug")
    assert answer.status_code == 500 and b"swordfish" not in answer.data
    assert json.loads(answer.data)["title"] == "Internal error"
