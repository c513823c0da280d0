"""Three outcomes: done, refused, in doubt; what is in doubt is settled by its id."""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.errors import NotUnderstood
from kb.ledger.errors import InDoubt, LedgerUnavailable
from kb.ledger.ledger import Ledger


class BreakingWire:
    """A wire to PostgreSQL that breaks when it is told to commit: before the server hears it, or after.

    breaks: "before", "after" or None.
    """

    def __init__(self, server: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="regiolink-wire-"))
        self.breaks: str | None = None
        self._server = str(server / ".s.PGSQL.5432")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._ends: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()
        shutil.rmtree(self.folder)

    def _start(self, work, *args) -> None:
        thread = threading.Thread(target=work, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._ends += [client, server]
                server.connect(self._server)
                self._start(self._carry, client, server, True)
                self._start(self._carry, server, client, False)

    def _carry(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                breaks = self.breaks if to_server and b"COMMIT\0" in data else None
                if breaks:
                    # First the client's end, so that no answer can be quicker than the break.
                    source.shutdown(socket.SHUT_RDWR)
                if breaks != "before":
                    target.sendall(data)
                if breaks:
                    break
        # Both ends at once, as when a cable is pulled out.
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(postgresql):
    made = BreakingWire(postgresql.folder)
    yield made
    made.close()


@pytest.fixture
def over_wire(postgresql, wire, tmp_path):
    url = postgresql.new_place()
    ledger = Ledger.open(url.replace(str(postgresql.folder), str(wire.folder)), tmp_path / "patches")
    yield ledger
    ledger.close()


def test_a_commit_that_never_reached_the_server_is_settled_as_not_done(wire, over_wire, entry):
    over_wire.append(entry(), 0)
    wire.breaks = "before"
    with pytest.raises(InDoubt) as doubt:
        over_wire.append(entry(), 1)
    wire.breaks = None
    assert over_wire.settle(doubt.value.commit_id) is None
    assert over_wire.head().revision == 1


def test_a_commit_whose_answer_was_lost_is_settled_as_done(wire, over_wire, entry):
    wire.breaks = "after"
    mine = entry()
    with pytest.raises(InDoubt) as doubt:
        over_wire.append(mine, 0)
    assert doubt.value.commit_ids == (mine.id,)
    wire.breaks = None
    assert over_wire.settle(mine.id) == over_wire.commit(1)
    assert over_wire.commit(1).id == mine.id
    assert over_wire.settle(mine.id) == over_wire.commit(1), "settling twice gives the same"


def test_settling_waits_for_a_commit_that_the_server_is_still_at(wire, over_wire, entry):
    with over_wire.database.writing() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_sleep(1); RETURN NULL; END'"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON commits DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION linger()"
            )
        )
    wire.breaks = "after"
    mine, began = entry(), time.monotonic()
    with pytest.raises(InDoubt):
        over_wire.append(mine, 0)
    assert time.monotonic() - began < 1, "the wire breaks while the server is committing"
    wire.breaks = None
    assert over_wire.head().revision == 0
    assert over_wire.settle(mine.id).revision == 1


def test_a_group_in_doubt_is_done_or_not_as_a_whole(wire, over_wire, entry):
    wire.breaks = "after"
    group = [entry(), entry()]
    with pytest.raises(InDoubt) as doubt:
        over_wire.append_all(group, 0)
    wire.breaks = None
    assert doubt.value.commit_ids == (group[0].id, group[1].id)
    assert [over_wire.settle(one.id).revision for one in group] == [1, 2]


def test_a_connection_that_is_ended_before_the_commit_refuses(postgresql, over_wire, entry, monkeypatch):
    """The server never heard of a commit, so nothing is in doubt."""

    def end_the_connection(connection, _entries):
        (pid,) = connection.execute(text("SELECT pg_backend_pid()")).one()
        with postgresql.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [pid])

    with monkeypatch.context() as patched:
        patched.setattr("kb.ledger.ledger._refuse_used_keys", end_the_connection)
        with pytest.raises(LedgerUnavailable) as refused:
            over_wire.append(entry(), 0)
    assert str(refused.value) == (
        "The PostgreSQL database of the ledger cannot be reached; nothing was changed."
    )
    assert over_wire.append(entry(), 0).revision == 1


@pytest.mark.parametrize("kept", [False, True])
def test_a_failed_commit_of_sqlite_is_in_doubt_until_it_is_settled(tmp_path, entry, monkeypatch, kept):
    ledger = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches")
    ledger.append(entry(), 0)
    mine = entry()

    def fail(connection):
        if kept:
            connection.commit()
        raise disk_error()

    def disk_error():
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        return error

    with monkeypatch.context() as patched:
        patched.setattr(ledger.database.engine.dialect, "do_commit", fail)
        with pytest.raises(InDoubt) as doubt:
            ledger.append(mine, 1)
    assert str(doubt.value) == (
        "The ledger's database failed while it committed the change, so it may or may not be done; "
        "look before you try again."
    )
    assert ledger.settle(mine.id) == (ledger.commit(2) if kept else None)
    assert ledger.append(entry(), 2 if kept else 1).revision == (3 if kept else 2)
    ledger.close()


def test_a_disk_that_takes_no_more_puts_in_doubt_and_settles_as_not_done(tmp_path, entry, in_child):
    """The real thing: the kernel refuses the bytes of the commit."""

    def work(tell):
        ledger = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches")
        ledger.append(entry(), 0)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = (tmp_path / "ledger.sqlite-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        mine = entry(size=1000)
        try:
            ledger.append(mine, 1)
        except InDoubt as doubt:
            tell(f"in doubt {doubt.commit_id == mine.id}")
        tell(f"reads go on at {ledger.head().revision}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        tell(f"settled {ledger.settle(mine.id)}")
        tell(f"goes on with {ledger.append(mine, 1).revision}")

    child = in_child(work)
    assert child.told.read().splitlines() == [
        "in doubt True",
        "reads go on at 1",
        "settled None",
        "goes on with 2",
    ]
    assert os.waitpid(child.pid, 0)[1] == 0


@pytest.mark.parametrize("commit_id", ["", "x", "F" * 32, "f" * 33, "f" * 31 + "\n", "\0"])
def test_what_is_no_commit_id_cannot_be_settled(ledger, commit_id):
    with pytest.raises(NotUnderstood, match="The id of a commit has 32 hexadecimal digits"):
        ledger.settle(commit_id)


def test_what_was_settled_is_written_down(ledger, entry):
    done = ledger.append(entry(), 0)
    assert ledger.settle(done.id) == done
    assert ledger.settle("f" * 32) is None
    assert ledger.settle("f" * 32) is None
    with ledger.database.reading() as connection:
        rows = connection.execute(text("SELECT id, revision, time FROM settled ORDER BY id")).all()
    assert {row.id: row.revision for row in rows} == {done.id: 1, "f" * 32: None}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row.time) for row in rows)
