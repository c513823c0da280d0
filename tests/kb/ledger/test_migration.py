"""Opening ledgers of other ages: none yet, older, newer, and several openers at once; on both databases."""

import os
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, insert, inspect, select, text

from kb.ledger.commits import GENESIS, Entry, Head, row_after
from kb.ledger.database import Database
from kb.ledger.errors import LedgerDamaged, LedgerTooNew
from kb.ledger.ledger import Ledger
from kb.ledger.migration import migrate
from kb.ledger.patches import PackedPatch, PatchFolder
from kb.ledger.people import Role
from kb.ledger.tables import COMMITS, METADATA, TOUCHES


@pytest.fixture
def database(place):
    opened = Database.connect(place)
    yield opened
    opened.close()


def test_the_steps_lead_to_the_tables_that_the_program_uses(database):
    migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "ledger_schema"})
        assert compare_metadata(context, METADATA) == []


def older_row(entry: Entry, parent: Head = GENESIS) -> dict[str, object]:
    """The row, with its patch, as the first tables have it."""
    packed = PackedPatch.of(entry.patch)
    row = row_after(parent, entry, packed.hash, "2025-01-01T00:00:00.000000Z") | {"patch": packed.packed}
    return {name: value for name, value in row.items() if name not in ("waiver", "graphs")}


def test_an_older_ledger_is_taken_along_with_its_commits(database, open_ledger, entry):
    migrate(database, to="0001")
    row = older_row(entry())
    with database.writing() as connection:
        connection.execute(insert(COMMITS).values(**row))
        assert sorted(inspect(connection).get_table_names()) == ["commits", "ledger_schema"]
    ledger = open_ledger()
    (commit,) = ledger.commits()
    assert (commit.revision, commit.hash, commit.message) == (1, row["hash"], "Change 1")
    assert (commit.waiver, commit.graphs) == (None, ("urn:g",))
    assert ledger.append(entry(), 1).parent_hash == row["hash"]
    assert ledger.people.create_user("ana", Role.STEWARD).name == "ana"
    assert ledger.verify(lambda *_: None).broken is None


@pytest.fixture
def older(database, entry, tmp_path):
    """Two commits of a program that did not write down what a commit touches, one of them in a file."""
    migrate(database, to="0003")
    first, second = entry(), entry()
    PatchFolder(tmp_path / "patches").keep(PackedPatch.of(first.patch))
    row = older_row(first)
    with database.writing() as connection:
        connection.execute(insert(COMMITS).values(**row | {"patch": None}))
        connection.execute(insert(COMMITS).values(**older_row(second, Head(1, row["hash"]))))


@pytest.mark.usefixtures("older")
def test_the_things_that_older_commits_touch_are_found(open_ledger):
    for ledger in (open_ledger(), open_ledger()):
        for revision in (1, 2):
            assert ledger.commits(thing=f"urn:thing:{revision}") == [ledger.commit(revision)]
        assert ledger.commits(graph="urn:g") == ledger.commits()
        assert ledger.verify(lambda *_: None).sentence == "All commits up to revision 2 are whole."


@pytest.mark.usefixtures("older")
def test_an_older_ledger_with_a_damaged_patch_is_refused_rather_than_half_known(
    open_ledger, database, tmp_path
):
    (file,) = (tmp_path / "patches").iterdir()
    file.unlink()
    for _ in range(2):
        with pytest.raises(LedgerDamaged) as refused:
            open_ledger()
        assert str(refused.value) == (
            f"Revision 1 is damaged: its patch file {file.name} is missing; restore the ledger from a backup."
        )
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(TOUCHES)).scalar_one() == 0


def test_a_ledger_of_a_newer_program_is_refused_and_left_alone(database, open_ledger):
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE ledger_schema SET version_num = '0999'"))
    with pytest.raises(LedgerTooNew) as refused:
        open_ledger()
    assert str(refused.value) == (
        "The ledger was written by a newer Regiolink (schema 0999, this program knows 0004); "
        "use that version."
    )
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM ledger_schema")).scalar_one() == "0999"


def test_a_step_that_fails_leaves_the_ledger_as_it_was(database, monkeypatch):
    migrate(database, to="0001")
    monkeypatch.setattr("alembic.op.create_index", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        migrate(database)
    with database.reading() as connection:
        assert sorted(inspect(connection).get_table_names()) == ["commits", "ledger_schema"]
        assert connection.execute(text("SELECT version_num FROM ledger_schema")).scalar_one() == "0001"


def open_at_once(open_one) -> list[object]:
    """What four threads get that call `open_one` with their number at the same moment."""
    ready, got = threading.Barrier(4), []

    def work(number):
        ready.wait()
        try:
            got.append(open_one(number).head())
        except BaseException as error:
            got.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_threads_that_open_a_new_ledger_at_once_all_get_it(open_ledger):
    assert open_at_once(lambda _: open_ledger()) == [GENESIS] * 4


def test_threads_that_open_each_a_new_ledger_of_its_own_do_not_mix_them(open_ledger, tmp_path):
    assert open_at_once(lambda number: open_ledger(tmp_path / f"{number}.sqlite")) == [GENESIS] * 4


def test_processes_that_open_a_new_ledger_at_once_all_get_it(place, tmp_path, in_child):
    children = [in_child(lambda _: Ledger.open(place, tmp_path / "patches").head()) for _ in range(6)]
    assert [os.waitpid(child.pid, 0)[1] for child in children] == [0] * 6
