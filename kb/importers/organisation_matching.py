"""Which of our organisations is which record of the Research Organization Registry, and how sure that is.

A pair is sure when a review has accepted it, or when all of this holds and no review has refused it: a name
of the organisation and a name of the record have the same normal form (`kb.importers.organisation_names`),
which is telling; both are in the same country; and no other record and no other organisation of that country
has that name. Whatever else is alike is a candidate for a person to look at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rapidfuzz import fuzz, process
from rdflib import URIRef

from kb.importers.country_codes import country_codes, english_names
from kb.importers.organisation_names import is_telling, normal_form
from kb.importers.ror import Record

LINKED, CANDIDATE, REFUSED = "linked", "candidate", "refused"

_ALIKE: Final = 85.0  # of 100; names that are less alike are not even candidates
_MOST: Final = 5  # candidates a name


@dataclass(frozen=True)
class Organisation:
    """One of ours. names: as written, the label first. place: where it is, for people who look."""

    iri: URIRef
    names: tuple[str, ...]
    country: URIRef | None
    place: str

    def forms(self) -> list[str]:
        """The normal forms of its names."""
        return list(dict.fromkeys(form for form in map(normal_form, self.names) if form))


@dataclass(frozen=True)
class Decision:
    """What a review has decided on a pair. verdict: `LINKED` or `REFUSED`."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """What we think of a pair. score: how alike the names are, 0 to 100. reason: in a sentence."""

    organisation: Organisation
    record: Record
    score: float
    verdict: str
    reason: str
    decided: bool = False


class Register:
    """Records of ROR, by identifier and by the normal forms of their names; not those that are withdrawn."""

    def __init__(self, found: Iterable[Record]) -> None:
        self.by_identifier: dict[str, Record] = {}
        self._by_form: defaultdict[str, set[str]] = defaultdict(set)
        self._named: defaultdict[URIRef, dict[tuple[str, str], None]] = defaultdict(dict)
        for record in found:
            if record.status != "withdrawn":
                self._add(record)

    def _add(self, record: Record) -> None:
        self.by_identifier[record.identifier] = record
        country = country_codes()[record.country]
        # ROR tells companies apart by their country: "Bwcon (Germany)".
        suffix = f" ({english_names()[country]})"
        for name in record.names:
            if form := normal_form(name.text.removesuffix(suffix)):
                self._by_form[form].add(record.identifier)
                self._named[country][form, record.identifier] = None

    def called(self, form: str) -> set[str]:
        """The identifiers of the records that have a name of this normal form, in any country."""
        return self._by_form.get(form, set())

    def is_alone(self, form: str, country: URIRef) -> bool:
        """Whether one record in `country`, and only one, has a name of this normal form."""
        inside = [known for known in self.called(form) if (form, known) in self._named[country]]
        return len(inside) == 1

    def alike(self, form: str, country: URIRef | None) -> dict[str, float]:
        """Identifier -> score of the records, in `country` or anywhere, with the names most like `form`.

        In a known country also those whose name has all the words of `form`, or the other way round.
        """
        blocks = [self._named[country]] if country else list(self._named.values())
        named = [pair for block in blocks for pair in block]
        choices = [choice for choice, _ in named]
        found = process.extract(form, choices, scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE, limit=_MOST)
        if country:
            found += process.extract(
                form, choices, scorer=fuzz.token_set_ratio, score_cutoff=100, limit=_MOST
            )
        scores: dict[str, float] = {}
        for choice, _, at in found:
            identifier = named[at][1]
            score = fuzz.token_sort_ratio(form, choice)
            scores[identifier] = max(score, scores.get(identifier, 0.0))
        return scores


def match(
    organisations: Sequence[Organisation],
    register: Register,
    decisions: Mapping[tuple[URIRef, str], Decision],
) -> list[Finding]:
    """All pairs that are alike or decided on, by organisation, then from the most to the least alike.

    decisions: by organisation and ROR identifier. The register has these identifiers, and none of the
    organisations or identifiers is accepted twice.
    """
    bearers = Counter((form, one.country) for one in organisations for form in one.forms())
    findings = []
    for one in organisations:
        scores = _scores(one, register)
        for iri, identifier in decisions:
            if iri == one.iri:
                scores.setdefault(identifier, 0.0)
        for identifier, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])):
            finding = _judged(one, register.by_identifier[identifier], score, register, bearers)
            decision = decisions.get((one.iri, identifier))
            if decision:
                reason = f"Decided in a review: {decision.reason}"
                finding = replace(finding, verdict=decision.verdict, reason=reason, decided=True)
            findings.append(finding)
    return _one_to_one(findings)


def _scores(one: Organisation, register: Register) -> dict[str, float]:
    """Identifier -> score of every record that is worth a look."""
    scores: dict[str, float] = {}
    for form in one.forms():
        same = dict.fromkeys(register.called(form), 100.0)
        alike = register.alike(form, one.country) if is_telling(form) else {}
        for identifier, score in (alike | same).items():
            scores[identifier] = max(score, scores.get(identifier, 0.0))
    return scores


def _judged(
    one: Organisation,
    record: Record,
    score: float,
    register: Register,
    bearers: Mapping[tuple[str, URIRef | None], int],
) -> Finding:
    """The pair by itself, without what reviews have decided."""
    shared = [form for form in one.forms() if record.identifier in register.called(form)]
    country = country_codes()[record.country]
    verdict = CANDIDATE
    if not shared:
        reason = "The names are alike, not the same."
    elif one.country is None:
        reason = "The names are the same, but the country of the organisation is not known."
    elif one.country != country:
        reason = "The names are the same, but the countries are not."
    elif not any(is_telling(form) for form in shared):
        reason = "The name that they share is too short to be one body's alone."
    elif not any(
        is_telling(form) and register.is_alone(form, country) and bearers[form, country] == 1
        for form in shared
    ):
        reason = "They share their name with others in the same country."
    else:
        verdict, reason = LINKED, "They have the same name in the same country, and no other there has it."
    return Finding(one, record, score, verdict, reason)


def _one_to_one(findings: list[Finding]) -> list[Finding]:
    """Takes back what would link one organisation to several records or one record to several organisations.

    A pair that a review has accepted stands; what only the rule has found gives way.
    """
    linked = [finding for finding in findings if finding.verdict == LINKED]
    ours = Counter(finding.organisation.iri for finding in linked)
    theirs = Counter(finding.record.identifier for finding in linked)
    reason = "They have the same name, but one of the two is also, or by a decision, linked to another."
    return [
        replace(finding, verdict=CANDIDATE, reason=reason)
        if finding.verdict == LINKED
        and not finding.decided
        and (ours[finding.organisation.iri] > 1 or theirs[finding.record.identifier] > 1)
        else finding
        for finding in findings
    ]
