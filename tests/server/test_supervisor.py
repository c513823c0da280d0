"""`regiolink serve` as a whole: its start, its end, and the process that makes changes in between."""

import os
import signal
import threading
import time

import pytest

from bench.served import Served, adding, children, served


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with served(tmp_path_factory.mktemp("service")) as made:
        yield made


def test_a_second_service_on_the_folder_does_not_start_and_says_why(service, tmp_path):
    other = Served(tmp_path / "other")
    other.environment["REGIOLINK_DATA_DIR"] = str(service.kb.folder.path)
    with pytest.raises(RuntimeError, match=r"is in use by another Regiolink process; stop that one first"):
        other.start()
    assert service.update(adding("still-at-work")).status == 204


def test_a_writer_that_ends_is_started_again_each_time(service):
    before = service.writer_pid()
    for turn in range(3):
        os.kill(service.writer_pid(), signal.SIGKILL)
        service.wait_for_writer()
        assert service.update(adding(f"again-{turn}")).status == 204
    assert service.writer_pid() != before
    assert service.assert_whole() >= {"again-0", "again-1", "again-2"}


def test_the_number_of_restarts_is_told(service):
    metrics = service.request("GET", "metrics").body.decode()
    (line,) = (line for line in metrics.splitlines() if "writer_restarts" in line and line[0] != "#")
    assert line


def test_a_service_is_ready_again_after_its_writer(service):
    os.kill(service.writer_pid(), signal.SIGKILL)
    service.wait_for_writer()
    until = time.monotonic() + 30
    while service.request("GET", "readyz").status != 200:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_signal_to_end_lets_what_has_begun_finish(tmp_path):
    service = Served(tmp_path)
    service.start()
    said = []
    workers = [
        threading.Thread(target=lambda n=n: said.append(service.update(adding(f"r{n}")).status))
        for n in range(6)
    ]
    for worker in workers:
        worker.start()
    everyone = [service.pid, *children(service.pid)]
    assert service.stop() == 0
    for worker in workers:
        worker.join()
    assert set(said) <= {204, 0}
    assert not any(os.path.exists(f"/proc/{pid}") for pid in everyone)  # noqa: PTH110
    assert not service.kb.folder.socket.exists()
    service.start()
    assert len(service.assert_whole()) >= said.count(204)
    assert service.stop(signal.SIGINT) == 0
