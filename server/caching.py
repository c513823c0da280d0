"""Answers that need not be worked out again: exact tags, conditional requests, and a store of whole answers.

A tag stands for everything that an answer depends on: the state it is made from, the question in its normal
form, the form of the answer and the limits. So the tag of an answer is known before there is an answer, and a
client, a shared cache or our own store that holds the tag holds the answer.

Source: RFC 9110, sections 8.8 and 13 (validators, conditional requests); RFC 9111 (caching).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from typing import Final

from cachetools import LRUCache

from kb import __version__
from kb.snapshot import Snapshot

FOREVER: Final = "public, max-age=31536000, immutable"
"""For an answer about a past state, which never changes."""

NEVER: Final = "no-store"
"""For an answer that would be another one at once."""

PRIVATE: Final = "private, no-cache"
"""For an answer to somebody who said who they are."""

_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')
_REVISION: Final = re.compile(r'"([0-9]{1,15})-[0-9a-f]{32}"')
_OVERHEAD: Final = 500


def tag(snapshot: Snapshot, *of: object) -> str:
    """The strong entity tag of an answer, with its quotes; it begins with the revision.

    snapshot: what it is made from; its time tells two knowledge bases apart. of: all else that it depends on.
    """
    told = blake2b(f"{__version__}\0{snapshot.time.timestamp()!r}".encode(), digest_size=16)
    for part in of:
        told.update(f"\0{part}".encode(errors="replace"))
    return f'"{snapshot.revision}-{told.hexdigest()}"'


def tag_of_bytes(data: bytes) -> str:
    """The strong entity tag of an answer that depends on nothing but the program and its settings."""
    return f'"{blake2b(data, digest_size=16).hexdigest()}"'


def tag_after(revision: int) -> str:
    """The tag that a change is answered with: sent as If-Match it stands for the state after the change."""
    return f'"{revision}-{blake2b(b"written", digest_size=16).hexdigest()}"'


def revision_of(entity_tag: str) -> int | None:
    """The revision that a tag of ours names, None for another tag."""
    found = _REVISION.fullmatch(entity_tag)
    return int(found[1]) if found else None


def tags(header: str | None) -> list[str]:
    """The tags of an If-Match or If-None-Match header, a mark of weakness left out; "*" where it is that."""
    if not header:
        return []
    return ["*"] if header.strip() == "*" else _TAG.findall(header)


def is_known(header: str | None, entity_tag: str) -> bool:
    """Whether a client that sent this If-None-Match holds the answer of this tag already."""
    return header is not None and any(found in (entity_tag, "*") for found in tags(header))


@lru_cache(maxsize=256)
def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it.

    >>> http_date(datetime(2026, 11, 22, 9, 5, 1, 20, tzinfo=UTC))
    'Sun, 22 Nov 2026 09:05:01 GMT'
    """
    moment = moment.astimezone(UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day}, {moment:%d} {months[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole answer with status 200: its headers and its bytes."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


class ResultCache:
    """Whole answers by their tags, for any number of threads; those asked for least recently go first."""

    def __init__(self, max_bytes: int) -> None:
        """max_bytes: of all answers together. One answer may have an eighth of them; 0 keeps none."""
        self.max_bytes = max_bytes
        self.most = max_bytes // 8
        self._lock = Lock()
        self._kept: LRUCache[str, Kept] = LRUCache(max_bytes, getsizeof=_size)

    def get(self, entity_tag: str) -> Kept | None:
        """The answer of this tag, if it is kept."""
        with self._lock:
            return self._kept.get(entity_tag)

    def put(self, entity_tag: str, kept: Kept) -> None:
        """Keeps an answer, unless it is larger than one may be."""
        if _size(kept) <= self.most:
            with self._lock:
                self._kept[entity_tag] = kept

    def bytes(self) -> int:
        """How many bytes are kept."""
        with self._lock:
            return int(self._kept.currsize)


def _size(kept: Kept) -> int:
    return len(kept.body) + _OVERHEAD
