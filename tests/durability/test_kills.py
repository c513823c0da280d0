"""kill -9 at every step of a commit, over HTTP: what was acknowledged is whole, what was not is nowhere."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from rdflib import OWL

from bench.served import PLACES, adding, children, region
from kb.terms import GRAPH

# The first part has a step lose the change, the second has the ledger hold it already.
LOST = [
    ("Live.stage", "before", 1),
    ("OxigraphEngine.transact", "before", 1),
    ("OxigraphEngine.transact", "after", 1),
    ("Live.stage", "after", 1),
    ("Judge.small", "before", 1),
    ("Judge.small", "after", 1),
    ("Ledger.append_all", "before", 1),
    ("Ledger note", "before", 1),
    ("Ledger note", "after", 1),
]
DONE = [
    ("Ledger.append_all", "after", 1),
    ("Live.land", "before", 1),
    ("OxigraphEngine.transact", "before", 2),
    ("OxigraphEngine.transact", "after", 2),
    ("OxigraphEngine.apply", "before", 1),
    ("OxigraphEngine.apply", "after", 1),
    ("Live.land", "after", 1),
]
LOST_LARGE = [
    ("OxigraphEngine.checkpoint", "before", 1),
    ("OxigraphEngine.checkpoint", "after", 1),
    ("Copy.make", "after", 1),
    ("Judge.large", "after", 1),
    ("Ledger.append_all", "before", 1),
]
DONE_LARGE = [
    ("Ledger.append_all", "after", 1),
    ("Live.finish", "before", 1),
    ("Live.put_in_use", "before", 1),
    ("Live.put_in_use", "after", 1),
]


def label(step):
    return "-".join(map(str, step)).replace(" ", "-")


@pytest.mark.parametrize("step", LOST, ids=label)
def test_a_kill_before_the_ledger_has_it_leaves_nothing(service, step):
    before = service.assert_whole()
    service.ask_for_fault(*step)
    said = service.update(adding(f"lost-{label(step)}"))
    assert (said.status, said.detail) == (
        503,
        "The change could not be finished, or took longer than 30 seconds; nothing was changed.",
    )
    assert service.assert_whole() == before
    assert service.update(adding(f"lost-{label(step)}")).status == 204, "it can be tried again"


@pytest.mark.parametrize("step", DONE, ids=label)
def test_a_kill_after_the_ledger_has_it_changes_nothing_about_it(service, step):
    before = service.assert_whole()
    service.ask_for_fault(*step)
    assert service.update(adding(f"done-{label(step)}")).status == 204
    assert not service.fault.exists(), "it was struck"
    assert service.assert_whole() == before | {f"done-{label(step)}"}


@pytest.mark.parametrize(
    ("step", "status"), [(step, 503) for step in LOST_LARGE] + [(step, 204) for step in DONE_LARGE], ids=str
)
def test_a_kill_during_a_change_of_the_ontology_is_no_different(service, step, status):
    before = service.assert_whole()
    service.ask_for_fault(*step)
    more = (
        f"INSERT DATA {{ GRAPH <{GRAPH['ontology']}> {{ <urn:{label(step)}> a <{OWL.Class}> }} "
        f"GRAPH <{PLACES}> {{ {region('large-' + label(step))} }} }}"
    )
    said = service.update(more, "root")
    assert said.status == status, said.body
    assert service.assert_whole() == before | ({f"large-{label(step)}"} if status == 204 else set())


def test_a_checkpoint_that_was_cut_off_is_made_again(service):
    for when in ("before", "after"):
        service.update(adding(f"checkpoint-{when}"))
        service.ask_for_fault("Checkpoints.make", when)
        service.names("Region")
        service.wait_for_writer()
        assert f"checkpoint-{when}" in service.assert_whole()
    assert not list(service.kb.folder.checkpoints.glob("*.building"))


def test_kills_at_any_time_lose_nothing_that_was_acknowledged(service):
    """Four clients at once, the writer killed again and again; who got no answer asks again with its key."""
    before = service.assert_whole()
    acknowledged, refused, stop = set(), set(), threading.Event()

    def work(number):
        for turn in range(1000):
            if stop.is_set():
                return
            name = f"any-{number}-{turn}"
            status = service.update(adding(name), Idempotency_Key=name).status
            if status == 503:
                status = service.update(adding(name), Idempotency_Key=name).status
            (acknowledged if status == 204 else refused).add(name)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    chance = random.Random(11)
    for _ in range(6):
        time.sleep(chance.uniform(0.2, 0.6))
        writer = service.writer_pid()
        if writer is not None:
            os.kill(writer, signal.SIGKILL)
    stop.set()
    for worker in workers:
        worker.join()
    service.wait_for_writer()
    found = service.assert_whole() - before
    assert len(acknowledged) > 10
    assert acknowledged <= found <= acknowledged | refused


def test_a_web_worker_that_is_killed_is_followed_by_another(service):
    before = service.assert_whole()
    (worker,) = children(service.web_pid())
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 60
    while service.request("GET", "healthz").status != 200:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert service.assert_whole() == before
    assert service.update(adding("after-the-web-worker")).status == 204


def test_a_reader_that_is_killed_costs_one_answer_at_most(service):
    before = service.assert_whole()
    (worker,) = children(service.web_pid())
    (nursery,) = children(worker)
    for reader in children(nursery):
        os.kill(reader, signal.SIGKILL)
    assert service.names("Region", PLACES) == before


def test_the_whole_service_ends_with_its_supervisor(service):
    last = service.assert_whole()
    everyone, waiting = [], [service.pid]
    while waiting:
        pid = waiting.pop()
        everyone.append(pid)
        waiting += children(pid)
    assert len(everyone) >= 5
    service.stop(signal.SIGKILL)
    until = time.monotonic() + 40
    while alive := [pid for pid in everyone if running(pid)]:
        assert time.monotonic() < until, alive
        time.sleep(0.05)
    service.start()
    assert service.assert_whole() == last
    assert service.command("verify").returncode == 0


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
