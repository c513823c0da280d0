"""A knowledge base in a folder, opened in this process: reading its newest state, and changing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kb.checkpoints import Checkpoints
from kb.engine.contract import DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import FolderUnusable, NotFound
from kb.folder import DataFolder
from kb.ledger.ledger import Ledger
from kb.live import Told, tell_nobody
from kb.shipped import bring_up_to_date, is_up_to_date
from kb.snapshot import Snapshot
from kb.writer import Writer


class KnowledgeBase:
    """The knowledge base of one folder. ledger: a `postgresql://` URL, None for a file in the folder."""

    def __init__(self, data_dir: Path, ledger: str | None = None) -> None:
        self.folder = DataFolder(data_dir)
        self._ledger = ledger
        self._checkpoints = Checkpoints(self.folder.checkpoints)

    def is_current(self) -> bool:
        """Whether its newest state can be read as it is, and holds what is shipped now."""
        if not self.folder.exists():
            return False
        self.folder.refuse_newer_format()
        with closing(self.ledger()) as ledger:
            kept = self._checkpoints.revisions()
            if not kept or max(kept) != ledger.head().revision:
                return False
            return self.folder.is_empty or is_up_to_date(ledger)

    def ledger(self) -> Ledger:
        """Its ledger, to be closed by the caller; users and history can be looked up beside a writer."""
        return Ledger.open(self._ledger or self.folder.ledger, self.folder.patches)

    @contextmanager
    def writer(
        self, told: Told = tell_nobody, *, empty: bool = False, plain: bool = False
    ) -> Iterator[Writer]:
        """The right to change it, for one process at a time, with what is shipped brought up to date.

        empty, plain: as in `DataFolder.make_ready`. Raises `FolderInUse` when another process has that right.
        """
        self.folder.make_ready(empty=empty or self.folder.is_empty, plain=plain or self.folder.is_plain)
        with self.folder.writing():
            writer = Writer.open(self.folder, self._ledger, told)
            try:
                if not self.folder.is_empty:
                    bring_up_to_date(writer, told)
                writer.snapshot()
                yield writer
            finally:
                writer.close()

    def newest(self, kind: str = "public") -> Snapshot:
        """The newest state that is kept for readers. Raises `FolderUnusable` when there is none.

        kind: "public" is what queries read, "stated" what the shapes judge.
        """
        try:
            return self._checkpoints.newest(kind)
        except NotFound:
            raise FolderUnusable(
                f"No knowledge base has been built in {self.folder.path} yet; 'regiolink serve' builds it."
            ) from None

    def kept_newest(self, kind: str = "public") -> Snapshot | None:
        """The state of the newest revision that readers can see, if it is kept. kind: as for `newest`."""
        return self._checkpoints.find(self.newest().revision, kind)

    def reading(self, snapshot: Snapshot) -> OxigraphEngine:
        """An engine over a state, to read only."""
        mode = DefaultGraph.OWN if self.folder.is_plain else DefaultGraph.MERGE
        return OxigraphEngine.read_only(snapshot.folder, mode)

    def public(self) -> OxigraphEngine:
        """An engine over the newest state that queries read. Raises `FolderUnusable` when there is none."""
        return self.reading(self.newest())

    def stated(self) -> OxigraphEngine:
        """An engine over the newest state that is kept of what the shapes judge; raises as `public` does."""
        return self.reading(self.newest("stated"))
