"""A small state and readers on it."""

import time
from datetime import UTC, datetime
from functools import partial

import pytest

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import NotFound
from kb.snapshot import HELD, Snapshot
from server.query_service import QueryLimits, QueryService
from server.readers.pool import Pool, PoolLimits
from server.readers.tasks import Kind, Question

CSV = {
    Kind.SOLUTIONS: ("text/csv", "csv"),
    Kind.TRUTH: ("application/json", "json"),
    Kind.TRIPLES: ("text/turtle", "nt"),
}


@pytest.fixture(scope="session")
def asked():
    """Makes questions whose rows are wanted as CSV and whose triples as N-Triples."""
    return partial(Question, forms=CSV)


class Checkpoints:
    """States made of what was stated, one after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.made = []

    def add(self, trig):
        folder = self.folder / str(len(self.made))
        engine = OxigraphEngine.in_folder(folder.with_suffix(".live"))
        engine.insert(read_quads(trig.encode(), "trig", "data.trig"))
        engine.checkpoint(folder)
        (folder / HELD).touch()
        self.made.append(Snapshot(folder, len(self.made), datetime(2026, 11, 22, tzinfo=UTC)))
        return self.made[-1]

    def newest(self, at_least=None):
        if at_least is not None and at_least >= len(self.made):
            raise NotFound("There is no such revision.")
        return self.made[-1]

    def at(self, revision):
        return self.made[revision]


@pytest.fixture(scope="session")
def checkpoints():
    """What makes states in a folder."""
    return Checkpoints


@pytest.fixture(scope="session")
def numbers(tmp_path_factory):
    """A thousand things with a number each."""
    states = Checkpoints(tmp_path_factory.mktemp("numbers"))
    things = "\n".join(f"<urn:x:{number}> <urn:x:number> {number} ." for number in range(1000))
    states.add(f"GRAPH <urn:x:graph> {{ {things} }}")
    return states


@pytest.fixture
def states(tmp_path):
    """States to add to."""
    return Checkpoints(tmp_path)


@pytest.fixture
def made():
    """Makes services that are closed at the end of the test."""
    every = []

    def make(states, readers=2, limits=None, **pool):
        every.append(QueryService(Pool(PoolLimits(readers, **pool)), states, limits or QueryLimits()))
        while every[-1].state().idle <= readers:
            time.sleep(0.005)
        return every[-1]

    yield make
    for service in every:
        service.close()


@pytest.fixture(scope="session")
def service(numbers):
    """Readers on the thousand things."""
    service = QueryService(Pool(PoolLimits(2)), numbers, QueryLimits())
    yield service
    service.close()
