"""Tests of server/problems.py."""

import json
import pickle

import pytest
from flask import Flask

from kb.engine.contract import QuerySyntaxError
from kb.errors import KnowledgeBaseError, NotFound
from kb.history import Conflict, FutureRevision, StaleChange, UndoImpossible
from kb.ledger.commits import Commit, Door, Entry, Head, row_after
from kb.patch import Patch
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


NEWER = Commit.from_row(
    row_after(
        Head(11, "0" * 64),
        Entry(Patch(), "ben", "steward", "", Door.FORM),
        "f" * 64,
        "2026-11-22T12:00:00.000000Z",
    )
)


@pytest.mark.parametrize(
    ("error", "status"),
    [(StaleChange(9, [Conflict(NEWER, ("urn:a",), ())]), 412), (UndoImpossible(9, 9, [], [NEWER]), 409)],
)
def test_a_change_that_comes_too_late_names_the_commits_in_its_way(error, status):
    app = Flask("server")
    problems.register(app)

    @app.get("/late")
    def late():
        # As it comes from the process that makes changes.
        raise pickle.loads(pickle.dumps(error))

    answer = app.test_client().get("/late")
    assert (answer.status_code, answer.json["detail"]) == (status, str(error))
    assert answer.json["commits"] == [
        {"revision": 12, "author": "ben", "time": "2026-11-22T12:00:00.000000Z"}
    ]


def test_a_change_from_a_revision_that_is_not_there_fails_its_precondition():
    assert problems.status_of(FutureRevision(99, 12)) == 412


def test_a_bug_shows_nothing_of_its_inside():
    app = Flask("server")
    problems.register(app)

    @app.get("/bug")
    def bug():
        raise RuntimeError("the password is swordfish")

    answer = app.test_client().get("/bug")
    assert answer.status_code == 500 and b"swordfish" not in answer.data
    assert json.loads(answer.data)["title"] == "Internal error"
