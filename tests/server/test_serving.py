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
from urllib.parse import quote

import pytest
from SPARQLWrapper import JSON, TURTLE, SPARQLWrapper

from kb.folder import DataFolder
from kb.ledger.ledger import Ledger


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


@pytest.fixture
def own_server(knowledge_base, tmp_path):
    """A server that a test may stop: its folder, port and process."""
    folder = shutil.copytree(knowledge_base.folder.path, tmp_path / "data")
    port = free_port()
    process = start(folder, port)
    process.stdout.readline()
    yield DataFolder(folder), port, process
    process.kill()
    process.communicate()


def answer_of(client: socket.socket) -> tuple[int, str]:
    """Status and body of what comes until the other side closes."""
    parts = []
    while part := client.recv(65_536):
        parts.append(part)
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def test_a_query_under_way_is_answered_when_the_server_is_told_to_stop(own_server):
    _, port, process = own_server
    query = "SELECT (COUNT(*) AS ?n) { {SELECT ?a {?a ?b ?c} LIMIT 3000} {SELECT ?d {?d ?e ?f} LIMIT 3000} }"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        head = f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: localhost\r\nAccept: text/csv\r\n"
        client.sendall(f"{head}Connection: close\r\n".encode())
        time.sleep(0.3)
        client.sendall(b"\r\n")
        while "regiolink_readers_busy 1.0" not in metrics_of(port):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        status, body = answer_of(client)
    assert (status, "9000000" in body) == (200, True)
    assert process.wait(timeout=30) == 0


def metrics_of(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()


def test_a_change_under_way_is_made_when_the_server_is_told_to_stop(own_server):
    folder, port, process = own_server
    made = subprocess.run(
        [sys.executable, "-m", "server", "token", "create", "--role", "steward", "--name", "ana"],
        env=os.environ | {"REGIOLINK_DATA_DIR": str(folder.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    update = b"INSERT DATA { <urn:x:a> <urn:x:b> <urn:x:c> }"
    head = (
        f"POST /sparql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {made.stdout.strip()}\r\n"
        f"Content-Type: application/sparql-update\r\nContent-Length: {len(update)}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(head.encode() + update[:10])
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        client.sendall(update[10:])
        assert answer_of(client) == (204, "")
    assert process.wait(timeout=30) == 0
    ledger = Ledger.open(folder.ledger, folder.patches)
    (commit,) = ledger.commits(author="ana")
    ledger.close()
    assert (commit.inserts, commit.role) == (1, "steward")
