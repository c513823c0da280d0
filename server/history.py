"""/commits, /history and /diff: what changed, when, by whom and why, for programs.

Everything comes from the ledger. What is about past revisions alone never changes and may be kept for ever;
what may still grow has a tag that follows the newest revision.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from rdflib import Literal
from rdflib.term import Node

from kb import __version__
from kb.errors import NotFound, NotUnderstood
from kb.history import between, blame, of_thing
from kb.ledger.commits import Commit
from kb.ledger.ledger import Ledger
from kb.patch import Quad
from kb.rdf12 import DirectedLiteral, TripleTerm
from kb.rdf_patch import MEDIA_TYPE, to_text
from kb.receipts import commit_iri, receipt_rdf
from kb.terms import ID
from server.caching import FOREVER, PRIVATE, is_known, tag_of_bytes
from server.negotiation import Choice, Offer, choose
from server.protocol import Fields, absolute_iri, one, parameters, whole_number
from server.serializing import written

MAX_COMMITS: Final = 100
"""Commits that one page may have."""

MAX_QUADS: Final = 50_000
"""Quads that a difference may have to be told in one answer."""

_Told = tuple[bytes, dict[str, str]]
"""The body of an answer, and its headers besides those that all answers have."""

_COMMITS: Final = 20
_LATEST: Final = "no-cache"

_LIST: Final = Offer({"application/json": "json"})
_COMMIT: Final = Offer(
    {
        "application/json": "json",
        MEDIA_TYPE: "patch",
        "text/turtle": "ttl",
        "application/n-triples": "nt",
        "application/rdf+xml": "rdf",
        "application/ld+json": "jsonld",
    }
)
_DIFFERENCE: Final = Offer({"application/json": "json", MEDIA_TYPE: "patch"})


def blueprint(ledger_of: Callable[[], Ledger]) -> Blueprint:
    """The addresses of the history.

    ledger_of: gives the ledger, opened in the process that serves the request.
    """
    bp = Blueprint("history", __name__)

    @bp.get("/commits/<revision>")
    def commit(revision: str) -> Response:
        return _commit(ledger_of(), revision)

    @bp.get("/history")
    def history() -> Response:
        return _history(ledger_of(), _fields("author", "graph", "thing", "before", "limit"))

    @bp.get("/history/<kind>/<slug>")
    def thing(kind: str, slug: str) -> Response:
        return _thing(ledger_of(), str(ID[f"{kind}/{slug}"]), _fields("before", "limit"))

    @bp.get("/diff")
    def difference() -> Response:
        return _difference(ledger_of(), _fields("from", "to"))

    return bp


# -- the addresses ------------------------------------------------------------------------------------------


def _commit(ledger: Ledger, revision: str) -> Response:
    """One commit: its fields, its patch as it is stored, or its receipt."""
    _fields()
    number = whole_number({"revision": [revision]}, "revision")
    found = ledger.commit(number or 0)
    choice = choose(request.headers.get("Accept"), _COMMIT)

    def tell() -> _Told:
        if choice[1] == "patch":
            return ledger.patch_text(found.revision).encode(), {}
        if choice[1] == "json":
            return _json(_told_commit(found)), {}
        return written(receipt_rdf(found), choice[1]), {}

    return _answer(choice, FOREVER, found.hash, tell)


def _history(ledger: Ledger, fields: Fields) -> Response:
    """Commits by author, graph and thing, the newest first."""
    choice = choose(request.headers.get("Accept"), _LIST)
    author, before, limit = one(fields, "author"), _before(fields), _limit(fields)
    graph, thing = _iri(fields, "graph"), _iri(fields, "thing")

    def tell() -> _Told:
        found = ledger.commits(
            until=_until(before), limit=limit + 1, newest_first=True, author=author, graph=graph, thing=thing
        )
        following = _following(fields, found[:limit], limit) if len(found) > limit else None
        return _page({"commits": [_told_commit(each) for each in found[:limit]], "next": following})

    head = ledger.head()
    # Which commits come before one that is there does not change any more.
    if before is not None and 1 < before <= head.revision + 1:
        return _answer(choice, FOREVER, ledger.commit(before - 1).hash, tell)
    return _answer(choice, _LATEST, head.hash, tell)


def _thing(ledger: Ledger, thing: str, fields: Fields) -> Response:
    """The commits about a thing, and who brought what is stated about it now."""
    choice = choose(request.headers.get("Accept"), _LIST)
    before, limit = _before(fields), _limit(fields)

    def tell() -> _Told:
        found = of_thing(ledger, thing, before=before, limit=limit + 1)
        if not found and before is None:
            raise NotFound(f"Nothing was ever stated about {thing}.")
        commits = [commit for commit, _ in found[:limit]]
        told: dict[str, Any] = {
            "thing": thing,
            "commits": [
                _told_commit(commit) | _told_quads(patch.inserts, patch.deletes)
                for commit, patch in found[:limit]
            ],
            "next": _following(fields, commits, limit) if len(found) > limit else None,
        }
        if before is None:
            told["statements"] = [
                _told_quad(quad) | {"revision": commit.revision, **_who(commit)}
                for quad, commit in blame(ledger, thing).items()
            ]
        return _page(told)

    return _answer(choice, _LATEST, ledger.head().hash, tell)


def _difference(ledger: Ledger, fields: Fields) -> Response:
    """The patch from one revision to another."""
    earlier, later = whole_number(fields, "from"), whole_number(fields, "to")
    if earlier is None or later is None:
        raise NotUnderstood("A difference is between two revisions: /diff?from=11&to=12.")
    choice = choose(request.headers.get("Accept"), _DIFFERENCE)
    # The newer one vouches for the older one too, and for all between them.
    tag = ledger.commit(max(earlier, later)).hash if earlier or later else ""

    def tell() -> _Told:
        patch = between(ledger, earlier, later, MAX_QUADS)
        if choice[1] == "patch":
            return to_text(patch).encode(), {}
        return _json({"from": earlier, "to": later, **_told_quads(patch.inserts, patch.deletes)}), {}

    return _answer(choice, FOREVER, tag, tell)


# -- the request --------------------------------------------------------------------------------------------


def _fields(*known: str) -> Fields:
    """The parameters of the request. Raises `NotUnderstood` for one that would be passed over in silence."""
    fields = parameters(request.query_string)
    for name in fields:
        if name not in known:
            there_are = f"there are {', '.join(known)}" if known else "it takes none"
            raise NotUnderstood(f"This address has no parameter {name[:40]!r}; {there_are}.")
    return fields


def _before(fields: Fields) -> int | None:
    return whole_number(fields, "before", 1)


def _limit(fields: Fields) -> int:
    limit = whole_number(fields, "limit", 1)
    if limit is not None and limit > MAX_COMMITS:
        raise NotUnderstood(f"The parameter limit is {limit}; {MAX_COMMITS} is the most.")
    return limit or _COMMITS


def _iri(fields: Fields, name: str) -> str | None:
    text = one(fields, name)
    return None if text is None else absolute_iri(text, f"parameter {name}")


def _until(before: int | None) -> int | None:
    return None if before is None else before - 1


def _following(fields: Fields, told: Iterable[Commit], limit: int) -> str:
    """The address of the next page, after the commits that are told in this one."""
    last = min(commit.revision for commit in told)
    kept = {name: values[0] for name, values in fields.items() if name not in ("before", "limit")}
    return f"{request.path}?{urlencode(kept | {'before': last, 'limit': limit})}"


# -- the answer ---------------------------------------------------------------------------------------------


def _answer(choice: Choice, control: str, vouching: str, tell: Callable[[], _Told]) -> Response:
    """The answer, without its body for who holds it already.

    vouching: the hash of the newest commit that it depends on, which vouches for all before it.
    """
    media, _ = choice
    depends_on = (__version__, media, request.full_path, vouching)
    entity_tag = tag_of_bytes("\0".join(depends_on).encode())
    if is_known(request.headers.get("If-None-Match"), entity_tag):
        made = Response(status=304)
        del made.headers["Content-Type"]
    else:
        body, headers = tell()
        made = Response(body, mimetype=media, headers=headers)
        if media.startswith("text/") or media == MEDIA_TYPE:
            made.headers["Content-Type"] = f"{media}; charset=utf-8"
    made.headers["ETag"] = entity_tag
    made.headers["Cache-Control"] = PRIVATE if "Authorization" in request.headers else control
    made.headers["Vary"] = "Accept"
    return made


def _page(told: dict[str, Any]) -> _Told:
    """One of several pages, with a link to the next one."""
    link = {"Link": f'<{told["next"]}>; rel="next"'} if told["next"] else {}
    return _json(told), link


def _json(told: object) -> bytes:
    return (json.dumps(told, ensure_ascii=False) + "\n").encode("utf-8", errors="replace")


def _who(commit: Commit) -> dict[str, str]:
    return {
        "author": commit.author,
        "time": commit.time,
        "message": commit.message,
        "door": commit.door.value,
    }


def _told_commit(commit: Commit) -> dict[str, Any]:
    """A commit for a program. The idempotency key stays with its author."""
    return {
        "iri": str(commit_iri(commit.revision)),
        "revision": commit.revision,
        "parent": commit.parent,
        **_who(commit),
        "role": commit.role,
        "inserts": commit.inserts,
        "deletes": commit.deletes,
        "graphs": list(commit.graphs),
        "waiver": commit.waiver,
        "report": {
            "violations": commit.summary.violations,
            "warnings": commit.summary.warnings,
            "infos": commit.summary.infos,
            "first": list(commit.summary.first),
        },
        "id": commit.id,
        "patch_hash": commit.patch_hash,
        "parent_hash": commit.parent_hash,
        "hash": commit.hash,
    }


def _told_quads(inserted: Iterable[Quad], deleted: Iterable[Quad]) -> dict[str, Any]:
    def told(quads: Iterable[Quad]) -> list[dict[str, Any]]:
        return [_told_quad(quad) for quad in sorted(quads, key=lambda quad: tuple(map(str, quad)))]

    return {"inserted": told(inserted), "deleted": told(deleted)}


def _told_quad(quad: Quad) -> dict[str, Any]:
    subject, predicate, value, graph = quad
    return {
        "subject": str(subject),
        "predicate": str(predicate),
        "object": _told_term(value),
        "graph": str(graph),
    }


def _told_term(term: Node) -> dict[str, Any]:
    """A term as in SPARQL 1.2 Query Results JSON."""
    if isinstance(term, TripleTerm):
        parts = {"subject": term.subject, "predicate": term.predicate, "object": term.value}
        return {"type": "triple", "value": {place: _told_term(part) for place, part in parts.items()}}
    if not isinstance(term, Literal):
        return {"type": "uri", "value": str(term)}
    told = {"type": "literal", "value": str(term)}
    if term.language:
        told["xml:lang"] = term.language
        if isinstance(term, DirectedLiteral):
            told["its:dir"] = term.direction
    elif term.datatype:
        told["datatype"] = str(term.datatype)
    return told
