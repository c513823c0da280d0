"""What a request says about who makes it: the header Authorization. Pure: no Flask, no ledger."""

from __future__ import annotations

import binascii
import unicodedata
from base64 import b64decode
from dataclasses import dataclass

from server.protocol import WebError

CHALLENGE = 'Bearer realm="Regiolink"'
"""What an answer with status 401 asks for: no name and password, which a browser would keep and send on."""


class TokenNeeded(WebError):
    """Somebody without a name asks for what needs one."""

    title = "A token is needed"

    def __init__(self) -> None:
        super().__init__(
            "Changing the knowledge base needs a token: ask an administrator for one (regiolink token create "
            "--role steward --name YOU) and send it as 'Authorization: Bearer <token>'.",
            {"WWW-Authenticate": CHALLENGE},
        )


class BadToken(WebError):
    """A token that is not good, or that cannot be read."""

    title = "The token is not good"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


class TooManyWrongTokens(WebError):
    """A client goes on sending wrong tokens. seconds: after which they are looked at again."""

    title = "Too many wrong tokens"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Your address has sent too many wrong tokens; send a good one, or wait {seconds} seconds.",
            {"Retry-After": str(seconds)},
        )


@dataclass(frozen=True)
class Credentials:
    """What was sent. name: of the user; None with a bearer token, which says itself whose it is."""

    name: str | None
    secret: str

    def __repr__(self) -> str:
        return f"Credentials({self.name!r}, …)"


def read_credentials(header: str) -> Credentials:
    """What the header Authorization carries. Raises `BadToken` when it is neither a token nor name and token.

    Source: RFC 6750 (Bearer), RFC 7617 (Basic: the user's name, and the token as the password).

    >>> read_credentials("Bearer rgl_x").secret
    'rgl_x'
    """
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return Credentials(None, value)
    if scheme.lower() == "basic":
        try:
            name, colon, secret = b64decode(value, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            colon = ""
        if colon:
            return Credentials(unicodedata.normalize("NFC", name), secret)
    raise BadToken("The header Authorization cannot be read; send it as 'Authorization: Bearer <token>'.")
