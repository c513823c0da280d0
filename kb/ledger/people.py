"""Users and their tokens: who somebody is, kept beside the commits. What they may do is decided elsewhere."""

from __future__ import annotations

import hmac
import json
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update

from kb.errors import NotFound, NotUnderstood
from kb.ledger.commits import NAME_LIMIT, canonical_json, is_storable, time_text
from kb.ledger.database import Database
from kb.ledger.tables import TOKENS, USERS

TOKEN_START = "rgl_"
"""How every token begins, so that one that was published by mistake can be recognised."""

_PREFIX = 8


class Role(StrEnum):
    """What a user is, from the least to the most."""

    READER = "reader"
    CONTRIBUTOR = "contributor"
    STEWARD = "steward"
    ADMIN = "admin"


class BadUser(NotUnderstood):
    """A user or token that cannot be made so."""

    title = "The user or token cannot be made"


@dataclass(frozen=True)
class Person:
    """A user. graphs: names of the graphs that a steward may change, None for all.

    created, disabled: times as the ledger writes them; disabled is None for a user in good standing.
    """

    name: str
    role: Role
    graphs: tuple[str, ...] | None
    created: str
    disabled: str | None


@dataclass(frozen=True)
class Token:
    """A token as it may be shown. prefix: its name in lists, and for revoking. last_four: how it ends.

    created, expires, revoked: times as the ledger writes them; None when it never does or was not.
    """

    prefix: str
    user: str
    label: str
    last_four: str
    created: str
    expires: str | None
    revoked: str | None


class People:
    """The users and tokens of one ledger."""

    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    def create_user(self, name: str, role: Role, graphs: Sequence[str] | None = None) -> Person:
        """A new user. graphs: names of the graphs that a steward may change, None for all.

        Raises `BadUser` for a name that is taken, empty, too long or not plain text.
        """
        name = unicodedata.normalize("NFC", name)
        _refuse_bad_text("name", name)
        with self._database.writing() as connection:
            if connection.execute(select(USERS.c.name).where(USERS.c.name == name)).first():
                raise BadUser(f"There is a user {name!r} already.")
            row = {
                "name": name,
                "role": role.value,
                "graphs": _graphs_text(graphs),
                "created": time_text(self._now()),
                "disabled": None,
            }
            connection.execute(insert(USERS).values(row))
        return _person(row)

    def change_user(self, name: str, role: Role, graphs: Sequence[str] | None = None) -> Person:
        """Gives a user another role and other graphs, from now on. Raises `NotFound`."""
        return self._update(name, {"role": role.value, "graphs": _graphs_text(graphs)})

    def disable_user(self, name: str) -> Person:
        """From now on no token of this user is good; the name stays in the history. Raises `NotFound`."""
        return self._update(name, {"disabled": time_text(self._now())})

    def user(self, name: str) -> Person:
        """The user of that name, disabled or not. Raises `NotFound`."""
        if is_storable(name):
            with self._database.reading() as connection:
                row = connection.execute(select(USERS).where(USERS.c.name == name)).one_or_none()
            if row is not None:
                return _person(row._asdict())
        raise NotFound(f"There is no user {name!r}.")

    def users(self) -> list[Person]:
        """All users by name, disabled ones too."""
        with self._database.reading() as connection:
            found = [_person(row._asdict()) for row in connection.execute(select(USERS))]
        # Not by the database: each has an order of letters of its own.
        return sorted(found, key=lambda person: person.name)

    def create_token(self, user: str, label: str, expires: datetime | None = None) -> tuple[str, Token]:
        """A new token of a user: the secret, which is shown this once and kept nowhere, and what is kept.

        label: what the token is for. Raises `NotFound` for an unknown user, `BadUser` for a disabled one,
        an expiry in the past and a label that is empty, too long or not plain text.
        """
        _refuse_bad_text("label", label)
        if self.user(user).disabled:
            raise BadUser(f"The user {user!r} is disabled.")
        if expires is not None and expires <= self._now():
            raise BadUser("The token would expire before it is made.")
        secret = TOKEN_START + secrets.token_urlsafe(32)
        row = {
            "prefix": _prefix(secret),
            "user": user,
            "hash": _hash(secret),
            "last_four": secret[-4:],
            "label": label,
            "created": time_text(self._now()),
            "expires": time_text(expires) if expires else None,
            "revoked": None,
        }
        with self._database.writing() as connection:
            connection.execute(insert(TOKENS).values(row))
        return secret, _token(row)

    def tokens(self, user: str | None = None) -> list[Token]:
        """All tokens, or those of a user, oldest first; also those that are no longer good.

        Raises `NotFound` for an unknown user.
        """
        wanted = select(TOKENS).order_by(TOKENS.c.created, TOKENS.c.prefix)
        if user is not None:
            wanted = wanted.where(TOKENS.c.user == self.user(user).name)
        with self._database.reading() as connection:
            return [_token(row._asdict()) for row in connection.execute(wanted)]

    def revoke_token(self, prefix: str) -> Token:
        """From now on the token is not good; a second time changes nothing. Raises `NotFound`."""
        if not is_storable(prefix):
            raise NotFound(f"There is no token {prefix!r}.")
        with self._database.writing() as connection:
            connection.execute(
                update(TOKENS)
                .where(TOKENS.c.prefix == prefix, TOKENS.c.revoked.is_(None))
                .values(revoked=time_text(self._now()))
            )
            row = connection.execute(select(TOKENS).where(TOKENS.c.prefix == prefix)).one_or_none()
        if row is None:
            raise NotFound(f"There is no token {prefix!r}.")
        return _token(row._asdict())

    def who(self, secret: str) -> Person | None:
        """Whose token this is; None when it is unknown, expired or revoked, or its user is disabled."""
        wanted = select(TOKENS.c.hash, TOKENS.c.expires, TOKENS.c.revoked, USERS).join(
            USERS, USERS.c.name == TOKENS.c.user
        )
        prefix = _prefix(secret) if is_storable(secret) else ""
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(TOKENS.c.prefix == prefix)).mappings().one_or_none()
        # Compared also when no row was found, so that the time taken does not tell which prefixes exist.
        right = hmac.compare_digest(_hash(secret), row["hash"] if row else "0" * 64)
        if row is None or not right or row["revoked"] or row["disabled"]:
            return None
        if row["expires"] and row["expires"] <= time_text(self._now()):
            return None
        return _person({column.name: row[column.name] for column in USERS.columns})

    def _update(self, name: str, values: Mapping[str, str | None]) -> Person:
        known = self.user(name).name
        with self._database.writing() as connection:
            connection.execute(update(USERS).where(USERS.c.name == known).values(**values))
        return self.user(known)


def _prefix(secret: str) -> str:
    return secret.removeprefix(TOKEN_START)[:_PREFIX]


def _hash(secret: str) -> str:
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _graphs_text(graphs: Sequence[str] | None) -> str | None:
    return None if graphs is None else canonical_json(sorted(set(graphs)))


def _refuse_bad_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > NAME_LIMIT or not text.isprintable() or text != text.strip():
        raise BadUser(f"The {what} needs 1 to {NAME_LIMIT} printable characters and no blanks around them.")


def _person(row: Mapping[str, Any]) -> Person:
    graphs = None if row["graphs"] is None else tuple(json.loads(row["graphs"]))
    return Person(row["name"], Role(row["role"]), graphs, row["created"], row["disabled"])


def _token(row: Mapping[str, Any]) -> Token:
    shown = ("prefix", "user", "label", "last_four", "created", "expires", "revoked")
    return Token(**{name: row[name] for name in shown})
