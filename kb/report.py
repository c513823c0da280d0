"""What a validation found: findings and reports, for people and for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import NotUnderstood
from kb.paths import path_node, path_text

VIOLATION = "violation"
WARNING = "warning"
INFO = "info"
_SEVERITIES: dict[Node, str] = {SH.Violation: VIOLATION, SH.Warning: WARNING, SH.Info: INFO}
_RANK = {WARNING: 1, INFO: 2}


def severity_name(severity: Node) -> str:
    """ "violation", "warning" or "info" for SHACL's three severities, the IRI itself for another one."""
    return _SEVERITIES.get(severity, str(severity))


@dataclass(frozen=True)
class Finding:
    """One validation result.

    focus: the thing that was checked. shape: the shape that it breaks; a blank node when it has no IRI.
    component: the IRI of the kind of constraint. path: where the value was found, as SPARQL path text,
    None for the thing itself. value: the offending term, if one is to blame. severity: "violation",
    "warning" or "info", or the IRI of a severity of one's own, which counts as a violation.
    constraint: the SPARQL constraint that it breaks, if it is one. off_by: where the number of values is to
    blame, how many are missing or too many. messages: language tag ("" for none) -> text.
    Two findings are the same when all but the last two are.
    """

    focus: Node
    shape: Node
    component: URIRef
    path: str | None = None
    value: Node | None = None
    severity: str = VIOLATION
    constraint: Node | None = None
    off_by: int | None = field(default=None, compare=False)
    messages: Mapping[str, str] = field(default_factory=dict, compare=False)

    def message(self, language: str) -> str:
        """The message in `language`, else in English, else without a language, else in any."""
        for tag in (language, "en", ""):
            if tag in self.messages:
                return self.messages[tag]
        if self.messages:
            return self.messages[min(self.messages)]
        kind = self.component.rpartition("#")[2].removesuffix("ConstraintComponent")
        return f"It does not meet the {kind} rule of {self.shape}."

    def wording(self, language: str, labels: Mapping[Node, str]) -> str:
        """The message in `language`, the IRIs of focus node and value in it replaced by their labels."""
        text = self.message(language)
        for node in (self.focus, self.value):
            if isinstance(node, URIRef) and node in labels:
                label = labels[node].replace("\\", r"\\")
                text = re.sub(rf"{re.escape(node)}(?![\w/#-])", label, text)
        return text

    def properties(self) -> list[URIRef]:
        """The properties of the path, in order."""
        return [URIRef(found) for found in re.findall(r"<([^>]*)>", self.path or "")]

    def field(self, labels: Mapping[Node, str]) -> str | None:
        """What the path is called: its properties by their labels, ← for the way back; None without one."""
        parts = re.findall(r"(\^?)\(*<([^>]*)>", self.path or "")
        names = [f"{'← ' if back else ''}{_label(URIRef(iri), labels)}" for back, iri in parts]
        return " / ".join(names) or None

    def sentence(self, language: str, labels: Mapping[Node, str]) -> str:
        """One plain sentence or two: which thing and field, what to do, and the value that is to blame.

        labels: what things and properties are called, in `language` where they can be.
        """
        where = _named(self.focus, labels)
        if field := self.field(labels):
            where = f"{where}, {field}"
        said = f"{where}: {self.wording(language, labels)}"
        if self.value is None or self.value == self.focus:
            return said
        return f"{said} (found: {_named(self.value, labels)})"


def _named(node: Node, labels: Mapping[Node, str]) -> str:
    if node in labels:
        return labels[node]
    return f'"{node}"' if isinstance(node, Literal) else str(node)


def _label(term: URIRef, labels: Mapping[Node, str]) -> str:
    """What a property is called, the end of its IRI where that is not known."""
    return labels.get(term) or re.split(r"[/#:]", term.rstrip("/#"))[-1]


def _order(finding: Finding) -> tuple[int, str, str, str, str, str]:
    value = "" if finding.value is None else finding.value.n3()
    return (
        _RANK.get(finding.severity, 0),
        finding.focus.n3(),
        finding.shape.n3(),
        finding.path or "",
        finding.component,
        value,
    )


class Cause(Protocol):
    """A place of the input: the number of an operation, and its line, both from 1."""

    @property
    def number(self) -> int: ...

    @property
    def line(self) -> int: ...


@dataclass(frozen=True)
class Report:
    """All findings of a validation, sorted by severity, thing and shape."""

    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Report:
        """The report of these findings, in any order."""
        return cls(tuple(sorted(findings, key=_order)))

    @property
    def violations(self) -> tuple[Finding, ...]:
        """Findings that keep data out: every severity but warning and info."""
        return tuple(found for found in self.findings if found.severity not in _RANK)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that a steward should look at."""
        return tuple(found for found in self.findings if found.severity == WARNING)

    @property
    def infos(self) -> tuple[Finding, ...]:
        """Findings that say what could still be added."""
        return tuple(found for found in self.findings if found.severity == INFO)

    def terms(self) -> list[Node]:
        """What sentences about the findings name: the things, properties and values, each once."""
        named = [term for each in self.findings for term in (each.focus, *each.properties(), each.value)]
        return list(dict.fromkeys(term for term in named if term is not None))

    @property
    def conforms(self) -> bool:
        """Whether nothing was found that keeps data out; there may be warnings and infos."""
        return not self.violations

    def counts(self) -> dict[Node, int]:
        """Shape -> number of findings, most first."""
        return dict(Counter(found.shape for found in self.findings).most_common())

    def sentences(self, language: str = "en", labels: Mapping[Node, str] | None = None) -> list[str]:
        """One sentence a finding, in order. labels: what things are called, where known."""
        return [found.sentence(language, labels or {}) for found in self.findings]

    def to_json(self, causes: Mapping[Finding, Iterable[Cause]] | None = None) -> dict[str, object]:
        """The report as plain values for JSON: counts, then the findings in order.

        causes: the places of the input that findings come from, where known; they are told as "origins".
        """
        known = causes or {}
        return {
            "conforms": self.conforms,
            "violations": len(self.violations),
            "warnings": len(self.warnings),
            "infos": len(self.infos),
            "findings": [_finding_json(found, known.get(found, ())) for found in self.findings],
        }

    def to_graph(self) -> Graph:
        """The report as SHACL writes it (section 3.6 of its specification).

        There sh:conforms is true only when nothing at all was found, warnings and infos included.
        """
        graph = Graph()
        report = BNode()
        graph.add((report, RDF.type, SH.ValidationReport))
        graph.add((report, SH.conforms, Literal(not self.findings)))
        for found in self.findings:
            graph.add((report, SH.result, _add_result(found, graph)))
        return graph

    @classmethod
    def from_graph(cls, graph: Graph) -> Report:
        """The report that stands in `graph`, which must hold exactly one. Raises `NotUnderstood`."""
        reports = list(graph.subjects(RDF.type, SH.ValidationReport))
        if len(reports) != 1:
            raise NotUnderstood(f"One validation report was expected, {len(reports)} were found.")
        return cls.of(_read_result(graph, result) for result in graph.objects(reports[0], SH.result))


def _finding_json(found: Finding, causes: Iterable[Cause]) -> dict[str, object]:
    told: dict[str, object] = {
        "severity": found.severity,
        "focus": _term_json(found.focus),
        "path": found.path,
        "value": None if found.value is None else _term_json(found.value),
        "shape": _term_json(found.shape),
        "constraint": None if found.constraint is None else _term_json(found.constraint),
        "component": str(found.component),
        "messages": dict(found.messages),
    }
    if found.off_by is not None:
        told["offBy"] = found.off_by
    if origins := [{"operation": each.number, "line": each.line} for each in causes]:
        told["origins"] = origins
    return told


def _term_json(node: Node) -> dict[str, str]:
    """A term as the JSON results of SPARQL write it."""
    if isinstance(node, Literal):
        told = {"type": "literal", "value": str(node)}
        if node.language:
            return told | {"xml:lang": node.language}
        return told | ({"datatype": str(node.datatype)} if node.datatype else {})
    return {"type": "bnode" if isinstance(node, BNode) else "uri", "value": str(node)}


def _add_result(found: Finding, graph: Graph) -> BNode:
    result = BNode()
    severity = {name: iri for iri, name in _SEVERITIES.items()}.get(found.severity, URIRef(found.severity))
    graph.add((result, RDF.type, SH.ValidationResult))
    graph.add((result, SH.focusNode, found.focus))
    graph.add((result, SH.sourceShape, found.shape))
    graph.add((result, SH.sourceConstraintComponent, found.component))
    graph.add((result, SH.resultSeverity, severity))
    if found.path is not None:
        graph.add((result, SH.resultPath, path_node(found.path, graph)))
    if found.value is not None:
        graph.add((result, SH.value, found.value))
    if found.constraint is not None:
        graph.add((result, SH.sourceConstraint, found.constraint))
    for language, text in found.messages.items():
        graph.add((result, SH.resultMessage, Literal(text, lang=language or None)))
    return result


def _read_result(graph: Graph, result: Node) -> Finding:
    focus = graph.value(result, SH.focusNode)
    severity = graph.value(result, SH.resultSeverity)
    component = graph.value(result, SH.sourceConstraintComponent)
    if focus is None or severity is None or not isinstance(component, URIRef):
        raise NotUnderstood("A validation result lacks its focus node, severity or constraint component.")
    path = graph.value(result, SH.resultPath)
    # A report may leave out the shape; the result itself then stands for it.
    return Finding(
        focus=focus,
        shape=graph.value(result, SH.sourceShape) or result,
        component=component,
        path=None if path is None else path_text(graph, path),
        value=graph.value(result, SH.value),
        severity=severity_name(severity),
        constraint=graph.value(result, SH.sourceConstraint),
        messages=to_messages(graph.objects(result, SH.resultMessage)),
    )


def to_messages(texts: Iterable[Node]) -> dict[str, str]:
    """Language tag -> message; several in one language are joined in alphabetic order."""
    found: dict[str, list[str]] = {}
    for text in texts:
        language = text.language if isinstance(text, Literal) else None
        found.setdefault(language or "", []).append(str(text))
    return {language: " ".join(sorted(same)) for language, same in sorted(found.items())}
