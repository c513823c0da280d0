"""RDF that somebody sends: its formats, and the way from the body of a request to quads in normal form."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, Protocol

from flask import Request

from kb.errors import NotUnderstood
from server.protocol import Body, UnsupportedMedia
from server.readers.tasks import Document

FORMS: Final[Mapping[str, str]] = {
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
    "application/trig": "trig",
    "application/n-quads": "nq",
    "application/x-turtle": "ttl",
    "application/xml": "rdf",
    "text/xml": "rdf",
    "application/json": "jsonld",
    "text/plain": "nt",
}
"""Media type -> form of RDF that is read."""

MULTIPART: Final = "multipart/form-data"
_IN_MEMORY: Final = 1_000_000
_CHARSETS: Final = ("", "utf-8", "utf8", "us-ascii")


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """One document as it was sent. name: what errors call it."""

    source: bytes | Path
    form: str
    name: str

    def document(self, base: str, graph: str) -> Document:
        """It as a task for a reader. base: resolves relative IRIs. graph: for triples in no named graph."""
        return Document(self.source, self.form, self.name, base, graph)


@dataclass(frozen=True, slots=True)
class Upload:
    """All documents of a request, and a digest of their bytes."""

    documents: tuple[Sent, ...]
    digest: str


def whole_body(request: Request) -> bytes:
    """The body of a request, for who reads it as one piece.

    Raises 413 when it is longer than it may be. Of a body that comes in pieces, without a length, werkzeug
    gives what may be read and says nothing; only to read on tells that there is more.
    """
    data = request.get_data(parse_form_data=False)
    request.stream.read(1)
    return data


@contextmanager
def received(request: Request, most: int) -> Iterator[Upload]:
    """The documents of a request; gone when the block ends. most: bytes that the body may have.

    Raises `UnsupportedMedia` for what is no RDF that we read, `NotUnderstood` for a form without a file.
    """
    request.max_content_length = most
    body = Body.of(request.environ.get("CONTENT_TYPE", ""), request.get_data)
    _refuse_packed(request.headers.get("Content-Encoding"))
    with TemporaryDirectory(prefix="regiolink-") as folder:
        if body.media == MULTIPART:
            yield _parts(request, Path(folder))
        else:
            form = _form_of(body)
            digest = sha256()
            source = _taken(request.stream, Path(folder) / "body", digest)
            yield Upload((Sent(source, form, "The body"),), digest.hexdigest())


def _parts(request: Request, folder: Path) -> Upload:
    """The files of a form, each a document of its own."""
    digest = sha256()
    documents = []
    for number, (_, part) in enumerate(request.files.items(multi=True), start=1):
        name = part.filename or part.name or f"part {number}"
        form = _form_of(Body.of(part.content_type or "", bytes), f"The part {name[:80]!r}")
        digest.update(f"\0{form}\0".encode())
        documents.append(Sent(_taken(part.stream, folder / str(number), digest), form, name[:80]))
    if not documents or request.form:
        raise NotUnderstood(
            "Each part of the form must be a file: give it a filename and the content type of its RDF."
        )
    return Upload(tuple(documents), digest.hexdigest())


def _form_of(body: Body, what: str = "The body") -> str:
    if body.charset not in _CHARSETS:
        raise UnsupportedMedia(f"{what} is in {body.charset[:40]}; send it as UTF-8.")
    if body.media not in FORMS:
        given = f"is {body.media[:80]}" if body.media else "has no content type"
        raise UnsupportedMedia(
            f"{what} {given}, which is not read here; send RDF as {', '.join(list(FORMS)[:6])}.",
            {"Accept-Post": ", ".join((*FORMS, MULTIPART))},
        )
    return FORMS[body.media]


def _refuse_packed(encoding: str | None) -> None:
    if encoding and encoding.lower() != "identity":
        raise UnsupportedMedia(f"The body is packed as {encoding[:40]}; send it as it is.")


def _taken(stream: IO[bytes], place: Path, digest: _Digest) -> bytes | Path:
    """What a stream holds: as bytes while it is small, else in the file `place`."""
    first = stream.read(_IN_MEMORY)
    digest.update(first)
    following = stream.read(_IN_MEMORY)
    if not following:
        return first
    with place.open("wb") as file:
        file.write(first)
        while following:
            digest.update(following)
            file.write(following)
            following = stream.read(_IN_MEMORY)
    return place


def joined(parts: list[bytes | Path], place: Path) -> bytes | Path:
    """Several texts of N-Quads as one: as bytes while all are, else in the file `place`."""
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, bytes) for part in parts):
        return b"".join(part for part in parts if isinstance(part, bytes))
    with place.open("wb") as file:
        for part in parts:
            if isinstance(part, bytes):
                file.write(part)
            else:
                with part.open("rb") as other:
                    shutil.copyfileobj(other, file)
    return place
