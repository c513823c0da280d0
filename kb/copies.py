"""Copies of what is stated, on which large changes are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from kb.engine.contract import DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.ledger.commits import Commit
from kb.patch import Patch


class Copy:
    """A copy of what is stated, in a new folder. accepted: the commit that it became, None while it is none.

    made: done when what readers would see of it is made beside it.
    """

    def __init__(self, stated: OxigraphEngine, folder: Path, make_public: Callable[[], Future[None]]) -> None:
        self.stated = stated
        self.accepted: Commit | None = None
        self.made: Future[None] = Future()
        self.folder = folder
        self._make_public = make_public

    def make(self, patch: Patch, revision: int) -> None:
        """Makes the change of a patch that would be this revision."""
        self.stated.apply_in_bulk(patch, revision)
        self.stated.checkpoint(self.folder / "public")
        self.made = self._make_public()


@contextmanager
def opened(folder: Path, default_graph: DefaultGraph) -> Iterator[OxigraphEngine]:
    """An engine in a folder for as long as the context lasts; what it holds is in its files afterwards."""
    engine = OxigraphEngine.in_folder(folder, default_graph)
    try:
        yield engine
        engine.flush()
    finally:
        engine.close()
