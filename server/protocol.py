"""What a request of the SPARQL 1.1 Protocol asks for, read to the letter. Pure: no Flask, no request.

Parameters that the protocol does not know are passed over, as it says. Those that it knows count wherever
they stand, in the address or in a form, and a bad value of one is refused: ignored in silence it would change
what the answer means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from kb.errors import KnowledgeBaseError, NotUnderstood, TooLarge

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"

_MAX_FIELDS: Final = 1_000
_QUERY_DATASET: Final = ("default-graph-uri", "named-graph-uri")
_UPDATE_DATASET: Final = ("using-graph-uri", "using-named-graph-uri")
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`\x7f]*")
_CHARSETS: Final = ("", "utf-8", "utf8", "us-ascii")

Fields = Mapping[str, list[str]]
"""The parameters of a request: name -> values in their order."""


class WebError(KnowledgeBaseError):
    """Something wrong with a request as such. headers: what the answer says besides."""

    title = "The request is wrong"

    def __init__(self, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        self.headers = dict(headers or {})
        super().__init__(sentence)


class UnsupportedMedia(WebError):
    """A body of a content type that is not read here."""

    title = "Content type not understood"


class WrongMethod(WebError):
    """A method that the address does not answer."""

    title = "Method not allowed"

    def __init__(self, sentence: str, allowed: str) -> None:
        super().__init__(sentence, {"Allow": allowed})


class PreconditionFailed(WebError):
    """A condition of the request, such as If-Match, does not hold; nothing was changed."""

    title = "Someone else changed this first"


class BadKey(WebError):
    """An idempotency key that is none."""

    title = "The idempotency key is wrong"


@dataclass(frozen=True, slots=True)
class QueryAsked:
    """A query, and the dataset that the protocol gives it; no graphs: the one that is stored."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateAsked:
    """An update, and what its patterns read as the protocol says."""

    text: str
    using: tuple[str, ...]
    using_named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DescriptionAsked:
    """Nothing is asked: the service says what it is."""


Asked = QueryAsked | UpdateAsked | DescriptionAsked


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request. media: its media type in lower case, empty when it has none. read: gives it."""

    media: str
    charset: str
    read: Callable[[], bytes]

    @classmethod
    def of(cls, content_type: str, read: Callable[[], bytes]) -> Body:
        """The body that a Content-Type header describes."""
        media, _, rest = content_type.partition(";")
        found = re.search(r"charset\s*=\s*\"?([^\s\";]+)", rest, re.IGNORECASE) if rest else None
        return cls(media.strip().lower(), found[1].lower() if found else "", read)

    def bytes(self, what: str) -> bytes:
        """The body as it came. Raises `UnsupportedMedia` when it is in another charset than UTF-8."""
        if self.charset not in _CHARSETS:
            raise UnsupportedMedia(f"The {what} is in {self.charset[:40]}; send it as UTF-8.")
        return self.read()

    def text(self, what: str) -> str:
        """The body as text. Raises `UnsupportedMedia` like `bytes`, `NotUnderstood` for bad bytes."""
        return utf8(self.bytes(what), what)


def read_query(query_string: bytes) -> tuple[Asked, Fields]:
    """What a GET or HEAD asks for, and all its parameters.

    Raises `WrongMethod` for an update, `NotUnderstood` for anything else that is wrong.
    """
    fields = parameters(query_string)
    if "update" in fields:
        raise WrongMethod("An update is sent by POST; a GET never changes anything.", "POST, OPTIONS")
    if "query" in fields:
        return _query(_one(fields, "query"), fields), fields
    for name in _QUERY_DATASET:
        if name in fields:
            raise NotUnderstood(f"The parameter {name} needs a query: give the parameter query too.")
    return DescriptionAsked(), fields


def read_post(query_string: bytes, body: Body) -> tuple[QueryAsked | UpdateAsked, Fields]:
    """What a POST asks for in a form, or in a query or update as its body; and all its parameters.

    Raises `UnsupportedMedia` for another content type, `NotUnderstood` for anything else that is wrong.
    """
    fields = parameters(query_string)
    if body.media in (QUERY, UPDATE):
        name = "query" if body.media == QUERY else "update"
        fields.setdefault(name, []).append(body.text(name))
    elif body.media == FORM:
        for name, values in parameters(body.bytes("form")).items():
            fields[name] = fields.get(name, []) + values
    else:
        given = (
            f"The content type {body.media[:80]} is not read here" if body.media else "It has no content type"
        )
        raise UnsupportedMedia(
            f"{given}: send a query as {QUERY}, an update as {UPDATE}, or either as a field of {FORM}.",
            {"Accept-Post": f"{QUERY}, {UPDATE}, {FORM}"},
        )
    if "query" in fields and "update" in fields:
        raise NotUnderstood("Send a query or an update, not both in one request.")
    if "update" in fields:
        return _update(_one(fields, "update"), fields), fields
    return _query(_one(fields, "query"), fields), fields


def parameters(encoded: bytes) -> dict[str, list[str]]:
    """URL-encoded parameters, as in the query of an address or in a form.

    Raises `NotUnderstood` for what is not UTF-8, `TooLarge` for more than a thousand.
    """
    found: dict[str, list[str]] = {}
    if not encoded:
        return found
    pairs = encoded.split(b"&")
    if len(pairs) > _MAX_FIELDS:
        raise TooLarge(f"The request has more than {_MAX_FIELDS} parameters.")
    for pair in pairs:
        if pair:
            name, _, value = pair.partition(b"=")
            found.setdefault(_decoded(name), []).append(_decoded(value))
    return found


def absolute_iri(text: str, what: str) -> str:
    """`text`, when it is an absolute IRI. Raises `NotUnderstood`. what: how the sentence calls it."""
    if not _IRI.fullmatch(text):
        hint = "; a space is written as %20" if " " in text.strip() else ""
        raise NotUnderstood(f"The {what} is {text[:200]!r}, which is not an absolute IRI{hint}.")
    return text


def utf8(data: bytes, what: str) -> str:
    """Bytes as text, a byte order mark left out. Raises `NotUnderstood` for what is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"The {what} is not UTF-8 text: byte {error.start + 1} is wrong.") from None


def whole_number(fields: Fields, name: str, low: int = 0) -> int | None:
    """The one value of a parameter as a number, None where it is not given. Raises `NotUnderstood`."""
    if name not in fields:
        return None
    text = _one(fields, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and int(text) >= low):
        raise NotUnderstood(f"The parameter {name} is {text[:40]!r}; it must be a whole number from {low}.")
    return int(text)


def one(fields: Fields, name: str) -> str | None:
    """The one value of a parameter, None where it is not given. Raises `NotUnderstood` for several."""
    return _one(fields, name) if name in fields else None


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, [])
    if len(values) > 1:
        raise NotUnderstood(f"There are {len(values)} values of {name}; give exactly one.")
    if not values:
        raise NotUnderstood(
            "There is neither a query nor an update in the request; give exactly one of them."
        )
    return values[0]


def _query(text: str, fields: Fields) -> QueryAsked:
    if len(fields) == 1:
        return QueryAsked(text, (), ())
    _refuse(fields, _UPDATE_DATASET, "for updates; a query has default-graph-uri and named-graph-uri")
    return QueryAsked(text, *(_iris(fields, name) for name in _QUERY_DATASET))


def _update(text: str, fields: Fields) -> UpdateAsked:
    _refuse(fields, _QUERY_DATASET, "for queries; an update has using-graph-uri and using-named-graph-uri")
    return UpdateAsked(text, *(_iris(fields, name) for name in _UPDATE_DATASET))


def _refuse(fields: Fields, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if name in fields:
            raise NotUnderstood(f"The parameter {name} is {why}.")


def _iris(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(absolute_iri(value, f"parameter {name}") for value in fields.get(name, ()))


def _decoded(data: bytes) -> str:
    if b"+" in data:
        data = data.replace(b"+", b" ")
    if b"%" in data:
        data = unquote_to_bytes(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotUnderstood("A parameter is not UTF-8 text, whose bytes are written as %C3%A9.") from None
