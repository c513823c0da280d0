"""The knowledge base that the settings name, for the command line, beside a running service or without."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.checkpoints import holding
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import FolderUnusable, NotFound
from kb.folder import FolderInUse
from kb.knowledge_base import KnowledgeBase
from kb.ledger.ledger import Ledger
from kb.snapshot import Snapshot
from kb.writer import Writer
from server.moments import moment
from server.remote_writer import RemoteWriter
from server.settings import Settings, load_settings
from server.states import ServedStates
from server.terminal import progress
from server.writer_wire import connect

AnyWriter = Writer | RemoteWriter


def knowledge_base(settings: Settings | None = None) -> KnowledgeBase:
    """The knowledge base of the settings, which may not be there yet."""
    settings = settings or load_settings()
    return KnowledgeBase(settings.data_dir, settings.ledger or None)


def service_runs(kb: KnowledgeBase) -> bool:
    """Whether the writer of a running service answers."""
    try:
        connect(kb.folder.socket).close()
    except OSError:
        return False
    return True


@contextmanager
def writer() -> Iterator[AnyWriter]:
    """Who makes changes: the writer of the running service, or one in this process.

    Raises `FolderInUse` when another process has the folder and is no service.
    """
    kb = knowledge_base()
    if service_runs(kb):
        remote = RemoteWriter(kb.folder.socket)
        try:
            yield remote
        finally:
            remote.close()
        return
    with progress() as told, kb.writer(told) as local:
        yield local


@contextmanager
def ledger() -> Iterator[Ledger]:
    """The ledger, beside whoever else uses it. Raises `FolderUnusable` when there is no knowledge base."""
    kb = knowledge_base()
    if not kb.folder.exists():
        raise FolderUnusable(
            f"There is no knowledge base in {kb.folder.path} yet; 'regiolink serve' makes one."
        )
    kb.folder.refuse_newer_format()
    opened = kb.ledger()
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def reading(kind: str = "public", at: str | None = None) -> Iterator[OxigraphEngine]:
    """An engine over the newest state, or over that at a revision or date. kind: "public" or "stated".

    The knowledge base is built first when it is missing or made from older files; while another process has
    the folder, the newest state that is kept is read as it is.
    """
    kb = knowledge_base()
    snapshot = _state(kb, kind, at)
    with holding(snapshot):
        engine = kb.reading(snapshot)
        try:
            yield engine
        finally:
            engine.close()


def _state(kb: KnowledgeBase, kind: str, at: str | None) -> Snapshot:
    if at is None and not service_runs(kb) and kb.is_current():
        kept = kb.kept_newest(kind)
        if kept is not None:
            return kept
    try:
        with writer() as made:
            if at is not None:
                return _earlier(made, at)
            return made.snapshot() if kind == "public" else made.stated()
    except FolderInUse:
        if at is not None or not kb.folder.exists():
            raise
        return kb.newest(kind)


def _earlier(made: AnyWriter, at: str) -> Snapshot:
    if at.isascii() and at.isdigit():
        return made.snapshot_at(int(at))
    with ledger() as opened:
        return ServedStates(made, lambda: opened).at_time(moment(at))


@contextmanager
def handed_over() -> Iterator[Path]:
    """The name of a file in the data folder by which much data is handed to the writer; gone afterwards."""
    folder = knowledge_base().folder
    if not folder.exists():
        raise NotFound(f"There is no knowledge base in {folder.path} yet.")
    descriptor, name = tempfile.mkstemp(prefix="handed-over-", suffix=".nq", dir=folder.path)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
