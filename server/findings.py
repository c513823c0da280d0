"""What the shapes found, over HTTP: sentences for people, facts for programs, SHACL where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rdflib.term import Node

from kb.errors import DataRefused
from kb.report import Cause, Finding, Report
from server.negotiation import REPORTS, NotAcceptable, choose, choose_language
from server.serializing import written

LANGUAGES: Final = ("en", "fr", "de")
"""The languages that findings are told in, English first."""


def told_findings(
    report: Report,
    language: str,
    causes: Mapping[Finding, Sequence[Cause]] | None = None,
    labels: Mapping[Node, str] | None = None,
) -> list[dict[str, object]]:
    """Findings for JSON: the facts of each, its sentence and its field in a language where there are such.

    causes: the places of the request that findings come from, labels: what things are called, where known.
    """
    facts = report.to_json(causes)["findings"]
    assert isinstance(facts, list)
    return [
        {"sentence": found.sentence(language, labels or {}), "field": found.field(labels or {}), **fact}
        for found, fact in zip(report.findings, facts, strict=True)
    ]


def refusal(error: DataRefused, accept_language: str | None) -> dict[str, object]:
    """The members that a problem has besides, when data breaks the shapes.

    findings: what would be worse than before. older: what is wrong already about the same things.
    """
    language = choose_language(accept_language, LANGUAGES)
    labels = error.labels.get(language, {})
    worse = error.report if isinstance(error.report, Report) else Report()
    older = error.older if isinstance(error.older, Report) else Report()
    return {
        "language": language,
        "findings": told_findings(worse, language, error.causes, labels),
        "older": told_findings(older, language, None, labels),
    }


def as_shacl(error: DataRefused, accept: str | None) -> tuple[str, bytes] | None:
    """The report as SHACL writes it: its media type and bytes; None unless the client asks for RDF."""
    try:
        media, form = choose(accept, REPORTS)
    except NotAcceptable:
        return None
    if form == "json" or not isinstance(error.report, Report):
        return None
    return media, written(error.report.to_graph(), form)
