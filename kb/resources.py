"""Finds the files that the product ships, in a checkout and in a wheel."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from kb.errors import NotFound

FOLDERS = ("ontology", "shapes", "queries", "datasets")


def folder(name: str) -> Traversable:
    """The shipped folder `name`: "ontology", "shapes", "queries" or "datasets".

    Raises `NotFound`, naming the folder, when it is not there.
    """
    if name not in FOLDERS:
        raise NotFound(f"There is no shipped folder called {name!r}; there are {', '.join(FOLDERS)}.")
    packaged = files("kb") / "_data"  # a wheel has it, a checkout never does
    if name == "datasets":
        found: Traversable = files("kb") / "datasets"
    elif packaged.is_dir():
        found = packaged / name
    else:
        found = Path(__file__).resolve().parent.parent / name
    if not found.is_dir():
        raise NotFound(f"The shipped folder {name!r} is missing; install Regiolink again.")
    return found


def shipped_files(name: str, *endings: str) -> list[tuple[str, Traversable]]:
    """Every file below the shipped folder `name` whose name ends in one of `endings`.

    Out: (path inside the folder with "/" between its parts, file) pairs, sorted by path.
    """
    found: list[tuple[str, Traversable]] = []

    def walk(at: Traversable, prefix: str) -> None:
        for entry in at.iterdir():
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith(endings):
                found.append((prefix + entry.name, entry))

    walk(folder(name), "")
    return sorted(found, key=lambda pair: pair[0])
