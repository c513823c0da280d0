"""A state of the knowledge base that never changes, for readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

HELD = "held"
"""The file in the folder of a snapshot that every process which reads it keeps locked (shared)."""


@dataclass(frozen=True)
class Snapshot:
    """The state at one revision.

    folder: an immutable folder of the engine, to be opened for reading only. time: of the revision, in UTC.
    """

    folder: Path
    revision: int
    time: datetime
