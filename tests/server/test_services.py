"""Settings of a running service reach the parts that they are about."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest

from server.federating import Federation
from server.services import federation
from server.settings import load_settings

ROWS = "SELECT * { VALUES ?x { %s } }"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "PORT": port,
        "DATA_DIR": tmp_path_factory.mktemp("x"),
        "ANSWER_ROWS": 3,
        "SHARED_SECONDS": 60,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve", "--empty"],
        env=os.environ | {f"REGIOLINK_{name}": str(value) for name, value in settings.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.stdout.readline()
    yield f"http://127.0.0.1:{port}/sparql?query="
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_an_answer_with_more_rows_than_the_operator_allows_is_refused_whole(address):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address + quote(ROWS % "1 2 3 4"), timeout=30)
    assert refused.value.code == 413
    assert b"The answer has more than 3 rows" in refused.value.read()


def test_an_answer_within_the_limits_says_how_long_shared_caches_may_tell_it_on(address):
    with urllib.request.urlopen(address + quote(ROWS % "1 2 3"), timeout=30) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=60"
        assert answer.read().count(b'"x":') == 3


def test_the_bounds_of_service_are_settings():
    made: Federation = federation(
        None,
        load_settings(
            {
                "REGIOLINK_SERVICE_SECONDS": "7",
                "REGIOLINK_SERVICE_ROWS": "200000",
                "REGIOLINK_SERVICE_REQUESTS": "3",
            }
        ),
    )
    assert (made.queries.seconds, made.queries.rows, made.queries.requests) == (7, 200_000, 3)
    assert made.updates.rows < 200_000, "the text of an update holds fewer rows"
