"""Where a ledger can be, and what is said when it cannot be used."""

import sqlite3

import pytest
from sqlalchemy import event, text

from kb.errors import KnowledgeBaseError, NoRoom, NotUnderstood
from kb.ledger.database import Database, write_ahead
from kb.ledger.errors import LedgerBusy, LedgerDamaged, LedgerUnavailable
from kb.ledger.ledger import Ledger


@pytest.fixture
def patches(tmp_path):
    return tmp_path / "patches"


@pytest.mark.parametrize("address", ["{}/new/folder/ledger.sqlite", "sqlite:///{}/ledger.sqlite"])
def test_a_file_is_made_with_its_folder(tmp_path, patches, address):
    ledger = Ledger.open(address.format(tmp_path), patches)
    assert ledger.head().revision == 0
    ledger.close()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://host/db", "The ledger is kept in a file or at a postgresql:// address, not at mysql://."),
        ("sqlite://", "The ledger is kept in a file or at a postgresql:// address, not at sqlite://."),
        ("sqlite:////ledger?mode=ro", "The address of a ledger in a file takes no options."),
        ("postgresql://host:port/db", "The address of the ledger cannot be read; it is a file or a URL."),
    ],
)
def test_another_kind_of_address_is_refused(patches, address, sentence):
    with pytest.raises(NotUnderstood) as refused:
        Ledger.open(address, patches)
    assert str(refused.value) == sentence


def refusal(place, patches) -> tuple[type, str]:
    with pytest.raises(KnowledgeBaseError) as refused:
        Ledger.open(place, patches)
    return type(refused.value), str(refused.value)


def test_a_file_that_is_no_ledger_is_refused(tmp_path, patches):
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all" * 99)
    assert refusal(tmp_path / "ledger.sqlite", patches) == (
        LedgerDamaged,
        "The ledger's file is damaged, or is no ledger; restore it from a backup.",
    )


def test_a_folder_in_place_of_the_file_is_refused(tmp_path, patches):
    assert refusal(tmp_path, patches) == (
        LedgerUnavailable,
        "The ledger's file cannot be opened or written to; check who owns it.",
    )


def test_a_folder_that_cannot_be_made_is_refused(tmp_path, patches):
    (tmp_path / "file").touch()
    kind, sentence = refusal(tmp_path / "file" / "ledger.sqlite", patches)
    assert (kind, sentence.split(" /")[0]) == (LedgerUnavailable, "The folder of the ledger")


def test_a_server_that_is_not_there_is_named_as_the_reason(tmp_path, patches):
    assert refusal(f"postgresql://ana:secret@/db?host={tmp_path}", patches) == (
        LedgerUnavailable,
        "The PostgreSQL database of the ledger cannot be reached; nothing was changed.",
    )


def test_a_database_with_another_encoding_is_refused(postgresql, patches):
    with postgresql.admin() as admin:
        admin.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    assert refusal(postgresql.url("latin"), patches) == (
        LedgerUnavailable,
        "The PostgreSQL database of the ledger needs the encoding UTF8.",
    )


def test_sqlite_syncs_each_commit(tmp_path):
    database = Database.connect(tmp_path / "ledger.sqlite")
    with database.reading() as connection:
        set_to = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert set_to == ["wal", 2, 1, 30_000]
    database.close()


class Occupied(sqlite3.Connection):
    """A new file that somebody else is putting into WAL mode at this moment."""

    refusals = 2

    def execute(self, *statement):
        if self.refusals:
            self.refusals -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(*statement)


def test_a_new_file_is_waited_for_while_another_opener_makes_it(tmp_path):
    connection = sqlite3.connect(tmp_path / "ledger.sqlite", factory=Occupied)
    write_ahead(connection, wait=10)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.refusals = 10**9
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        write_ahead(connection, wait=0.05)
    connection.close()


def test_a_file_system_without_wal_is_refused():
    connection = sqlite3.connect(":memory:")
    with pytest.raises(LedgerUnavailable, match="cannot hold a write-ahead log"):
        write_ahead(connection, wait=1)
    connection.close()


def test_postgresql_syncs_each_commit_even_where_the_server_would_not(postgresql):
    with postgresql.admin() as admin:
        admin.execute("CREATE DATABASE hasty")
    for default, expected in (("off", "on"), ("remote_apply", "remote_apply")):
        with postgresql.admin() as admin:
            admin.execute(f"ALTER DATABASE hasty SET synchronous_commit = '{default}'")
        database = Database.connect(postgresql.url("hasty"))
        with database.reading() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == expected
        database.close()


def test_a_writer_that_waits_too_long_is_told_so(open_ledger, entry):
    ledger, other = open_ledger(), open_ledger(wait=0.2)
    with ledger.database.writing(), pytest.raises(LedgerBusy) as refused:
        other.append(entry(), 0)
    assert str(refused.value) == (
        "Another program has been writing to the ledger for too long; try again in a moment."
    )
    assert other.append(entry(), 0).revision == 1


def test_reading_goes_on_while_somebody_writes(open_ledger, entry):
    ledger, other = open_ledger(), open_ledger()
    ledger.append(entry(), 0)
    with ledger.database.writing():
        assert other.head().revision == 1


def test_a_full_disk_refuses_and_harms_nothing(tmp_path, patches, entry):
    ledger = Ledger.open(tmp_path / "ledger.sqlite", patches)
    ledger.append(entry(), 0)
    ledger.close()

    def limit(connection, _record):
        connection.execute("PRAGMA max_page_count = 1")  # no more than it has already

    event.listen(ledger.database.engine, "connect", limit)
    with pytest.raises(NoRoom) as refused:
        ledger.append(entry(size=1000), 1)
    assert str(refused.value) == "There is no room left on the disk of the ledger; nothing was changed."
    event.remove(ledger.database.engine, "connect", limit)
    ledger.close()
    assert ledger.append(entry(size=1000), 1).revision == 2
    ledger.close()


def test_a_patch_folder_that_cannot_be_written_refuses_and_harms_nothing(tmp_path, entry):
    (tmp_path / "patches").touch()
    ledger = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches", in_row=0)
    with pytest.raises(LedgerUnavailable, match=r"The patch folder .* cannot be written to"):
        ledger.append(entry(), 0)
    assert ledger.head().revision == 0
    ledger.close()


def test_a_fault_of_ours_is_not_explained_away(ledger):
    with pytest.raises(Exception, match="no_such_table") as raised, ledger.database.reading() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(raised.value, KnowledgeBaseError)
