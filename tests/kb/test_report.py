"""Tests of kb/report.py."""

import json
from dataclasses import replace
from typing import NamedTuple

import pytest
from rdflib import SH, Graph, Literal, Namespace, URIRef

from kb.errors import NotUnderstood
from kb.report import Finding, Report, to_messages

EX = Namespace("https://example.org/")
NAMELESS = Finding(
    focus=EX.b,
    shape=EX["Project-name"],
    component=SH.MinCountConstraintComponent,
    path=EX.name.n3(),
    messages={"en": "A project needs a name.", "fr": "Un projet a un nom."},
)
TWICE = Finding(
    focus=EX.a,
    shape=EX["Project-name"],
    component=SH.UniqueLangConstraintComponent,
    path=EX.name.n3(),
    value=Literal("Textiles", lang="en"),
    severity="warning",
    messages={"": "One name a language."},
)
UNKNOWN = Finding(focus=EX.a, shape=EX.P, component=SH.ClassConstraintComponent, value=EX.b, severity="info")


def test_findings_are_sorted_by_severity_then_thing():
    other = replace(NAMELESS, focus=EX.a)
    report = Report.of([UNKNOWN, TWICE, NAMELESS, other])
    assert report.findings == (other, NAMELESS, TWICE, UNKNOWN)
    assert (report.violations, report.warnings, report.infos) == ((other, NAMELESS), (TWICE,), (UNKNOWN,))


def test_only_violations_keep_a_report_from_conforming():
    assert Report.of([TWICE, UNKNOWN]).conforms
    assert not Report.of([NAMELESS]).conforms
    assert not Report.of([replace(UNKNOWN, severity=str(EX.severe))]).conforms


def test_findings_are_counted_by_shape():
    assert Report.of([UNKNOWN, TWICE, NAMELESS]).counts() == {EX["Project-name"]: 2, EX.P: 1}


def test_sentences_name_the_thing_the_rule_and_the_value():
    labels = {EX.a: "Textile partnership", EX.b: "Tuscany", EX.name: "nom"}
    assert Report.of([NAMELESS, TWICE, UNKNOWN]).sentences("fr", labels) == [
        "Tuscany, nom: Un projet a un nom.",
        'Textile partnership, nom: One name a language. (found: "Textiles")',
        "Textile partnership: It does not meet the Class rule of https://example.org/P. (found: Tuscany)",
    ]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (None, None),
        (f"<{EX.name}>", "name"),
        (f"<{EX}x#label>", "label"),
        (f"^<{EX.part}>/<{EX.name}>", "← part of / name"),
        (f"(^<{EX.part}>)/<{EX.name}>+", "← part of / name"),
    ],
)
def test_a_field_is_called_by_the_labels_of_its_properties_or_the_ends_of_their_iris(path, field):
    assert replace(NAMELESS, path=path).field({EX.part: "part of"}) == field


def test_a_report_names_each_term_once():
    assert Report.of([NAMELESS, TWICE, UNKNOWN]).terms() == [
        EX.b,
        EX.name,
        EX.a,
        Literal("Textiles", lang="en"),
    ]


def test_a_message_falls_back_to_english_then_to_no_language_then_to_any():
    assert NAMELESS.message("de") == "A project needs a name."
    assert TWICE.message("de") == "One name a language."
    assert replace(NAMELESS, messages={"fr": "Un nom.", "es": "Un nombre."}).message("de") == "Un nombre."


def test_the_report_reads_back_from_its_graph():
    report = Report.of(
        [UNKNOWN, TWICE, NAMELESS, replace(NAMELESS, severity=str(EX.severe), constraint=EX.c)]
    )
    again = Report.from_graph(report.to_graph())
    assert again == report
    assert [found.messages for found in again.findings] == [found.messages for found in report.findings]


def test_in_the_report_graph_a_warning_is_enough_not_to_conform():
    told = [list(report.to_graph().objects(None, SH.conforms)) for report in (Report(), Report.of([TWICE]))]
    assert told == [[Literal(True)], [Literal(False)]]


def test_json_tells_where_a_finding_comes_from_and_how_many_values_are_wrong():
    class Place(NamedTuple):
        number: int
        line: int

    nameless = replace(NAMELESS, off_by=2)
    told = Report.of([nameless, TWICE]).to_json({nameless: [Place(1, 3), Place(2, 8)]})
    (first, second) = told["findings"]
    assert first["offBy"] == 2
    assert first["origins"] == [{"operation": 1, "line": 3}, {"operation": 2, "line": 8}]
    assert {"offBy", "origins"}.isdisjoint(second)


def test_json_holds_the_counts_and_every_finding():
    told = Report.of([TWICE]).to_json()
    assert json.loads(json.dumps(told)) == {
        "conforms": True,
        "violations": 0,
        "warnings": 1,
        "infos": 0,
        "findings": [
            {
                "severity": "warning",
                "focus": {"type": "uri", "value": str(EX.a)},
                "path": "<https://example.org/name>",
                "value": {"type": "literal", "value": "Textiles", "xml:lang": "en"},
                "shape": {"type": "uri", "value": str(EX["Project-name"])},
                "constraint": None,
                "component": str(SH.UniqueLangConstraintComponent),
                "messages": {"": "One name a language."},
            }
        ],
    }


def test_several_messages_in_one_language_are_joined():
    texts = [Literal("b", lang="en"), Literal("a", lang="en"), Literal("c")]
    assert to_messages(texts) == {"": "c", "en": "a b"}


def test_a_graph_without_a_report_is_refused():
    with pytest.raises(NotUnderstood, match="0 were found"):
        Report.from_graph(Graph())


def test_a_message_that_names_a_thing_says_its_label():
    ateval = URIRef("https://example.org/ateval")
    finding = Finding(
        URIRef("https://example.org/tex4im"),
        URIRef("https://example.org/shape"),
        SH.SPARQLConstraintComponent,
        value=ateval,
        messages={"": f"No priority of the region of {ateval}. Not {ateval}-two."},
    )
    assert (
        finding.wording("en", {ateval: "ATEVAL"}) == f"No priority of the region of ATEVAL. Not {ateval}-two."
    )
