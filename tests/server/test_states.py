"""The states that readers are given: new ones soon, old ones when nothing new can be had."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kb.errors import NoRoom, NotFound
from kb.snapshot import Snapshot
from server import states
from server.remote_writer import WriterAway
from server.states import NotYet, ServedStates

TIME = datetime(2026, 11, 22, tzinfo=UTC)


class Maker:
    """A writer whose head is told, and which may be out of order."""

    def __init__(self):
        self.revision, self.fault, self.asked = 1, None, 0

    def snapshot(self):
        self.asked += 1
        return self.snapshot_at(self.revision)

    def snapshot_at(self, revision):
        if self.fault:
            raise self.fault
        if revision > self.revision:
            raise NotFound(f"There is no revision {revision}.")
        return Snapshot(Path(f"/{revision}"), revision, TIME)


class Times:
    """A ledger of which only the times of revisions are known: one a day."""

    def revision_at(self, moment):
        return max(0, (moment - TIME).days + 1)


@pytest.fixture
def maker():
    return Maker()


@pytest.fixture
def served(maker):
    return ServedStates(maker, Times)


@pytest.fixture
def later(monkeypatch):
    """Lets time go by."""
    now = [0.0]
    monkeypatch.setattr(states.time, "monotonic", lambda: now[0])

    def pass_by(seconds=1.0):
        now[0] += seconds

    return pass_by


def test_the_newest_state_is_looked_for_now_and_then(maker, served, later):
    assert served.newest().revision == 1
    maker.revision = 2
    assert (served.newest().revision, maker.asked) == (1, 1)
    later()
    assert (served.newest().revision, maker.asked) == (2, 2)


def test_who_wrote_a_revision_reads_it_at_once(maker, served):
    assert served.newest().revision == 1
    maker.revision = 2
    assert served.newest(at_least=2).revision == 2
    with pytest.raises(NotYet, match="There is no revision 3 yet; the newest is 2"):
        served.newest(at_least=3)


@pytest.mark.parametrize("fault", [WriterAway("Away."), NoRoom("the data folder")])
def test_the_state_that_is_known_goes_on_being_read(maker, served, later, fault):
    assert served.newest().revision == 1
    later()
    maker.fault, maker.revision = fault, 2
    assert served.newest().revision == 1
    with pytest.raises(NotYet):
        served.newest(at_least=2)
    later()
    maker.fault = None
    assert served.newest().revision == 2


def test_without_any_state_the_reason_is_told(maker, served):
    maker.fault = WriterAway("Away.")
    with pytest.raises(WriterAway):
        served.newest()


def test_a_state_that_was_made_anew_takes_the_place_of_the_same_revision(maker, served, later, monkeypatch):
    assert served.newest().folder == Path("/1")
    later()
    monkeypatch.setattr(maker, "snapshot", lambda: Snapshot(Path("/1-anew"), 1, TIME))
    assert served.newest().folder == Path("/1-anew")


def test_a_state_is_found_by_its_revision_and_by_a_moment(maker, served):
    maker.revision = 3
    assert served.at(2).revision == 2
    assert served.at_time(TIME + timedelta(days=1, hours=5)).revision == 2
    with pytest.raises(NotFound, match="There was nothing yet on 2026-11-21 at 00:00:00 UTC"):
        served.at_time(TIME - timedelta(days=1))


def test_without_waiting_a_state_is_given_as_long_as_it_is_fresh(served, later):
    assert served.known(0) is None
    served.newest()
    assert (served.known(1).revision, served.known(2)) == (1, None)
    later()
    assert served.known(1) is None


def test_a_state_that_is_soon_too_old_is_given_and_looked_for_meanwhile(maker, served, later):
    served.newest()
    maker.revision = 2
    later(0.3)
    assert served.known(0).revision == 1
    until = time.monotonic() + 30
    while served.known(0).revision == 1:
        assert time.monotonic() < until
        time.sleep(0.001)
    assert maker.asked == 2
