"""From an answer of a reader to an answer over HTTP: kept, told again, streamed, and never cut in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Final
from urllib.parse import quote

from flask import Request, Response

from kb.snapshot import Snapshot
from server import metrics
from server.backend import Answer, Backend
from server.caching import FOREVER, NEVER, PRIVATE, Kept, http_date, is_known, tag
from server.moments import Moment
from server.negotiation import Choice

VARY: Final = "Accept, Accept-Datetime"
_IN_MEMORY: Final = 1_000_000
_AT_ONCE: Final = 65_536


class Bare(Response):
    """An answer without a body, and so without a content type."""

    default_mimetype = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An answer that is wanted.

    choice: its media type and form. of: all that it depends on besides the state and the form. ask: gets it
    from a reader. lasting: whether it is the same each time. rest: the query of the address that gives what
    a client's limit leaves out.
    """

    choice: Choice
    of: tuple[object, ...]
    ask: Callable[[], Answer]
    lasting: bool = True
    rest: str = ""


def respond(backend: Backend, request: Request, moment: Moment, wanted: Wanted, *, private: bool) -> Response:
    """The answer over HTTP; a client or a cache that holds it already costs no reader.

    private: whether who asks has said who they are, so that no shared cache may keep it.
    """
    state = moment.state
    entity_tag = tag(state, wanted.choice[0], *wanted.of) if wanted.lasting else ""
    headers = _headers(backend, request, moment, entity_tag, private=private)
    gets = request.method in ("GET", "HEAD")
    if entity_tag and gets and is_known(request.environ.get("HTTP_IF_NONE_MATCH"), entity_tag):
        return Bare(status=304, headers=headers)
    headers.append(("Content-Type", content_type(wanted.choice[0])))
    kept = backend.cache.get(entity_tag) if entity_tag else None
    if kept is not None:
        return Response(kept.body, headers=[*headers, *kept.headers])
    answer = wanted.ask()
    extra: list[tuple[str, str]] = []
    if answer.cut:
        extra = [("Regiolink-Complete", "no"), ("Link", f'<{backend.public_url}{wanted.rest}>; rel="next"')]
    return _told(backend, request, answer, entity_tag, headers, extra)


def shared(backend: Backend) -> str:
    """What caches may do with an answer to anybody about the newest state."""
    return f"public, max-age=0, s-maxage={backend.shared_seconds}"


def headers_of_state(state: Snapshot, entity_tag: str, control: str) -> list[tuple[str, str]]:
    """What an answer says of the state that it is made from. entity_tag: empty for one that has none."""
    headers = [
        ("Vary", VARY),
        ("Regiolink-Revision", str(state.revision)),
        ("Last-Modified", http_date(state.time)),
        ("Cache-Control", control),
    ]
    if entity_tag:
        headers.append(("ETag", entity_tag))
    return headers


def content_type(media: str) -> str:
    """A media type as the header has it: text in UTF-8."""
    return f"{media}; charset=utf-8" if media.startswith("text/") else media


def _headers(
    backend: Backend, request: Request, moment: Moment, entity_tag: str, *, private: bool
) -> list[tuple[str, str]]:
    state = moment.state
    if not entity_tag:
        control = NEVER
    elif private:
        control = PRIVATE
    elif moment.past:
        control = FOREVER
    else:
        control = shared(backend)
    headers = headers_of_state(state, entity_tag, control)
    if moment.past:
        address = backend.public_url + quote(request.path.lstrip("/"), safe="/:%")
        query = request.query_string.decode("latin-1")
        original = f"{address}?{query}" if query else address
        headers += [
            ("Memento-Datetime", http_date(state.time)),
            ("Link", f'<{original}>; rel="original timegate"'),
        ]
    return headers


def _told(
    backend: Backend,
    request: Request,
    answer: Answer,
    entity_tag: str,
    headers: list[tuple[str, str]],
    extra: list[tuple[str, str]],
) -> Response:
    """A whole answer at once with its length, a longer one as it comes."""
    if request.method == "HEAD":
        answer.close()
        return Response(headers=[*headers, *extra])
    if answer.whole:
        with closing(answer):
            body = b"".join(answer)
        metrics.rows_given(answer.rows)
        if entity_tag:
            backend.cache.put(entity_tag, Kept(tuple(extra), body))
        return Response(body, headers=[*headers, *extra])
    following = _kept_meanwhile(backend, answer, entity_tag, tuple(extra))
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        with closing(answer):
            return _spooled(following, [*headers, *extra])
    told = Response(following, headers=[*headers, *extra])
    told.call_on_close(answer.close)
    return told


def _kept_meanwhile(
    backend: Backend, answer: Answer, entity_tag: str, extra: tuple[tuple[str, str], ...]
) -> Iterator[bytes]:
    """All chunks; kept together when they are few enough and the last one came."""
    together: list[bytes] | None = [] if entity_tag else None
    size = 0
    for chunk in answer:
        size += len(chunk)
        if together is not None:
            together.append(chunk)
            if size > backend.cache.most:
                together = None
        yield chunk
    metrics.rows_given(answer.rows)
    if together is not None:
        backend.cache.put(entity_tag, Kept(extra, b"".join(together)))


def _spooled(chunks: Iterator[bytes], headers: list[tuple[str, str]]) -> Response:
    """A whole answer of known length, for a client of HTTP/1.0, who could not see that one is cut off."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with the response
    try:
        for chunk in chunks:
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    pieces = iter(lambda: file.read(_AT_ONCE), b"")
    told = Response(pieces, headers=[*headers, ("Content-Length", str(size))])
    told.call_on_close(file.close)
    return told
