"""The parts of one web process put together: ledger, writer, readers, and the backend made over them."""

from __future__ import annotations

from dataclasses import replace

from kb.errors import KnowledgeBaseError
from kb.federation import Bounds
from kb.folder import DataFolder
from kb.ledger.ledger import Ledger
from kb.update_text import EDIT
from server import metrics
from server.backend import Backend, Visitors
from server.caching import ResultCache
from server.federating import Federation
from server.fetching import Bounds as FetchBounds
from server.fetching import Fetcher
from server.mending import Mending
from server.query_service import QueryLimits, QueryService
from server.readers.pool import Pool, PoolLimits
from server.readers.work import Clock
from server.readiness import Readiness
from server.remote_writer import RemoteWriter
from server.settings import Settings, ledger_place
from server.states import ServedStates

_SHORT_PATIENCE = 0.5


class NoReaders(KnowledgeBaseError):
    """There is no reader process to answer queries."""

    title = "Queries cannot be answered now"


class Services:
    """What the addresses of one web process are made over. To be opened after the process has forked."""

    def __init__(self, settings: Settings, visitors: Visitors) -> None:
        folder = DataFolder(settings.data_dir)
        self.ledger = Ledger.open(ledger_place(settings), folder.patches)
        self.writer = RemoteWriter(folder.socket)
        # Reading goes on while the writer is started again: nobody waits for it.
        self._prompt_writer = RemoteWriter(folder.socket, _SHORT_PATIENCE)
        self.states = ServedStates(self._prompt_writer, lambda: self.ledger)
        self.pool = Pool(
            PoolLimits(settings.readers, settings.reader_bytes, settings.queue, settings.queue_seconds)
        )
        self.pool.on_damage = Mending(self._prompt_writer.mend).doubt
        self.reads = QueryService(
            self.pool,
            self.states,
            QueryLimits(
                clock=Clock(seconds=settings.query_seconds),
                most_rows=settings.answer_rows,
                most_bytes=settings.answer_bytes,
            ),
        )
        self.backend = Backend(
            reads=self.reads,
            states=self.states,
            writes=self.writer,
            visitors=visitors,
            public_url=settings.public_url,
            stored=folder.is_plain,
            shared_seconds=settings.shared_seconds,
            update_seconds=settings.update_seconds,
            max_body_bytes=settings.max_body_bytes,
            cache=ResultCache(settings.cache_bytes),
            federation=federation(self.reads, settings),
        )

        metrics.watch(self.pool.state, self._revisions)

    def _revisions(self) -> tuple[int, int]:
        return self.states.newest().revision, self._prompt_writer.head()

    def add_probes(self, readiness: Readiness) -> None:
        """Tells the readiness which parts there are."""

        def readers() -> None:
            if not self.pool.state().ready:
                raise NoReaders("No reader has started yet.")

        readiness.add("readers", readers)
        readiness.add_remark("readers", lambda: self.pool.state().remark)
        readiness.add("writer", self._look_for_writer)

    def _look_for_writer(self) -> None:
        self._prompt_writer.head()

    def close(self) -> None:
        """Ends the readers and lets go of the ledger."""
        self.reads.close()
        self.writer.close()
        self.ledger.close()


def federation(reads: QueryService, settings: Settings) -> Federation:
    """What of other servers may be asked, and at what cost."""
    queries = Bounds(
        requests=settings.service_requests, rows=settings.service_rows, seconds=settings.service_seconds
    )
    return Federation(
        reads,
        Fetcher(private_addresses=settings.private_addresses),
        settings.service_endpoints,
        settings.load_sources,
        queries=queries,
        updates=replace(queries, rows=min(queries.rows, EDIT.rows)),
        load=FetchBounds(seconds=settings.update_seconds, bytes=settings.max_body_bytes),
    )
