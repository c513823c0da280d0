"""Patches as bytes: packed for a row of the ledger, or, when large, in a folder under their hash."""

from __future__ import annotations

import os
import uuid
import zlib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kb.ledger.errors import disk_error
from kb.patch import Patch
from kb.rdf_patch import to_text

_ENDING = ".rdfp.zz"


class PatchDamaged(Exception):
    """A patch is not what was committed: a reason in words, for who knows which commit it is of."""


@dataclass(frozen=True)
class PackedPatch:
    """A patch as the ledger keeps it. hash: SHA-256 of its RDF Patch text. packed: that text, by zlib."""

    hash: str
    packed: bytes

    @classmethod
    def of(cls, patch: Patch) -> PackedPatch:
        """Raises `CannotBeWritten` for a term that RDF Patch cannot hold."""
        return cls.of_text(to_text(patch))

    @classmethod
    def of_text(cls, text: str) -> PackedPatch:
        """The patch that `kb.rdf_patch.to_text` wrote."""
        data = text.encode()
        return cls(sha256(data).hexdigest(), zlib.compress(data))

    def text(self) -> str:
        """The RDF Patch text. Raises `PatchDamaged` when it is not the one that was packed."""
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(self.packed)
        except zlib.error:
            raise PatchDamaged("its patch cannot be unpacked") from None
        if not unpacker.eof or unpacker.unused_data:
            raise PatchDamaged("its patch is cut off, or something follows it")
        if sha256(data).hexdigest() != self.hash:
            raise PatchDamaged("its patch is not the one that was committed")
        return data.decode()


class PatchFolder:
    """The folder of large patches: one file a patch, named by its hash, never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, patch: PackedPatch) -> None:
        """Writes the file, and has file and folder on the disk when it returns; half a file is never seen.

        Raises `NoRoom`, `LedgerUnavailable`.
        """
        partial = self.folder / f"{patch.hash}.{uuid.uuid4().hex}.partial"
        try:
            self._make_folder()
            try:
                with partial.open("wb") as file:
                    file.write(patch.packed)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(self._path(patch.hash))
            finally:
                partial.unlink(missing_ok=True)
            sync(self.folder)
        except OSError as error:
            raise disk_error(error, f"The patch folder {self.folder}") from error

    def read(self, patch_hash: str) -> PackedPatch:
        """The patch with this hash, not yet checked. Raises `PatchDamaged` when it cannot be read."""
        try:
            return PackedPatch(patch_hash, self._path(patch_hash).read_bytes())
        except FileNotFoundError:
            raise PatchDamaged(f"its patch file {self._path(patch_hash).name} is missing") from None
        except OSError:
            raise PatchDamaged(f"its patch file {self._path(patch_hash).name} cannot be read") from None

    def names(self) -> set[str]:
        """The names of all files in the folder, half-written ones of a crash included."""
        return {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()

    def _path(self, patch_hash: str) -> Path:
        return self.folder / file_name(patch_hash)

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            sync(self.folder.parent)


def file_name(patch_hash: str) -> str:
    """What the file of a patch is called."""
    return patch_hash + _ENDING


def sync(path: Path) -> None:
    """Has the bytes of a file, or the names in a folder, on the disk when it returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
