"""Tests of kb/gate/causes.py."""

from dataclasses import dataclass, field

from rdflib import SH, Literal, Namespace
from rdflib.term import Node

from kb.gate.causes import caused_by, causes
from kb.patch import Patch, Quad
from kb.pending import Origin
from kb.report import Finding, Report

EX = Namespace("https://example.org/")


def quad(subject: Node, predicate: Node, value: Node) -> Quad:
    return (subject, predicate, value, EX.graph)


TYPE = quad(EX.a, EX.type, EX.Thing)
NAME = quad(EX.a, EX.name, Literal("A"))
OTHER_NAME = quad(EX.a, EX.name, Literal("B"))
LINK = quad(EX.a, EX.link, EX.b)
LINKED = quad(EX.c, EX.link, EX.a)
ORIGINS = {
    TYPE: Origin(1, 1),
    NAME: Origin(1, 2),
    OTHER_NAME: Origin(2, 5),
    LINK: Origin(3, 7),
    LINKED: Origin(4, 9),
}
PATCH = Patch.of([LINK, LINKED], [TYPE, NAME, OTHER_NAME])


def about(focus: Node, path: Node | None = None, value: Node | None = None) -> Finding:
    path_text = None if path is None else path.n3()
    return Finding(focus, EX.shape, SH.ClassConstraintComponent, path_text, value)


def places(finding: Finding) -> list[int]:
    return [origin.number for origin in caused_by(finding, PATCH, ORIGINS)]


def test_a_finding_comes_from_the_triple_that_it_is_about():
    assert places(about(EX.a, EX.name, Literal("A"))) == [1]
    assert places(about(EX.a, EX.name, Literal("B"))) == [2]


def test_without_a_value_it_comes_from_all_that_is_said_on_its_path():
    assert places(about(EX.a, EX.name)) == [1, 2]
    assert places(about(EX.b, EX.link)) == [3]


def test_of_a_value_that_was_not_linked_now_what_is_said_of_the_value_counts():
    assert places(about(EX.x, EX.part, EX.a)) == [1, 1, 2, 3]


def test_else_it_comes_from_what_is_said_of_the_thing():
    assert places(about(EX.a, EX.unknown)) == [1, 1, 2, 3]
    assert places(about(EX.b)) == [3]


def test_a_finding_that_nothing_touches_has_no_place():
    assert places(about(EX.x, EX.name, EX.y)) == []
    assert caused_by(about(EX.a, EX.name), PATCH, {}) == []


def test_of_a_report_those_with_a_place_are_told():
    @dataclass
    class Change:
        patch: Patch = PATCH
        origins: dict[Quad, Origin] = field(default_factory=lambda: ORIGINS)

    named, unknown = about(EX.a, EX.name, Literal("B")), about(EX.x)
    assert causes(Report.of([named, unknown]), Change()) == {named: [Origin(2, 5)]}
