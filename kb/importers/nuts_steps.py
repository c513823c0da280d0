"""Works out what became of each unit of an edition in the next one.

What Eurostat states counts: two codes in one row of a table of changes are the same place, and so are the two
rows of a boundary shift with one name. Where the table names no counterpart (a region is "discontinued",
another is "new"), and for 2010 to 2013, of which no table was found, the counterparts are derived from the
crosswalk of the Joint Research Centre: how many people of a unit live in which units of the next edition.

A flow counts from 1 % of the people of the unit that they leave or of the unit that they come to. It is the
share below which Regulation (EC) No 1059/2003, article 5(2a), lets a boundary shift go without an amendment
of NUTS; below it are places that were drawn differently. A code that both editions have is the same unit,
whatever the crosswalk says: a unit whose territory is amended gets another code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from kb.importers.nuts_model import Change, Flows, Remark, Step, Units
from kb.importers.nuts_names import is_renaming, same_name, without_country
from kb.importers.nuts_rows import Rows, joined, types_of

SLIVER: Final = 0.01
"""The share of people below which a flow is taken for a difference in drawing."""

_MAIN, _CORE, _WHOLE = 0.5, 0.9, 0.99


@dataclass
class _Ground:
    """What a step is worked out from: the units of both editions, the flows between them, the edges found."""

    before: Units
    after: Units
    flows: Flows
    edges: dict[tuple[str, str], Change] = field(default_factory=dict)
    coming: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for flows in self.flows.values():
            self.coming.update(flows)

    def share(self, old: str, new: str) -> float | None:
        """The share of the people of `old` who live in `new`, 0 to 1; None when the crosswalk lacks `old`."""
        total = sum(self.flows.get(old, {}).values())
        return self.flows[old].get(new, 0.0) / total if total else None

    def share_coming(self, old: str, new: str) -> float:
        """The share of the people of `new` who come from `old`, 0 to 1."""
        return self.flows.get(old, {}).get(new, 0.0) / self.coming[new] if self.coming[new] else 0.0

    def add(
        self, old: str, new: str, types: set[str], *, same: bool, stated: bool, comment: str = ""
    ) -> None:
        """Adds an edge; without types, they follow from how many units meet in it."""
        share = self.share(old, new) if self.counts(old, new) else None
        self.edges[old, new] = Change(old, new, frozenset(types), same, stated, comment, share)

    def counts(self, old: str, new: str) -> bool:
        """Whether the flow from one unit to the other is more than a difference in drawing."""
        return max(self.share(old, new) or 0.0, self.share_coming(old, new)) >= SLIVER

    def counting(self) -> Iterator[tuple[str, str]]:
        """The flows between two different codes that count, from one unit to the next."""
        for old in self.before:
            for new in sorted(self.flows.get(old, {})):
                if new in self.after and new != old and self.counts(old, new):
                    yield old, new

    def derived(self, kept: set[str]) -> list[tuple[str, str]]:
        """The flows that count and are no edges yet, but for those between two codes of both editions."""
        found = self.counting()
        return [edge for edge in found if edge not in self.edges and not kept.issuperset(edge)]

    def changes(self, unchanged: Iterable[str]) -> list[Change]:
        """The edges, each with its types."""
        leaving = Counter([*(old for old, _ in self.edges), *unchanged])
        coming = Counter([*(new for _, new in self.edges), *unchanged])
        going_on = {change.old for change in self.edges.values() if change.same}
        gone_on = {change.new for change in self.edges.values() if change.same}
        found = []
        for change in self.edges.values():
            types = set(change.types)
            if not types and change.old in going_on and change.new in gone_on:
                types = {"boundary-shift"}
            elif not types:
                types = {"split"} if leaving[change.old] > 1 else set()
                types |= {"merged"} if coming[change.new] > 1 else set()
            found.append(replace(change, types=frozenset(types or {"recoded"})))
        return found

    def remarks(self, edition: str, kept: set[str]) -> Iterator[Remark]:
        """What the crosswalk says that the edges do not, and the other way round."""
        for old, new in self.counting():
            if (old, new) not in self.edges and kept.issuperset((old, new)):
                share = f"{(self.share(old, new) or 0.0):.1%}"
                sentence = f"By the crosswalk {share} of its people come to {new}; both keep their codes."
                yield Remark(edition, old, sentence)
        for (old, new), change in self.edges.items():
            if change.stated and change.share is None and self.share(old, new) is not None:
                yield Remark(edition, old, f"It is stated that {new} has a part of it; not by the crosswalk.")


def step_without_table(edition: str, next_edition: str, before: Units, after: Units, flows: Flows) -> Step:
    """The step between two editions of which there is no table of changes, from the crosswalk alone.

    Two units are the same place when more than half of the people of each live in the other, and the name is
    the same or nine tenths are. A country that one of the editions lacks has no changes: nothing is known.
    """
    ground = _Ground(before, after, flows)
    kept = {code for code in before if code in after}
    for code in sorted(kept):
        if _renamed(before[code].label, after[code].label):
            ground.add(code, code, {"renamed"}, same=True, stated=False)
    for old, new in ground.derived(kept):
        core = min(ground.share(old, new) or 0.0, ground.share_coming(old, new))
        renamed = _renamed(before[old].label, after[new].label)
        same = core > _MAIN and (not renamed or core >= _CORE) and not kept & {old, new}
        types = {"recoded" if core >= _WHOLE else "boundary-shift"} if same else set()
        ground.add(old, new, types | ({"renamed"} if types and renamed else set()), same=same, stated=False)
    unchanged = sorted(code for code in kept if (code, code) not in ground.edges)
    step = Step(edition, next_edition, ground.changes(unchanged), unchanged)
    step.remarks = list(ground.remarks(edition, kept))
    reached = {change.old for change in step.changes} | {change.new for change in step.changes} | kept
    countries = {code[:2] for code in before} & {code[:2] for code in after}
    lone = [(code, "", "discontinued") for code in before if code not in reached]
    lone += [("", code, "new") for code in after if code not in reached]
    for old, new, kind in lone:
        if (old or new)[:2] in countries:
            step.changes.append(Change(old, new, frozenset({kind}), same=False, stated=False))
    return step


def _renamed(old: str, new: str) -> bool:
    """Whether two names are both known and differ by more than spelling."""
    return bool(old and new) and not same_name(without_country(old), without_country(new))


def step_with_table(rows: Rows, flows: Flows) -> Step:
    """The step that the rows of a workbook state, completed from the crosswalk."""
    ground = _Ground(rows.before, rows.after, flows)
    kept = {code for code in rows.before if code in rows.after}
    unchanged = set(kept)
    for pair in rows.going_on:
        types = types_of(pair.change) - {"new", "discontinued"}
        if types or pair.old != pair.new:
            comment = rows.text(pair)
            ground.add(pair.old, pair.new, types or {"recoded"}, same=True, stated=True, comment=comment)
            unchanged -= {pair.old, pair.new}
    for one, other in rows.shifted():
        types = {"boundary-shift", "renamed"} if is_renaming(other.change) else {"boundary-shift"}
        comment = joined(rows.text(one), rows.text(other))
        ground.add(one.old, other.new, types, same=True, stated=True, comment=comment)
    for old, new, pair in rows.told():
        if (old, new) not in ground.edges:
            types = types_of(pair.change) & {"split", "merged"}
            ground.add(old, new, types, same=False, stated=True, comment=rows.text(pair))
    for old, new in ground.derived(kept):
        pairs = [pair for pair in (rows.ended.get(old), rows.begun.get(new)) if pair]
        comment = joined(*(rows.text(pair) for pair in pairs))
        ground.add(old, new, set(), same=False, stated=False, comment=comment)
    unchanged -= rows.ended.keys() | rows.begun.keys()
    step = Step(rows.book.old, rows.book.new, ground.changes(unchanged), sorted(unchanged))
    step.remarks = list(ground.remarks(rows.book.old, kept))
    _add_lone(step, rows)
    return step


def _add_lone(step: Step, rows: Rows) -> None:
    """Adds the changes of the units without a counterpart, where the workbook has a word about them."""
    before, after, overview = rows.before, rows.after, rows.book.overview
    left = {change.old for change in step.changes} | set(step.unchanged)
    reached = {change.new for change in step.changes} | set(step.unchanged)
    countries_before, countries_after = {code[:2] for code in before}, {code[:2] for code in after}
    sides = [(code, True) for code in before if code not in left]
    sides += [(code, False) for code in after if code not in reached]
    for code, ended in sides:
        row = (rows.ended if ended else rows.begun).get(code)
        country_gone = code[:2] not in (countries_after if ended else countries_before)
        remark = overview.get(code[:2], "") if country_gone else ""
        if row or remark:
            types = frozenset({"discontinued" if ended else "new"})
            comment = joined(rows.text(row) if row else "", remark)
            old, new = (code, "") if ended else ("", code)
            step.changes.append(Change(old, new, types, same=False, stated=True, comment=comment))
        elif not country_gone:
            sentence = f"The table of changes to NUTS {step.new} has no row about it."
            step.remarks.append(Remark(step.old if ended else step.new, code, sentence))
