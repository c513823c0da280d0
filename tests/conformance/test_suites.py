"""The W3C test suites against a running service that holds nothing, over HTTP.

The runners and the suites are in ../shared/suites beside the checkout. What is not passed stands in
exceptions.toml with its reason.
"""

import json
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask, Response
from werkzeug.serving import make_server

from kb.engine.contract import DefaultGraph
from server import cross_origin, graph_store, problems, sparql
from tests.server.memory import TOKEN, Memory, backend

RUNNERS = Path(__file__).resolve().parents[3] / "shared" / "suites" / "runners"
LISTED = tomllib.loads(Path(__file__).with_name("exceptions.toml").read_text(encoding="utf-8"))["exception"]


@pytest.fixture(scope="module")
def service():
    """The address of an empty service whose default graph is a graph of its own."""
    server = make_server("127.0.0.1", 0, Flask("server"), threaded=True)
    address = f"http://127.0.0.1:{server.port}/"
    made = backend(Memory(DefaultGraph.OWN), address)
    app = Flask("server")
    problems.register(app)
    cross_origin.register(app)
    app.register_blueprint(sparql.blueprint(made))
    app.register_blueprint(graph_store.blueprint(made))

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    server.app = app
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(service, tmp_path):
    """Runs one of the runners. Out: the verdict of each test."""
    if not RUNNERS.is_dir():
        pytest.skip("The runners of the W3C test suites are not in shared/suites beside the checkout.")

    def run_(name, *options):
        out = tmp_path / "verdicts.json"
        addresses = [
            "--query",
            f"{service}sparql",
            "--update",
            f"{service}sparql",
            "--gsp",
            f"{service}graphs",
        ]
        command = [sys.executable, str(RUNNERS / name), *addresses, "--token", TOKEN, "--quiet"]
        told = subprocess.run(
            [*command, "--out", str(out), *options], capture_output=True, text=True, timeout=280, check=False
        )
        assert out.exists(), told.stderr
        results = json.loads(out.read_text(encoding="utf-8"))["results"]
        return {result["name"]: result["verdict"] for result in results}

    return run_


def passed(verdicts):
    return sum(verdict == "pass" for verdict in verdicts.values())


def refuse_surprises(verdicts, suite):
    """Fails unless exactly what is listed fails."""
    listed = [pattern for exception in LISTED for pattern in exception.get(suite, [])]
    failed = [name for name, verdict in verdicts.items() if verdict == "FAIL"]
    surprises = [name for name in failed if not any(fnmatchcase(name, pattern) for pattern in listed)]
    stale = [pattern for pattern in listed if not any(fnmatchcase(name, pattern) for name in failed)]
    assert (surprises, stale) == ([], [])


def test_the_protocols_are_kept_to_the_letter(run):
    verdicts = run("run_protocol.py")
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "pass"} == {
        # Queries and updates have one address.
        "extra/update_in_post_to_query_endpoint": "skip"
    }
    assert sum(name.startswith("protocol/") for name in verdicts) == 34
    assert sum(name.startswith("gsp/") for name in verdicts) == 13


def test_the_service_describes_itself_as_the_recommendation_says(run):
    verdicts = run("run_sd.py")
    assert set(verdicts.values()) == {"pass"} and len(verdicts) == 9


@pytest.mark.parametrize(("suite", "at_least"), [("sparql11", 322), ("sparql10", 445), ("sparql12", 198)])
def test_queries_are_answered_as_the_suite_says(run, suite, at_least):
    verdicts = run("run_query.py", "--suite", suite, "--no-federation")
    refuse_surprises(verdicts, f"query{suite[-2:]}")
    assert passed(verdicts) >= at_least


@pytest.mark.parametrize(("suite", "at_least"), [("sparql11", 147), ("sparql12", 2)])
def test_updates_change_what_the_suite_says(run, suite, at_least):
    verdicts = run("run_update.py", "--suite", suite)
    refuse_surprises(verdicts, f"update{suite[-2:]}")
    assert passed(verdicts) >= at_least


def test_each_exception_has_a_reason_and_stands_once():
    names = [
        (suite, name)
        for exception in LISTED
        for suite in exception
        if suite != "reason"
        for name in exception[suite]
    ]
    assert len(names) == len(set(names)) and all(exception["reason"].endswith(".") for exception in LISTED)
