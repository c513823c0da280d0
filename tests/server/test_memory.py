"""The web process keeps nothing of what has passed through it. `python -m bench memory` tries more of it."""

import pytest

from bench.memory import ask_mixed, fill, memory, query_of, stream
from bench.served import served

MOST = 8_000_000
WARM, MIXED, ROWS = 500, 1_500, 600_000


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service that has answered queries of every kind, and whose store of answers is full."""
    with served(tmp_path_factory.mktemp("memory"), quick=False, cache_bytes="100000") as made:
        fill(made)
        ask_mixed(made.port, range(WARM))
        yield made


def test_the_mix_holds_queries_of_every_kind():
    kinds = [query_of(number).kind for number in range(WARM, WARM + 20)]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "wrong": 2,
        "large": 2,
        "given up while it comes": 1,
        "given up before it comes": 1,
        "asked before": 5,
        "new": 9,
    }


def test_the_web_process_does_not_grow_under_queries_of_every_kind(service):
    before = memory(service)
    ask_mixed(service.port, range(WARM, WARM + MIXED))
    assert memory(service) - before < MOST


def test_the_web_process_does_not_grow_while_a_long_answer_passes_to_a_client(service):
    before = memory(service)
    size, most = stream(service, ROWS)
    assert size > 2 * MOST
    assert most - before < MOST
