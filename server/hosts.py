"""Which host names the service answers for, and who may ask what only operators ask. Pure: no Flask."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address

from kb.errors import NotUnderstood

_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


class WrongHost(NotUnderstood):
    """A request for a host that is not ours, or whose name cannot be one."""

    title = "Not the host that was asked for"


def refuse_wrong_host(host: str | None, protocol: str, trusted: Collection[str]) -> None:
    """Raises `WrongHost` when the header Host names no host, or one that is not among `trusted`.

    host: None when there is no such header. protocol: HTTP/1.0 does without it. trusted: names in lower case
    without a port, one that begins with a dot for all names below it too; any when there are none.
    """
    if host is None and protocol == "HTTP/1.0" and not trusted:
        return
    named = _HOST.fullmatch(host or "")
    if named is None or int(named[2] or 0) > 65535:
        raise WrongHost("The header Host does not hold the name of a host.")
    name = named[1].lower().rstrip(".")
    if trusted and not any(
        name == known.lstrip(".") or (known.startswith(".") and name.endswith(known)) for known in trusted
    ):
        raise WrongHost("This service does not answer for the host name of the request.")


def is_from_this_machine(environ: Mapping[str, object]) -> bool:
    """Whether a request was made on this machine.

    environ: as WSGI gives it, with the client's address put right for the proxies that are known. What
    another proxy handed on was not.
    """
    try:
        address = ip_address(str(environ.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
    known = environ.get("werkzeug.proxy_fix.orig") is not None
    return address.is_loopback and (known or not any(header in environ for header in _FORWARDED))
