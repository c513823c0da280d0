"""What operators measure, in the words of Prometheus: one place that defines it, and functions to tell it.

One registry for the one web process; its threads may all call these functions.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from kb import __version__
from kb.ledger.commits import Door

MEDIA: Final = CONTENT_TYPE_LATEST
"""The content type of `text`."""

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
_QUICK: Final = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES: Final = tuple(float(10**power) for power in range(1, 10))

# When a count began is told by the process' start; a series for each would double them.
disable_created_metrics()  # type: ignore[no-untyped-call]
_registry = CollectorRegistry()
ProcessCollector(registry=_registry)

_build = Gauge("regiolink_build_info", "Always 1; the label is the version.", ["version"], registry=_registry)
_build.labels(__version__).set(1)
_requests = Counter(
    "regiolink_http_requests", "Requests answered.", ["method", "endpoint", "status"], registry=_registry
)
_request_seconds = Histogram(
    "regiolink_http_request_seconds",
    "From the request's head to the last byte of the answer.",
    ["endpoint"],
    buckets=_QUICK,
    registry=_registry,
)
_queries = Counter("regiolink_queries", "Queries, by what came of them.", ["outcome"], registry=_registry)
_query_seconds = Histogram(
    "regiolink_query_seconds",
    "From taking a query to the last byte of its answer.",
    ["outcome"],
    buckets=_QUICK,
    registry=_registry,
)
_answer_rows = Histogram("regiolink_answer_rows", "Rows of answers.", buckets=_SIZES, registry=_registry)
_answer_bytes = Histogram("regiolink_answer_bytes", "Bytes of answers.", buckets=_SIZES, registry=_registry)
_waiting = Gauge("regiolink_queries_waiting", "Queries that wait for a reader.", registry=_registry)
_busy = Gauge("regiolink_readers_busy", "Readers at work.", registry=_registry)
_readers_ended = Counter(
    "regiolink_readers_ended", "Readers that were killed or died, by why.", ["why"], registry=_registry
)
_read_revision = Gauge(
    "regiolink_read_revision", "The revision that queries are answered from.", registry=_registry
)
_head_revision = Gauge("regiolink_head_revision", "The newest revision.", registry=_registry)
_lag = Gauge(
    "regiolink_revision_lag", "Revisions that queries are behind the newest one.", registry=_registry
)
_lag.set_function(lambda: max(0.0, _value(_head_revision) - _value(_read_revision)))
_commits = Counter(
    "regiolink_commits", "Changes asked for, by what came of them.", ["outcome", "door"], registry=_registry
)
_commit_seconds = Histogram(
    "regiolink_commit_seconds", "From asking for a change to its receipt.", buckets=_QUICK, registry=_registry
)
_writer_restarts = Counter(
    "regiolink_writer_restarts", "Times that the writer had to be started again.", registry=_registry
)


def request_done(method: str, endpoint: str, status: int, seconds: float) -> None:
    """A request was answered. endpoint: a name of the application's own, never what a client sent."""
    method = method if method in _METHODS else "other"
    _requests.labels(method, endpoint, str(status)).inc()
    _request_seconds.labels(endpoint).observe(seconds)


def query_done(outcome: str, seconds: float, rows: int | None = None, size: int | None = None) -> None:
    """A query ended. outcome: one of a few words, such as "answered", "refused", "deadline", "cut".

    seconds: from taking it to its last byte. rows, size (bytes): of the answer, where known.
    """
    _queries.labels(outcome).inc()
    _query_seconds.labels(outcome).observe(seconds)
    if rows is not None:
        _answer_rows.observe(rows)
    if size is not None:
        _answer_bytes.observe(size)


def readers_now(waiting: int, busy: int) -> None:
    """How many queries wait for a reader, and how many readers are at work."""
    _waiting.set(waiting)
    _busy.set(busy)


def reader_ended(why: str) -> None:
    """A reader was killed or died. why: one of a few words, such as "deadline", "memory", "crash", "gone"."""
    _readers_ended.labels(why).inc()


def revisions_now(read: int, head: int) -> None:
    """Which revision queries are answered from, and which is the newest."""
    _read_revision.set(read)
    _head_revision.set(head)


def commit_done(outcome: str, door: Door, seconds: float) -> None:
    """A change ended. outcome: one of a few words, such as "done", "refused", "stale", "in-doubt"."""
    _commits.labels(outcome, door.value).inc()
    _commit_seconds.observe(seconds)


def writer_restarted() -> None:
    """The writer had ended and was started again."""
    _writer_restarts.inc()


def text() -> bytes:
    """All of it, as Prometheus reads it."""
    return generate_latest(_registry)


def value_of(sample: str, **labels: str) -> float | None:
    """The value of one sample, None when there is none yet."""
    return _registry.get_sample_value(sample, labels)


def _value(gauge: Gauge) -> float:
    (metric,) = gauge.collect()
    return metric.samples[0].value
