"""Tests of server/backend.py: what a change leaves behind in it, and in the metrics."""

from types import SimpleNamespace

import pytest

from kb.errors import DataRefused, NoRoom, NotUnderstood
from kb.intent import Intent, Outcome, SparqlUpdate
from kb.ledger.commits import Door
from kb.ledger.errors import InDoubt, StaleHead
from kb.permissions import Forbidden
from server import metrics
from server.backend import Backend
from server.remote_writer import GivenUp, WriterAway

INTENT = Intent(SparqlUpdate("CLEAR ALL"), "ana", "steward", Door.UPDATE)
COMMIT = object()


def backend(came: object) -> Backend:
    """A backend whose writer gives, or raises, `came`."""

    def commit(_intent: Intent) -> object:
        if isinstance(came, Exception):
            raise came
        return came

    return Backend(None, None, SimpleNamespace(commit=commit), None, "http://localhost/")


def counted(outcome: str) -> float:
    return metrics.value_of("regiolink_commits_total", outcome=outcome, door="update") or 0.0


@pytest.mark.parametrize(
    ("came", "outcome"),
    [
        (Outcome(7, COMMIT), "done"),
        (Outcome(7, None), "unchanged"),
        (Outcome(7, COMMIT, repeated=True), "repeated"),
        (DataRefused("It breaks a rule.", None), "invalid"),
        (NotUnderstood("It does not parse."), "refused"),
        (Forbidden("Not that graph."), "forbidden"),
        (StaleHead(6, 7), "stale"),
        (InDoubt(), "in-doubt"),
        (GivenUp("It took too long."), "deadline"),
        (WriterAway("The writer is away."), "failed"),
        (NoRoom(), "failed"),
        (KeyError("a fault"), "failed"),
    ],
)
def test_a_change_is_counted_by_what_came_of_it(came, outcome):
    before = counted(outcome)
    made = backend(came)
    if isinstance(came, Exception):
        with pytest.raises(type(came)):
            made.commit(INTENT)
    else:
        assert made.commit(INTENT) is came
    assert counted(outcome) == before + 1


def test_who_has_written_reads_what_was_written():
    made = backend(Outcome(7, COMMIT))
    made.commit(INTENT)
    asked = []
    made.states = SimpleNamespace(newest=asked.append)
    made.newest()
    made.newest(at_least=9)
    assert asked == [7, 9]
