"""Tests of server/mending.py."""

import logging
import threading

import pytest

from server import mending
from server.mending import Mending
from server.remote_writer import WriterAway


@pytest.fixture
def now(monkeypatch):
    moment = [0.0]
    monkeypatch.setattr(mending.time, "monotonic", lambda: moment[0])
    return moment


def wait():
    for thread in threading.enumerate():
        if thread.name == "mending":
            thread.join()


def test_the_writer_is_told_of_damage_but_not_for_each_reader_that_meets_it(now):
    told = []
    damage = Mending(lambda: told.append(now[0]))
    for moment in (0.0, 0.1, 2.9, 3.0, 3.1):
        now[0] = moment
        damage.doubt()
        wait()
    assert told == [0.0, 3.0]


@pytest.mark.usefixtures("now")
def test_damage_that_cannot_be_put_right_is_logged(caplog):
    def mend():
        raise WriterAway("Changes cannot be made at the moment.")

    with caplog.at_level(logging.ERROR):
        Mending(mend).doubt()
        wait()
    assert caplog.messages == [
        "What a reader found damaged could not be put right: Changes cannot be made at the moment."
    ]
