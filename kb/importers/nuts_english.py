"""English names of regions of level 2 from Who's On First, those that are surely names of the region.

The source often gives a unit the name of another one, a province that of its region. A name is dropped unless
the same record has, in the language of the region, a name that holds the official one or is held by it; and
when it is the name of the unit one level up or of another unit too. A name that is the same in the language
of the region is dropped as well: it tells nothing new, and is often not English.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kb.importers.nuts_model import Units, level
from kb.importers.nuts_names import in_languages, part_of_name, same_name

_LANGUAGES: Final = {
    "ca": "cat",
    "de": "deu",
    "es": "spa",
    "eu": "eus",
    "fi": "fin",
    "fr": "fra",
    "gl": "glg",
    "it": "ita",
    "nl": "nld",
    "sv": "swe",
}
"""Language tag -> ISO 639-3 code, which the source uses."""


@dataclass(frozen=True)
class Named:
    """A row of the source: the name of a unit in a language (ISO 639-3), and the record it is from."""

    code: str
    record: str
    language: str
    name: str


@dataclass(frozen=True)
class EnglishName:
    """An English name of a unit, its record, and why it is not used, "" when it is."""

    code: str
    record: str
    name: str
    dropped: str


def english_names(rows: Iterable[Named], units: Units) -> list[EnglishName]:
    """The English names of the units of level 2 among `units`, sorted by code, each used or dropped."""
    names: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.code in units and level(row.code) == 2:
            names[row.code, row.record].setdefault(row.language, row.name)
    shared = Counter(found["eng"] for found in names.values() if "eng" in found)
    return [
        EnglishName(code, record, found["eng"], _reason(code, found, units, shared))
        for (code, record), found in sorted(names.items())
        if "eng" in found
    ]


def _one_name(name: str, official: str) -> bool:
    return part_of_name(name, official) or part_of_name(official, name)


def _reason(code: str, names: dict[str, str], units: Units, shared: Counter[str]) -> str:
    """Why the English name is not used, "" when it is."""
    english = names["eng"]
    official = in_languages(code, units[code].label)
    own = {tag: names.get(_LANGUAGES.get(tag, ""), "") for tag in official}
    if shared[english] > 1:
        return "Several units have this name."
    if same_name(english, units[units[code].parent].label):
        return "It is the name of the unit one level up."
    if not any(_one_name(name, official[tag]) for tag, name in own.items() if name):
        return "In the language of the region, the record has a name that is not the official one."
    if any(same_name(english, name) for name in own.values()):
        return "It is the same in the language of the region."
    return ""
