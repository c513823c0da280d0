"""The W3C test suites against a running service that holds nothing, over HTTP.

The runners and the suites are in ../shared/suites beside the checkout. What is not passed stands in
exceptions.toml with its reason.
"""

import json
import os
import socket
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

RUNNERS = Path(__file__).resolve().parents[3] / "shared" / "suites" / "runners"
# A thousand tests with a change or two each; every change is synced to the disk.
pytestmark = pytest.mark.timeout(1_200)
LISTED = tomllib.loads(Path(__file__).with_name("exceptions.toml").read_text(encoding="utf-8"))["exception"]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The address of an empty service whose default graph is a graph of its own, and a token for it."""
    if not RUNNERS.is_dir():
        pytest.skip("The runners of the W3C test suites are not in shared/suites beside the checkout.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("empty")
    environment = os.environ | {
        "REGIOLINK_PORT": str(port),
        "REGIOLINK_DATA_DIR": str(folder / "data"),
        "REGIOLINK_DEFAULT_GRAPH": "stored",
        "REGIOLINK_LOG": "off",
    }
    command = [sys.executable, "-m", "server"]
    with (
        (folder / "errors").open("w+") as errors,
        subprocess.Popen(
            [*command, "serve", "--empty"], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            ready = process.stdout.readline()
            assert ready.startswith("Regiolink answers"), (folder / "errors").read_text()
            create = [*command, "token", "create", "--role", "admin", "--name", "conformance"]
            made = subprocess.run(create, env=environment, capture_output=True, text=True, check=True)
            yield f"http://127.0.0.1:{port}/", made.stdout.split()[-1]
        finally:
            process.terminate()


@pytest.fixture
def run(service, tmp_path):
    """Runs one of the runners. Out: the verdict of each test."""
    address, token = service

    def run_(name, *options):
        out = tmp_path / "verdicts.json"
        where = {"query": "sparql", "update": "sparql", "gsp": "graphs"}
        told = subprocess.run(
            [
                sys.executable,
                str(RUNNERS / name),
                *(f"--{what}={address}{path}" for what, path in where.items()),
                *(f"--token={token}", "--quiet", "--timeout=60", f"--out={out}"),
                *options,
            ],
            capture_output=True,
            text=True,
            check=False,
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


@pytest.mark.parametrize(("suite", "at_least"), [("sparql11", 330), ("sparql10", 467), ("sparql12", 241)])
def test_queries_are_answered_as_the_suite_says(run, suite, at_least):
    verdicts = run("run_query.py", "--suite", suite, "--no-federation")
    refuse_surprises(verdicts, f"query{suite[-2:]}")
    assert passed(verdicts) >= at_least


@pytest.mark.parametrize(("suite", "at_least"), [("sparql11", 149), ("sparql12", 23)])
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
