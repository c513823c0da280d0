"""What a process has given up, tried in one that ends at once."""

import socket
import subprocess
import sys

import pytest

PROBE = """
import os, resource, socket, sys
from server.readers import sandbox
{act}
try:
    {attempt}
    print("it could")
except (OSError, MemoryError) as error:
    print("it could not")
"""


def probe(act, attempt):
    ran = subprocess.run(
        [sys.executable, "-c", PROBE.format(act=act, attempt=attempt)], capture_output=True, text=True
    )
    return ran.stdout, ran.returncode


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.skipif(
    sys.platform != "linux", reason="Only Linux has what takes the network away; run it there."
)
@pytest.mark.parametrize("layer", ["drop_network", "_unshare", "_filter_calls"])
def test_no_connection_can_be_opened(listener, layer):
    attempt = f"socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)"
    assert probe("", attempt) == ("it could\n", 0)
    said, status = probe(f"assert sandbox.{layer}()", attempt)
    if status and layer == "_unshare":
        pytest.skip("This system lets nobody have a network namespace; allow user namespaces to try it.")
    assert (said, status) == ("it could not\n", 0)


def test_memory_has_a_limit_that_can_be_lifted():
    assert probe("sandbox.limit_memory(1 << 26)", "bytearray(1 << 24)") == ("it could\n", 0)
    assert probe("sandbox.limit_memory(1 << 26)", "bytearray(1 << 27)") == ("it could not\n", 0)
    lifted = "sandbox.limit_memory(1 << 26); sandbox.unlimit_memory()"
    assert probe(lifted, "bytearray(1 << 27)") == ("it could\n", 0)


def test_processor_time_has_a_limit():
    said, status = probe("sandbox.limit_time(0.1)", "[None for _ in iter(int, 1)]")
    assert (said, status) == ("", -24)


def test_a_process_whose_parent_is_gone_ends():
    assert probe("sandbox.die_with_parent(1)", "pass") == ("", 0)
