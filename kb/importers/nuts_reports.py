"""The tables for review that come with an import of NUTS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kb.importers.nuts_english import EnglishName
from kb.importers.nuts_model import CHANGE_TYPES, Remark, Step, Units, is_extra_regio, level

Row = dict[str, str]


def change_rows(step: Step, editions: dict[str, Units]) -> Iterator[Row]:
    """Every change of a step, sorted by code."""
    for change in sorted(step.changes, key=lambda change: (change.old or change.new, change.new)):
        old, new = editions[step.old].get(change.old), editions[step.new].get(change.new)
        yield {
            "from": step.old,
            "to": step.new,
            "old code": change.old,
            "new code": change.new,
            "old name": old.label if old else "",
            "new name": new.label if new else "",
            "types": " ".join(name for name in CHANGE_TYPES if name in change.types),
            "same place": "yes" if change.same else "no",
            "basis": "stated" if change.stated else "inferred",
            "population share": "" if change.share is None else f"{change.share:.4f}",
            "explanation": change.comment,
        }


def extra_remarks(edition: str, units: Units, crosswalk: set[str]) -> Iterator[Remark]:
    """Where the units of an edition and those of the crosswalk are not the same ones.

    crosswalk: its codes in that edition. A country that one side lacks altogether gets one remark.
    """
    codes = {code for code in units if level(code)}
    known = {code for code in crosswalk if level(code)}
    for mine, other, sentence in (
        (codes, known, "The crosswalk lacks {}, so there are no population shares."),
        (known, codes, "The crosswalk has {}, which no workbook lists in this edition."),
    ):
        countries = Counter(code[:2] for code in mine)
        lone = Counter(code[:2] for code in mine - other)
        for country in sorted(country for country in lone if lone[country] == countries[country]):
            yield Remark(edition, country, sentence.format(f"all {lone[country]} units of the country"))
        for code in sorted(mine - other):
            if lone[code[:2]] < countries[code[:2]] and not is_extra_regio(code):
                yield Remark(edition, code, sentence.format("this unit"))


def remark_rows(remarks: list[Remark], editions: dict[str, Units]) -> list[Row]:
    """What a person may want to look at, sorted by edition and code."""
    return [
        {
            "edition": remark.edition,
            "code": remark.code,
            "name": editions[remark.edition][remark.code].label
            if remark.code in editions[remark.edition]
            else "",
            "remark": remark.sentence,
        }
        for remark in sorted(remarks, key=lambda remark: (remark.edition, remark.code, remark.sentence))
    ]


def english_rows(names: list[EnglishName], units: Units) -> list[Row]:
    """The English names, with the reason where one is not used."""
    return [
        {
            "code": name.code,
            "official name": units[name.code].label,
            "English name": name.name,
            "record": name.record,
            "used": "no" if name.dropped else "yes",
            "reason": name.dropped,
        }
        for name in names
    ]
