"""What `verify` notices; on both databases."""

import os
import zlib

import pytest
from sqlalchemy import event, insert, text

from kb.ledger.commits import GENESIS, hash_of, row_after
from kb.ledger.errors import LedgerDamaged, LedgerUnavailable
from kb.ledger.ledger import Ledger
from kb.ledger.patches import PackedPatch
from kb.ledger.rows import find_row
from kb.ledger.tables import COMMITS


def quiet(*_):
    pass


@pytest.fixture
def damaged(open_ledger, entry):
    """Five commits, the fourth with its patch in a file; and a way to change the database behind our back."""
    ledger = open_ledger(in_row=1000)
    ledger.append_all([entry(), entry(), entry(), entry(size=100), entry()], 0)

    def change(statement: str, **values) -> Ledger:
        with ledger.database.writing() as connection:
            connection.execute(text(statement), values)
        return ledger

    return change


def broken(ledger: Ledger) -> tuple[int | None, int, str]:
    verdict = ledger.verify(quiet)
    return verdict.broken, verdict.head.revision, verdict.sentence


def test_a_whole_ledger_is_whole_and_says_how_far_it_is(damaged):
    ledger, told = damaged("SELECT 1"), []
    assert broken(ledger) == (None, 5, "All commits up to revision 5 are whole.")
    ledger.verify(lambda *args: told.append(args))
    assert told == [(number, 5, "commits verified") for number in range(1, 6)]
    assert ledger.verify(quiet).head == ledger.head()


def test_an_empty_ledger_is_whole(ledger):
    assert broken(ledger) == (None, 0, "There are no commits.")


@pytest.mark.parametrize(
    "change",
    [
        "author = 'eve'",
        "role = 'admin'",
        "message = message || '.'",
        "time = '2026-11-22T12:00:00.000001Z'",
        "door = 'undo'",
        "key = 'k'",
        "request_digest = 'd'",
        "inserts = 2",
        "deletes = 1",
        "report = '{}'",
        "waiver = 'It was agreed.'",
        f"patch_hash = '{'0' * 64}'",
        f"id = '{'0' * 32}'",
        f"hash = '{'0' * 64}'",
        f"parent_hash = '{'0' * 64}'",
    ],
)
def test_a_changed_field_is_noticed(damaged, change):
    ledger = damaged(f"UPDATE commits SET {change} WHERE revision = 3")
    assert broken(ledger) == (
        3,
        2,
        "Revision 3 is damaged: its fields are not those that were committed; "
        "restore the ledger from a backup.",
    )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE commits SET graphs = '[\"urn:h\"]' WHERE revision = 3",
        "UPDATE commits SET graphs = NULL WHERE revision = 3",
        "DELETE FROM touches WHERE revision = 3",
    ],
)
def test_an_index_that_lacks_something_is_noticed(damaged, change):
    assert broken(damaged(change)) == (
        3,
        2,
        "Revision 3 is damaged: the index does not tell all that it touches; "
        "restore the ledger from a backup.",
    )


def test_a_commit_that_was_taken_out_is_noticed(damaged):
    ledger = damaged("DELETE FROM commits WHERE revision = 2")
    assert broken(ledger) == (
        2,
        1,
        "Revision 2 is damaged: it is missing; restore the ledger from a backup.",
    )


def test_a_commit_that_was_forged_with_a_fitting_hash_is_noticed_by_the_next(damaged):
    ledger = damaged("SELECT 1")
    with ledger.database.reading() as connection:
        forged = find_row(connection, COMMITS.c.revision == 2) | {"author": "eve"}
    damaged("UPDATE commits SET author = 'eve', hash = :hash WHERE revision = 2", hash=hash_of(forged))
    assert broken(ledger) == (
        3,
        2,
        "Revision 3 is damaged: it does not follow from the commit before it; "
        "restore the ledger from a backup.",
    )


def test_a_patch_of_another_size_than_was_said_is_noticed(ledger, entry):
    honest = entry(size=2)
    packed = PackedPatch.of(honest.patch)
    row = row_after(GENESIS, honest, packed.hash, "2026-11-22T12:00:00.000000Z") | {"inserts": 3}
    with ledger.database.writing() as connection:
        connection.execute(insert(COMMITS).values(**row | {"hash": hash_of(row), "patch": packed.packed}))
    assert broken(ledger) == (
        1,
        0,
        "Revision 1 is damaged: its patch has another number of quads than it says; "
        "restore the ledger from a backup.",
    )


def test_a_missing_patch_file_is_noticed(damaged, tmp_path):
    ledger = damaged("SELECT 1")
    (file,) = (tmp_path / "patches").iterdir()
    file.unlink()
    reason = f"its patch file {file.name} is missing"
    assert broken(ledger) == (
        4,
        3,
        f"Revision 4 is damaged: {reason}; restore the ledger from a backup.",
    )
    with pytest.raises(LedgerDamaged) as refused:
        ledger.patch_of(4)
    assert str(refused.value) == f"Revision 4 is damaged: {reason}; restore the ledger from a backup."
    assert len(ledger.patch_of(5)) == 1, "the others can still be read"


def test_no_changed_byte_of_a_patch_is_read_as_another_patch(damaged, tmp_path):
    ledger = damaged("SELECT 1")
    expected = ledger.patch_text(4)
    (file,) = (tmp_path / "patches").iterdir()
    good = file.read_bytes()
    noticed = 0
    for at in range(0, len(good), max(1, len(good) // 200)):
        file.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        try:
            assert ledger.patch_text(4) == expected
        except LedgerDamaged:
            noticed += 1
    assert noticed >= 200


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: packed[:-1], "its patch is cut off, or something follows it"),
        (lambda packed: packed + b"x", "its patch is cut off, or something follows it"),
        (lambda packed: b"\0" + packed[1:], "its patch cannot be unpacked"),
        (lambda _: zlib.compress(b"TX .\nTC .\n"), "its patch is not the one that was committed"),
        (lambda _: None, "its patch file {hash}.rdfp.zz is missing"),
    ],
)
def test_a_changed_patch_in_a_row_is_noticed(damaged, damage, reason):
    ledger = damaged("SELECT 1")
    with ledger.database.reading() as connection:
        (packed,) = connection.execute(text("SELECT patch FROM commits WHERE revision = 2")).one()
    damaged("UPDATE commits SET patch = :packed WHERE revision = 2", packed=damage(bytes(packed)))
    reason = reason.format(hash=ledger.commit(2).patch_hash)
    assert broken(ledger) == (
        2,
        1,
        f"Revision 2 is damaged: {reason}; restore the ledger from a backup.",
    )


def test_a_page_of_the_file_that_is_overwritten_is_noticed(tmp_path, entry):
    place = tmp_path / "ledger.sqlite"
    ledger = Ledger.open(place, tmp_path / "patches")
    ledger.append_all([entry(size=20) for _ in range(100)], 0)
    ledger.close()
    data = bytearray(place.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = os.urandom(4096)
    place.write_bytes(data)
    ledger = Ledger.open(place, tmp_path / "patches")
    verdict = ledger.verify(quiet)
    assert 0 < verdict.broken <= 100
    assert verdict.sentence.startswith(f"Revision {verdict.broken} is damaged: ")
    ledger.close()


def test_a_crash_between_patch_file_and_row_leaves_an_orphan_and_nothing_else(
    place, tmp_path, open_ledger, entry, in_child
):
    ledger = open_ledger()
    ledger.append(entry(), 0)
    ledger.close()

    def work(_):
        mine = Ledger.open(place, tmp_path / "patches", in_row=0)
        event.listen(mine.database.engine, "begin", lambda _: os._exit(9))
        mine.append(entry(), 1)

    assert os.waitstatus_to_exitcode(os.waitpid(in_child(work).pid, 0)[1]) == 9
    (file,) = (tmp_path / "patches").iterdir()
    ledger = open_ledger()
    assert ledger.head().revision == 1
    verdict = ledger.verify(quiet)
    assert (verdict.broken, verdict.orphans) == (None, (file.name,))
    assert verdict.sentence == (
        "All commits up to revision 1 are whole. "
        "In the patch folder 1 file belongs to no commit, which does no harm."
    )
    assert ledger.append(entry(), 1).revision == 2


def test_a_half_written_patch_file_is_an_orphan_too(open_ledger, tmp_path, entry):
    ledger = open_ledger(in_row=0)
    ledger.append(entry(), 0)
    (tmp_path / "patches" / "abc.partial").write_bytes(b"half")
    assert ledger.verify(quiet).orphans == ("abc.partial",)


def test_a_server_that_goes_away_is_not_taken_for_damage(postgresql, tmp_path, entry):
    ledger = Ledger.open(postgresql.new_place(), tmp_path / "patches")
    ledger.append_all([entry(), entry()], 0)

    def go_away(*_):
        with postgresql.admin() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    with pytest.raises(LedgerUnavailable):
        ledger.verify(go_away)
    ledger.close()
