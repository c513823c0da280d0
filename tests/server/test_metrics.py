"""Tests of server/metrics.py: what is told is what Prometheus reads."""

import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kb.errors import FolderUnusable
from kb.ledger.commits import Door
from server import metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"


@pytest.fixture
def gained():
    """How much a sample has grown since the test began."""
    seen: dict[str, float] = {}

    def value(sample: str, **labels: str) -> float:
        return metrics.value_of(sample, **labels) or 0.0

    def grown(sample: str, **labels: str) -> float:
        key = f"{sample}{labels}"
        before = seen.setdefault(key, value(sample, **labels))
        return value(sample, **labels) - before

    return grown


@pytest.mark.parametrize(
    ("tell", "sample", "labels", "by"),
    [
        (
            lambda: metrics.request_done("GET", "sparql.sparql", 200, 0.1),
            "regiolink_http_requests_total",
            {"method": "GET", "endpoint": "sparql.sparql", "status": "200"},
            1,
        ),
        (
            lambda: metrics.request_done("BREW", "other", 405, 0.1),
            "regiolink_http_requests_total",
            {"method": "other", "endpoint": "other", "status": "405"},
            1,
        ),
        (
            lambda: metrics.query_done("deadline", 10.0, 0),
            "regiolink_query_seconds_sum",
            {"outcome": "deadline"},
            10,
        ),
        (
            lambda: metrics.query_done("answered", 0.1, 700),
            "regiolink_queries_total",
            {"outcome": "answered"},
            1,
        ),
        (lambda: metrics.query_done("answered", 0.1, 700), "regiolink_answer_bytes_sum", {}, 700),
        (lambda: metrics.rows_given(12), "regiolink_answer_rows_sum", {}, 12),
        (lambda: metrics.rows_given(None), "regiolink_answer_rows_count", {}, 0),
        (
            lambda: metrics.commit_done("done", Door.GRAPH_STORE, 0.01),
            "regiolink_commits_total",
            {"outcome": "done", "door": "graph-store"},
            1,
        ),
        (metrics.writer_restarted, "regiolink_writer_restarts_total", {}, 1),
    ],
)
def test_what_is_told_is_counted(gained, tell, sample, labels, by):
    gained(sample, **labels)
    tell()
    assert gained(sample, **labels) == pytest.approx(by)


@pytest.fixture
def watched():
    """What the readers do and where the revisions are, as the metrics look it up."""
    now = SimpleNamespace(readers=SimpleNamespace(busy=0, waiting=0, ended={}), read=0, head=0)
    metrics.watch(lambda: now.readers, lambda: (now.read, now.head))
    return now


def test_the_lag_is_what_readers_are_behind(watched):
    watched.read, watched.head = 7, 9
    names = ("read_revision", "head_revision", "revision_lag")
    assert [metrics.value_of(f"regiolink_{name}") for name in names] == [7, 9, 2]
    watched.read = 9
    assert metrics.value_of("regiolink_revision_lag") == 0


def test_readers_are_told_as_they_are_now(watched):
    watched.readers = SimpleNamespace(busy=2, waiting=3, ended={"memory": 4, "time": 1})
    found = [metrics.value_of(f"regiolink_{name}") for name in ("readers_busy", "queries_waiting")]
    ended = [metrics.value_of("regiolink_readers_ended_total", why=why) for why in ("memory", "time", "lost")]
    assert (found, ended) == ([2, 3], [4, 1, None])


def test_while_the_writer_is_away_all_else_is_told(watched):
    def away() -> tuple[int, int]:
        raise FolderUnusable("The writer is away.")

    metrics.watch(lambda: watched.readers, away)
    assert metrics.value_of("regiolink_head_revision") is None
    assert metrics.value_of("regiolink_readers_busy") == 0


def test_restarts_that_a_parent_counts_are_told_by_the_process_that_is_asked(gained):
    gained("regiolink_writer_restarts_total")
    with warnings.catch_warnings():
        # Newer Pythons warn of threads, of which the child here uses none.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        metrics.writer_restarted()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert gained("regiolink_writer_restarts_total") == 1


def test_prometheus_can_read_all_of_it_and_the_page_explains_it(watched):
    watched.readers.ended["time"] = 1
    families = {
        family.name: family.documentation
        for family in text_string_to_metric_families(metrics.text().decode())
    }
    page = PAGE.read_text(encoding="utf-8")
    ours = {name: told for name, told in families.items() if name.startswith("regiolink_")}
    assert len(ours) >= 14 and all(told.endswith(".") for told in ours.values())
    assert [name for name in ours if f"`{name}" not in page] == []
