"""Backup while in use, and restoring."""

import sqlite3
import threading

import pytest

from kb.errors import KnowledgeBaseError, NotAllowed, NotFound
from kb.ledger.backup import restore
from kb.ledger.errors import LedgerDamaged
from kb.ledger.ledger import Ledger
from kb.ledger.people import Role


def quiet(*_):
    pass


@pytest.fixture
def ledger(tmp_path, entry):
    """Three commits, the second with its patch in a file, and a user."""
    opened = Ledger.open(tmp_path / "live" / "ledger.sqlite", tmp_path / "live" / "patches", in_row=1000)
    opened.append_all([entry(), entry(size=100), entry()], 0)
    opened.people.create_user("ana", Role.STEWARD)
    yield opened
    opened.close()


def test_a_restored_ledger_equals_the_one_that_was_backed_up(ledger, tmp_path, entry):
    verdict = ledger.backup(tmp_path / "backups" / "monday", quiet)
    assert (verdict.head, verdict.broken, verdict.orphans) == (ledger.head(), None, ())
    kept = ledger.commits()
    patches = [ledger.patch_of(commit.revision) for commit in kept]
    ledger.append(entry(), 3)

    place, folder = tmp_path / "new" / "ledger.sqlite", tmp_path / "new" / "patches"
    assert restore(tmp_path / "backups" / "monday", place, folder, quiet) == verdict
    restored = Ledger.open(place, folder)
    assert restored.commits() == kept
    assert [restored.patch_of(commit.revision) for commit in kept] == patches
    assert restored.people.users() == ledger.people.users()
    assert restored.append(entry(), 3).revision == 4
    restored.close()
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["monday"]


def test_a_backup_made_while_others_write_is_whole(ledger, tmp_path, entry):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            ledger.append(entry(size=50), ledger.head().revision)

    writer = threading.Thread(target=write)
    writer.start()
    before = ledger.head().revision
    verdicts = [ledger.backup(tmp_path / f"backup{number}", quiet) for number in range(3)]
    after = ledger.head().revision
    stop.set()
    writer.join()
    heads = [verdict.head.revision for verdict in verdicts]
    assert before <= heads[0] <= heads[1] <= heads[2] <= after
    assert all(ledger.commit(verdict.head.revision).head == verdict.head for verdict in verdicts)
    assert after > before


def test_a_damaged_ledger_gives_no_backup(ledger, tmp_path):
    (file,) = (tmp_path / "live" / "patches").iterdir()
    file.unlink()
    with pytest.raises(LedgerDamaged) as refused:
        ledger.backup(tmp_path / "backup", quiet)
    assert str(refused.value) == (
        f"Revision 2 is damaged: its patch file {file.name} is missing; restore the ledger from a backup."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["live"], "nothing half-made is left"


def test_a_damaged_backup_is_not_restored(ledger, tmp_path):
    ledger.backup(tmp_path / "backup", quiet)
    with sqlite3.connect(tmp_path / "backup" / "ledger.sqlite") as connection:
        connection.execute("UPDATE commits SET author = 'eve' WHERE revision = 3")
    connection.close()
    with pytest.raises(LedgerDamaged, match="Revision 3 is damaged: its fields"):
        restore(tmp_path / "backup", tmp_path / "new.sqlite", tmp_path / "patches", quiet)
    assert not list(tmp_path.glob("new.sqlite*"))


@pytest.mark.parametrize("until", [3, 2, 1, 0])
def test_a_ledger_is_restored_up_to_a_revision(ledger, tmp_path, entry, until):
    ledger.append(entry(), 3)
    kept = ledger.commits(until=until)
    ledger.settle(ledger.commit(4).id)
    ledger.backup(tmp_path / "backup", quiet)
    place, folder = tmp_path / "new.sqlite", tmp_path / "patches"
    verdict = restore(tmp_path / "backup", place, folder, quiet, until)
    assert (verdict.head.revision, verdict.broken, verdict.orphans) == (until, None, ())
    restored = Ledger.open(place, folder)
    assert restored.commits() == kept
    assert restored.commits(graph="urn:g") == kept
    assert restored.commits(thing="urn:thing:4") == []
    assert restored.settle("0" * 32) is None
    assert restored.append(entry(), until).revision == until + 1
    assert restored.verify(quiet).broken is None
    restored.close()


def test_nothing_of_what_was_left_out_stays_in_the_file(ledger, tmp_path, entry):
    ledger.append(entry(message="Secret plan"), 3)
    ledger.backup(tmp_path / "backup", quiet)
    restore(tmp_path / "backup", tmp_path / "new.sqlite", tmp_path / "patches", quiet, until=3)
    assert b"Secret plan" in (tmp_path / "backup" / "ledger.sqlite").read_bytes()
    assert b"Secret plan" not in (tmp_path / "new.sqlite").read_bytes()
    assert [path.name for path in tmp_path.glob("new.sqlite*")] == ["new.sqlite"]


def test_a_backup_that_is_damaged_late_is_restored_up_to_there(ledger, tmp_path):
    ledger.backup(tmp_path / "backup", quiet)
    with sqlite3.connect(tmp_path / "backup" / "ledger.sqlite") as connection:
        connection.execute("UPDATE commits SET author = 'eve' WHERE revision = 3")
    connection.close()
    verdict = restore(tmp_path / "backup", tmp_path / "new.sqlite", tmp_path / "patches", quiet, until=2)
    assert verdict.sentence == "All commits up to revision 2 are whole."


@pytest.mark.parametrize("until", [4, -1])
def test_a_revision_that_the_backup_does_not_have_is_not_restored(ledger, tmp_path, until):
    ledger.backup(tmp_path / "backup", quiet)
    work = lambda: restore(tmp_path / "backup", tmp_path / "new.sqlite", tmp_path / "p", quiet, until)  # noqa: E731
    assert refusal(work) == (NotFound, f"There is no revision {until} in the backup; its newest is 3.")
    assert not list(tmp_path.glob("new.sqlite*"))


def refusal(work) -> tuple[type, str]:
    with pytest.raises(KnowledgeBaseError) as refused:
        work()
    return type(refused.value), str(refused.value)


def test_nothing_is_overwritten(ledger, tmp_path):
    ledger.backup(tmp_path / "backup", quiet)
    assert refusal(lambda: ledger.backup(tmp_path / "backup", quiet)) == (
        NotAllowed,
        f"There is {tmp_path}/backup already; name a new folder for the backup.",
    )
    live = tmp_path / "live" / "ledger.sqlite"
    assert refusal(lambda: restore(tmp_path / "backup", live, tmp_path / "live" / "patches", quiet)) == (
        NotAllowed,
        f"There is {live} already; move the old ledger away first.",
    )
    left = tmp_path / "new.sqlite-wal"
    left.touch()
    assert refusal(lambda: restore(tmp_path / "backup", tmp_path / "new.sqlite", tmp_path, quiet)) == (
        NotAllowed,
        f"There is {left} already; move the old ledger away first.",
    )


def test_what_is_no_backup_is_not_restored(tmp_path):
    assert refusal(lambda: restore(tmp_path, tmp_path / "new.sqlite", tmp_path / "patches", quiet)) == (
        NotFound,
        f"There is no backup of a ledger in {tmp_path}.",
    )


def test_a_folder_that_cannot_be_written_to_is_named(ledger, tmp_path):
    (tmp_path / "file").touch()
    _, sentence = refusal(lambda: ledger.backup(tmp_path / "file" / "backup", quiet))
    assert sentence == (
        f"The folder {tmp_path}/file/backup cannot be written to; "
        "check who owns it and whether the disk is sound."
    )


def test_for_postgresql_its_own_tools_are_named(postgresql, tmp_path):
    ledger = Ledger.open(postgresql.new_place(), tmp_path / "patches")
    assert refusal(lambda: ledger.backup(tmp_path / "backup", quiet)) == (
        NotAllowed,
        "A ledger in PostgreSQL is backed up with pg_dump, "
        "and its patch folder, if it has one, by a copy made after that.",
    )
    ledger.close()
