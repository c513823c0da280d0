"""The `regiolink` command."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rdflib import URIRef

from kb import __version__
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotUnderstood
from kb.gate.compiled import validate
from kb.importers.registry import IMPORTERS
from kb.judging import shapes_of
from kb.labels import labels_of
from kb.report import INFO, VIOLATION, WARNING, Report
from kb.saved_query import find, load_all
from kb.terms import GRAPH
from server.change_commands import load, undo, update
from server.history_commands import blame, diff, history
from server.importing import run_import
from server.keeping_commands import backup, rebuild, restore, verify
from server.local import knowledge_base, reading
from server.people_commands import token, user
from server.serving import listen
from server.serving import serve as serve_until_stopped
from server.settings import CONFIG, SETTINGS, load_settings, shown
from server.supervisor import supervise
from server.terminal import ERR, in_plain_words, progress, show_report, show_table

_FILE = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="regiolink")
def main() -> None:
    """Europe's regions, smart specialisation priorities and partnerships as checked linked data.

    The knowledge base lies in one folder (setting data_dir); the first command that needs it builds it from
    the data that Regiolink ships. 'regiolink COMMAND --help' explains each command.
    """


@main.command()
@click.option("--empty", is_flag=True, help="Begin an empty knowledge base, without what Regiolink ships.")
@in_plain_words
def serve(empty: bool) -> None:
    """Serve the knowledge base over HTTP until stopped with Ctrl-C or SIGTERM.

    Builds it first when that is needed. Prints the address when it is ready to answer.
    """
    settings = load_settings()
    listener = listen(settings)
    kb = knowledge_base(settings)
    kb.folder.make_ready(empty=empty or kb.folder.is_empty, plain=settings.default_graph == "stored")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}/"

    def web() -> None:
        serve_until_stopped(settings, listener, lambda: click.echo(f"Regiolink answers at {address}"))

    raise SystemExit(supervise(listener, web))


@main.command(name="check")
@click.option("--graph", help="Only things described in this named graph: its name below graph/, or its IRI.")
@click.option("--focus", help="Only findings about the thing with this IRI.")
@click.option(
    "--severity",
    type=click.Choice([VIOLATION, WARNING, INFO]),
    default=INFO,
    show_default=True,
    help="Only findings that are at least this severe.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "turtle"]), default="text", show_default=True
)
@click.option("--all", "every", is_flag=True, help="In text, list every warning and hint instead of groups.")
@in_plain_words
def check_command(graph: str | None, focus: str | None, severity: str, form: str, every: bool) -> None:
    """Check what is stated against the shapes, and say what is wrong in plain words.

    Exit code 0 when there is no violation, 1 when there are some.
    """
    with reading("stated") as engine:
        report = validate(engine, shapes_of(engine))
        kept = set(report.findings)
        if graph is not None:
            described = _described_in(engine, graph)
            kept = {found for found in kept if found.focus in described}
        if focus is not None:
            kept = {found for found in kept if str(found.focus) == focus}
        wanted = {
            VIOLATION: report.violations,
            WARNING: report.violations + report.warnings,
            INFO: report.findings,
        }
        report = Report.of(kept & set(wanted[severity]))
        labels = labels_of(engine, report.terms()) if form == "text" else {}
    show_report(report, labels, severity, form, every)
    if report.violations:
        raise SystemExit(1)


def _described_in(engine: OxigraphEngine, graph: str) -> set[object]:
    """The things that have a triple in `graph`. Raises `NotUnderstood` when there is no such graph."""
    name = URIRef(graph) if ":" in graph else GRAPH[graph]
    if name not in engine.graph_names():
        known = ", ".join(str(found).removeprefix(GRAPH) for found in engine.graph_names())
        raise NotUnderstood(f"There is no graph {graph!r}; there are {known}.")
    return {
        thing
        for (thing,) in engine.select(f"SELECT DISTINCT ?thing {{ GRAPH {name.n3()} {{ ?thing ?p ?o }} }}")
    }


@main.command()
@click.argument("name", required=False)
@click.argument("values", nargs=-1, metavar="[PARAM=VALUE]…")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.option("--at", help="Ask the state at this revision, day (2026-11-22, its end) or time.")
@in_plain_words
def ask(name: str | None, values: tuple[str, ...], form: str, at: str | None) -> None:
    """Ask the saved question NAME; without NAME, list the questions.

    Example: regiolink ask nuts-code-succession code=PL12
    """
    if name is None:
        show_table(("Name", "Question"), [(query.name, query.summary) for query in load_all().values()])
        return
    query = find(name)
    given = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise NotUnderstood(f"{value!r} is not of the form parameter=value.")
        if key in given:
            raise NotUnderstood(f"The parameter {key!r} is given twice.")
        given[key] = text
    bound = query.bind(given)
    with reading(at=at) as engine:
        found = engine.select(bound)
        if form == "table":
            rows = [["" if term is None else str(term) for term in row] for row in found]
            show_table([query.columns.get(variable, variable) for variable in found.variables], rows)
            click.echo(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")
        else:
            sys.stdout.buffer.write(found.serialize(form))
            sys.stdout.buffer.write(b"\n" if form == "json" else b"")


@main.command(name="import")
@click.argument("name", type=click.Choice(sorted(IMPORTERS)), metavar="FORMAT")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE…")
@click.option(
    "--out", required=True, type=_FILE, help="Folder to write <FORMAT>.trig and review tables into."
)
@click.option("--strict", is_flag=True, help="Refuse the files when a single row is bad; write nothing.")
@in_plain_words
def import_command(name: str, files: tuple[Path, ...], out: Path, strict: bool) -> None:
    """Turn official or documented files into RDF, in an order that gives the same bytes each time.

    FORMAT is one of: {formats}. Good rows are written to OUT/<FORMAT>.trig, ready for 'regiolink load';
    bad rows are listed with file, place, column and value.
    """
    for file in files:
        if not file.is_file():
            raise NotUnderstood(f"There is no file {file}.")
    with progress() as told:
        written, bad_rows = run_import(
            name, files, lambda done, total, what: told(what, done, total), out, strict
        )
    for bad in bad_rows:
        ERR.print(str(bad))
    if not written:
        raise NotUnderstood(f"Nothing was written: {len(bad_rows):,} rows are bad.")
    click.echo(f"Wrote {', '.join(path.name for path in written)} to {out}; {len(bad_rows):,} bad rows.")


assert import_command.help is not None
import_command.help = import_command.help.replace("{formats}", ", ".join(sorted(IMPORTERS)))


@main.command(name="settings")
@in_plain_words
def settings_command() -> None:
    """List every setting: its value, where the value is from, and what it is for."""
    settings = load_settings()
    rows = [
        (setting.variable, shown(settings, setting), settings.sources[setting.name], setting.help)
        for setting in SETTINGS
    ]
    show_table(
        ("Setting", "Value", "From", "What for"), [*rows, (CONFIG.variable, "", "environment", CONFIG.help)]
    )


for command in (load, update, undo, history, blame, diff, verify, rebuild, backup, restore):
    main.add_command(command)
main.add_command(user)
main.add_command(token)
