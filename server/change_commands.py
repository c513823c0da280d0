"""`regiolink load`, `update` and `undo`: changes from the command line, through the one door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
from rdflib import URIRef

from kb.engine.contract import RESERVED
from kb.engine.oxigraph import graph_of, read_quads, write_quads
from kb.errors import DataRefused, NotAllowed, NotUnderstood
from kb.intent import AddQuads, Change, Intent, Outcome, SparqlUpdate, Undo
from kb.ledger.commits import Door
from kb.ledger.people import Role
from kb.report import Report
from kb.terms import GENID, GRAPH, slug
from server.local import handed_over, reading, writer
from server.terminal import ERR, in_plain_words, show_findings

_FILE = click.Path(path_type=Path)
_NOT_FOR_LOADING = ("ontology", "shapes", "terms/", "inferred", "history", "meta")
_MOST_SHOWN = 20
_SECONDS = 3600

_AUTHOR = click.option(
    "--author", default="operator", show_default=True, help="The name that the history keeps for this change."
)
_MESSAGE = click.option("--message", "-m", default="", help="Why the change is made, for the history.")
_WAIVER = click.option(
    "--waiver", help="Why violations are accepted that a change of shapes or ontology brings; kept for good."
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE…")
@click.option("--graph", help="Graph for triples that stand in none: its name below graph/, or its IRI.")
@_AUTHOR
@_MESSAGE
@in_plain_words
def load(files: tuple[Path, ...], graph: str | None, author: str, message: str) -> None:
    """Add RDF files (Turtle, TriG, N-Triples, N-Quads, RDF/XML, JSON-LD) to the knowledge base: all or none.

    They are checked against the shapes first; data that breaks them is refused and nothing is changed.
    Triples outside any named graph go to the graph named by --graph, else to one named after the file.
    Works while the service runs too. 'regiolink undo' takes it back.
    """
    for file in files:
        if not file.is_file():
            raise NotUnderstood(f"There is no file {file}.")
        if file.stat().st_size == 0:
            raise NotUnderstood(f"{file.name} is empty.")
    with reading():
        pass  # makes the knowledge base when there is none yet
    with handed_over() as prepared:
        with prepared.open("wb") as out:
            count = sum(_prepare(file, graph, out) for file in files)
        if count == 0:
            raise NotUnderstood("There is not a single triple in what was given.")
        names = ", ".join(file.name for file in files)
        outcome = _commit(AddQuads(prepared), Door.LOAD, author, message or f"Loaded {names}"[:10_000])
    _tell(outcome, f"Read {count:,} statements")


@click.command()
@click.argument("file", type=click.File("rb"), metavar="FILE")
@_AUTHOR
@_MESSAGE
@_WAIVER
@in_plain_words
def update(file: IO[bytes], author: str, message: str, waiver: str | None) -> None:
    """Make the change that a SPARQL 1.1 Update asks for. FILE: its text; - for standard input.

    It passes the same check as every change; what breaks the shapes is refused and nothing is changed.
    """
    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError:
        raise NotUnderstood("The update is not UTF-8 text.") from None
    _tell(_commit(SparqlUpdate(text), Door.UPDATE, author, message, waiver))


@click.command()
@click.argument("first", type=click.IntRange(1))
@click.argument("last", type=click.IntRange(1), required=False)
@_AUTHOR
@_MESSAGE
@in_plain_words
def undo(first: int, last: int | None, author: str, message: str) -> None:
    """Take commits back: the revision FIRST, or all from FIRST to LAST, as a new commit.

    Refused, with the reason, when later commits depend on what would be taken back.
    """
    until = first if last is None else last
    if until < first:
        raise NotUnderstood(f"The revision {until} comes before {first}; name the earlier one first.")
    what = f"revision {first}" if until == first else f"revisions {first} to {until}"
    _tell(_commit(Undo(first, until), Door.UNDO, author, message or f"Took back {what}"))


def _commit(change: Change, door: Door, author: str, message: str, waiver: str | None = None) -> Outcome:
    # Who can write to the data folder can do anything to it, so the command line acts as an administrator.
    intent = Intent(change, author, Role.ADMIN.value, door, message, waiver=waiver, seconds=_SECONDS)
    with writer() as made:
        try:
            return made.commit(intent)
        except DataRefused as refused:
            _show(refused)
            raise


def _show(refused: DataRefused) -> None:
    for report in (refused.report, refused.older):
        if not isinstance(report, Report) or not report.violations:
            continue
        if report is refused.older:
            ERR.print("Wrong already, and not made worse by this:")
        show_findings(report.violations, refused.labels.get("en", {}), _MOST_SHOWN, refused.causes)


def _tell(outcome: Outcome, before: str = "") -> None:
    start = f"{before}; " if before else ""
    if outcome.commit is None:
        click.echo(f"{start}nothing had to be changed; revision {outcome.revision} stays the newest.")
        return
    commit = outcome.commit
    report = outcome.report
    click.echo(
        f"{start}revision {commit.revision}: {commit.inserts:,} statements added, "
        f"{commit.deletes:,} removed; "
        f"{len(report.warnings):,} warnings, {len(report.infos):,} hints."
    )


def _prepare(file: Path, graph: str | None, out: IO[bytes]) -> int:
    """Writes the quads of a file as N-Quads. Out: how many."""
    count = 0

    def counted() -> Iterator[object]:
        nonlocal count
        for quad in _quads_to_load(file, graph):
            count += 1
            yield quad

    out.write(write_quads(counted()))
    return count


def _quads_to_load(file: Path, graph: str | None) -> Iterator[object]:
    """The quads of a file for loading, each in a graph that may be loaded into."""
    name = graph or slug(file.stem)
    target = URIRef(name) if ":" in name else GRAPH[name]
    for quad in read_quads(file, file.suffix.removeprefix(".").lower(), file.name, target, skolemise=True):
        name = graph_of(quad)
        if name.startswith(RESERVED) or name.removeprefix(GRAPH).startswith(_NOT_FOR_LOADING):
            raise NotAllowed(f"{file.name}: the graph {name} is not for loading into.")
        if name.startswith(GENID):
            raise NotUnderstood(f"{file.name}: a graph has a blank node as its name; give it an IRI.")
        yield quad
