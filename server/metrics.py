"""What operators measure, in the words of Prometheus: one place that defines it, and functions to tell it.

One registry for the one web process; its threads may all call these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from mmap import mmap
from typing import Final, Protocol

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
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kb import __version__
from kb.errors import KnowledgeBaseError
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
_answer_bytes = Histogram("regiolink_answer_bytes", "Bytes of answers.", buckets=_SIZES, registry=_registry)
_answer_rows = Histogram(
    "regiolink_answer_rows", "Rows of answers that readers gave whole.", buckets=_SIZES, registry=_registry
)
_commits = Counter(
    "regiolink_commits", "Changes asked for, by what came of them.", ["outcome", "door"], registry=_registry
)
_commit_seconds = Histogram(
    "regiolink_commit_seconds", "From asking for a change to its receipt.", buckets=_QUICK, registry=_registry
)

# Shared with the processes that are forked later: the one that starts writers is not the one that is asked.
_writer_restarts = mmap(-1, 8)


# To look a series up by its labels takes longer than to count in it, and there are few.
@cache
def _requests_of(method: str, endpoint: str, status: int) -> Counter:
    return _requests.labels(method, endpoint, str(status))


_request_seconds_of: Final = cache(_request_seconds.labels)
_queries_of: Final = cache(_queries.labels)
_query_seconds_of: Final = cache(_query_seconds.labels)


class Readers(Protocol):
    """What the readers do: how many are at work, how many queries wait, and why readers came to an end."""

    @property
    def busy(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    @property
    def ended(self) -> Mapping[str, int]: ...


class _Watched(Collector):
    """What is looked up when Prometheus asks."""

    def __init__(self) -> None:
        self.readers: Callable[[], Readers] | None = None
        self.revisions: Callable[[], tuple[int, int]] | None = None

    def collect(self) -> Iterator[Metric]:
        restarts = int.from_bytes(_writer_restarts[:], "little")
        yield CounterMetricFamily(
            "regiolink_writer_restarts", "Times that the writer had to be started again.", restarts
        )
        if self.readers is not None:
            yield from _of_readers(self.readers())
        if self.revisions is not None:
            with suppress(KnowledgeBaseError):
                yield from _of_revisions(*self.revisions())


def _of_readers(readers: Readers) -> Iterator[Metric]:
    yield GaugeMetricFamily("regiolink_queries_waiting", "Queries that wait for a reader.", readers.waiting)
    yield GaugeMetricFamily("regiolink_readers_busy", "Readers at work.", readers.busy)
    ended = CounterMetricFamily(
        "regiolink_readers_ended", "Readers that were killed or died, by why.", labels=["why"]
    )
    for why, number in sorted(readers.ended.items()):
        ended.add_metric([why], number)
    yield ended


def _of_revisions(read: int, head: int) -> Iterator[Metric]:
    yield GaugeMetricFamily("regiolink_read_revision", "The revision that queries are answered from.", read)
    yield GaugeMetricFamily("regiolink_head_revision", "The newest revision.", head)
    yield GaugeMetricFamily(
        "regiolink_revision_lag", "Revisions that queries are behind the newest one.", max(0, head - read)
    )


_watched = _Watched()
_registry.register(_watched)


def request_done(method: str, endpoint: str, status: int, seconds: float) -> None:
    """A request was answered. endpoint: a name of the application's own, never what a client sent."""
    _requests_of(method if method in _METHODS else "other", endpoint, status).inc()
    _request_seconds_of(endpoint).observe(seconds)


def query_done(outcome: str, seconds: float, size: int) -> None:
    """A query ended. outcome: one of a few words, such as "answered", "refused", "deadline", "cut".

    seconds: from taking it to its last byte. size: bytes of the answer.
    """
    _queries_of(outcome).inc()
    _query_seconds_of(outcome).observe(seconds)
    _answer_bytes.observe(size)


def rows_given(rows: int | None) -> None:
    """A reader gave an answer to its end. rows: None for one that has none, such as a graph."""
    if rows is not None:
        _answer_rows.observe(rows)


def commit_done(outcome: str, door: Door, seconds: float) -> None:
    """A change ended. outcome: one of a few words, such as "done", "refused", "stale", "in-doubt"."""
    _commits.labels(outcome, door.value).inc()
    _commit_seconds.observe(seconds)


def writer_restarted() -> None:
    """The writer had ended and was started again. To be called in the process that starts it."""
    number = int.from_bytes(_writer_restarts[:], "little") + 1
    _writer_restarts[:] = number.to_bytes(8, "little")


def watch(readers: Callable[[], Readers], revisions: Callable[[], tuple[int, int]]) -> None:
    """Has the readers and the revisions looked up whenever Prometheus asks.

    revisions: the one that queries are answered from, and the newest; may raise `KnowledgeBaseError`.
    """
    _watched.readers, _watched.revisions = readers, revisions


def text() -> bytes:
    """All of it, as Prometheus reads it."""
    return generate_latest(_registry)


def value_of(sample: str, **labels: str) -> float | None:
    """The value of one sample, None when there is none yet."""
    return _registry.get_sample_value(sample, labels)
