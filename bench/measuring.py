"""Runs acts side by side and tells their medians and ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Act = Callable[[], object]
Prepare = Callable[[], Act]
"""Makes ready, which is not measured, and gives the act that is."""

Told = Callable[[str], None]
"""Told what is being measured."""


@dataclass(frozen=True)
class Measured:
    """One row of a result. seconds: the median. ratio: to the first of those it was measured beside.

    note: what the act gave or worked on, such as "12 rows".
    """

    what: str
    seconds: float
    runs: int
    ratio: float | None = None
    note: str = ""


def side_by_side(acts: Mapping[str, Prepare], runs: int, told: Told) -> list[Measured]:
    """The median of each act over `runs` runs, one after the other in each run, so that noise hits all alike.

    What an act gives in its last run becomes the note.
    """
    seconds: dict[str, list[float]] = {what: [] for what in acts}
    given: dict[str, object] = {}
    for run in range(runs):
        for what, prepare in acts.items():
            told(f"{what}, run {run + 1} of {runs}")
            act = prepare()
            start = perf_counter()
            given[what] = act()
            seconds[what].append(perf_counter() - start)
    medians = {what: median(found) for what, found in seconds.items()}
    first = next(iter(medians.values()))
    return [
        Measured(what, found, runs, found / first if len(medians) > 1 else None, str(given[what] or ""))
        for what, found in medians.items()
    ]


def markdown(title: str, rows: Sequence[Measured]) -> str:
    """The rows as a Markdown table under a heading."""
    cells = [("measured", "median", "ratio", "runs", "result")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2g}" if row.ratio < 10 else f"{row.ratio:,.0f}"
        cells.append((row.what, duration(row.seconds), ratio, str(row.runs), row.note))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([f"### {title}", "", lines[0], rule, *lines[1:], ""])


def duration(seconds: float) -> str:
    """`seconds` with the unit that suits.

    >>> duration(0.00042), duration(0.042), duration(4.2)
    ('0.42 ms', '42 ms', '4.2 s')
    """
    if seconds < 0.01:
        return f"{seconds * 1000:.2g} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
