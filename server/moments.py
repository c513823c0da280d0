"""Which state of the knowledge base a request is about: the newest, or that of an earlier moment.

Source: RFC 7089 (Memento), where each address is its own TimeGate: section 4.1.1, pattern 1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from werkzeug.http import parse_date

from kb.errors import NotUnderstood
from kb.snapshot import Snapshot
from server.backend import Backend
from server.protocol import Fields, one, whole_number

_REVISION: Final = re.compile(r"[0-9]{1,15}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A state. past: whether the request asked for one that nothing changes any more."""

    state: Snapshot
    past: bool = False


def moment_of(fields: Fields, accept_datetime: str | None, backend: Backend) -> Moment:
    """The state that a request is about.

    The parameter `at` is a revision, a day (its end counts) or a time; it comes before the header
    Accept-Datetime. Without both it is the newest state, of the revision `min_revision` or a later one.
    Raises `NotUnderstood` for what is none of these, `NotFound` for a state that there is not.
    """
    at_least = whole_number(fields, "min_revision")
    at = one(fields, "at")
    if at is None and accept_datetime is None:
        return Moment(backend.newest(at_least or 0))
    if at is not None and _REVISION.fullmatch(at):
        return Moment(backend.states.at(int(at)), past=True)
    wanted = _http_moment(accept_datetime or "") if at is None else moment(at)
    if wanted >= datetime.now(UTC):
        # What is asked for has not come yet: the answer may still become another one.
        return Moment(backend.newest(at_least or 0))
    return Moment(backend.states.at_time(wanted), past=True)


def moment(text: str) -> datetime:
    """The moment in UTC that a text means: a time, or a day, whose end counts. Raises `NotUnderstood`."""
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(datetime.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1) - timedelta(microseconds=1)
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotUnderstood(
            f"The parameter at is {text[:40]!r}; it must be a revision such as 12, a day such as 2026-11-22 "
            "or a time such as 2026-11-22T09:30:00Z."
        ) from None


def _http_moment(text: str) -> datetime:
    found = parse_date(text)
    if found is None:
        raise NotUnderstood(
            f"The header Accept-Datetime is {text[:60]!r}; it must be like Sun, 22 Nov 2026 09:30:00 GMT."
        )
    return found
