"""The ledger's database: SQLite in a file, or PostgreSQL; its transactions, and its errors in our words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from kb.errors import KnowledgeBaseError, NoRoom, NotUnderstood
from kb.ledger.errors import InDoubt, LedgerBusy, LedgerDamaged, LedgerUnavailable

WAIT = 30
"""Seconds that a writer waits for the one before it."""

# A dead network is noticed after about half a minute, not after hours; what the URL says comes first.
_POSTGRES_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}


class Database:
    """One database. Open it in the process that uses it: its connections do not survive a fork.

    engine: SQLAlchemy's pool of connections. is_sqlite: whether it is SQLite, else it is PostgreSQL.
    """

    def __init__(self, engine: Engine, wait: float = WAIT) -> None:
        self.engine = engine
        self.wait = wait
        self.is_sqlite = engine.dialect.name == "sqlite"

    @classmethod
    def connect(cls, place: str | Path, wait: float = WAIT) -> Database:
        """The database at `place`: a file, which is made when it is not there, or a `postgresql://` URL.

        wait: seconds that a writer waits for the one before it. The tables may not be there yet.
        Raises `NotUnderstood` for another kind of URL, `LedgerUnavailable`, `LedgerDamaged`.
        """
        url = _url(place)
        if url.drivername == "sqlite":
            engine = _sqlite(url, wait)
        else:
            engine = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
            event.listen(engine, "connect", _sync_each_commit)
        database = cls(engine, wait)
        try:
            with database.reading() as connection:
                if not database.is_sqlite and _encoding(connection) != "UTF8":
                    raise LedgerUnavailable("The PostgreSQL database of the ledger needs the encoding UTF8.")
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with _in_our_words(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(
        self, commit_ids: Sequence[str] = (), lock: str = "LOCK TABLE commits IN EXCLUSIVE MODE"
    ) -> Iterator[Connection]:
        """A transaction of the one writer at a time; it is on the disk when the block is left.

        commit_ids: what is in doubt when the answer to the commit is lost. lock: the SQL that makes others
        wait (PostgreSQL; SQLite has one lock for all). An exception in the block undoes everything.
        Raises `LedgerBusy` and `NoRoom` when nothing was changed, `LedgerUnavailable` likewise, `InDoubt`.
        """
        with _in_our_words(), self.engine.connect() as connection:
            transaction = connection.execution_options(writing=True).begin()
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self.wait * 1000)}")
                connection.exec_driver_sql(lock)
            yield connection
            try:
                transaction.commit()
            except DBAPIError as error:
                # The connection may still hold the transaction, and would hand it to the next who borrows it.
                connection.invalidate()
                explained = _explained(error)
                # A full disk is found before the record of the commit is written; all else is not known.
                raise explained if isinstance(explained, NoRoom) else InDoubt(commit_ids) from error

    def close(self) -> None:
        """Lets go of all connections."""
        self.engine.dispose()


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        raise NotUnderstood("The address of the ledger cannot be read; it is a file or a URL.") from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database:
        if url.query:
            raise NotUnderstood("The address of a ledger in a file takes no options.")
        return URL.create("sqlite", database=url.database)
    if kind in ("postgresql", "postgres"):
        given = dict(url.query)
        return url.set(drivername="postgresql+psycopg", query={**_POSTGRES_DEFAULTS, **given})
    raise NotUnderstood(
        f"The ledger is kept in a file or at a postgresql:// address, not at {url.drivername}://."
    )


def _sqlite(url: URL, wait: float) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise LedgerUnavailable(f"The folder of the ledger {path} cannot be made.") from None
    engine = create_engine(url, connect_args={"timeout": wait}, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        assert isinstance(connection, sqlite3.Connection)
        # The driver must not begin transactions on its own: we say when, and which kind.
        connection.isolation_level = None
        write_ahead(connection, wait)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Taking the lock at once is what makes "compare, then append" one step.
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def write_ahead(connection: sqlite3.Connection, wait: float) -> None:
    """Puts a new file into WAL mode; waits up to `wait` seconds, since there SQLite itself does not always.

    Raises `LedgerUnavailable` when the file system cannot hold a write-ahead log, else what SQLite raises.
    """
    until = time.monotonic() + wait
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            raise LedgerUnavailable(
                "The ledger's file system cannot hold a write-ahead log; take another one."
            )
        return


def _sync_each_commit(connection: DBAPIConnection, _record: object) -> None:
    """Never acknowledge what is not on the disk, whatever the server's default; more than that may stay."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()


def _encoding(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SHOW server_encoding").scalar_one())


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        explained = _explained(error)
        if explained is None:
            raise
        raise explained from error


def _explained(error: DBAPIError) -> KnowledgeBaseError | None:
    """The error in our words; None when it is one that only a fault of ours can bring about."""
    if isinstance(error.orig, sqlite3.Error):
        return _explained_sqlite(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    # The driver gives no state when there is no server to give one.
    gone = error.connection_invalidated or (state is None and isinstance(error, OperationalError))
    return _explained_postgres(state or "", gone)


def _explained_sqlite(error: sqlite3.Error) -> KnowledgeBaseError | None:
    # Extended codes carry the primary one in their lowest byte.
    whole = getattr(error, "sqlite_errorcode", 0)
    code = whole & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerBusy()
    # A reader finds no room for the index of the write-ahead log, and SQLite calls that another thing.
    if code == sqlite3.SQLITE_FULL or whole == sqlite3.SQLITE_IOERR_SHMSIZE:
        return NoRoom()
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return LedgerUnavailable("The ledger's file cannot be opened or written to; check who owns it.")
    if code == sqlite3.SQLITE_IOERR:
        return LedgerUnavailable("The disk of the ledger reports an error; nothing was changed.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerDamaged("The ledger's file is damaged, or is no ledger; restore it from a backup.")
    return None


def _explained_postgres(state: str, gone: bool) -> KnowledgeBaseError | None:
    if state == "55P03":
        return LedgerBusy()
    if state == "53100":
        return NoRoom()
    if state == "25006":
        return LedgerUnavailable(
            "The PostgreSQL database of the ledger is read-only; name the primary server."
        )
    if state == "42501":
        return LedgerUnavailable("PostgreSQL does not let this user use the ledger's database.")
    if gone or state[:2] in ("08", "53", "57"):
        return LedgerUnavailable(
            "The PostgreSQL database of the ledger cannot be reached; nothing was changed."
        )
    return None
