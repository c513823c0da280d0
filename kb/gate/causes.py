"""Which part of a request a finding comes from: the operation or line whose triples it is about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Protocol

from rdflib.term import Node

from kb.patch import Patch, Quad
from kb.pending import Origin
from kb.report import Finding, Report


class Traced(Protocol):
    """A change of which it is known where its quads come from."""

    @property
    def patch(self) -> Patch: ...

    @property
    def origins(self) -> Mapping[Quad, Origin]: ...


def caused_by(finding: Finding, patch: Patch, origins: Mapping[Quad, Origin]) -> list[Origin]:
    """The places whose quads a finding is about, in their order; none when no quad touches it.

    Of the quads that go in or out, those about the value on the path of the finding count first, then those
    about its value, about its path, and about its focus node. origins: the places of the quads.
    """
    return _Touched(patch, origins).places(finding)


def causes(report: Report, change: Traced) -> dict[Finding, list[Origin]]:
    """The places that each finding of a report comes from, for those that come from any."""
    touched = _Touched(change.patch, change.origins)
    found = {finding: touched.places(finding) for finding in report.findings}
    return {finding: places for finding, places in found.items() if places}


class _Touched:
    """The quads of a patch that have a place, by their ends."""

    def __init__(self, patch: Patch, origins: Mapping[Quad, Origin]) -> None:
        self._origins = origins
        self._about: dict[Node, set[Quad]] = defaultdict(set)
        for quad in (*patch.deletes, *patch.inserts):
            if quad in origins:
                self._about[quad[0]].add(quad)
                self._about[quad[2]].add(quad)

    def places(self, finding: Finding) -> list[Origin]:
        for quads in self._by_closeness(finding):
            if quads:
                places = {self._origins[quad] for quad in quads}
                return sorted(places, key=lambda place: (place.number, place.line))
        return []

    def _by_closeness(self, finding: Finding) -> Iterator[set[Quad]]:
        properties = set(re.findall("<([^<>]*)>", finding.path or ""))
        focus = self._about.get(finding.focus, set())
        on_path = {quad for quad in focus if str(quad[1]) in properties}
        if finding.value is not None and finding.value != finding.focus:
            value = self._about.get(finding.value, set())
            yield on_path & value
            yield focus & value
            yield {quad for quad in value if quad[0] == finding.value}
            yield value
        yield on_path
        yield {quad for quad in focus if quad[0] == finding.focus}
        yield focus
