"""Tests of server/metrics.py: what is told is what Prometheus reads."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

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
            lambda: metrics.query_done("deadline", 10.0),
            "regiolink_query_seconds_sum",
            {"outcome": "deadline"},
            10,
        ),
        (
            lambda: metrics.query_done("answered", 0.1, 5, 700),
            "regiolink_queries_total",
            {"outcome": "answered"},
            1,
        ),
        (lambda: metrics.query_done("answered", 0.1, 5, 700), "regiolink_answer_rows_sum", {}, 5),
        (lambda: metrics.query_done("answered", 0.1, 5, 700), "regiolink_answer_bytes_sum", {}, 700),
        (lambda: metrics.reader_ended("memory"), "regiolink_readers_ended_total", {"why": "memory"}, 1),
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


def test_the_lag_is_what_readers_are_behind():
    metrics.revisions_now(read=7, head=9)
    assert metrics.value_of("regiolink_revision_lag") == 2
    metrics.revisions_now(read=9, head=9)
    assert metrics.value_of("regiolink_revision_lag") == 0


def test_readers_are_told_as_they_are_now():
    metrics.readers_now(waiting=3, busy=2)
    metrics.readers_now(waiting=0, busy=1)
    found = [metrics.value_of(f"regiolink_{name}") for name in ("queries_waiting", "readers_busy")]
    assert found == [0, 1]


def test_prometheus_can_read_all_of_it_and_the_page_explains_it():
    families = {
        family.name: family.documentation
        for family in text_string_to_metric_families(metrics.text().decode())
    }
    page = PAGE.read_text(encoding="utf-8")
    ours = {name: told for name, told in families.items() if name.startswith("regiolink_")}
    assert len(ours) >= 14 and all(told.endswith(".") for told in ours.values())
    assert [name for name in ours if f"`{name}" not in page] == []
