"""Generated data and shapes of all kinds that the gate knows, small enough to meet one another."""

from __future__ import annotations

from hypothesis import strategies as st

PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
HIERARCHY = "ex:Cluster rdfs:subClassOf ex:Body . ex:Body rdfs:subClassOf ex:Thing . "
DECLARED = """
ex: sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/" ] ,
    [ sh:prefix "rdf" ; sh:namespace "http://www.w3.org/1999/02/22-rdf-syntax-ns#" ] ,
    [ sh:prefix "rdfs" ; sh:namespace "http://www.w3.org/2000/01/rdf-schema#" ] .
"""

NODES = [f"ex:n{number}" for number in range(4)]
CLASSES = ["ex:Thing", "ex:Body", "ex:Cluster", "ex:Place"]
PROPERTIES = ["ex:p", "ex:q", "ex:r"]
SIZES = ["ex:size", "ex:limit"]
NUMBERS = ["1", "2", "2.5", "3"]
LITERALS = [
    *('"a"', '"ab"', '"a"@en', '"b"@en', '"a"@fr', '"c"@en-gb', "1", "2", "2.5", "true"),
    *('"2020-01-01"^^xsd:date', '"2021-05-01"^^xsd:date', '"2021"^^xsd:gYear', '"x"^^xsd:integer'),
    '"2020-13-01"^^xsd:date',
]
nodes, classes, properties = st.sampled_from(NODES), st.sampled_from(CLASSES), st.sampled_from(PROPERTIES)
literals = st.sampled_from(LITERALS)
terms = st.one_of(nodes, literals)


def data() -> st.SearchStrategy[str]:
    """Turtle of a few nodes with classes and properties."""
    typed = st.builds("{} a {} .".format, nodes, classes)
    linked = st.builds("{} {} {} .".format, nodes, properties, terms)
    sized = st.builds("{} {} {} .".format, nodes, st.sampled_from(SIZES), st.sampled_from(NUMBERS))
    return st.lists(st.one_of(typed, linked, linked, sized), min_size=5, max_size=14, unique=True).map(
        " ".join
    )


def paths() -> st.SearchStrategy[str]:
    """Paths of all kinds, mostly a property."""
    inverse = properties.map("[ sh:inversePath {} ]".format)
    steps = st.one_of(properties, properties, inverse)
    many = st.lists(steps, min_size=2, max_size=2).map(lambda parts: f"( {' '.join(parts)} )")
    return st.one_of(
        properties,
        properties,
        inverse,
        many,
        many.map("[ sh:alternativePath {} ]".format),
        st.builds("[ sh:{} {} ]".format, st.sampled_from(STARS), st.one_of(steps, many)),
        st.builds("( {} [ sh:{} {} ] )".format, steps, st.sampled_from(STARS), steps),
    )


STARS = ["zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"]
KINDS = ["IRI", "Literal", "BlankNode", "BlankNodeOrIRI", "IRIOrLiteral", "BlankNodeOrLiteral"]
DATATYPES = [
    "xsd:string",
    "xsd:integer",
    "xsd:decimal",
    "xsd:date",
    "xsd:gYear",
    "xsd:boolean",
    "rdf:langString",
]
LIMITS = ["minInclusive", "minExclusive", "maxInclusive", "maxExclusive"]
counts = st.integers(0, 3)


def value_constraints() -> st.SearchStrategy[str]:
    """Constraints that node and property shapes may have."""
    listed = st.lists(terms, max_size=4).map(" ".join)
    return st.one_of(
        classes.map("sh:class {}".format),
        st.sampled_from(DATATYPES).map("sh:datatype {}".format),
        st.sampled_from(KINDS).map("sh:nodeKind sh:{}".format),
        st.builds("sh:{}Length {}".format, st.sampled_from(["min", "max"]), counts),
        st.sampled_from(['sh:pattern "^a"', 'sh:pattern "A" ; sh:flags "i"', 'sh:pattern "n[0-3]$"']),
        st.sampled_from(['sh:languageIn ( "en" )', 'sh:languageIn ( "fr" "de" )']),
        listed.map("sh:in ( {} )".format),
        terms.map("sh:hasValue {}".format),
        st.builds("sh:{} {}".format, st.sampled_from(["equals", "disjoint"]), properties),
        st.builds(
            "sh:closed true ; sh:ignoredProperties ( {} )".format,
            st.lists(st.one_of(properties, st.just("rdf:type")), max_size=3).map(" ".join),
        ),
    )


def property_constraints() -> st.SearchStrategy[str]:
    """Constraints that only property shapes may have, without those on qualified values."""
    return st.one_of(
        counts.map("sh:minCount {}".format),
        counts.map("sh:maxCount {}".format),
        st.just("sh:uniqueLang true"),
    )


def size_constraints() -> st.SearchStrategy[str]:
    """Comparisons, for values that are numbers: pySHACL compares others as Python does."""
    return st.one_of(
        st.builds("sh:{} {}".format, st.sampled_from(LIMITS), st.sampled_from(NUMBERS)),
        st.sampled_from(["sh:lessThan ex:limit", "sh:lessThanOrEquals ex:limit"]),
    )


@st.composite
def shapes(draw: st.DrawFn) -> str:
    """Turtle of one or two shapes with targets; every shape in it has an IRI."""
    turtle: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        target = draw(
            st.one_of(
                classes.map("sh:targetClass {}".format),
                terms.map("sh:targetNode {}".format),
                properties.map("sh:targetSubjectsOf {}".format),
                properties.map("sh:targetObjectsOf {}".format),
            )
        )
        turtle.append(f"{_shape(draw, turtle, 0)} {target} .")
    return " ".join(turtle)


def _shape(draw: st.DrawFn, turtle: list[str], depth: int, with_path: bool | None = None) -> str:
    """Adds a shape to `turtle`; out: its name."""
    name = f"ex:shape{len(turtle)}"
    turtle.append("")
    place = len(turtle) - 1
    has_path = draw(st.booleans()) if with_path is None else with_path
    of_size = has_path and draw(st.integers(0, 3)) == 0
    parts = ["a sh:NodeShape"]
    if has_path:
        parts = [f"sh:path {'ex:size' if of_size else draw(paths())}"]
        parts += draw(st.lists(property_constraints(), min_size=1, max_size=2))
    if of_size:
        parts += draw(st.lists(size_constraints(), max_size=2))
    parts += draw(st.lists(value_constraints(), min_size=1, max_size=2))
    if draw(st.integers(0, 4)) == 0:
        parts.append(draw(st.sampled_from(["sh:severity sh:Warning", "sh:deactivated true"])))
    for _ in range(draw(st.integers(0, 2)) if depth < 2 else 0):
        parts.append(_reference(draw, turtle, depth, has_path))
    turtle[place] = f"{name} {' ; '.join(_once_each(parts))} ."
    return name


def _reference(draw: st.DrawFn, turtle: list[str], depth: int, has_path: bool) -> str:
    """A constraint that refers to shapes."""
    kinds = ["property", "property", "node", "not", "and", "or", "xone", *(["qualified"] if has_path else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "property":
        return f"sh:property {_shape(draw, turtle, depth + 1, with_path=True)}"
    if kind == "node":
        return f"sh:node {_shape(draw, turtle, depth + 1, with_path=False)}"
    if kind == "not":
        return f"sh:not {_shape(draw, turtle, depth + 1)}"
    if kind == "qualified":
        counted = draw(st.sampled_from(["sh:qualifiedMinCount", "sh:qualifiedMaxCount"]))
        return f"sh:qualifiedValueShape {_shape(draw, turtle, depth + 1)} ; {counted} {draw(counts)}"
    members = [_shape(draw, turtle, depth + 1) for _ in range(draw(st.integers(1, 2)))]
    return f"sh:{kind} ( {' '.join(members)} )"


def _once_each(constraints: list[str]) -> list[str]:
    """The constraints, of those that begin with the same property the last, but every sh:property."""
    found = {}
    for constraint in constraints:
        first = constraint.split()[0]
        found[constraint if first == "sh:property" else first] = constraint
    return list(found.values())


QUERIES = [
    "SELECT $this ?value { $this $PATH ?value FILTER(isIRI(?value)) }",
    "SELECT $this { $this ex:p ?x OPTIONAL { ?x ex:q ?y FILTER(?y != $this) } FILTER(!BOUND(?y)) }",
    "SELECT $this ?value { { $this ex:p ?value } UNION { ?value ex:q $this } FILTER(?value != $this) }",
    "SELECT $this ?value { { ?value ex:p ?z FILTER(?value != $this) } UNION { ?value ex:q $this } }",
    "SELECT $this { FILTER NOT EXISTS { $this ex:p ?x . ?x ex:q ?y } }",
    "SELECT $this { FILTER NOT EXISTS { { $this ex:p ?x } UNION { ?x ex:q ?y FILTER(?y = $this) } } }",
    "SELECT $this { FILTER EXISTS { { ?x ex:q ?y FILTER(?y = $this) } } }",
    "SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)",
    "SELECT $this { { SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x } GROUP BY $this } FILTER(?n > 1) }",
    "SELECT $this ?value { BIND(STR($this) AS ?s) ?value ex:p ?o FILTER(STRLEN(STR(?value)) = STRLEN(?s)) }",
    "SELECT $this ?value { { BIND(STR($this) AS ?s) } ?value ex:p ?o FILTER(STR(?o) = ?s) }",
    "SELECT $this ?path ?value { $this ?path ?value FILTER(?path != rdf:type) }",
    "SELECT $this { $this ex:p+ $this }",
    "SELECT $this { { { FILTER(isIRI($this)) } ?a ex:q ?b } FILTER(?b = $this) }",
    "SELECT $this ?value { OPTIONAL { ?value ex:p $this } FILTER(!BOUND(?value)) }",
    "SELECT $this { { OPTIONAL { ?v ex:p ?w FILTER(?w = $this) } $this ex:q ?u } FILTER(BOUND(?v)) }",
    "SELECT $this ?value { { SELECT $this ?value { ?value ex:p ?x FILTER(?x = $this) } } }",
    "SELECT $this { FILTER NOT EXISTS "
    "{ SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 0) } }",
    "SELECT $this ?value { $this ex:p ?value FILTER NOT EXISTS { $this ex:q/ex:p ?t . ?value ex:r* ?t } }",
    "SELECT $this ?value { $this ex:p|ex:q ?value "
    "FILTER NOT EXISTS { $this ex:q/ex:p ?t FILTER NOT EXISTS { ?t ex:r ?value } } }",
    "SELECT $this ?value { ?value ex:p|ex:q ?x FILTER EXISTS { ?x ex:p ?y . ?y ex:q|ex:p ?z } }",
    "SELECT $this ?value { ?value ex:p ?x FILTER EXISTS { ?x ex:p|ex:q ?y ; a ?z FILTER(?y = $this) } }",
    "SELECT $this ?value { $this ex:p ?value OPTIONAL { ?value ex:q ?x } "
    "FILTER NOT EXISTS { ?value ex:p ?y . ?y ex:p|ex:q ?x } }",
    "SELECT $this ?value { $this ex:p ?value OPTIONAL { ?value ex:q ?x } "
    "FILTER EXISTS { ?value ex:p ?y . ?y ex:p|ex:q ?x } }",
    "SELECT DISTINCT $this ?value { ?value ^ex:p/ex:q* $this "
    "FILTER NOT EXISTS { ?value a ex:Body FILTER EXISTS { $this ex:q ?value } } }",
]


def sparql_shape(query: str, of: str) -> str:
    """Turtle of a shape with a constraint in SPARQL, for a class and for what ex:p leads to."""
    path = "a sh:PropertyShape ; sh:path ex:r" if "$PATH" in query else "a sh:NodeShape"
    return (
        f"{DECLARED} ex:shape0 {path} ; sh:targetClass {of} ; sh:targetObjectsOf ex:p ; "
        f'sh:sparql [ sh:prefixes ex: ; sh:select """{query}""" ] .'
    )


MORE_QUERIES = [
    "SELECT $this ?value { $this ex:p ?x . ?value ex:p ?x FILTER(?value != $this) }",
    "SELECT $this ?value { $this ex:p ?x ; ex:q ?y . ?value ex:p ?x ; ex:q ?y FILTER(?value != $this) }",
    "SELECT DISTINCT $this ?path ?value "
    "{ ?value ?path ?o FILTER(isIRI(?o)) FILTER NOT EXISTS { ?value a ?t } }",
    "SELECT DISTINCT $this ?path ?value { ?value ?path ?o ; a ?t FILTER(?t = ex:Body) }",
    "SELECT $this ?value { ?value a ex:Body ; ex:p ?x FILTER NOT EXISTS { $this ex:q ?x } }",
    "SELECT $this ?value { ?value a ex:Body ; ex:p ?x FILTER NOT EXISTS { ?value ex:q ?y . ?y ex:r ?x } }",
    "SELECT $this { $this ex:p* ?x . ?x ex:q ?y }",
    "SELECT $this { ?x ex:p* $this . ?x ex:q ?y }",
    "SELECT $this ?value { ex:n0 ex:p* ?value . $this ex:q ?x FILTER(?x = ?value) }",
    "SELECT $this ?y { $this ex:p ?x OPTIONAL { ?y ex:q ?z OPTIONAL { ?y ex:r ?x } } }",
    "SELECT $this ?y { $this ex:p ?x OPTIONAL { ?x ex:q ?y } OPTIONAL { ?y ex:r ?z } FILTER(!BOUND(?z)) }",
    "SELECT $this ?z { $this ex:p ?x OPTIONAL { ?x ex:q ?y } ?y ex:r ?z }",
    "SELECT $this ?y { OPTIONAL { $this ex:p ?x . ?x ex:q ?y } $this ex:q ?y }",
    "SELECT $this ?value { $this ex:p ?value BIND(EXISTS { ?value ex:q ?y } AS ?b) FILTER(!?b) }",
    "SELECT $this ?value { $this ex:p ?x . { SELECT $this ?x (COUNT(?y) AS ?value) "
    "{ $this ex:p|ex:q ?x . ?x ex:r ?y } GROUP BY $this ?x } }",
    "SELECT $this ?x { $this ex:p ?x { ?x ex:q ?y } UNION { ?x ex:r ?y FILTER EXISTS { ?y ex:p ?x } } }",
    "SELECT $this { $this ex:p ?x FILTER NOT EXISTS { $this ex:q ?y FILTER NOT EXISTS { ?y ex:r ?x } } }",
    "SELECT $this ?x { $this ex:p ?x FILTER NOT EXISTS { ?x a/rdfs:subClassOf* ex:Thing } }",
    "SELECT $this ?x { $this !(ex:p|a) ?x . ?x ^ex:p [ ex:q ?z ] }",
    'SELECT $this ?x { $this (ex:p|^ex:q)+ ?x . ?x ex:r "a" }',
    "SELECT $this ?o { $this ex:p ?o FILTER EXISTS { ?a ex:q ?o . ?a a ex:Body . ?b ex:r ?a } }",
]
"""Queries whose patterns lead to the focus node in other ways, or do not."""


ASKS = [
    "ASK { $value ex:q|^ex:r ?x }",
    "ASK { FILTER NOT EXISTS { $this ex:q ?x . ?x ex:r $value } }",
    "ASK { FILTER NOT EXISTS { $value ex:q $own } }",
    "ASK { ?x ex:q $value FILTER(?x != $this) }",
    "ASK { FILTER NOT EXISTS { $value ex:p* ?x . ?x ex:r ?y } }",
]
"""Tests of values by a component of one's own, whose parameter is $own."""


def component_shape(ask: str, path: str | None, of: str) -> str:
    """Turtle of a shape for a class that uses a component of one's own, on a path or on the node itself."""
    kind = "a sh:NodeShape" if path is None else f"sh:path {path}"
    return (
        f"{DECLARED} ex:Own a sh:ConstraintComponent ; sh:parameter [ sh:path ex:own ] ; "
        f'sh:validator [ sh:prefixes ex: ; sh:ask """{ask}""" ] . '
        f"ex:shape0 {kind} ; sh:targetClass {of} ; ex:own ex:n0 ."
    )


def changes(least: int = 0) -> st.SearchStrategy[list[str]]:
    """Triples that a change may state, at least so many, types and subclasses among them."""
    return st.lists(
        st.one_of(
            st.builds("{} a {} .".format, nodes, classes),
            st.builds("{} {} {} .".format, nodes, properties, terms),
            st.builds("{} {} {} .".format, nodes, properties, terms),
            st.builds("{} {} {} .".format, nodes, st.sampled_from(SIZES), st.sampled_from(NUMBERS)),
            st.builds("{} rdfs:subClassOf {} .".format, classes, classes),
        ),
        min_size=least,
        max_size=least + 3,
    )
