"""Checkpoints: states of an engine that never change, so that readers can be killed and forgotten.

A checkpoint is a folder of hard links, made in some milliseconds whatever its size. It is named after its
revision, and `held` in it is locked (shared) by every process that reads it. Damage to a file of an engine is
damage to its checkpoints too; those of engines that were made anew have a name of their own, so that nobody
who has an old one open takes it for a new one.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from kb.engine.faults import in_our_words
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import KnowledgeBaseError, NotFound
from kb.snapshot import HELD, Snapshot

_ABOUT = "about.json"
_MADE_ANEW = "made-anew"


class Checkpoints:
    """The checkpoints in one folder. One process makes and prunes them; any number read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, engine: OxigraphEngine, revision: int, time: datetime, kind: str = "public") -> Snapshot:
        """The state of an engine as a checkpoint, made unless there is one. kind: "public" or "stated"."""
        made = self.find(revision, kind)
        if made is not None:
            return made
        with self.new(revision, time, kind) as building:
            engine.checkpoint(building)
        found = self.find(revision, kind)
        assert found is not None
        return found

    @contextmanager
    def new(self, revision: int, time: datetime, kind: str = "public") -> Iterator[Path]:
        """The name of a folder to write an engine's checkpoint to; it is there for others at the end."""
        building = self.folder / f"{uuid.uuid4().hex}.building"
        try:
            yield building
            with in_our_words():
                (building / HELD).touch()
                (building / _ABOUT).write_text(json.dumps({"time": time.isoformat()}), encoding="utf-8")
            with suppress(OSError):  # somebody else made the same one
                building.rename(self._place(revision, kind))
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def find(self, revision: int, kind: str = "public") -> Snapshot | None:
        """The checkpoint of a revision, if there is one."""
        folder = self._place(revision, kind)
        try:
            time = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))["time"]
        except (OSError, ValueError, KeyError):
            return None
        return Snapshot(folder, revision, datetime.fromisoformat(time))

    def newest(self, kind: str = "public") -> Snapshot:
        """The checkpoint of the newest revision. Raises `NotFound` when there is none."""
        for revision in sorted(self.revisions(kind), reverse=True):
            found = self.find(revision, kind)
            if found is not None:
                return found
        raise NotFound("There is no state to read yet; 'regiolink serve' makes one.")

    def revisions(self, kind: str = "public") -> list[int]:
        """The revisions that there are checkpoints of."""
        start = len(f"-{kind}{self._suffix()}")
        return [
            int(path.name[:-start])
            for path in self.folder.glob(f"*-{kind}{self._suffix()}")
            if path.name[:-start].isdigit()
        ]

    def use(self, snapshot: Snapshot) -> None:
        """Remembers that somebody has asked for a checkpoint."""
        with suppress(OSError):
            os.utime(snapshot.folder / HELD)

    def prune(self, newest: int, others: int) -> None:
        """Removes checkpoints that nobody reads, but for the newest ones of a kind and `others` used last."""
        for kind in ("public", "stated"):
            by_age = sorted(self.revisions(kind), reverse=True)
            old = [self._place(revision, kind) for revision in by_age[newest:]]
            for folder in sorted(old, key=_last_use, reverse=True)[others:]:
                self._remove(folder)
        self._remove_left()

    def clear(self) -> None:
        """Removes what a process, or the machine, that was cut off left half made, and what does not open."""
        for pattern in ("*.building", "*.working"):
            for folder in self.folder.glob(pattern):
                shutil.rmtree(folder, ignore_errors=True)
        for kind in ("public", "stated"):
            for revision in self.revisions(kind):
                if not _opens(self.find(revision, kind)):
                    self._remove(self._place(revision, kind))

    def begin_anew(self) -> None:
        """Leaves all checkpoints that there are: to be called when the engines were made anew."""
        number = int(self._suffix()[1:] or 0) + 1
        with in_our_words():
            following = self.folder / "made-anew.new"
            following.write_text(f"{number}\n", encoding="utf-8")
            following.replace(self.folder / _MADE_ANEW)
        self._remove_left()

    def _remove_left(self) -> None:
        ending = tuple(f"-{kind}{self._suffix()}" for kind in ("public", "stated"))
        for folder in self.folder.glob("*-*"):
            if folder.is_dir() and not folder.name.endswith(ending):
                self._remove(folder)

    def _remove(self, folder: Path) -> None:
        with suppress(OSError), (folder / HELD).open("a") as held:
            # Who reads it has it locked; then this is refused, and tried again another time.
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = self.folder / f"{uuid.uuid4().hex}.building"
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _place(self, revision: int, kind: str) -> Path:
        return self.folder / f"{revision}-{kind}{self._suffix()}"

    def _suffix(self) -> str:
        """What tells the checkpoints of the engines from those of engines that were there before."""
        try:
            return f"-{int((self.folder / _MADE_ANEW).read_text(encoding='utf-8'))}"
        except (OSError, ValueError):
            return ""


def _opens(snapshot: Snapshot | None) -> bool:
    if snapshot is None:
        return False
    try:
        OxigraphEngine.read_only(snapshot.folder).close()
    except KnowledgeBaseError:
        return False
    return True


def _last_use(folder: Path) -> float:
    try:
        return (folder / HELD).stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def holding(snapshot: Snapshot) -> Iterator[None]:
    """Keeps a checkpoint from being removed. Raises `NotFound` when it is gone already."""
    try:
        held = (snapshot.folder / HELD).open("rb")
    except OSError:
        raise NotFound(f"The state of revision {snapshot.revision} is no longer kept.") from None
    with held:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield
