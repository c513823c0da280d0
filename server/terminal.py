"""What the command line shows: progress on standard error, tables and findings on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
from rdflib.term import Node
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kb.errors import KnowledgeBaseError
from kb.live import Told
from kb.report import INFO, VIOLATION, WARNING, Cause, Finding, Report
from kb.turtle import to_turtle

OUT = Console(highlight=False, soft_wrap=True, markup=False)
ERR = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)

_EXAMPLES = 3


class Plain(click.ClickException):
    """An error that is one sentence on standard error; exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"regiolink: {self.message}", err=True, file=file)


def in_plain_words(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turns domain errors of `command` into one sentence and exit code 2."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except KnowledgeBaseError as error:
            raise Plain(str(error)) from None

    return run


@contextmanager
def progress() -> Iterator[Told]:
    """A function that shows how far a task is: a bar in a terminal, a line a step elsewhere."""
    if not ERR.is_terminal:
        last = ""

        def lines(what: str, _done: int, total: int | None) -> None:
            nonlocal last
            step = what.partition(" ")[0]
            if step != last:
                ERR.print(f"{what if total is None else step} …")
                last = step

        yield lines
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=ERR, transient=True)
    with bar:
        task = bar.add_task("Starting", total=None)
        yield lambda what, done, total: bar.update(task, description=what[:60], completed=done, total=total)


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output, as wide as it needs to be."""
    table = Table(*headings, show_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    # A pipe has no width of its own: nothing may be cut there.
    Console(highlight=False, markup=False, width=None if OUT.is_terminal else 10_000).print(table)


def show_report(report: Report, labels: Mapping[Node, str], severity: str, form: str, every: bool) -> None:
    """A report on standard output.

    severity: the least severe that was asked for. form: "text", "json" or "turtle"; every: as text, list
    each finding.
    """
    if form == "json":
        click.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    elif form == "turtle":
        click.echo(to_turtle(report.to_graph()), nl=False)
    else:
        _show_as_text(report, labels, severity, every)


def show_findings(
    findings: Sequence[Finding],
    labels: Mapping[Node, str],
    most: int,
    causes: Mapping[Finding, Sequence[Cause]] | None = None,
) -> None:
    """Findings as sentences on standard error, and how many there are beyond `most`.

    causes: the places of the input that findings come from, where they are known.
    """
    for finding in findings[:most]:
        places = (causes or {}).get(finding, ())
        where = ", ".join(f"operation {place.number}, line {place.line}" for place in places)
        ERR.print(f"  {finding.sentence('en', labels)}{f' [{where}]' if where else ''}")
    if len(findings) > most:
        ERR.print(f"  … and {len(findings) - most:,} more.")


def _show_as_text(report: Report, labels: Mapping[Node, str], severity: str, every: bool) -> None:
    sections = (("Violations", report.violations), ("Warnings", report.warnings), ("Hints", report.infos))
    for heading, findings in sections[: (VIOLATION, WARNING, INFO).index(severity) + 1]:
        OUT.print(f"{heading}: {len(findings):,}", style="bold")
        for shape, group in _by_shape(findings):
            if every or heading == "Violations":
                for finding in group:
                    OUT.print(f"  {finding.sentence('en', labels)}")
                continue
            OUT.print(f"  {len(group):,} × {group[0].wording('en', labels)}")
            names = [labels.get(finding.focus, str(finding.focus)) for finding in group[:_EXAMPLES]]
            rest = f" and {len(group) - _EXAMPLES:,} more" if len(group) > _EXAMPLES else ""
            OUT.print(f"      {shape}: {', '.join(names)}{rest}")
    if not every and (report.warnings or report.infos):
        OUT.print("Each one: 'regiolink check --all', or --format json.")


def _by_shape(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings grouped by shape, and by SPARQL constraint or message; the largest group first."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        key = (str(finding.shape), str(finding.constraint or finding.message("en")))
        groups.setdefault(key, []).append(finding)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(shape.rpartition("/")[2], group) for (shape, _), group in ranked]
