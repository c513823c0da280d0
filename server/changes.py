"""From a request that changes something to a commit, and from what came of it to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from flask import Request, Response, json

from kb.intent import Change, Intent, Outcome
from kb.ledger.commits import NAME_LIMIT, Door
from kb.ledger.errors import StaleHead
from kb.ledger.people import Person
from server.answers import Bare
from server.backend import Backend
from server.caching import revision_of, tag_after, tags
from server.findings import LANGUAGES, told_findings
from server.negotiation import choose_language, names
from server.protocol import BadKey, Body, Fields, PreconditionFailed, one


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for a change. author: who makes it. fields: its parameters. body_digest: of its body."""

    request: Request
    author: Person
    fields: Fields
    door: Door
    body_digest: str

    def base(self, head: int) -> int | None:
        """The revision that If-Match names, None without one or for any.

        Of several the newest counts. Raises `PreconditionFailed` when none of them is of a state up to
        `head`.
        """
        given = tags(self.request.headers.get("If-Match"))
        if "If-Match" not in self.request.headers or given == ["*"]:
            return None
        known = [revision for revision in map(revision_of, given) if revision is not None]
        if not known or max(known) > head:
            raise PreconditionFailed(
                "The header If-Match names no state of this knowledge base; get the data again and send the "
                "ETag that comes with it."
            )
        return max(known)

    def key(self) -> str | None:
        """The idempotency key, None where none is given. Raises `BadKey`."""
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not (0 < len(key) <= NAME_LIMIT and key.isprintable()):
            raise BadKey(f"The header Idempotency-Key must have 1 to {NAME_LIMIT} characters.")
        return key

    def digest(self) -> str:
        """What tells this request from another one: SHA-256 over all that says what is to change."""
        environ = self.request.environ
        told = [
            self.request.method,
            self.request.path,
            environ.get("QUERY_STRING", ""),
            # Without its parameters: a client makes a new boundary for a form that it sends again.
            Body.of(environ.get("CONTENT_TYPE", ""), bytes).media,
            self.body_digest,
        ]
        return sha256("\0".join(told).encode()).hexdigest()


def commit(backend: Backend, asking: Asking, change: Change, base: int | None = None) -> Outcome:
    """Makes a change. base: the revision that it is made from, where the request itself names none.

    Raises `PreconditionFailed` when something that it touches has changed since the revision of If-Match,
    and all that `kb.writer.Writer.commit` raises.
    """
    key = asking.key()
    named = asking.base(backend.writes.head()) if "If-Match" in asking.request.headers else None
    intent = Intent(
        change,
        asking.author.name,
        asking.author.role,
        asking.door,
        message=one(asking.fields, "message") or "",
        graphs=asking.author.graphs,
        base=base if named is None else named,
        key=key,
        request_digest=asking.digest() if key else None,
        waiver=one(asking.fields, "waiver"),
        seconds=backend.update_seconds,
    )
    try:
        return backend.commit(intent)
    except StaleHead as error:
        if intent.base is None:
            raise
        raise PreconditionFailed(str(error)) from None


def told(request: Request, outcome: Outcome, status: int = 204, location: str | None = None) -> Response:
    """The answer to a change that was made: without a body, unless the client asks for JSON by name."""
    headers = [
        ("Regiolink-Revision", str(outcome.revision)),
        ("ETag", tag_after(outcome.revision)),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept, Accept-Language"),
    ]
    if location:
        headers.append(("Location", location))
    if outcome.repeated:
        headers.append(("Idempotency-Replayed", "true"))
    if not names(request.headers.get("Accept"), "application/json"):
        return Bare(status=status, headers=headers)
    language = choose_language(request.headers.get("Accept-Language"), LANGUAGES)
    body = {
        "revision": outcome.revision,
        "inserted": outcome.commit.inserts if outcome.commit else 0,
        "deleted": outcome.commit.deletes if outcome.commit else 0,
        "created": list(outcome.created),
        "repeated": outcome.repeated,
        "findings": told_findings(outcome.report, language),
    }
    headers += [("Content-Type", "application/json"), ("Content-Language", language)]
    return Response(json.dumps(body) + "\n", 200 if status == 204 else status, headers=headers)
