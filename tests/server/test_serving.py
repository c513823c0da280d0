"""`regiolink serve` as people run it: a real process, a real port, a real SPARQL client."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from SPARQLWrapper import JSON, TURTLE, SPARQLWrapper


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def data_dir(knowledge_base, tmp_path_factory) -> Path:
    """A copy of the built folder, since the server takes hold of it."""
    return shutil.copytree(knowledge_base.folder.path, tmp_path_factory.mktemp("served") / "data")


def start(data_dir: Path, port: int) -> subprocess.Popen[str]:
    environment = os.environ | {"REGIOLINK_PORT": str(port), "REGIOLINK_DATA_DIR": str(data_dir)}
    return subprocess.Popen(
        [sys.executable, "-m", "server", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def served(data_dir):
    port = free_port()
    process = start(data_dir, port)
    line = process.stdout.readline()
    yield line, f"http://127.0.0.1:{port}", process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_address_is_printed_when_it_answers(served):
    line, address, _ = served
    assert line == f"Regiolink answers at {address}/\n"
    with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
        assert answer.status == 200


def test_a_sparql_client_gets_rows_and_a_graph(served):
    wrapper = SPARQLWrapper(f"{served[1]}/sparql")
    wrapper.setQuery("SELECT ?p { ?p a <https://w3id.org/regiolink/def/ThematicPlatform> } ORDER BY ?p")
    wrapper.setReturnFormat(JSON)
    rows = [row["p"]["value"].rpartition("/")[2] for row in wrapper.queryAndConvert()["results"]["bindings"]]
    assert rows == ["agri-food", "energy", "industrial-modernisation"]
    wrapper.setQuery("CONSTRUCT { <http://example.org/a> a <http://example.org/B> } WHERE {}")
    wrapper.setReturnFormat(TURTLE)
    assert b"example.org/B" in wrapper.queryAndConvert()


@pytest.mark.usefixtures("served")
def test_a_second_process_on_the_same_folder_is_refused_in_a_sentence(data_dir):
    other = start(data_dir, free_port())
    out, err = other.communicate(timeout=30)
    assert (other.returncode, out) == (2, "")
    assert "in use by another Regiolink process" in err and "Traceback" not in err


def test_a_port_in_use_is_refused_in_a_sentence(served, tmp_path):
    other = start(tmp_path / "other", int(served[1].rpartition(":")[2]))
    out, err = other.communicate(timeout=30)
    assert (other.returncode, out) == (2, "")
    assert err.startswith("regiolink: Port ") and "in use" in err and len(err.strip().split("\n")) == 1
    assert not (tmp_path / "other").exists()


@pytest.mark.usefixtures("served")
def test_questions_are_answered_while_the_server_runs(data_dir):
    environment = os.environ | {"REGIOLINK_DATA_DIR": str(data_dir)}
    asked = subprocess.run(
        [sys.executable, "-m", "server", "ask", "platforms-and-launch-years", "--format", "csv"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(asked.stdout.strip().split("\n")) == 4


def test_a_request_under_way_is_finished_when_the_server_is_told_to_stop(data_dir, tmp_path):
    own = shutil.copytree(data_dir, tmp_path / "data")
    port = free_port()
    process = start(own, port)
    process.stdout.readline()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        client.sendall(b"Connection: close\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")
    process.communicate(timeout=30)
    assert process.returncode == 0
