"""How much one client may ask for: requests in a time, and wrong tokens in a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from flask import Flask, Response
from flask_limiter import Limiter, RateLimitExceeded
from limits import RateLimitItemPerMinute, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from server.problems import problem

Counts = Callable[[str], bool]
"""Counts a request by nobody with a name, from an address. Out: whether it is within the rate."""

_EVERYWHERE = "global"  # what Flask-Limiter calls the scope of a rate for all addresses together
WRONG_TOKENS = 20
"""Requests with a wrong token that one address may send in a minute."""


def network_of(address: str) -> str:
    """What one client is told by: an IPv4 address, or the network of 64 bits that an IPv6 host has to itself.

    >>> network_of("2001:db8:1:2:3::4")
    '2001:db8:1:2::/64'
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


class WrongTokens:
    """Counts wrong tokens by client. It never stands in the way of a right one."""

    def __init__(self, a_minute: int = WRONG_TOKENS) -> None:
        self._limit = RateLimitItemPerMinute(a_minute)
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    def count(self, client: str) -> int | None:
        """Counts one more of `client`; the seconds it is to wait when that is one too many, else None."""
        if self._counts.hit(self._limit, network_of(client)):
            return None
        return _seconds_until(self._counts.get_window_stats(self._limit, network_of(client)).reset_time)


def register(app: Flask, rate: str, key: Callable[[], str], exempt: Callable[[], bool]) -> Counts:
    """Holds each client of `app` to `rate`, such as "600/minute"; answers 429 beyond it.

    key: who makes the request at hand. exempt: whether that request does not count. Out: counts a request
    that `app` has not seen.
    """
    limiter = Limiter(
        key,
        app=app,
        application_limits=[rate],
        application_limits_exempt_when=exempt,
        storage_uri="memory://",
    )

    number, _, time_of = rate.partition("/")
    words = f"{int(number):,} requests {'an' if time_of == 'hour' else 'a'} {time_of}"

    @app.errorhandler(RateLimitExceeded)
    def refused(_error: RateLimitExceeded) -> Response:
        reached = limiter.current_limit
        seconds = _seconds_until(reached.reset_at) if reached else 1
        answer = problem(
            429,
            "Too many requests",
            f"This is more than {words}; try again in {seconds} seconds.",
        )
        answer.headers["Retry-After"] = str(seconds)
        return answer

    limit = parse(rate)
    return lambda address: limiter.limiter.hit(limit, network_of(address), _EVERYWHERE)


def _seconds_until(moment: float) -> int:
    return max(1, int(moment - time.time()) + 1)
