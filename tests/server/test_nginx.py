"""docs/nginx.conf.example in Debian's nginx before a running service: the file itself, with other ports."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf.example"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
NAME = "data.example.org"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(folder: Path, plain: int, secure: int, upstream: int) -> str:
    """The example with the ports and the certificate of this test, inside what Debian has around it."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for said, meant in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "127.0.0.1:8000;": f"127.0.0.1:{upstream};",
        "/etc/ssl/data.example.org.pem": f"{folder}/chain.pem",
        "/etc/ssl/data.example.org.key": f"{folder}/key.pem",
    }.items():
        assert text.count(said) == 1, f"{said} stands in the example once"
        text = text.replace(said, meant)
    user = "user root;" if os.getuid() == 0 else ""
    folders = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"{user}\ndaemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{ access_log off;\n{folders}{text}}}\n"
    )


@pytest.fixture(scope="module")
def proxy(tiny_service, tmp_path_factory):
    """The ports of nginx without and with TLS, the port of the service, the certificates, and a folder."""
    if NGINX is None:
        pytest.skip("nginx is not installed; on Debian: apt-get install nginx-light.")
    folder = tmp_path_factory.mktemp("nginx")
    authority = trustme.CA()
    certificate = authority.issue_cert(NAME)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "chain.pem", append=True)
    plain, secure = free_port(), free_port()
    settings = {"proxies": "1", "threads": "4", "trusted_hosts": NAME, "max_body_bytes": "300000000"}
    with tiny_service(folder / "service", **settings) as (upstream, _):
        (folder / "nginx.conf").write_text(configuration(folder, plain, secure, upstream))
        words = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        process = subprocess.Popen(words, stderr=subprocess.PIPE)
        try:
            wait_for(secure, process)
            context = ssl.create_default_context()
            authority.configure_trust(context)
            yield plain, secure, context, folder
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def wait_for(port: int, process: subprocess.Popen) -> None:
    while True:
        assert process.poll() is None, process.stderr.read().decode()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return


def wait_until(true: Callable[[], bool]) -> None:
    """A line is logged when the answer has been sent, so a moment after it was received."""
    while not true():
        time.sleep(0.01)


class ByName(http.client.HTTPSConnection):
    """A connection to 127.0.0.1 by the name in the certificate."""

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.sock = self._context.wrap_socket(plain, server_hostname=NAME)


@pytest.fixture
def client(proxy):
    connection = ByName(NAME, proxy[1], context=proxy[2])
    yield connection
    connection.close()


def asked(client, method: str, path: str, body: bytes | None = None, **headers: str):
    client.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = client.getresponse()
    return answer, answer.read()


def test_the_service_sees_the_client_and_the_scheme_and_believes_no_client(client):
    answer, body = asked(client, "GET", "/echo", X_Forwarded_For="192.0.2.9", Forwarded="for=192.0.2.9")
    found = json.loads(body)
    assert (answer.status, found["client"], found["scheme"]) == (200, "127.0.0.1", "https")
    assert "Forwarded" not in found["headers"]


def test_an_answer_carries_the_id_that_nginx_gave(client, proxy):
    answer, _ = asked(client, "GET", "/echo", X_Request_Id="mine")
    made = answer.headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    wait_until(lambda: made in (proxy[3] / "service" / "log").read_text())
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_without_tls_all_leads_to_the_name_with_tls(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy[0], timeout=30)
    answer, _ = asked(connection, "GET", "/echo?a=b", Host="evil.example")
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/echo?a=b")


def test_another_name_is_refused_by_the_service(client):
    answer, body = asked(client, "GET", "/echo", Host="evil.example")
    assert (answer.status, json.loads(body)["title"]) == (400, "Not the host that was asked for")


@pytest.mark.parametrize(("path", "status"), [("/metrics", 403), ("/readyz", 403), ("/healthz", 200)])
def test_what_is_for_operators_is_not_for_everybody(client, path, status):
    assert asked(client, "GET", path)[0].status == status


def test_a_large_body_comes_whole_and_one_too_large_is_refused(client):
    answer, body = asked(client, "POST", "/echo", b"x" * 1_000_000)
    assert (answer.status, json.loads(body)["body"]) == (200, 1_000_000)
    client.putrequest("POST", "/echo")
    client.putheader("Content-Length", "200000001000")
    client.endheaders()
    assert client.getresponse().status == 413


def test_an_answer_that_breaks_off_is_broken_at_the_client_too(client):
    client.request("GET", "/cut")
    answer = client.getresponse()
    assert answer.status == 200
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()


def test_an_answer_that_breaks_off_is_broken_over_http_2_as_well(proxy):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed; on Debian: apt-get install curl.")
    words = [curl, "--silent", "--insecure", "--http2", "--resolve", f"{NAME}:{proxy[1]}:127.0.0.1"]
    words += ["--write-out", "%{http_version} %{http_code}", "--output", str(proxy[3] / "cut")]
    done = subprocess.run(
        [*words, f"https://{NAME}:{proxy[1]}/cut"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode != 0) == ("2 200", True)


def test_slow_clients_stay_at_the_proxy(client, proxy):
    head = f"POST /echo HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 9000\r\n\r\nsome".encode()
    log = proxy[3] / "service" / "log"
    with ExitStack() as open_connections:
        for number in range(40):
            plain = socket.create_connection(("127.0.0.1", proxy[1]), timeout=30)
            slow = open_connections.enter_context(proxy[2].wrap_socket(plain, server_hostname=NAME))
            slow.sendall(head[: len(head) - number % 2 * 30])
        ids = [asked(client, "GET", "/echo")[0].headers["X-Request-Id"] for _ in range(10)]
        wait_until(lambda: ids[-1] in log.read_text())
        last = [json.loads(line)["id"] for line in log.read_text().split("\n")[:-1]][-10:]
        assert last == ids


def test_the_example_says_what_the_settings_of_the_service_must_be():
    text = EXAMPLE.read_text(encoding="utf-8")
    needed = (
        "REGIOLINK_PROXIES=1",
        f"REGIOLINK_PUBLIC_URL=https://{NAME}/",
        f"REGIOLINK_TRUSTED_HOSTS={NAME}",
    )
    assert all(setting in text for setting in needed)
