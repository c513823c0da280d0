"""Reads a JSON array of objects one object at a time, so that a file of any size fits into memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from kb.errors import NotUnderstood
from kb.imported import Progress
from kb.importers.files import opened

_CHUNK: Final = 1 << 16  # characters that are read at a time
_LONGEST: Final = 1 << 23  # characters; a longer record means that the file is something else
_BETWEEN: Final = re.compile(r"[\s,]*")


def read_records(
    path: Path, inside: tuple[str, ...], progress: Progress
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSON array: (place such as "record 12", object), in the order of the file.

    path: text in UTF-8; may be packed, and `inside` is then what the name of the file inside ends in (see
    `kb.importers.files.opened`). Raises `NotUnderstood`, naming the file, when it is empty, not text in
    UTF-8, not an array, or no JSON from some record on.
    """
    with opened(path, inside, progress) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig") as text:
        try:
            yield from _objects(text, path)
        except UnicodeDecodeError as error:
            raise NotUnderstood(f"{path.name} is not a text file in UTF-8.") from error


def _objects(text: io.TextIOWrapper, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    decoder = json.JSONDecoder()
    buffer = text.read(_CHUNK).lstrip()
    if not buffer.startswith("["):
        raise NotUnderstood(f"{path.name} is {'not a JSON array of records' if buffer else 'empty'}.")
    at, number = 1, 1
    while True:
        at = _end(buffer, at)
        if buffer.startswith("]", at):
            return
        if at < len(buffer) and buffer[at] != "{":
            raise NotUnderstood(
                f"{path.name} is not JSON of the expected form: record {number} is no object."
            )
        try:
            record, at = decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            # Broken, or only cut off by the end of the buffer: with more text it will show.
            more = text.read(max(_CHUNK, len(buffer) - at)) if len(buffer) - at <= _LONGEST else ""
            if not more:
                raise NotUnderstood(f"{path.name} is not JSON from record {number} on.") from error
            buffer, at = buffer[at:] + more, 0
        else:
            yield f"record {number}", record
            number += 1


def _end(buffer: str, at: int) -> int:
    """Where the next object, or the end of the array, starts."""
    found = _BETWEEN.match(buffer, at)
    assert found  # the pattern matches nothing, too
    return found.end()
