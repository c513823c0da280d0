"""Who makes a request: the user whose token it carries. What that user may do, `kb.permissions` decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import g, request

from kb.ledger.commits import Door
from kb.ledger.people import People, Person
from kb.permissions import Forbidden, may_commit
from server.credentials import BadToken, TokenNeeded, TooManyWrongTokens, read_credentials
from server.limiting import WrongTokens


class Authorisation:
    """Who makes the request at hand.

    people: gives the users of the ledger; first called for the first token, so that reading without a token
    does not need the ledger.
    """

    def __init__(self, people: Callable[[], People], wrong_tokens: WrongTokens | None = None) -> None:
        self._people = people
        self._wrong_tokens = wrong_tokens or WrongTokens()

    def who(self, header: str | None, client: str) -> Person | None:
        """The user whose token the header Authorization carries; None without a header.

        client: the address that the request came from. The ledger is asked each time, so that a token that is
        revoked is not good from then on.
        Raises `BadToken` for a token that is unknown, expired or revoked and for what is no token;
        `TooManyWrongTokens` instead when the client has sent too many of them.
        """
        if header is None:
            return None
        try:
            return self._user_of(header)
        except BadToken:
            seconds = self._wrong_tokens.count(client)
            if seconds is not None:
                raise TooManyWrongTokens(seconds) from None
            raise

    def person(self) -> Person | None:
        """Who makes the request at hand, None for anybody; raises as `who` does. Looked up once a request."""
        if "person" not in g:
            g.person = self.who(request.headers.get("Authorization"), request.remote_addr or "")
        return cast("Person | None", g.person)

    def author(self, door: Door) -> Person:
        """Who makes the request at hand, for a change by `door`.

        Raises `TokenNeeded` for anybody, `Forbidden` for a user who may not change anything and for a
        request that a page of another site had a browser send, and as `who` does.
        """
        person = self.person()
        if person is None:
            raise TokenNeeded
        _refuse_other_sites()
        may_commit(person.role, person.graphs, door, ())
        return person

    def _user_of(self, header: str) -> Person:
        sent = read_credentials(header)
        person = self._people().who(sent.secret)
        if person is None:
            raise BadToken(
                "The token is unknown, expired or revoked, or its user is disabled; "
                "ask an administrator for a new one."
            )
        if sent.name is not None and sent.name != person.name:
            raise BadToken("The token belongs to another user than the one whose name was sent.")
        return person


def _refuse_other_sites() -> None:
    """Refuses what another site's page had the browser send with a name and password that it kept.

    A bearer token is never sent along by a browser on its own.
    """
    by_bearer = request.headers.get("Authorization", "").lower().startswith("bearer ")
    if not by_bearer and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden(
            "A page of another site may not change anything in your name; "
            "send the token as 'Authorization: Bearer <token>'."
        )
