"""`regiolink history`, `blame` and `diff`: who changed what, when and why."""

from __future__ import annotations

import json
from datetime import datetime

import click
from rdflib import Namespace

from kb.errors import NotFound
from kb.history import between
from kb.history import blame as blame_thing
from kb.ledger.commits import Commit
from kb.rdf_patch import to_text
from kb.terms import GRAPH, ID
from server.local import ledger
from server.terminal import in_plain_words, show_table

_FORM = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)


@click.command()
@click.argument("thing", required=False)
@click.option("--author", help="Only changes by this user.")
@click.option("--graph", help="Only changes of this graph: its name below graph/, or its IRI.")
@click.option("--before", type=click.IntRange(1), help="Only revisions before this one.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@_FORM
@in_plain_words
def history(
    thing: str | None, author: str | None, graph: str | None, before: int | None, limit: int, form: str
) -> None:
    """List commits, the newest first; of THING alone, if given: an IRI, or KIND/SLUG as in id/KIND/SLUG.

    Example: regiolink history organisation/acme --limit 5
    """
    with ledger() as opened:
        found = opened.commits(
            until=None if before is None else before - 1,
            author=author,
            graph=None if graph is None else _iri(graph, GRAPH),
            thing=None if thing is None else _iri(thing, ID),
            limit=limit,
            newest_first=True,
        )
    if form == "json":
        click.echo(json.dumps([_told(commit) for commit in found], ensure_ascii=False, indent=2))
        return
    show_table(
        ("Revision", "Time", "Author", "By", "Added", "Removed", "Why"),
        [
            (
                str(commit.revision),
                _minute(commit),
                commit.author,
                commit.door.value,
                f"{commit.inserts:,}",
                f"{commit.deletes:,}",
                commit.message,
            )
            for commit in found
        ],
    )


@click.command()
@click.argument("thing")
@click.option("--at", type=click.IntRange(0), help="What was stated at this revision; by default, now.")
@in_plain_words
def blame(thing: str, at: int | None) -> None:
    """Tell for each statement about THING which commit brought it: an IRI, or KIND/SLUG.

    What follows from other statements was brought by nobody and is not listed.
    """
    name = _iri(thing, ID)
    with ledger() as opened:
        found = blame_thing(opened, name, at=at)
    if not found:
        raise NotFound(f"Nothing is stated about {name}.")
    show_table(
        ("Revision", "Time", "Author", "Property", "Value", "Graph"),
        [
            (
                str(commit.revision),
                _minute(commit),
                commit.author,
                _shown(quad[1]),
                str(quad[2]),
                str(quad[3]).removeprefix(GRAPH),
            )
            for quad, commit in sorted(found.items(), key=lambda item: item[0][1:3])
        ],
    )


@click.command()
@click.argument("earlier", type=click.IntRange(0))
@click.argument("later", type=click.IntRange(0), required=False)
@in_plain_words
def diff(earlier: int, later: int | None) -> None:
    """Print what differs between two revisions as RDF Patch; LATER is the newest one when not given."""
    with ledger() as opened:
        newest = opened.head().revision
        text = to_text(between(opened, earlier, newest if later is None else later))
    click.echo(text, nl=False)


def _iri(name: str, below: Namespace) -> str:
    return name if ":" in name else f"{below}{name}"


def _told(commit: Commit) -> dict[str, object]:
    return {
        "revision": commit.revision,
        "time": commit.time,
        "author": commit.author,
        "role": commit.role,
        "door": commit.door.value,
        "message": commit.message,
        "inserts": commit.inserts,
        "deletes": commit.deletes,
        "graphs": list(commit.graphs),
        "waiver": commit.waiver,
        "hash": commit.hash,
    }


def _minute(commit: Commit) -> str:
    return f"{datetime.fromisoformat(commit.time):%Y-%m-%d %H:%M} UTC"


def _shown(term: object) -> str:
    text = str(term)
    return text.rpartition("#" if "#" in text else "/")[2]
