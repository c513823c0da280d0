"""Requests to other servers: the one place that sends any.

Whoever names an address to us must not thereby reach what only this machine or its network can: so the name
is resolved here, once, each address is judged, and the connection goes to that very address, whatever the
name stands for a moment later. Nothing is followed that the address itself does not say: no redirects, no
proxies of the environment, no cookies. Time and size have limits that no slow or endless answer can stretch.
"""

from __future__ import annotations

import socket
import ssl
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Event, Thread, Timer
from time import monotonic
from typing import BinaryIO, Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeout
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from kb import __version__
from kb.errors import NotAllowed, NotUnderstood, RemoteFailed, RemoteTooSlow

USER_AGENT: Final = f"Regiolink/{__version__} (+https://w3id.org/regiolink)"

_CHUNK: Final = 65_536
_GZIP: Final = 16 + zlib.MAX_WBITS
_MAX_ADDRESSES: Final = 4
_PORTS: Final = {"http": 80, "https": 443}
# Beyond what the standard library knows to be not global: addresses that stand for an IPv4 address, which
# could be a private one (compatible, mapped, translated, NAT64, Teredo, 6to4), the former site-local range,
# and ranges for tests and documentation.
_NEVER_PUBLIC: Final = [
    ip_network(text)
    for text in (
        *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23"),
        *("2002::/16", "fec0::/10", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
    )
]


@dataclass(frozen=True)
class Bounds:
    """What one request may cost.

    connect_seconds: to resolve the name, and to connect to an address of it. idle_seconds: without a byte.
    seconds: in all. bytes: of the answer, unpacked.
    """

    connect_seconds: float = 5.0
    idle_seconds: float = 15.0
    seconds: float = 30.0
    bytes: int = 10_000_000


@dataclass(frozen=True)
class Request:
    """What to send. body: makes it a POST. headers: those besides Host, User-Agent and the encoding."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network: not of this machine, its network or a group.

    >>> is_public("93.184.215.14"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1")
    (True, False, False)
    """
    ip: IPv4Address | IPv6Address = ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip in network for network in _NEVER_PUBLIC if network.version == ip.version)


class Fetcher:
    """Sends requests to other servers.

    private_addresses: whether addresses that are not public may be asked. tls: whom to trust, by default the
    certificate authorities of the system. resolve: the IP addresses of a name.
    """

    def __init__(
        self,
        *,
        private_addresses: bool = False,
        tls: ssl.SSLContext | None = None,
        resolve: Callable[[str, int], list[str]] | None = None,
    ) -> None:
        self._private = private_addresses
        self._tls = tls or ssl.create_default_context()
        self._resolve = resolve or _resolved

    def fetch(self, request: Request, into: BinaryIO, accept: Collection[str], bounds: Bounds) -> str:
        """Writes the answer to a request into a file. Out: its media type, one of `accept`.

        Raises `NotUnderstood` for what is no address of the web; `NotAllowed` for a private address;
        `RemoteFailed` for an answer that is not a whole 200, is larger than the bounds or of another media
        type; `RemoteTooSlow` when a time of the bounds is over. What an error leaves in the file is nothing.
        """
        url = web_address(request.url)
        deadline = monotonic() + bounds.seconds
        addresses = self._allowed(url, min(bounds.connect_seconds, bounds.seconds))
        connection = self._connected(url, addresses, bounds, deadline)
        with _cut_off(connection, url, deadline):
            answer = _sent(connection, url, request, accept, bounds)
            return _received(answer, url, into, accept, bounds)

    def _allowed(self, url: Url, seconds: float) -> list[str]:
        """The addresses of a name that may be asked, in the order of the resolver."""
        name = str(url.host).strip("[]")
        found = _within(seconds, lambda: self._resolve(name, _port(url)))
        if found is None:
            raise RemoteTooSlow(f"The name {name} was not resolved within {seconds:g} seconds.")
        if not found:
            raise RemoteFailed(f"There is no server of the name {name}.")
        allowed = [address for address in found if self._private or is_public(address)]
        if not allowed:
            raise NotAllowed(
                f"{name} stands for an address of a private network; the setting private_addresses "
                "does not allow it."
            )
        return allowed[:_MAX_ADDRESSES]

    def _connected(
        self, url: Url, addresses: list[str], bounds: Bounds, deadline: float
    ) -> HTTPConnection | HTTPSConnection:
        """A connection to the first of the addresses that takes one."""
        for address in addresses:
            seconds = min(bounds.connect_seconds, deadline - monotonic())
            if seconds <= 0:
                break
            connection = self._connection(url, address, seconds)
            try:
                connection.connect()
            except ssl.SSLError as error:
                connection.close()
                why = getattr(error, "verify_message", "") or "the handshake failed"
                raise RemoteFailed(f"{_shown(url)} cannot be trusted: {why.rstrip('.')}.") from None
            except (HTTPError, OSError):
                connection.close()
                continue
            return connection
        raise RemoteFailed(f"{_shown(url)} does not take a connection.")

    def _connection(self, url: Url, address: str, seconds: float) -> HTTPConnection | HTTPSConnection:
        if url.scheme == "http":
            return HTTPConnection(address, _port(url), timeout=seconds)
        name = str(url.host).strip("[]")
        return HTTPSConnection(
            address,
            _port(url),
            timeout=seconds,
            ssl_context=self._tls,
            server_hostname=name,
        )


def web_address(text: str) -> Url:
    """An address of the web in its normal form: case of the host, percent escapes, no `.` and `..` as steps.

    Raises `NotUnderstood` for another scheme, user names, blanks, and hosts that are not written in ASCII.
    """
    try:
        url = parse_url(text) if text.isascii() and text.isprintable() and " " not in text else Url()
    except HTTPError:
        url = Url()
    if url.scheme not in _PORTS or not url.host or url.auth or "\\" in text:
        raise NotUnderstood(
            f"{text[:200]!r} is not an address of the web that is asked from here; write http:// or "
            "https://, a host and a path in ASCII, without a user name."
        )
    return url


def _port(url: Url) -> int:
    return url.port or _PORTS[str(url.scheme)]


def _shown(url: Url) -> str:
    return f"{url.scheme}://{url.netloc}"


def _resolved(name: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _within(seconds: float, ask: Callable[[], list[str]]) -> list[str] | None:
    """What `ask` gives, None when it takes longer; the system's resolver has no time limit of its own."""
    told: SimpleQueue[list[str]] = SimpleQueue()
    Thread(target=lambda: told.put(ask()), daemon=True).start()
    try:
        return told.get(timeout=seconds)
    except Empty:
        return None


@contextmanager
def _cut_off(connection: HTTPConnection, url: Url, deadline: float) -> Iterator[None]:
    """Cuts the connection at the deadline: a timeout of the socket begins anew with each byte that comes."""
    over = Event()
    # Kept, since the connection forgets it when the end of the answer is the end of the connection.
    spoken = connection.sock

    def cut() -> None:
        over.set()
        with suppress(OSError):
            # Not the method of an SSL socket: that one changes what the reading thread is using.
            socket.socket.shutdown(spoken, socket.SHUT_RDWR)

    timer = Timer(max(deadline - monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (RemoteFailed, HTTPError, HTTPException, OSError, zlib.error) as error:
        if over.is_set() or isinstance(error, HTTPTimeout | TimeoutError):
            raise RemoteTooSlow(f"{_shown(url)} did not answer in time.") from None
        if isinstance(error, RemoteFailed):
            raise
        raise RemoteFailed(f"{_shown(url)} broke off its answer.") from None
    finally:
        timer.cancel()
        connection.close()
    if over.is_set():
        raise RemoteTooSlow(f"{_shown(url)} did not answer in time.")


def _sent(
    connection: HTTPConnection, url: Url, request: Request, accept: Collection[str], bounds: Bounds
) -> BaseHTTPResponse:
    """Sends the request. Out: the head of the answer."""
    headers = {
        **request.headers,
        "Host": str(url.netloc),
        "User-Agent": USER_AGENT,
        "Accept": ", ".join(accept),
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    connection.timeout = bounds.idle_seconds
    connection.request(
        "GET" if request.body is None else "POST",
        url.request_uri,
        body=request.body,
        headers=headers,
        preload_content=False,
    )
    return connection.getresponse()


def _received(
    answer: BaseHTTPResponse, url: Url, into: BinaryIO, accept: Collection[str], bounds: Bounds
) -> str:
    if 300 <= answer.status < 400:
        raise RemoteFailed(f"{_shown(url)} answered with a redirect; it is not followed.")
    if answer.status != 200:
        raise RemoteFailed(f"{_shown(url)} answered with status {answer.status}.")
    media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media not in accept:
        raise RemoteFailed(f"{_shown(url)} answered with {media[:80] or 'no media type'!r}.")
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise RemoteFailed(f"{_shown(url)} answered with the encoding {encoding[:80]!r}.")
    chunks = iter(lambda: answer.read1(_CHUNK, decode_content=False), b"")
    size = 0
    for chunk in chunks if encoding in ("identity", "") else _unpacked(chunks):
        size += len(chunk)
        if size > bounds.bytes:
            raise RemoteFailed(f"{_shown(url)} answered with more than {bounds.bytes} bytes.")
        into.write(chunk)
    return media


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What is in a gzip stream, in pieces that are never large. Raises `zlib.error` when it is not whole."""
    unpacks = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        left = chunk
        while left:
            if unpacks.eof:
                unpacks = zlib.decompressobj(_GZIP)
            yield unpacks.decompress(left, _CHUNK)
            left = unpacks.unused_data or unpacks.unconsumed_tail
    if not unpacks.eof:
        raise zlib.error("The stream ends too early.")
