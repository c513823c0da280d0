"""Readers are processes: they are killed, replaced, and ended, and nobody else comes to harm."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kb.snapshot import HELD
from kb.sparql_text import Limits
from server.query_service import QueryLimits
from server.readers.errors import AnswerCut, Busy, ClientGone, MemoryLimit, ReaderLost, TimeLimit
from server.readers.pool import PoolState
from server.readers.work import Clock

ONE = "SELECT ?n { <urn:x:5> <urn:x:number> ?n }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
MANY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
HOG = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i LIMIT 1"
PADDED = f"BIND('{'.' * 70}' AS ?p)"
DOUBLING = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(30))
FRUITLESS = "EXISTS { ?g ?h ?i . ?j ?k ?l . ?m ?n ?o FILTER(?i + ?l + ?o < 0) }"
UNCHECKED = Limits(*[10**9] * 11)


def below(parent):
    """The processes that a process has started and that are there, itself left out."""
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def nursery_of(service):
    return service._pool._nursery.number


def last(service):
    """The number of the thing that a query finds last."""
    return service.select("SELECT ?c { ?a ?b ?c }").rows[-1][0].toPython()


def kill(processes):
    """Kills them from outside, and waits until they are dead."""
    for process in processes:
        os.kill(process, signal.SIGKILL)
    eventually(lambda: not any(runs(process) for process in processes))


def runs(process):
    """Whether it is there and is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def eventually(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_deadline_ends_the_reader_and_names_the_limit(made, numbers, asked):
    service = made(numbers)
    with pytest.raises(TimeLimit, match=r"longer than 0\.4 seconds, the limit here") as late:
        service.ask(asked(ENDLESS, seconds=0.4), "me")
    assert late.value.seconds == 0.4
    assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"
    assert service.state().ended == {"time": 1}


def test_nobody_may_take_longer_than_the_service_allows(made, numbers, asked):
    service = made(numbers, limits=QueryLimits(Clock(0.3)))
    with pytest.raises(TimeLimit, match=r"longer than 0\.3 seconds"):
        service.ask(asked(ENDLESS, seconds=60), "me")


def test_memory_has_a_limit(made, numbers, asked):
    service = made(numbers, memory=100 << 20)
    with pytest.raises(MemoryLimit, match="more than 100 MB of memory, the limit here") as hog:
        service.ask(asked(HOG), "me")
    assert hog.value.bytes == 100 << 20
    assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"
    assert service.state().ended == {"memory": 1}


def test_a_deadline_after_the_beginning_cuts_the_answer(made, numbers, asked):
    service = made(numbers, limits=QueryLimits(Clock(0.5)))
    with pytest.raises(AnswerCut, match=r"longer than 0\.5 seconds"):
        service.ask(asked(MANY), "me").body()


def test_processor_time_counts_while_the_client_takes_nothing(made, numbers, asked):
    service = made(numbers, limits=QueryLimits(Clock(0.5)))
    text = f"SELECT * {{ ?a ?b ?c {PADDED} FILTER(?c != {last(service)} || {FRUITLESS}) }}"
    with service.ask(asked(text), "me") as answer:
        next(answer)
        process = answer._work._process
        assert process.ended.wait(10) and process.signal == signal.SIGXCPU
        with pytest.raises(AnswerCut, match=r"more than 0\.5 seconds of processor time"):
            for _ in answer:
                pass


def test_a_text_that_ends_the_process_is_an_error_like_others(made, numbers, asked):
    service = made(numbers, limits=QueryLimits(text=UNCHECKED))
    deep = f"SELECT * {{ {'FILTER EXISTS {' * 3000} ?s ?p ?o {'}' * 3000} }}"
    with pytest.raises(ReaderLost, match="nested too deeply, or too long") as lost:
        service.ask(asked(deep), "me")
    assert lost.value.retry_after is None
    assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"


def test_a_reader_that_is_killed_from_outside_while_it_answers_cuts_the_answer(made, numbers, asked):
    service = made(numbers)
    with service.ask(asked(MANY), "me") as answer:
        next(answer)
        kill(below(nursery_of(service)))
        with pytest.raises(AnswerCut, match="was ended; try again"):
            for _ in answer:
                pass
    assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"


def test_a_reader_that_is_killed_before_it_answers_is_a_clear_error(made, numbers, asked):
    service = made(numbers)
    raised = []

    def ask():
        with pytest.raises(ReaderLost) as lost:
            service.ask(asked(ENDLESS), "me")
        raised.append(lost.value.retry_after)

    thread = threading.Thread(target=ask)
    thread.start()
    eventually(lambda: service.state().busy)
    time.sleep(0.05)
    kill(below(nursery_of(service)))
    thread.join()
    assert raised == [1]


def test_idle_readers_that_were_killed_are_never_noticed(made, numbers, asked):
    service = made(numbers)
    for _ in range(5):
        eventually(lambda: service.state().idle == 3)
        readers = below(nursery_of(service))
        kill(readers)
        while any(Path(f"/proc/{reader}").exists() for reader in readers):
            time.sleep(0.01)
        assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"


def test_the_end_of_the_process_that_readers_come_from_is_survived(made, numbers, asked):
    service = made(numbers)
    with service.ask(asked(MANY), "me") as answer:
        next(answer)
        first = nursery_of(service)
        readers = below(first)
        kill([first])
        eventually(lambda: not any(runs(reader) for reader in readers))
        with pytest.raises(AnswerCut):
            for _ in answer:
                pass
    assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"
    assert nursery_of(service) != first and not Path(f"/proc/{first}").exists()


def test_a_client_that_goes_away_frees_its_reader_at_once(made, numbers, asked):
    service = made(numbers, readers=1)
    answer = service.ask(asked(MANY), "me")
    next(answer)
    assert service.state().busy == 1
    answer.close()
    assert service.state().busy == 0
    assert service.ask(asked(ONE), "me").body() == b"n\r\n5\r\n"


def test_a_client_that_closes_its_connection_before_the_answer_frees_its_reader(made, numbers, asked):
    service = made(numbers)
    ours, theirs = socket.socketpair()
    threading.Timer(0.2, theirs.close).start()
    with ours, pytest.raises(ClientGone):
        service.ask(asked(ENDLESS), "me", connection=ours.fileno())
    assert service.state().busy == 0


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_client_that_takes_nothing_loses_its_reader(made, numbers, asked, taken):
    service = made(numbers, limits=QueryLimits(Clock(rest=0.2)))
    with service.ask(asked(MANY), "me") as answer:
        for _ in range(taken):
            next(answer)
        eventually(lambda: service.state().busy == 0)
        with pytest.raises(AnswerCut, match=r"Nothing of the answer was taken for 0\.2 seconds"):
            for _ in answer:
                pass


def test_a_client_has_its_share_and_others_are_served(made, numbers, asked):
    service = made(numbers, readers=1, patience=0.2)
    with service.ask(asked(MANY), "me") as answer:
        next(answer)
        with pytest.raises(Busy) as busy:
            service.ask(asked(ONE), "me")
        assert 1 <= busy.value.retry_after <= 10
        assert service.ask(asked(ONE), "you").body() == b"n\r\n5\r\n"


def test_a_fault_after_the_beginning_cuts_the_answer(made, numbers, asked):
    service = made(numbers, memory=100 << 20)
    start = f"BIND(IF(?c = {last(service)}, STR(?a), '') AS ?x0)"
    text = f"SELECT ?p (STRLEN(?x30) AS ?l) {{ ?a ?b ?c {PADDED} {start} {DOUBLING} }}"
    with service.ask(asked(text), "me") as answer:
        taken = len(next(answer))
        with pytest.raises(AnswerCut, match="more than 100 MB"):
            for chunk in answer:
                taken += len(chunk)
    assert taken > 60_000


def test_many_questions_at_once_share_two_readers(made, numbers, asked):
    service = made(numbers)
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?c }"
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(service.ask(asked(text), "me").body()))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"n\r\n1000\r\n"] * 10


def test_a_new_state_is_read_and_an_old_one_still_can_be(made, states, asked):
    states.add("GRAPH <urn:x:g> { <urn:x:5> <urn:x:number> 1 }")
    service = made(states)
    assert service.ask(asked(ONE), "me").body() == b"n\r\n1\r\n"
    states.add("GRAPH <urn:x:g> { <urn:x:5> <urn:x:number> 2 }")
    with service.ask(asked(ONE), "me") as answer:
        assert (b"".join(answer), answer.revision) == (b"n\r\n2\r\n", 1)
    assert service.ask(asked(ONE), "me", states.at(0)).body() == b"n\r\n1\r\n"


def test_a_state_is_held_while_it_is_read_and_let_go_after(made, states, asked):
    old = states.add("GRAPH <urn:x:g> { <urn:x:5> <urn:x:number> 1 }")
    service = made(states)
    service.ask(asked(ONE), "me").close()

    def is_held():
        with (old.folder / HELD).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
            return False

    assert is_held()
    states.add("GRAPH <urn:x:g> { <urn:x:5> <urn:x:number> 2 }")
    service.ask(asked(ONE), "me").close()
    eventually(lambda: not is_held())


def test_a_state_that_was_just_removed_is_asked_for_again(made, states, asked, tmp_path):
    gone = states.add("GRAPH <urn:x:g> { <urn:x:5> <urn:x:number> 1 }")
    again = shutil.copytree(gone.folder, tmp_path / "again")
    shutil.rmtree(gone.folder)
    states.made[0] = type(gone)(again, 0, gone.time)
    service = made(states)
    assert service.ask(asked(ONE), "me", gone).body() == b"n\r\n5\r\n".replace(b"5", b"1")


def test_nothing_is_left_when_it_is_closed(made, numbers, asked):
    service = made(numbers)
    with service.ask(asked(MANY), "me"):
        nursery = nursery_of(service)
        every = [nursery, *below(nursery)]
        assert len(every) >= 4
        service.close()
    assert [number for number in every if Path(f"/proc/{number}").exists()] == []
    with pytest.raises(Busy, match="being stopped"):
        service.ask(asked(ONE), "me")


def test_readers_end_when_the_web_process_is_killed():
    script = (
        "import sys, time\n"
        "from server.readers.pool import Pool, PoolLimits\n"
        "pool = Pool(PoolLimits(2))\n"
        "while pool.state().idle < 3: time.sleep(0.01)\n"
        "print(pool._nursery.number, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as web:
        nursery = int(web.stdout.readline())
        every = [nursery, *below(nursery)]
        web.kill()
    eventually(lambda: not any(runs(number) for number in every))


STREAM = """
import sys, resource
from datetime import UTC, datetime
from pathlib import Path
from kb.snapshot import Snapshot
from server.query_service import QueryLimits, QueryService
from server.readers.pool import Pool, PoolLimits
from server.readers.tasks import Kind, Question
from server.readers.pool import PoolState
from server.readers.work import Clock

service = QueryService(Pool(PoolLimits(1)), None, QueryLimits(Clock(100.0)))
state = Snapshot(Path(sys.argv[1]), 1, datetime.now(UTC))
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = size = 0
for limit in (1000, 1000000):
    text = f"SELECT ?c {{ ?a <urn:x:number> ?c . ?d <urn:x:number> ?f }} LIMIT {limit}"
    for chunk in service.ask(Question(text, {Kind.SOLUTIONS: ("text/csv", "csv")}), "me", state):
        rows += chunk.count(b"\\n")
        size = max(size, len(chunk))
    print(rows, size < 100_000, used())
service.close()
"""


def test_the_web_process_needs_no_more_memory_for_a_million_rows_than_for_a_thousand(numbers):
    folder = str(numbers.newest().folder)
    ran = subprocess.run([sys.executable, "-c", STREAM, folder], capture_output=True, text=True, check=True)
    (few, _, before), (many, small, after) = [line.split() for line in ran.stdout.splitlines()]
    assert (few, many, small) == ("1001", "1001002", "True")
    assert int(after) - int(before) < 4_000


def test_readers_without_a_barrier_to_the_network_are_remarked(made, numbers):
    state = made(numbers).state()
    assert (state.remark == "") == bool(state.barriers)
    assert PoolState(True, 0, 1, 0, ()).remark == "Nothing on this system keeps readers from the network."
    assert PoolState(False, 0, 0, 0, ()).remark == ""
