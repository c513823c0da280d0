"""Generated updates on generated data: what delta() says is what the engine itself would have done.

Where the default graph is one of its own, a plain store of the engine's library runs the same request. Where
it is the merge, what queries without a graph see is compared with a plain store that holds the merge alone;
requests that name graphs are compared with a small model of the rules in docs/updates.md.
"""

import re

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from kb.delta import UnknownGraph, delta
from kb.engine.contract import DEFAULT, EDITS, HISTORY, INFERRED, DefaultGraph
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.oxigraph_terms import to_quad, to_rdflib
from kb.errors import NotAllowed
from kb.normal_form import normal_form
from kb.patch import Patch
from kb.terms import GRAPH

DECLARED = f"PREFIX : <https://example.org/> PREFIX graph: <{GRAPH}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"

# -- generated text ------------------------------------------------------------------------------------------


def text(*parts):
    """A text of generated and fixed parts, with blanks between them."""
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map(" ".join)


def some(one, smallest=1, largest=2, between=" . "):
    return st.lists(one, min_size=smallest, max_size=largest).map(between.join)


def choice(*texts):
    return st.sampled_from(texts)


SUBJECTS = choice(":a", ":b", ":c")
VERBS = choice(":p", ":q")
VALUES = choice(
    ":a", ":b", "1", "2", "01", "1.50", '"x"', '"x"@EN', '"2020-01-01T00:00:00+00:00"^^xsd:dateTime'
)
NAMES = choice(":g1", ":g2", ":g3")
TRIPLES = some(text(SUBJECTS, VERBS, VALUES), 0, 4)
PATTERN = st.one_of(
    text(st.one_of(SUBJECTS, choice("?s")), st.one_of(VERBS, choice("?p")), st.one_of(VALUES, choice("?o"))),
    choice("?s ?p ?o", "?s :p ?o", "?o :q ?s", "?s :p+ ?o", ":a ?p ?o", "?s ^:q ?o"),
)
EXTRA = choice(
    "",
    "FILTER(?o > 1)",
    "FILTER(isLITERAL(?o))",
    "BIND(?o + 1 AS ?n)",
    "BIND(STRDT('007', xsd:int) AS ?n)",
    "BIND(CONCAT('n', STR(?o)) AS ?n)",
    "VALUES ?n { 7 UNDEF :b }",
    "OPTIONAL { ?s :q ?n }",
    "OPTIONAL { ?n ?p ?s FILTER(?n != ?s) }",
    "MINUS { ?s :q 1 }",
    "FILTER NOT EXISTS { ?s :q ?any }",
    "{ SELECT ?s (COUNT(*) AS ?n) { ?s ?v ?w } GROUP BY ?s }",
)


def patterns(one):
    """WHERE clauses whose parts are made of `one`."""
    group = text("{", some(one), EXTRA, "}")
    return st.one_of(group, group, text("{", group, "UNION", group, "}"), st.just("{}"))


def templates(graphs, blank):
    """Templates whose triples may stand in one of `graphs`. blank: whether they may have blank nodes."""
    subjects = choice("?s", "?o", "?n", ":a", *(["_:b"] if blank else []))
    values = st.one_of(choice("?s", "?o", "?n", *(["_:b", "[]", "[ :q ?o ]"] if blank else [])), VALUES)
    triples = some(text(subjects, st.one_of(VERBS, choice("?p")), values))
    named = [text("GRAPH", graphs, "{", triples, "}")] if graphs is not None else []
    return text("{", st.one_of(triples, *named), "}")


def changes(graphs, pattern):
    """DELETE and INSERT by a pattern."""
    deletes, inserts = (text(verb, templates(graphs, verb == "INSERT")) for verb in ("DELETE", "INSERT"))
    return text(st.one_of(deletes, inserts, text(deletes, inserts)), "WHERE", patterns(pattern))


def data(graphs):
    named = [text("GRAPH", graphs, "{", TRIPLES, "}")] if graphs is not None else []
    return text(choice("INSERT", "DELETE"), "DATA {", TRIPLES, st.one_of(st.just(""), *named), "}")


def requests(*operations):
    """One to four operations, now and then with a prologue between them."""
    between = choice(" ;\n", " ;\nPREFIX : <https://example.org/> ")
    return st.tuples(some(st.one_of(*operations), 1, 4, "\n;;\n"), between).map(
        lambda made: made[0].replace("\n;;\n", made[1])
    )


HELD = st.lists(
    st.tuples(text(SUBJECTS, VERBS, VALUES), choice("", ":g1", ":g2", ":g3")), min_size=4, max_size=14
)


def quads(held):
    """Generated (triple, graph) as quads in normal form; without a graph those of the default graph."""
    trig = "\n".join(f"{graph} {{ {triple} }}" for triple, graph in held)
    found = ox.parse(DECLARED + trig, ox.RdfFormat.TRIG)
    return set(normal_form((from_oxigraph(quad) for quad in found), rdf12=True))


# -- comparing -----------------------------------------------------------------------------------------------


def from_oxigraph(quad):
    graph = DEFAULT if quad.graph_name == ox.DefaultGraph() else to_rdflib(quad.graph_name)
    return to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph


def comparable(held):
    """Quads with blank nodes again, named so that equal datasets are equal sets."""
    dataset = ox.Dataset(to_quad(quad, blank=True) for quad in held)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}


def done_by_the_library(held, request):
    """The quads after a request on a plain store; None when it fails."""
    store = ox.Store()
    store.extend(to_quad(quad, blank=True) for quad in held)
    # Its parser takes a prologue at the beginning alone, and it keeps graphs that hold nothing.
    hoisted = DECLARED + request.replace("PREFIX : <https://example.org/> ", "")
    hoisted = hoisted.replace("CREATE  GRAPH", "CREATE SILENT GRAPH")
    try:
        store.update(hoisted)
    except RuntimeError as error:
        assert "does not exist" in str(error), error
        return None
    return {from_oxigraph(quad) for quad in store}


def state(engine):
    names = [*engine.graph_names(), *([DEFAULT] if engine.default_graph is DefaultGraph.OWN else [])]
    return {(*triple, name) for name in names for triple in engine.triples(name)}


def engine_with(held, default_graph):
    engine = OxigraphEngine.in_memory(default_graph)
    engine.apply(Patch.of(inserts=held), 1)
    return engine


def assert_exact(patch, before, after):
    """Nothing is deleted that was not there, inserted that was, or both; nothing is left out."""
    assert patch.deletes <= before
    assert not patch.inserts & before
    assert patch.apply(before) == after


# -- a default graph of its own, against the library ---------------------------------------------------------

NAMED = st.one_of(NAMES, st.just("?g"))
ANY_PATTERN = st.one_of(PATTERN, text("GRAPH", NAMED, "{", PATTERN, "}"))
ANY_CHANGE = changes(NAMED, ANY_PATTERN)
WHOLE = st.one_of(
    text(
        choice("CLEAR", "DROP"),
        choice("", "SILENT"),
        choice("DEFAULT", "NAMED", "ALL", "GRAPH :g1", "GRAPH :g2"),
    ),
    text("CREATE", choice("", "SILENT"), "GRAPH", NAMES),
    text(
        choice("ADD", "MOVE", "COPY"),
        choice("DEFAULT", ":g1", "GRAPH :g2"),
        "TO",
        choice("DEFAULT", ":g1", ":g3"),
    ),
)
WITH_USING = st.tuples(
    ANY_CHANGE, choice("", "WITH :g1"), choice("", "USING :g2", "USING NAMED :g1 USING :g2 USING :g3")
).map(lambda made: f"{made[1]} {made[0].replace('WHERE', made[2] + ' WHERE', 1)}")
DELETE_WHERE = text(
    "DELETE WHERE {",
    st.one_of(
        text(st.one_of(SUBJECTS, choice("?s")), st.one_of(VERBS, choice("?p")), choice("?o", "1", ":a"))
    ),
    "}",
)


@settings(deadline=None, max_examples=300)
@given(HELD, requests(data(NAMES), ANY_CHANGE, WITH_USING, DELETE_WHERE, WHOLE))
def test_an_update_means_what_the_library_would_have_done(held, request):
    before = quads(held)
    engine = engine_with(before, DefaultGraph.OWN)
    expected = done_by_the_library(before, request)
    try:
        patch = delta(engine, DECLARED + request).patch
    except (UnknownGraph, NotAllowed):
        # For the library a graph that does not exist is an empty one when it copies, adds or moves to itself.
        assert expected is None or re.search("ADD|COPY|MOVE :g1 TO :g1", request)
        assert state(engine) == before
        return
    assert expected is not None
    after = patch.apply(before)
    assert comparable(after) == comparable(expected)
    assert_exact(patch, before, after)
    assert state(engine) == before
    engine.apply(patch, 2)
    assert state(engine) == after


# -- RDF 1.2 and blank nodes in a plain store, against the library ------------------------------------------

RICH_VALUES = choice(":a", "01", '"x"@EN--rtl', "_:h", "<<( :a :p 01 )>>", "<<( _:h :q <<( :a :p :b )>> )>>")
RICH_HELD = st.lists(
    st.tuples(text(choice(":a", ":b", "_:h"), VERBS, RICH_VALUES), choice("", ":g1")), min_size=3, max_size=9
)
RICH_PATTERN = text(
    choice("?s ?p ?o .", "?s ?p <<( ?o :p ?n )>> .", "?s :q ?o . ?o :p ?n .", "GRAPH :g1 { ?s ?p ?o }"),
    choice(
        "",
        "FILTER(isBLANK(?s))",
        "FILTER(isTRIPLE(?o))",
        "BIND(OBJECT(?o) AS ?m)",
        "BIND(TRIPLE(?s, :p, ?o) AS ?m)",
        "BIND(STRLANGDIR('y', 'en', 'ltr') AS ?m)",
    ),
)
RICH_DELETES = choice("?s ?p ?o", "?s ?p <<( ?o :p ?n )>>", "GRAPH :g1 { ?s ?p ?m }", "?o :p ?n . ?n :q ?m")
RICH_INSERTS = choice(
    "?s :q <<( ?s ?p ?o )>>",
    "_:b :p <<( _:b :q ?m )>>",
    "<< ?s :p ?o >> :q ?m",
    ":a :p ?m {| :q ?o |}",
    "GRAPH :g1 { ?s :p ?o ~ ?m }",
    ":c :p <<( ?o :q ?n )>>",
)
RICH_CHANGE = text("DELETE {", RICH_DELETES, "} INSERT {", RICH_INSERTS, "} WHERE {", RICH_PATTERN, "}")
RICH_DATA = text("INSERT DATA {", choice(":a", "_:n"), VERBS, choice("<<( _:n :p 01 )>>", "'x'@en--rtl"), "}")


@settings(deadline=None, max_examples=150)
@given(RICH_HELD, requests(RICH_CHANGE, RICH_CHANGE, RICH_DATA, choice("COPY :g1 TO :g2", "CLEAR DEFAULT")))
def test_rdf_1_2_means_what_the_library_would_have_done(held, request):
    labels = iter(range(9))
    request = re.sub(
        r"INSERT DATA \{[^}]*\}", lambda one: one[0].replace("_:n", f"_:n{next(labels)}"), request
    )
    before = quads(held)
    engine = engine_with(before, DefaultGraph.OWN)
    expected = done_by_the_library(before, request)
    try:
        patch = delta(engine, DECLARED + request).patch
    except UnknownGraph:
        assert "COPY" in request
        return
    after = patch.apply(before)
    assert comparable(after) == comparable(expected)
    assert_exact(patch, before, after)
    engine.apply(patch, 2)
    assert state(engine) == after


# -- the merge as default graph ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(HELD, requests(data(None), changes(None, PATTERN), DELETE_WHERE))
def test_without_graphs_the_merge_changes_as_a_plain_default_graph_would(held, request):
    before = quads([(triple, graph or ":g1") for triple, graph in held])
    merge = {(*quad[:3], DEFAULT) for quad in before}
    patch = delta(engine_with(before, DefaultGraph.MERGE), DECLARED + request).patch
    after = patch.apply(before)
    assert comparable({(*quad[:3], DEFAULT) for quad in after}) == comparable(
        done_by_the_library(merge, request)
    )
    assert_exact(patch, before, after)
    assert {quad[3] for quad in patch.inserts} <= {EDITS}


PUBLIC = choice(":g1", ":g2", "graph:edits", "graph:inferred", "graph:history")
MODEL_HELD = st.lists(
    st.tuples(text(SUBJECTS, VERBS, choice(":a", "1", "2")), PUBLIC), min_size=4, max_size=14
)
SLOTS = st.tuples(choice("?s", ":a", ":b"), choice("?p", ":p", ":q"), choice("?o", ":a", "1"))
MODEL_PATTERN = st.tuples(SLOTS, choice(None, None, "?g", ":g1", "graph:history"))
SOME_PATTERNS = st.lists(MODEL_PATTERN, max_size=2)
# Often an operation inserts what it deletes, or deletes what its pattern finds.
MODEL_CHANGE = st.one_of(
    st.tuples(SOME_PATTERNS, SOME_PATTERNS, SOME_PATTERNS),
    st.tuples(SOME_PATTERNS, SOME_PATTERNS).map(lambda made: (made[0], made[0], made[1])),
    st.tuples(SOME_PATTERNS, SOME_PATTERNS).map(lambda made: (made[0], made[1], made[0])),
)
TERMS = {
    name: next(iter(quads([(f":x :x {name}", ":x")])))[2]
    for name in (
        ":a",
        ":b",
        ":p",
        ":q",
        "1",
        "2",
        ":g1",
        ":g2",
        "graph:edits",
        "graph:inferred",
        "graph:history",
    )
}


def written(patterns):
    return (
        "{ "
        + " ".join(f"{' '.join(t)} ." if g is None else f"GRAPH {g} {{ {' '.join(t)} }}" for t, g in patterns)
        + " }"
    )


def matches(slots, terms, values):
    """The values with those of one more quad, or None."""
    values = dict(values)
    for slot, term in zip(slots, terms, strict=True):
        if values.setdefault(slot, term) != term if slot[0] == "?" else TERMS[slot] != term:
            return None
    return values


def solved(patterns, held):
    """The solutions of some patterns: those without a graph are matched with the merge."""
    merge = {quad[:3] for quad in held if quad[3] != HISTORY}
    found = [{}]
    for slots, graph in patterns:
        among = merge if graph is None else held
        whole = slots if graph is None else (*slots, graph)
        found = [
            new for values in found for terms in among if (new := matches(whole, terms, values)) is not None
        ]
    return found


def filled(patterns, values):
    """The quads of a template; those without a graph have None for it."""
    for slots, graph in patterns:
        terms = [values.get(slot) if slot[0] == "?" else TERMS[slot] for slot in slots]
        named = None if graph is None else values.get(graph) if graph[0] == "?" else TERMS[graph]
        legal = isinstance(terms[0], URIRef) and isinstance(terms[1], URIRef) and terms[2] is not None
        if legal and (graph is None or isinstance(named, URIRef)):
            yield (*terms, named)


def modelled(held, change):
    """The quads after one change, by the rules of docs/updates.md."""
    deletes, inserts, where = change
    solutions = solved(where, held)
    gone = {quad for values in solutions for quad in filled(deletes, values)}
    come = {quad for values in solutions for quad in filled(inserts, values)}
    stating = {
        quad: {
            (*quad[:3], each[3])
            for each in held
            if each[:3] == quad[:3] and each[3] not in (HISTORY, INFERRED)
        }
        for quad in gone
        if quad[3] is None
    }
    kept = {quad for quad in come if stating.get(quad)}
    for quad in gone - kept:
        held = held - (stating[quad] if quad[3] is None else {quad})
    return held | {quad if quad[3] is not None else (*quad[:3], EDITS) for quad in come - kept}


@settings(deadline=None, max_examples=300)
@given(MODEL_HELD, st.lists(MODEL_CHANGE, min_size=1, max_size=3))
def test_with_graphs_the_merge_changes_by_the_rules(held, changes):
    before = expected = quads(held)
    for change in changes:
        expected = modelled(expected, change)
    request = " ; ".join(f"DELETE {written(d)} INSERT {written(i)} WHERE {written(w)}" for d, i, w in changes)
    engine = engine_with(before, DefaultGraph.MERGE)
    patch = delta(engine, DECLARED + request).patch
    assert_exact(patch, before, expected)
    assert state(engine) == before
    engine.apply(patch, 2)
    assert state(engine) == expected
    merge = set(engine.triples(DEFAULT))
    assert merge == {quad[:3] for quad in expected if quad[3] != HISTORY}
