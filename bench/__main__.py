"""The command `python -m bench`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from bench import (
    asking,
    checking,
    committing,
    data,
    default_graph,
    domain,
    durability,
    growing,
    history,
    inference,
    judging,
    loading,
    memory,
    readers,
    searching,
    serving,
)
from bench.measuring import Measured, Told, markdown

OUT = Console(highlight=False, markup=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, markup=False)

_TRIPLES = click.option(
    "--triples", type=click.IntRange(1), default=100_000, show_default=True, help="How many to generate."
)
_SEED = click.option(
    "--seed", type=int, default=data.SEED, show_default=True, help="The same seed gives the same data."
)
_RUNS = click.option(
    "--runs", type=click.IntRange(1), default=3, show_default=True, help="Medians are of so many runs."
)

# A title, and what measures on a file of generated data, so many times.
_Part = tuple[str, Callable[[Path, int, Told], list[Measured]]]

_LOAD: list[_Part] = [("Loading", loading.loading)]
_CHANGES: list[_Part] = [
    ("Following changes of shipped data", lambda _, runs, told: inference.of_changes(None, runs, told)),
    ("Following changes of shipped and generated data", inference.of_changes),
]
_REASONING: list[_Part] = [
    ("Reasoning on the golden sample", lambda _, runs, told: inference.beside_owlrl(runs, told)),
    ("Reasoning on shipped and generated data", inference.on_shipped_and_generated),
    *_CHANGES,
]
_QUERIES: list[_Part] = [
    ("Saved queries on shipped and generated data; the ratio is to shipped data alone", asking.saved_queries)
]
_SHACL: list[_Part] = [
    ("Checking the golden sample", lambda _, runs, told: checking.beside_pyshacl(runs, told)),
    ("Checking shipped and generated data", checking.of_generated),
]
_FULL_CHECK: list[_Part] = [
    ("Checking shipped and generated data once", lambda file, _, told: [checking.of_much(file, told)])
]
_GATE: list[_Part] = [
    ("Judging a change of the golden sample", lambda _, runs, told: judging.beside_full(runs, told)),
    (f"Judging {judging.TIMES} times, in a tenth of the data and in all of it", judging.in_more_data),
]
_HISTORY_TITLE = "Asking the history; each question to a short ledger and to a long one"
_READERS: list[_Part] = [
    ("Readers beside the engine", readers.beside_engine),
    ("Point queries under fire; the ratio is to the quiet ones", readers.under_fire),
]
_SERVING: list[_Part] = [("Our service beside oxigraph serve, over HTTP", serving.beside_oxigraph)]
_DOMAIN: list[_Part] = [
    (f"Twelve questions; {domain.SECONDS:.0f} s are waited for an answer", domain.beside_rdflib),
    ("Ways to ask for what lies within a region, and for words of names", searching.ways_to_ask),
]
_COMMITS: list[_Part] = [
    ("Changes, from asking to receipt", committing.steward),
    ("Importing", lambda file, _, told: committing.beside_bulk_load(file, 1, told)),
]
_GROWTH: list[_Part] = [("A small change in less data and in more", growing.growth)]
_DEFAULT_GRAPH: list[_Part] = [("Asking all graphs at once", default_graph.default_graph)]


def _measure(parts: list[_Part], triples: int, seed: int, runs: int) -> None:
    with TemporaryDirectory() as folder, ERR.status("generating") as status:
        file = Path(folder) / "generated.nq"
        written = data.generate(
            file, triples, seed, lambda done: status.update(f"generating {done:,} triples")
        )
        OUT.print(f"{written:,} generated triples, seed {seed}. A ratio is to the first row of its table.\n")
        for title, measure in parts:
            OUT.print(markdown(title, measure(file, runs, status.update)))


def _measure_history(commits: int, runs: int) -> None:
    with ERR.status("writing") as status:
        OUT.print(markdown(_HISTORY_TITLE, history.beside_shorter(commits, runs, status.update)))


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measures Regiolink on data of its own shape.

    Without a command: everything once at 100,000 triples, as Markdown tables. Figures are good for ratios
    within one run; the machine and what else runs on it are in all of them.
    """
    if context.invoked_subcommand is None:
        OUT.print("A short run of everything; `python -m bench --help` lists what can be measured alone.\n")
        _measure([*_LOAD, *_REASONING, *_QUERIES, *_SHACL, *_GATE, *_DEFAULT_GRAPH], 100_000, data.SEED, 3)
        _measure_history(20_000, 3)


@main.command()
@_TRIPLES
@_SEED
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The N-Quads file to write."
)
def generate(triples: int, seed: int, out: Path) -> None:
    """Write generated data, which `regiolink load` accepts."""
    with ERR.status("generating") as status:
        written = data.generate(out, triples, seed, lambda done: status.update(f"{done:,} of {triples:,}"))
    OUT.print(f"Wrote {written:,} triples to {out}.")


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def load(triples: int, seed: int, runs: int) -> None:
    """Load generated data into memory and into a folder."""
    _measure(_LOAD, triples, seed, runs)


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def reasoning(triples: int, seed: int, runs: int) -> None:
    """Our rules beside owlrl on the golden sample, and on shipped and generated data."""
    _measure(_REASONING, triples, seed, runs)


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def changes(triples: int, seed: int, runs: int) -> None:
    """Following small edits of what is inferred, beside deriving all anew."""
    _measure(_CHANGES, triples, seed, runs)


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def queries(triples: int, seed: int, runs: int) -> None:
    """The saved queries on shipped and generated data."""
    _measure(_QUERIES, triples, seed, runs)


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def shacl(triples: int, seed: int, runs: int) -> None:
    """Compiled validation beside pySHACL, and on shipped and generated data."""
    _measure(_SHACL, triples, seed, runs)


@main.command(name="full-check")
@_TRIPLES
@_SEED
def full_check(triples: int, seed: int) -> None:
    """One validation of shipped and generated data in a folder, with the memory that it takes."""
    _measure(_FULL_CHECK, triples, seed, 1)


@main.command(name="readers")
@_TRIPLES
@_SEED
@_RUNS
def by_readers(triples: int, seed: int, runs: int) -> None:
    """Queries by reader processes beside the engine, and while hostile ones come without pause."""
    _measure(_READERS, triples, seed, runs)


@main.command(name="serving")
@_TRIPLES
@_SEED
@_RUNS
def over_http(triples: int, seed: int, runs: int) -> None:
    """Our service beside oxigraph serve: point queries, large answers and heavy queries over HTTP."""
    _measure(_SERVING, triples, seed, runs)


@main.command(name="domain")
@_TRIPLES
@_SEED
@_RUNS
@click.option("--alone", is_flag=True, help="Only ways to ask the engine, without rdflib-endpoint.")
def of_domain(triples: int, seed: int, runs: int, alone: bool) -> None:
    """Twelve questions to our service and to rdflib-endpoint; what the indexes for slow questions spare."""
    _measure(_DOMAIN[1:] if alone else _DOMAIN, triples, seed, runs)


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def gate(triples: int, seed: int, runs: int) -> None:
    """Changes judged by what they affect, beside full validation, in less data and in more."""
    _measure(_GATE, triples, seed, runs)


@main.command(name="commits")
@_TRIPLES
@_SEED
@_RUNS
def of_commits(triples: int, seed: int, runs: int) -> None:
    """Changes from asking to receipt, in less data and in more; old states; imports beside bulk loading."""
    _measure(_COMMITS, triples, seed, runs)


@main.command()
@_TRIPLES
@_SEED
@_RUNS
def growth(triples: int, seed: int, runs: int) -> None:
    """A change of 10 triples beside 100,000 generated triples, and beside more than an import may bring."""
    _measure(_GROWTH, triples, seed, runs)


@main.command(name="default-graph")
@_TRIPLES
@_SEED
@_RUNS
def default_graphs(triples: int, seed: int, runs: int) -> None:
    """Three ways to ask all named graphs at once."""
    _measure(_DEFAULT_GRAPH, triples, seed, runs)


@main.command(name="history")
@click.option(
    "--commits", type=click.IntRange(1_000), default=20_000, show_default=True, help="How many to write."
)
@_RUNS
def of_history(commits: int, runs: int) -> None:
    """Histories, blame, differences and undo in a ledger of 1,000 commits and in a longer one."""
    _measure_history(commits, runs)


@main.command(name="durability")
@click.option("--rounds", type=click.IntRange(1), default=100, show_default=True, help="How many kills.")
@_SEED
def under_kills(rounds: int, seed: int) -> None:
    """Kill the writer of a running service at every step of a commit: what is lost, and for how long."""
    with TemporaryDirectory() as folder, ERR.status("starting") as status:
        measured = durability.durability(Path(folder), rounds, seed, status.update)
    OUT.print(markdown("Killing the writer of a service under changes", measured))


@main.command(name="memory")
@click.option(
    "--queries", type=click.IntRange(20), default=10_000, show_default=True, help="How many mixed ones."
)
@click.option(
    "--rows",
    type=click.IntRange(1, memory.SUBJECTS**2),
    default=10_000_000,
    show_default=True,
    help="Of the long answer.",
)
def of_web_process(queries: int, rows: int) -> None:
    """The memory of the web process under queries of every kind, and while one very long answer passes."""
    with TemporaryDirectory() as folder, ERR.status("starting") as status:
        measured = memory.of_web_process(Path(folder), queries, rows, status.update)
    OUT.print(markdown("The memory of the web process", measured))


if __name__ == "__main__":
    main(prog_name="python -m bench")
