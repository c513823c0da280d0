"""Opens the files that importers read: plain, gzip or zip, with progress in bytes, never whole in memory."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from kb.errors import NotUnderstood
from kb.imported import Progress

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_STEP = 1 << 18  # bytes between two reports of progress
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class _Watched(io.FileIO):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path)
        self._total = path.stat().st_size
        self._what = path.name
        self._progress = progress

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        count = super().readinto(buffer)
        self._progress(self.tell(), self._total, self._what)
        return count


@contextmanager
def opened(path: Path, inside: tuple[str, ...], progress: Progress) -> Iterator[BinaryIO]:
    """The bytes of the file at `path`, unpacked while they are read.

    path: a plain file, a gzip file, or a zip file that holds one file whose name ends in the
    first of `inside`, such as ".csv", or in the next of them. Which of the three it is, the first bytes tell.
    progress: told the bytes read of the file as it lies on the disk, its size, and its name.
    Raises `NotUnderstood` when the file cannot be read, is a folder, or is broken inside.
    """
    try:
        with _Watched(path, progress) as raw, io.BufferedReader(raw, _STEP) as plain:
            first = plain.peek(4)[:4]
            if first.startswith(_GZIP):
                with gzip.GzipFile(fileobj=plain) as unpacked:
                    yield cast(BinaryIO, unpacked)
            elif first == _ZIP:
                with zipfile.ZipFile(plain) as archive, archive.open(_only(archive, inside, path)) as member:
                    yield cast(BinaryIO, member)
            else:
                yield plain
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise NotUnderstood(f"{path.name} is a broken packed file; download it again.") from error
    except OSError as error:
        raise NotUnderstood(f"{path.name} cannot be read: {error.strerror}.") from error


def start_of(path: Path, inside: tuple[str, ...]) -> bytes:
    """The first bytes of the file at `path` as `opened` gives it, without a byte order mark and blanks."""
    with opened(path, inside, lambda *_: None) as raw:
        return raw.read(64).removeprefix(codecs.BOM_UTF8).lstrip()


def _only(archive: zipfile.ZipFile, inside: tuple[str, ...], path: Path) -> zipfile.ZipInfo:
    """The one file in `archive` with the first of these endings that one file has."""
    for ending in inside:
        found = [info for info in archive.infolist() if info.filename.lower().endswith(ending)]
        if len(found) == 1:
            return _readable(found[0], path)
    wanted = " or ".join(inside)
    raise NotUnderstood(f"{path.name} does not hold exactly one file whose name ends in {wanted}.")


def _readable(info: zipfile.ZipInfo, path: Path) -> zipfile.ZipInfo:
    if info.flag_bits & 1:
        raise NotUnderstood(f"{path.name} is protected with a password; unpack it first.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotUnderstood(f"{path.name} is packed in a way that cannot be read here; unpack it first.")
    return info
