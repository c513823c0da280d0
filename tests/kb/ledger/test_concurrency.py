"""Many writers at once, and writers that are killed: nothing acknowledged is lost; on both databases."""

import os
import random
import signal
import threading
import time

from kb.ledger.errors import StaleHead
from kb.ledger.ledger import Ledger

WRITERS, EACH = 8, 4


def append_on_top(ledger: Ledger, entry) -> int:
    """Appends `entry` to whatever the head is, trying again when somebody else was faster."""
    while True:
        try:
            return ledger.append(entry, ledger.head().revision).revision
        except StaleHead:
            continue


def assert_dense_and_whole(ledger: Ledger, acknowledged: dict[int, str]) -> None:
    commits = ledger.commits(limit=1_000_000)
    assert [commit.revision for commit in commits] == list(range(1, len(commits) + 1))
    assert {commit.revision: commit.id for commit in commits}.items() >= acknowledged.items()
    assert ledger.verify(lambda *_: None).broken is None


def test_threads_that_append_at_once_lose_nothing(ledger, entry):
    acknowledged: dict[int, str] = {}

    def work():
        for _ in range(EACH):
            mine = entry()
            acknowledged[append_on_top(ledger, mine)] = mine.id

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.head().revision == len(acknowledged) == WRITERS * EACH
    assert_dense_and_whole(ledger, acknowledged)


def test_processes_that_append_at_once_lose_nothing(place, tmp_path, open_ledger, entry, in_child):
    def work(tell):
        ledger = Ledger.open(place, tmp_path / "patches")
        for _ in range(EACH):
            mine = entry()
            tell(f"{append_on_top(ledger, mine)} {mine.id}")

    children = [in_child(work) for _ in range(WRITERS)]
    acknowledged = read_acknowledged(children)
    assert [os.waitpid(child.pid, 0)[1] for child in children] == [0] * WRITERS
    ledger = open_ledger()
    assert ledger.head().revision == len(acknowledged) == WRITERS * EACH
    assert_dense_and_whole(ledger, acknowledged)


def test_a_writer_that_is_killed_loses_no_acknowledged_commit(place, tmp_path, open_ledger, entry, in_child):
    def work(tell):
        ledger = Ledger.open(place, tmp_path / "patches", in_row=200)
        while True:
            group = [entry(), entry(size=3)]  # one stays in its row, one becomes a file
            for commit in ledger.append_all(group, ledger.head().revision):
                tell(f"{commit.revision} {commit.id}")

    acknowledged: dict[int, str] = {}
    instants = random.Random(7)
    for _ in range(10):
        child = in_child(work)
        child.told.readline()
        time.sleep(instants.uniform(0, 0.1))
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
        acknowledged |= read_acknowledged([child])
    ledger = open_ledger()
    assert len(acknowledged) >= 10
    assert_dense_and_whole(ledger, acknowledged)
    assert ledger.head().revision % 2 == 0, "a group is there as a whole or not at all"
    assert ledger.append(entry(), ledger.head().revision).revision > max(acknowledged)


def read_acknowledged(children) -> dict[int, str]:
    """What the children told: revision -> commit id; a line that was cut off was not acknowledged."""
    lines = [line.split() for child in children for line in child.told if line.endswith("\n")]
    return {int(revision): commit_id for revision, commit_id in lines}
