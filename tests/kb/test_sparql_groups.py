"""Tests of kb/sparql_groups.py: the parts of a group, and the variables of each."""

import pytest

from kb.errors import NotUnderstood
from kb.sparql_groups import query


def parts(where):
    """Each part of a group: its sort, the variables that it may bind, and those that it does bind."""
    parsed = query(f"PREFIX : <urn:> SELECT * {{ {where} }}")
    return [
        " | ".join((part.sort.value, " ".join(sorted(part.visible())), " ".join(sorted(part.certain()))))
        for part in parsed.where.parts
    ]


PARTS = [
    ("?a :p ?b ; :q [ :r ?c ] , (1 ?d) . :x :y ?e", ["triples | a b c d | a b c d", "triples | e | e"]),
    ("[] :p/(:q|^:r)* ?a", ["triples | a | a"]),
    ("?a :p 1.5 . ?b :p 'x'@en . _:c :p '1'^^:t", ["triples | a | a", "triples | b | b", "triples |  | "]),
    (
        "?a a ?b FILTER(?c < 1 && NOT EXISTS { ?d a ?e }) ?f a 1",
        ["triples | a b | a b", "FILTER |  | ", "triples | f | f"],
    ),
    ("FILTER REGEX(?a, 'x') FILTER :f(?b) FILTER NOT EXISTS { ?c a ?d }", ["FILTER |  | "] * 3),
    ("OPTIONAL { ?a a ?b } MINUS { ?c a ?d }", ["OPTIONAL | a b | ", "MINUS |  | "]),
    ("{ ?a a ?b } UNION { ?b a ?c }", ["groups | a b c | b"]),
    ("{ ?d a 1 OPTIONAL { ?e a 1 } }", ["groups | d e | d"]),
    ("GRAPH ?g { ?a a 1 } GRAPH :g { ?b a 1 }", ["GRAPH | a g | a g", "GRAPH | b | b"]),
    ("SERVICE ?g { ?a a 1 } SERVICE SILENT :g { ?b a 1 }", ["SERVICE | a g | a g", "SERVICE | b | "]),
    ("BIND(IF(?a, 1, (2)) AS ?b)", ["BIND | b | "]),
    ("VALUES ?a { 1 UNDEF '2'^^:t } VALUES ?b { 'x'@en -1.5 true }", ["VALUES | a | ", "VALUES | b | b"]),
    ("VALUES (?a ?b ?c) { (1 '2'^^:t UNDEF) (:x true 3) }", ["VALUES | a b c | a b"]),
    ("VALUES (?a ?b) { (<<( :a :b 1 )>> UNDEF) }", ["VALUES | a b | a"]),
    ("VALUES () { () } VALUES (?a) {}", ["VALUES |  | ", "VALUES | a | a"]),
    ("{ SELECT ?a (?b AS ?c) { ?a a ?b ; a ?d } }", ["groups | a c | a"]),
    ("{ SELECT DISTINCT * { ?a a 1 OPTIONAL { ?b a 1 } } VALUES ?c { 1 } }", ["groups | a b c | a c"]),
    ("{ SELECT ?a ?z (COUNT(?b) AS ?n) WHERE { ?a a ?b } GROUP BY ?a LIMIT 3 }", ["groups | a n z | a"]),
]


@pytest.mark.parametrize(("where", "expected"), PARTS)
def test_each_part_of_a_group_has_its_variables(where, expected):
    assert parts(where) == expected


def test_what_stands_around_the_where_is_told_apart():
    parsed = query(
        "BASE <urn:> PREFIX : <x>\n SELECT (COUNT(?a) AS ?n) FROM <g> FROM NAMED :h { ?a a ?b } "
        "VALUES ?b { 1 }"
    )
    assert (parsed.prologue, parsed.dataset) == ("BASE <urn:>\nPREFIX : <x>", "FROM <g> FROM NAMED :h")
    assert parsed.select.projected == {"n"} and not parsed.select.passes
    assert parsed.select.values.mentioned == {"b"}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("SELECT ?a { ?a a ?b } ORDER BY ?a", True),
        ("SELECT DISTINCT (?a + 1 AS ?c) { ?a a ?b }", True),
        ("SELECT (SUM(?a) AS ?b) { ?a a ?c }", False),
        ("SELECT ?a { ?a a ?b } GROUP BY ?a", False),
        ("SELECT ?a { ?a a ?b } ORDER BY COUNT(?b)", False),
        ("SELECT ?a { ?a a ?b } OFFSET 1", False),
        ("SELECT ?a { ?a a ?b } LIMIT 1", False),
    ],
)
def test_a_select_passes_its_solutions_on_when_it_neither_counts_nor_cuts(text, passes):
    assert query(text).select.passes is passes


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("CONSTRUCT { ?a a 1 } FROM <urn:g> { ?b a 1 }", "{ ?b a 1 }"),
        ("CONSTRUCT WHERE { ?b a 1 }", "{ ?b a 1 }"),
        ("DESCRIBE ?a <urn:x> WHERE { ?a a 1 }", "{ ?a a 1 }"),
        ("ASK FROM <urn:g> { ?a a 1 }", "{ ?a a 1 }"),
    ],
)
def test_every_form_of_query_has_its_where(text, where):
    found = query(text).where
    assert text[found.start : found.end] == where


def test_a_describe_may_have_no_where():
    assert query("DESCRIBE <urn:x>").where is None


@pytest.mark.parametrize(
    ("pattern", "plain"),
    [
        (
            "{ ?a a ?b . VALUES ?c { 1 } { ?a a 1 } UNION { ?b a 1 } GRAPH ?g { ?a a 1 } FILTER(?a > ?b) }",
            True,
        ),
        ("{ ?a a ?b FILTER(?c > 1) }", False),
        ("{ { FILTER(?a > 1) } ?a a 1 }", False),
        ("{ ?a a 1 FILTER(EXISTS { ?a a 1 }) }", False),
        ("{ OPTIONAL { ?a a 1 } }", False),
        ("{ MINUS { ?a a 1 } }", False),
        ("{ BIND(1 AS ?a) }", False),
        ("{ { SELECT ?a { ?a a 1 } } }", False),
        ("{ SERVICE <urn:x> { ?a a 1 } }", False),
    ],
)
def test_a_group_is_plain_when_values_may_be_put_in_before_or_after(pattern, plain):
    assert query(f"ASK {pattern}").where.is_plain() is plain


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ASK { OPTIONAL { FILTER } }", "The query ends too early."),
        ("ASK { OPTIONAL ?a }", "Line 1, column 16: { was expected here."),
        ("ASK { ?a a ?b } }", "There is a } where nothing is open."),
        ("CLEAR ALL", "SELECT or ASK or CONSTRUCT or DESCRIBE was expected here."),
        ("SELECT", "The query ends too early."),
        ("ASK { ) }", "There is a ) where"),
    ],
)
def test_what_is_no_query_is_not_understood(text, sentence):
    with pytest.raises(NotUnderstood) as refused:
        query(text)
    assert sentence in str(refused.value)
