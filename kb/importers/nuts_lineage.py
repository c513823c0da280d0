"""Works out which place each unit of each edition is: a place keeps its IRI whatever its code and name.

A place goes on through a new code, a new name and a shifted boundary; a split or a merger makes new places.
"""

from __future__ import annotations

from collections import defaultdict

from rdflib import URIRef

from kb.importers.nuts_model import PlaceRecord, Step, Units, country_of, level
from kb.importers.nuts_names import in_capitals, in_small_letters
from kb.terms import mint, mint_apart

Revivals = dict[str, dict[str, str]]
"""Edition -> code -> the code of the same place in an edition before the last one."""


def places(
    editions: dict[str, Units], steps: list[Step], revived: Revivals
) -> dict[tuple[str, str], PlaceRecord]:
    """(edition, code) -> the place, one object for all its codes.

    The IRI is minted from the country, the name in the first edition with the place, and the level; of two
    places with one name the later one, or the one with the later code, gets a mark from its first code and
    edition. So a place keeps its IRI when a newer edition is added.
    """
    found: dict[tuple[str, str], PlaceRecord] = {}
    taken: set[URIRef] = set()
    steps_to = {step.new: step for step in steps}
    passed: list[str] = []
    for edition, units in editions.items():
        step = steps_to.get(edition)
        same = step.same if step else {}
        for code in sorted(units):
            record = None
            if step and code in same:
                record = found[step.old, same[code]]
            elif code in revived.get(edition, {}):
                record = _standing(found, passed[:-1], revived[edition][code])
            if record is None:
                record = PlaceRecord(_iri(code, units[code].label, edition, taken), {})
                taken.add(record.iri)
            record.codes[edition] = code
            found[edition, code] = record
        passed.append(edition)
    return found


def _standing(
    found: dict[tuple[str, str], PlaceRecord], editions: list[str], code: str
) -> PlaceRecord | None:
    """The place that has `code` in the newest of `editions` in which the code stands."""
    return next((found[edition, code] for edition in reversed(editions) if (edition, code) in found), None)


def _iri(code: str, label: str, edition: str, taken: set[URIRef]) -> URIRef:
    if level(code) == 0:
        return country_of(code)
    key = f"{code[:2]} {label or code} nuts{level(code)}"
    plain = mint("region", key)
    return mint_apart("region", key, f"{code} {edition}") if plain in taken else plain


def fill_labels(editions: dict[str, Units], steps: list[Step]) -> list[tuple[str, str]]:
    """Gives a unit whose name is not told the name that the place had before, or else has later.

    Out: the (edition, code) of these units.
    """
    untold = [(edition, unit.code) for edition, units in editions.items() for unit in units.values()]
    untold = [(edition, code) for edition, code in untold if not editions[edition][code].label]
    for step in steps:
        for new, old in step.same.items():
            unit = editions[step.new][new]
            unit.label = unit.label or editions[step.old][old].label
    for step in reversed(steps):
        for new, old in step.same.items():
            unit = editions[step.old][old]
            unit.label = unit.label or editions[step.new][new].label
    return untold


class Spelling:
    """The names of a country's units as they are written where they are not in capitals."""

    def __init__(self, editions: dict[str, Units]) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        for units in editions.values():
            for unit in units.values():
                self._names[unit.code[:2]].add(unit.label)

    def names_of(self, record: PlaceRecord, editions: dict[str, Units]) -> list[tuple[str, str, str]]:
        """The (code, name, name in Latin letters) of a place, the newest edition first, none in capitals."""
        found = []
        for edition, code in reversed(record.codes.items()):
            unit = editions[edition][code]
            label = unit.label
            if in_capitals(label):
                label = in_small_letters(label, sorted(self._names[code[:2]]))
            found.append((code, label, unit.latin))
        return found
