"""Many editors at once over HTTP: no update is lost, and a retry is done once."""

import os
import signal
import threading
import time
from pathlib import Path

from bench.served import EX, PLACES, Served, adding, served
from kb.intent import Intent, SparqlUpdate
from kb.ledger.commits import Door

EDITORS, EACH = 8, 5


def at_once(work, many=EDITORS):
    """Runs `work(number)` in threads of their own; what one raises is raised here."""
    faults = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def setting(name, value):
    return f"INSERT DATA {{ GRAPH <{PLACES}> {{ <{EX}{name}> <{EX}count> {value} }} }}"


def counting(name):
    return (
        f"WITH <{PLACES}> DELETE {{ <{EX}{name}> <{EX}count> ?n }} "
        f"INSERT {{ <{EX}{name}> <{EX}count> ?more }} "
        f"WHERE {{ <{EX}{name}> <{EX}count> ?n BIND (?n + 1 AS ?more) }}"
    )


def count(service, name, query=""):
    (row,) = service.select(f"SELECT ?n {{ <{EX}{name}> <{EX}count> ?n }}", query)
    return int(row["n"])


def test_no_increment_is_lost(service):
    service.update(setting("plain", 0))

    def work(_number):
        for _ in range(EACH):
            assert service.update(counting("plain")).status == 204

    at_once(work)
    assert count(service, "plain") == EDITORS * EACH
    service.assert_whole()


def test_no_increment_is_lost_by_who_reads_first_and_writes_with_if_match(service):
    service.update(setting("matched", 0))
    stale = []

    def work(_number):
        done = 0
        while done < 3:
            address = f"sparql?query=SELECT+%3Fn+%7B+%3C{EX}matched%3E+%3C{EX}count%3E+%3Fn+%7D"
            seen = service.request("GET", address, Accept="text/csv")
            number = int(seen.body.split()[1])
            said = service.update(
                f"DELETE DATA {{ GRAPH <{PLACES}> {{ <{EX}matched> <{EX}count> {number} }} }} ; "
                + setting("matched", number + 1),
                If_Match=seen.headers["ETag"],
            )
            if said.status == 204:
                done += 1
            else:
                assert said.status == 412, said.body
                stale.append(said)

    at_once(work, 4)
    assert count(service, "matched") == 4 * 3
    assert all("was changed by ann in revision" in each.detail for each in stale)


def test_if_match_names_what_changed_and_by_whom(service):
    service.update(setting("named", 1))
    seen = service.request("GET", f"graphs?graph={PLACES}", Accept="text/turtle")
    changed = service.update(setting("named", 2), "root")
    mine = service.update(setting("named", 3), If_Match=seen.headers["ETag"])
    assert (mine.status, mine.detail.split(" (")[0]) == (
        412,
        f"{EX}named was changed by root in revision {changed.revision}",
    )
    other = service.update(setting("another", 3), If_Match=seen.headers["ETag"])
    assert other.status == 204, "what was not touched in the meantime may be changed"


def test_a_retry_with_its_key_is_done_once_whatever_was_killed(service):
    service.update(setting("retried", 0))
    for turn, (step, when) in enumerate(
        [("Ledger.append_all", "after"), ("Ledger.append_all", "before"), ("Live.land", "before")]
    ):
        service.ask_for_fault(step, when)
        said = [service.update(counting("retried"), Idempotency_Key=f"key-{turn}") for _ in range(3)]
        assert [each.status for each in said] in ([204, 204, 204], [503, 204, 204])
        assert [each.headers.get("Idempotency-Replayed") for each in said][-1] == "true"
        assert said[1].revision == said[2].revision
        assert count(service, "retried") == turn + 1


def test_retries_at_once_with_one_key_are_one_change(service):
    service.update(setting("once", 0))
    revisions = set()
    at_once(lambda _: revisions.add(service.update(counting("once"), Idempotency_Key="once").revision))
    assert (len(revisions), count(service, "once")) == (1, 1)


def test_changes_that_wait_share_a_sync(tmp_path, monkeypatch):
    """Of 20 changes that came while one was made, the ledger sees one transaction."""
    kb = Served(tmp_path).kb
    with kb.writer() as writer:
        sizes = []
        append = writer.ledger.append_all

        def counted(entries, head):
            sizes.append(len(entries))
            return append(entries, head)

        monkeypatch.setattr(writer.ledger, "append_all", counted)
        writer.commit_all(
            [Intent(SparqlUpdate(adding(f"r{n}")), "ann", "steward", Door.UPDATE) for n in range(20)]
        )
        assert (sizes, writer.head()) == ([20], 21)


def test_a_change_that_never_ends_is_given_up_and_stops_nobody_for_long(tmp_path):
    """Its first operation makes the next one dear, which no reader sees before the writer meets it."""
    with served(tmp_path, update_seconds="1") as service:
        many = " ".join(f"<{EX}n{n}> <{EX}p> {n} ." for n in range(300))
        writer = service.writer_pid()
        joins = " ".join(f"?s{n} <{EX}p> ?o{n} ." for n in range(6))
        endless = (
            f"INSERT DATA {{ GRAPH <{PLACES}> {{ {many} }} }} ; "
            f"INSERT {{ GRAPH <{PLACES}> {{ <{EX}x> <{EX}p> ?c }} }} "
            f"WHERE {{ SELECT (COUNT(*) AS ?c) {{ {joins} }} }}"
        )
        said = []
        waiting = threading.Thread(target=lambda: said.append(service.update(endless)))
        waiting.start()
        while waiting.is_alive() and Path(f"/proc/{writer}").exists():
            time.sleep(0.02)
        assert service.writer_pid() != writer
        ended = time.monotonic()
        assert service.update(adding("next"), Idempotency_Key="next").status in (204, 503)
        while service.update(adding("next"), Idempotency_Key="next").status != 204:
            time.sleep(0.02)
        print(f"Nothing could be changed for {time.monotonic() - ended:.2f} s.")  # noqa: T201
        waiting.join()
        assert (said[0].status, said[0].detail) == (
            503,
            "The change could not be finished, or took longer than 1 seconds; nothing was changed.",
        )
        assert service.assert_whole() == {"next"}


def test_reading_goes_on_while_there_is_no_writer(service):
    there = service.assert_whole()
    writer = service.writer_pid()
    os.kill(writer, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert service.names("Region", PLACES) == there
        print(f"Read in {time.monotonic() - began:.2f} s.")  # noqa: T201
    finally:
        os.kill(writer, signal.SIGCONT)
