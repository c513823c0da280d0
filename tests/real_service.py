"""`regiolink serve` over an empty folder, in processes of its own."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """An empty service of ours, with a user who may do everything."""

    def __init__(self, address, token):
        self.address, self.token = address, token

    def send(self, fields, signed=True):
        """Status, headers and body of a POST to /sparql."""
        headers = {"Accept": "application/sparql-results+json"}
        if signed:
            headers["Authorization"] = f"Bearer {self.token}"
        data = urllib.parse.urlencode(fields).encode()
        try:
            told = urllib.request.urlopen(urllib.request.Request(f"{self.address}sparql", data, headers))
        except urllib.error.HTTPError as error:
            told = error
        with told:
            return told.status, told.headers, told.read().decode()

    def rows(self, query):
        """The rows of a SELECT, as {name: value}, in no order."""
        status, _, body = self.send({"query": query}, signed=False)
        assert status == 200, body
        found = json.loads(body)["results"]["bindings"]
        return sorted(({name: term["value"] for name, term in row.items()} for row in found), key=repr)

    def refused(self, **fields):
        status, _, body = self.send(fields)
        return status, json.loads(body)["detail"]


@contextmanager
def served(folder, port, **settings):
    environment = os.environ | {
        "REGIOLINK_PORT": str(port),
        "REGIOLINK_DATA_DIR": str(folder / "data"),
        "REGIOLINK_LOG": "off",
        **{f"REGIOLINK_{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "server"]
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [*command, "serve", "--empty"], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert process.stdout.readline().startswith("Regiolink answers"), (folder / "errors").read_text()
            create = [*command, "token", "create", "--role", "admin", "--name", "tester"]
            made = subprocess.run(create, env=environment, capture_output=True, text=True, check=True)
            yield Service(f"http://127.0.0.1:{port}/", made.stdout.split()[-1])
        finally:
            process.terminate()
            process.communicate(timeout=30)
