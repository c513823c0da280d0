"""What a reader does in its own process."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(CONCAT(STR(?c), STR(?f))) > 0) }"


def priorities(process):
    """Of the threads of a process, each once."""
    found = set()
    for task in Path(f"/proc/{process}/task").iterdir():
        try:
            found.add(os.getpriority(os.PRIO_PROCESS, int(task.name)))
        except ProcessLookupError:
            continue
    return found


@pytest.mark.skipif(
    sys.platform != "linux", reason="Only Linux tells the priority of a thread; run it there."
)
def test_what_takes_long_lets_others_go_first_and_the_next_task_does_not(made, numbers, asked):
    service = made(numbers, readers=1)
    (reader, _) = service._pool.turns.idle()
    usual = os.getpriority(os.PRIO_PROCESS, reader.number)
    answers, seen = [], set()
    thread = threading.Thread(target=lambda: answers.append(service.ask(asked(LONG), "me").body()))
    thread.start()
    while thread.is_alive():
        seen |= priorities(reader.number)
        time.sleep(0.01)
    assert answers == [b"n\r\n1000000\r\n"]
    assert {priority > usual for priority in seen} == {False, True}
    until = time.monotonic() + 10
    while priorities(reader.number) != {usual}:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert service.ask(asked("ASK {}"), "me").kind == "truth"
