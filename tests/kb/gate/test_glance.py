"""Tests of kb/gate/glance.py: what it is sure of is what the queries say, and it is sure of what is plain."""

from __future__ import annotations

import pytest
from rdflib import Graph, Namespace

from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.gate.compiled import Validation
from kb.gate.foci import given
from kb.gate.glance import Glance
from kb.gate.plain_tests import matches
from kb.gate.shape_graph import read_shapes
from kb.gate.value_tests import Hierarchy
from kb.gate.walking import Neighbours

EX = Namespace("https://example.org/")
PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
DATA = """
ex:Low rdfs:subClassOf ex:High .
ex:a a ex:High ; ex:q 1 . ex:b a ex:Low ; ex:q 1 , 2 . ex:c a ex:Other , [] ; ex:r 1 .
"""
SURE = {True: "yes", False: "no", None: "left"}


class Case:
    """Some data, and ex:x with values of ex:p, to be looked at by a property shape on ex:p."""

    def __init__(self, says: str, values: str) -> None:
        more = f"ex:x ex:p {values} ." if values else ""
        self.engine = OxigraphEngine.in_memory()
        self.engine.insert(read_quads((PREFIXES + DATA + more).encode(), "ttl", "data", EX.graph))
        shapes = f"ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:property ex:P . ex:P sh:path ex:p ; {says} ."
        parsed = read_shapes(Graph().parse(data=PREFIXES + shapes, format="turtle"))
        (self.shape,) = (shape for shape in parsed.values() if shape.targets)

    def glance(self) -> str:
        neighbours = Neighbours(self.engine)
        return SURE[Glance(neighbours, Hierarchy.of(self.engine)).conforms(self.shape, EX.x)]

    def queries(self) -> str:
        """What the queries say of the same."""
        found = list(Validation(self.engine).findings(self.shape, given([EX.x])))
        return "no" if found else "yes"


NAME = "[ sh:path ex:q ; sh:maxCount 1 ]"
TABLE = [
    ("sh:minCount 1", {"": "no", "1": "yes", "1 , 2": "yes"}),
    ("sh:maxCount 1", {"": "yes", "1": "yes", "1 , 1.0": "no", "'a'@en , 'a'@de": "no"}),
    ("sh:nodeKind sh:IRI", {"": "yes", "ex:a": "yes", "1": "no", "[]": "no", "ex:a , 'a'": "no"}),
    ("sh:nodeKind sh:BlankNodeOrLiteral", {"ex:a": "no", "1": "yes", "[]": "yes"}),
    ("sh:class ex:High", {"ex:a": "yes", "ex:b": "yes", "ex:c": "no", "ex:unknown": "no", "1": "left"}),
    ("sh:class ex:Low", {"ex:a": "no", "ex:b": "yes", "[ a ex:Low ]": "left"}),
    ("sh:datatype xsd:string", {"'a'": "yes", "'a'@en": "no", "1": "no", "ex:a": "no"}),
    ("sh:datatype rdf:langString", {"'a'": "no", "'a'@en": "yes", "[]": "no"}),
    ("sh:datatype xsd:integer", {"1": "yes", "-12": "yes", "'x'^^xsd:integer": "left", "1.0": "no"}),
    ("sh:datatype xsd:decimal", {"1.5": "yes", "1": "no", "'1,5'^^xsd:decimal": "left"}),
    ("sh:datatype xsd:boolean", {"true": "yes", "'no'^^xsd:boolean": "left"}),
    (
        "sh:datatype xsd:date",
        {
            "'2026-02-28'^^xsd:date": "yes",
            "'2026-02-30'^^xsd:date": "left",
            "'2024-02-29'^^xsd:date": "left",
            "'2026-02-28'^^xsd:dateTime": "no",
        },
    ),
    ("sh:datatype xsd:gYear", {"'2026'^^xsd:gYear": "yes", "'26'^^xsd:gYear": "left"}),
    ("sh:datatype xsd:long", {"1": "no", "'x'^^xsd:long": "left"}),
    ("sh:datatype xsd:duration", {"'P1D'^^xsd:duration": "left"}),
    (
        "sh:minInclusive 3",
        {"2": "no", "3": "yes", "3.5": "yes", "'4'": "left", "3e0": "left", "ex:a": "left"},
    ),
    ("sh:maxExclusive 2.5", {"2": "yes", "2.5": "no", "12345678901234567": "left"}),
    ("sh:minLength 3", {"'ab'": "no", "'abc'": "yes", "'a€😀'": "yes", "ex:a": "yes", "[]": "no"}),
    ("sh:maxLength 2", {"'ab'": "yes", "12": "yes", "'abc'": "no"}),
    (
        "sh:pattern '^[^\\\\s][^\\\\r\\\\n]*$'",
        {"'a b'": "yes", "' a'": "no", "'a\\nb'": "no", "'a\\n'": "no"},
    ),
    ("sh:pattern '^[^\\\\s]+$'", {"'a\\u00A0'": "no", "'a\\u001F'": "yes", "'a\\u2029'": "no"}),
    ("sh:pattern '/\\\\.x/'", {"<https://example.org/.x/a>": "yes", "'/ax/'": "no", "[]": "left"}),
    (
        "sh:pattern '^[A-Z]{2}[0-9A-Z]{0,3}$'",
        {"'ES'": "yes", "'ES123'": "yes", "'ES1234'": "no", "'E'": "no"},
    ),
    ("sh:pattern '^https?://'", {"'http://a'": "yes", "'https://a'": "yes", "'ftp://a'": "no"}),
    ("sh:pattern '(a|b)'", {"'a'": "left"}),
    ("sh:pattern 'A' ; sh:flags 'i'", {"'a'": "left"}),
    ("sh:languageIn ('en' 'de-AT')", {"'a'@en": "yes", "'a'@en-GB": "yes", "'a'@eng": "no", "'a'": "no"}),
    ("sh:languageIn ('de-AT')", {"'a'@de-at": "yes", "'a'@de": "no", "1": "no", "ex:a": "no"}),
    ("sh:languageIn ('*')", {"'a'@en": "left"}),
    ("sh:uniqueLang true", {"'a'@en , 'b'@en": "no", "'a'@en , 'b'@de": "yes", "'a' , 'b'": "yes"}),
    ("sh:in (ex:a 1)", {"ex:a": "yes", "ex:b": "no", "1": "left"}),
    ("sh:hasValue ex:a", {"ex:a , ex:b": "yes", "ex:b": "no", "": "no"}),
    ("sh:hasValue 1", {"1": "left"}),
    ("sh:equals ex:q", {"": "left", "1": "left"}),
    ("sh:disjoint ex:q", {"": "left", "1": "left"}),
    ("sh:lessThan ex:q", {"": "left", "1": "left"}),
    ("sh:closed true ; sh:ignoredProperties ( rdf:type )", {"ex:a": "no", "ex:unknown": "yes"}),
    ("sh:node [ sh:class ex:High ]", {"ex:a": "yes", "ex:c": "no"}),
    ("sh:not [ sh:class ex:High ]", {"ex:a": "no", "ex:c": "yes", "1": "left"}),
    ("sh:or ( [ sh:class ex:High ] [ sh:nodeKind sh:Literal ] )", {"ex:a": "yes", "1": "yes", "ex:c": "no"}),
    ("sh:and ( [ sh:class ex:High ] [ sh:minLength 99 ] )", {"ex:a": "no", "ex:c": "no"}),
    ("sh:xone ( [ sh:class ex:High ] [ sh:class ex:Low ] )", {"ex:a": "yes", "ex:b": "no", "ex:c": "no"}),
    (f"sh:property {NAME}", {"ex:a": "yes", "ex:b": "no", "ex:c": "yes", "1": "yes"}),
    ("sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:maxCount 1 ]", {"ex:a": "left"}),
    ("sh:property [ sh:path ( ex:q ex:q ) ; sh:maxCount 1 ]", {"ex:a": "left"}),
    (f"sh:property {NAME[:-1]} ; sh:deactivated true ]", {"ex:b": "yes"}),
    (
        "sh:qualifiedValueShape [ sh:class ex:High ] ; sh:qualifiedMaxCount 1",
        {"ex:a , ex:c": "yes", "ex:a , ex:b": "no", "ex:a , 1": "left"},
    ),
]
CASES = [(says, values, told) for says, expected in TABLE for values, told in expected.items()]


@pytest.mark.parametrize(("says", "values", "told"), CASES)
def test_what_is_plain_is_seen_at_a_glance(says, values, told):
    case = Case(says, values)
    assert (case.glance(), case.queries()) == (told, case.queries() if told == "left" else told)


def test_siblings_are_not_counted():
    says = """sh:qualifiedValueShape [ sh:class ex:High ] ; sh:qualifiedMinCount 1 ;
        sh:qualifiedValueShapesDisjoint true . ex:S sh:property [ sh:path ex:p ;
        sh:qualifiedValueShape [ sh:class ex:Low ] ; sh:qualifiedMaxCount 1 ]"""
    assert [(Case(says, each).glance(), Case(says, each).queries()) for each in ("ex:a", "ex:b")] == [
        ("yes", "yes"),
        ("no", "no"),
    ]


def test_of_many_values_only_the_queries_tell():
    assert Case("sh:maxCount 12", " , ".join(map(str, range(10)))).glance() == "yes"
    assert Case("sh:maxCount 12", " , ".join(map(str, range(11)))).glance() == "left"


@pytest.mark.parametrize(
    "pattern",
    [
        ".",
        "a|b",
        "a*b*",
        "(a)",
        r"\d",
        r"\s",
        r"\bx",
        "[[:alpha:]]",
        "[a&&b]",
        "[z-a]",
        "a{2}{3}",
        "a**",
        "é",
    ],
)
def test_a_pattern_that_is_not_simple_is_left_to_the_engine(pattern):
    assert matches(EX.a, pattern) is None


def test_a_long_text_is_left_to_the_engine():
    assert (matches(EX.a, "^h"), matches(EX["a" * 2_000], "^h")) == (True, None)
