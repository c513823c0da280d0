"""Tests of kb/federation.py: what is asked of whom, and what stands in the query afterwards."""

import itertools
import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from kb.engine.contract import QuerySyntaxError
from kb.engine.service_answers import Answer
from kb.errors import KnowledgeBaseError, NotAllowed, NotUnderstood, RemoteFailed, RemoteTooSlow, TooLarge
from kb.federation import Bounds, asks_others, federate, federate_update
from kb.sparql_text import examine
from kb.terms import GENID

ONE, TWO = "https://one.example/sparql", "https://two.example/sparql"
DECLARED = "PREFIX : <https://example.org/>"


class Here:
    """Our own data: answers that are given out in order, and what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.checked = list(answers), [], []

    def check(self, text):
        self.checked.append(text)

    def ask(self, text):
        self.asked.append(text)
        return self.answers.pop(0)


class There:
    """Other services: the same."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, endpoint, text, seconds):
        assert 0 < seconds <= 20
        self.asked.append((endpoint, text))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(variables, *rows):
    return Answer(tuple(variables.split()), list(rows))


NOTHING = Here()


def test_a_query_without_service_stays_as_it_is():
    text = "SELECT * { ?s ?p 'SERVICE' } # SERVICE"
    assert federate(text, [ONE], NOTHING, There()) == text
    assert not asks_others(text) and asks_others("ASK { service <urn:x> {} }")


def test_a_clause_alone_is_asked_whole_and_its_answer_stands_in_its_place():
    there = There(answer("o s", ("1", "<urn:a>"), ('"x"@en', None)))
    text = f"{DECLARED} SELECT * {{\n  SERVICE <{ONE}> {{\n    ?s :p ?o # }}\n  }}\n  FILTER(?o > 0) }}"
    assert federate(text, [ONE], Here(), there) == (
        f'{DECLARED} SELECT * {{\n  VALUES (?o ?s) {{ (1 <urn:a>) ("x"@en UNDEF) }}\n\n\n  FILTER(?o > 0) }}'
    )
    assert there.asked == [
        (ONE, f"{DECLARED}\nSELECT ?o ?s WHERE {{\n    ?s :p ?o # }}\n  }} LIMIT 10001"),
    ]


def test_values_of_our_own_data_are_sent_along_in_batches():
    here = Here(answer("s", *((f"<urn:{n}>",) for n in "abc")))
    there = There(answer("s o", ("<urn:a>", "1")), answer("s o", ("<urn:c>", "2")))
    text = (
        f"{DECLARED} SELECT ?o FROM <urn:g> {{ ?s a :B . SERVICE <{ONE}> {{ ?s :p ?o }} ?x :q ?y "
        "FILTER(?x > 1) }"
    )
    assert federate(text, [ONE], here, there, Bounds(batch=2)) == (
        f"{DECLARED} SELECT ?o FROM <urn:g> {{ ?s a :B . VALUES (?o ?s) {{ (1 <urn:a>) (2 <urn:c>) }} "
        "?x :q ?y FILTER(?x > 1) }"
    )
    assert here.asked == [f"{DECLARED}\nSELECT DISTINCT ?s FROM <urn:g> WHERE {{ ?s a :B }} LIMIT 101"]
    assert [text for _, text in there.asked] == [
        f"{DECLARED}\nSELECT ?o ?s WHERE {{ VALUES (?s) {{ (<urn:a>) (<urn:b>) }}  ?s :p ?o }} LIMIT 10001",
        f"{DECLARED}\nSELECT ?o ?s WHERE {{ VALUES (?s) {{ (<urn:c>) }}  ?s :p ?o }} LIMIT 10001",
    ]


def asked_here(where, *answers):
    """What of our own data is asked first, without the words that are always the same."""
    here = Here(*answers or itertools.repeat(answer("a"), 9))
    federate(f"{DECLARED} SELECT * {{ {where} }}", [ONE], here, There(*itertools.repeat(answer(""), 9)))
    return [text.removeprefix(f"{DECLARED}\nSELECT DISTINCT ").rpartition(" LIMIT")[0] for text in here.asked]


CALL = f"SERVICE <{ONE}> {{ ?a :p ?b }}"


FIRST = [
    (f"?a :q ?c ; :r ?d . {CALL}", ["?a  WHERE { ?a :q ?c ; :r ?d }"]),
    (f"{CALL} ?a :q ?c", ["?a  WHERE { ?a :q ?c }"]),
    (f"?a :q ?x . ?b :q ?y . {CALL}", ["?a  WHERE { ?a :q ?x }", "?b  WHERE { ?b :q ?y }"]),
    (f"?a :q ?x . ?x :r ?b . ?y :r ?z . {CALL}", ["?a ?b  WHERE { ?a :q ?x . ?x :r ?b }"]),
    (
        f"_:n :q ?a FILTER(?a > 1) _:n :r ?x {CALL}",
        ["?a  WHERE { _:n :q ?a . _:n :r ?x . FILTER(?a > 1) }"],
    ),
    (f"?a :q ?c OPTIONAL {{ ?a :r ?b }} MINUS {{ ?a :s ?b }} {CALL}", ["?a  WHERE { ?a :q ?c }"]),
    (f"?a :q ?c FILTER(?c > ?b) FILTER(RAND() > ?a) {CALL}", ["?a  WHERE { ?a :q ?c }"]),
    (f"?a :q ?c FILTER EXISTS {{ ?a ?a ?a }} {CALL}", ["?a  WHERE { ?a :q ?c }"]),
    (f"?a :q ?c OPTIONAL {{ {CALL} }} ?b :q ?c", ["?a  WHERE { ?a :q ?c }"]),
    (f"?a :q ?c MINUS {{ ?b :q ?c {CALL} }}", ["?a ?b  WHERE { ?b :q ?c . ?a :q ?c }"]),
    (f"?a :q ?c FILTER EXISTS {{ {CALL} }} ?b :q ?c", ["?a ?b  WHERE { ?a :q ?c . ?b :q ?c }"]),
    (f"?a :q ?c {{ {CALL} }} UNION {{ ?a :r ?b }}", ["?a  WHERE { ?a :q ?c }"]),
    (f"GRAPH ?g {{ ?a :q ?c {CALL} }} ?g :r ?b", ["?a ?b  WHERE { GRAPH ?g { ?a :q ?c } . ?g :r ?b }"]),
    (f"?x :q ?y BIND(:f(?y) AS ?a) {CALL}", ["?a  WHERE { { ?x :q ?y . BIND(:f(?y) AS ?a) } }"]),
    (f"BIND(:x AS ?a) {CALL}", ["?a  WHERE { { BIND(:x AS ?a) } }"]),
    (
        f"BIND(1 AS ?x) BIND(?x + 1 AS ?a) {CALL}",
        ["?a  WHERE { { { BIND(1 AS ?x) } . BIND(?x + 1 AS ?a) } }"],
    ),
    (f"BIND(1 AS ?x) OPTIONAL {{ ?x :q ?y }} BIND(?x + 1 AS ?a) {CALL}", []),
    (f"OPTIONAL {{ ?x :q ?y }} BIND(IRI(?y) AS ?a) {CALL}", []),
    (f"BIND(UUID() AS ?a) {CALL}", []),
    (f"{{ SELECT ?a {{ ?a :q ?c }} LIMIT 3 }} {CALL}", []),
    (
        f"{{ SELECT ?a (MAX(?b) AS ?m) {{ ?a :q ?b }} GROUP BY ?a }} {CALL}",
        ["?a  WHERE { { SELECT ?a (MAX(?b) AS ?m) { ?a :q ?b } GROUP BY ?a } }"],
    ),
    (f"?a :q ?c {{ SELECT ?a {{ {CALL} }} }}", ["?a  WHERE { ?a :q ?c }"]),
    (f"?a :q ?b {{ SELECT ?b {{ {CALL} }} }}", ["?b  WHERE { ?a :q ?b }"]),
    (f"?a :q ?c {{ SELECT ?a {{ {CALL} }} LIMIT 1 }}", []),
    (f"?a :q ?c {{ SELECT ?a (COUNT(?b) AS ?n) {{ {CALL} }} GROUP BY ?a }}", []),
    (f"?a :q ?c {{ SELECT * {{ {CALL} }} VALUES ?b {{ 1 2 }} }}", ["?b  WHERE { VALUES ?b { 1 2 } }"]),
    (f"VALUES (?b ?a) {{ (1 2) }} {CALL}", ["?a ?b  WHERE { VALUES (?b ?a) { (1 2) } }"]),
    (f"{{ ?a :q ?c FILTER(?c > 1) }} {CALL}", ["?a  WHERE { { ?a :q ?c FILTER(?c > 1) } }"]),
    (f"{{ ?a :q ?c FILTER(?b > 1) }} {CALL}", []),
    (f"{{ ?a :q ?c OPTIONAL {{ ?c :r ?b }} }} {CALL}", []),
    (f"{{ SELECT ?a {{ ?a :q ?c MINUS {{ ?c :r ?b }} }} }} {CALL}", []),
    (f"?c :q ?d {CALL}", []),
]


@pytest.mark.parametrize(("where", "asked"), FIRST)
def test_what_binds_the_variables_is_asked_of_our_own_data_first(where, asked):
    assert asked_here(where) == asked


def test_a_clause_is_asked_with_the_answer_of_the_one_before_it():
    here = Here(answer("a", ("<urn:x>",)), answer("b", ("<urn:y>",)))
    there = There(answer("a b", ("<urn:x>", "<urn:y>")), answer("b c", ("<urn:y>", "1")))
    text = f"SELECT * {{ ?a a ?k SERVICE <{ONE}> {{ ?a <urn:p> ?b }} SERVICE <{TWO}> {{ ?b <urn:q> ?c }} }}"
    assert federate(text, [ONE, TWO], here, there) == (
        "SELECT * { ?a a ?k VALUES (?a ?b) { (<urn:x> <urn:y>) } VALUES (?b ?c) { (<urn:y> 1) } }"
    )
    assert here.asked[1] == (
        "\nSELECT DISTINCT ?b  WHERE { ?a a ?k . VALUES (?a ?b) { (<urn:x> <urn:y>) } } LIMIT 4901"
    )


def test_the_source_with_the_fewest_values_is_sent():
    here = Here(answer("a", ("<urn:1>",), ("<urn:2>",)), answer("b", ("<urn:3>",)))
    there = There(answer("a b"))
    text = f"SELECT * {{ ?a <urn:q> ?x . ?b <urn:q> ?y . SERVICE <{ONE}> {{ ?a <urn:p> ?b }} }}"
    federate(text, [ONE], here, there)
    assert "VALUES (?b) { (<urn:3>) }" in there.asked[0][1]


def test_without_values_that_match_nobody_is_asked():
    assert (
        federate(
            f"SELECT * {{ ?a a ?k SERVICE <{ONE}> {{ ?a <urn:p> ?b }} }}", [ONE], Here(answer("a")), There()
        )
        == "SELECT * { ?a a ?k VALUES (?a ?b) {  } }"
    )


@pytest.mark.parametrize(
    ("rows", "sent"),
    [
        ([("_:x", '"1"'), ("<urn:a>", '"2"')], '{ VALUES (?b) { ("1") ("2") }  ?a <urn:p> ?b }'),
        ([(None, '"1"'), ("<urn:a>", '"1"')], '{ VALUES (?b) { ("1") }  ?a <urn:p> ?b }'),
        ([("<<( <urn:a> <urn:b> 1 )>>", '"1"')], '{ VALUES (?b) { ("1") }  ?a <urn:p> ?b }'),
        ([(None, '"1"'), ('"1"', "_:x")], "{ ?a <urn:p> ?b }"),
        ([(f'"{n}"', f'"{n}"') for n in range(7)], "{ ?a <urn:p> ?b }"),
    ],
)
def test_blank_nodes_gaps_and_too_many_values_are_not_sent(rows, sent):
    here, there = Here(answer("a b", *rows)), There(answer("a b"))
    text = f"SELECT * {{ ?a <urn:q> ?b . SERVICE <{ONE}> {{ ?a <urn:p> ?b }} }}"
    federate(text, [ONE], here, there, Bounds(batch=3, requests=2))
    assert [asked.split("WHERE ")[1] for _, asked in there.asked] == [f"{sent} LIMIT 10001"]


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        ("{ ?a <urn:p> ?b FILTER(?b > 1) }", "{ VALUES  ?a <urn:p> ?b FILTER(?b > 1) }"),
        ("{ OPTIONAL { ?x ?y ?z } ?a a ?b }", "{ VALUES { OPTIONAL { ?x ?y ?z } ?a a ?b } }"),
        ("{ BIND(2 AS ?z) ?a <urn:p> ?b }", "{ VALUES { BIND(2 AS ?z) ?a <urn:p> ?b } }"),
        ("{ SELECT ?a { ?a ?b ?c } LIMIT 1 }", "{ VALUES { SELECT ?a { ?a ?b ?c } LIMIT 1 } }"),
        ("{ OPTIONAL { ?a <urn:p> ?b } }", "{ OPTIONAL { ?a <urn:p> ?b } }"),
    ],
)
def test_values_are_put_into_the_group_of_a_pattern_only_where_that_means_the_same(pattern, where):
    here, there = Here(answer("a", ("<urn:1>",))), There(answer("a"))
    federate(f"SELECT * {{ ?a a ?k SERVICE <{ONE}> {pattern} }}", [ONE], here, there)
    asked = there.asked[0][1].partition("WHERE ")[2]
    assert asked == f"{where.replace('VALUES', 'VALUES (?a) { (<urn:1>) }')} LIMIT 10001"


def test_a_pattern_without_variables_counts_its_solutions():
    there = There(answer("row", ("1",), ("1",)))
    text = f"ASK {{ SERVICE <{ONE}> {{ <urn:a> <urn:b> <urn:c> }} }}"
    assert federate(text, [ONE], Here(), there) == "ASK { VALUES () { () () } }"
    assert there.asked[0][1] == "\nSELECT (1 AS ?row) WHERE { <urn:a> <urn:b> <urn:c> } LIMIT 10001"


def test_a_blank_node_is_a_new_iri_in_each_answer():
    there = There(answer("a", ("_:x",), ("_:y",), ("_:x",)), answer("b", ("_:x",)))
    text = f"SELECT * {{ SERVICE <{ONE}> {{ ?a a ?a }} SERVICE <{TWO}> {{ ?b a ?b }} }}"
    made = federate(text, [ONE, TWO], Here(), there)
    first, other, again, elsewhere = re.findall(rf"<{re.escape(GENID)}[0-9a-f]{{32}}-\d>", made)
    assert made == (
        f"SELECT * {{ VALUES (?a) {{ ({first}) ({other}) ({again}) }} VALUES (?b) {{ ({elsewhere}) }} }}"
    )
    assert first == again and len({first, other, elsewhere}) == 3


def test_the_endpoint_may_be_a_variable_that_has_values():
    here = Here(answer("a e", ('"1"', f"<{ONE}>"), ('"2"', f"<{TWO}>"), ('"3"', f"<{ONE}>")))
    there = There(answer("a b", ('"1"', '"4"')), answer("a b", ('"2"', '"5"')))
    text = "SELECT * { ?a <urn:q> ?e SERVICE ?e { ?a <urn:p> ?b } }"
    assert federate(text, [ONE, TWO], here, there) == (
        f'SELECT * {{ ?a <urn:q> ?e VALUES (?a ?b ?e) {{ ("1" "4" <{ONE}>) ("2" "5" <{TWO}>) }} }}'
    )
    assert [(endpoint, asked.split("VALUES ")[1].split(" ?a")[0]) for endpoint, asked in there.asked] == [
        (ONE, '(?a) { ("1") ("3") } '),
        (TWO, '(?a) { ("2") } '),
    ]


@pytest.mark.parametrize(
    ("where", "rows", "kind", "sentence"),
    [
        (
            "SERVICE ?e {}",
            [],
            NotUnderstood,
            "Line 1, column 12: nothing tells which endpoints ?e stands for",
        ),
        ("?a ?b ?e SERVICE ?e {}", [(f"<{TWO}>",)], NotAllowed, f"SERVICE <{TWO}> is refused; the setting"),
        ("?a ?b ?e SERVICE SILENT ?e {}", [('"x"',)], NotAllowed, 'SERVICE "x" is refused; the setting'),
        ("?a ?b ?e SERVICE ?e {}", [("_:b",)], NotUnderstood, "nothing tells which endpoints ?e stands for"),
    ],
)
def test_an_endpoint_that_is_not_known_or_not_allowed_is_refused(where, rows, kind, sentence):
    with pytest.raises(kind) as refused:
        federate(f"SELECT * {{ {where} }}", [ONE], Here(answer("e", *rows)), There())
    assert sentence in str(refused.value)


def test_silent_gives_one_empty_solution_when_a_service_fails():
    failed = RemoteFailed("It broke.")
    text = f"SELECT * {{ ?a a ?k SERVICE SILENT <{ONE}> {{ ?a <urn:p> ?b }} }}"
    here = Here(answer("a", ("<urn:1>",), ("<urn:2>",)))
    there = There(answer("a b", ("<urn:1>", "1")), failed)
    assert federate(text, [ONE], here, there, Bounds(batch=1)) == (
        "SELECT * { ?a a ?k VALUES (?a ?b) { (UNDEF UNDEF) } }"
    )
    assert federate(f"ASK {{ SERVICE SILENT <{ONE}> {{}} }}", [ONE], Here(), There(failed)) == (
        "ASK { VALUES () { () } }"
    )
    with pytest.raises(RemoteFailed, match=r"It broke\."):
        federate(text.replace("SILENT", ""), [ONE], Here(answer("a", ("<urn:1>",))), There(failed))


def test_silent_at_an_endpoint_of_a_variable_keeps_the_variable():
    here = Here(answer("e", (f"<{ONE}>",), (f"<{TWO}>",)))
    there = There(RemoteFailed("It broke."), answer("a", ("1",)))
    assert federate("SELECT * { ?x ?y ?e SERVICE SILENT ?e { ?a a 1 } }", [ONE, TWO], here, there) == (
        f"SELECT * {{ ?x ?y ?e VALUES (?a ?e) {{ (UNDEF <{ONE}>) (1 <{TWO}>) }} }}"
    )


def test_limits_are_named_and_hold_for_silent_too():
    three = answer("a", ("1",), ("2",), ("3",))
    text = f"SELECT * {{\nSERVICE SILENT <{ONE}> {{ ?a a ?a }} SERVICE <{ONE}> {{ ?b a ?b }} }}"
    with pytest.raises(
        TooLarge, match=r"^Line 2, column 1: the answers .* come to more than 2 rows; say more"
    ):
        federate(text, [ONE], Here(), There(three), Bounds(rows=2))
    with pytest.raises(TooLarge, match=r"come to more than 2 bytes of terms"):
        federate(text, [ONE], Here(), There(three), Bounds(bytes=2))
    with pytest.raises(TooLarge, match=r"^Line 2, column \d+: the query needs more than 1 requests to other"):
        federate(text, [ONE], Here(), There(three, three), Bounds(requests=1))
    with pytest.raises(RemoteTooSlow, match="did not answer within 0 seconds together"):
        federate(text, [ONE], Here(), There(), Bounds(seconds=0))


def test_rows_are_counted_over_all_clauses_and_the_last_request_asks_for_what_is_left():
    there = There(answer("a", ("1",), ("2",)), answer("b"))
    text = f"SELECT * {{ SERVICE <{ONE}> {{ ?a a ?a }} SERVICE <{ONE}> {{ ?b a ?b }} }}"
    federate(text, [ONE], Here(), there, Bounds(rows=5))
    assert [asked.rpartition(" ")[2] for _, asked in there.asked] == ["6", "4"]


def test_the_grammar_is_checked_before_anybody_is_asked():
    class Strict(Here):
        def check(self, text):
            super().check(text)
            raise QuerySyntaxError("expected a dot", 1, 99)

    here = Strict()
    with pytest.raises(QuerySyntaxError):
        federate(f"ASK {{ SERVICE SILENT <{ONE}> {{ SERVICE<{TWO}> {{}} }} }}", [ONE, TWO], here, There())
    assert here.checked == [f"ASK {{ GRAPH          <{ONE}> {{ GRAPH  <{TWO}> {{}} }} }}"]


@pytest.mark.parametrize(
    "pattern",
    [
        "{ ?a ?b ?c OPTIONAL { ?c ?d ?e } }",
        "{ MINUS { ?a ?b ?c } ?a ?b ?c }",
        "{ ?a ?b ?c FILTER(?d > 1) }",
        "{ { FILTER(?a > 1) } ?a ?b ?c }",
        "{ ?a ?b ?c FILTER NOT EXISTS { ?a a ?a } }",
        "{ ?a ?b ?c BIND(?a AS ?d) }",
        "{ SELECT ?a { ?a ?b ?c } }",
    ],
)
@pytest.mark.parametrize(
    "around",
    ["SELECT * {{ ?a a ?a FILTER EXISTS {{ SERVICE {} }} }}", "SELECT (EXISTS {{ SERVICE {} }} AS ?x) {{}}"],
)
def test_inside_exists_a_pattern_that_would_need_values_from_outside_is_refused(pattern, around):
    with pytest.raises(
        NotAllowed, match=r"^Line 1, column \d+: inside EXISTS, the pattern of a SERVICE may have"
    ):
        federate(around.format(f"<{ONE}> {pattern}"), [ONE], Here(), There())


def test_a_clause_may_stand_wherever_a_group_can():
    there = There(*itertools.repeat(answer("a"), 9))
    call = f"SERVICE <{ONE}> {{ ?a a 1 }}"
    text = (
        f"SELECT (EXISTS {{ {call} }} AS ?x) {{ {{ SELECT (NOT EXISTS {{ {call} }} AS ?y) {{ {call} }} }} "
        f"BIND(EXISTS {{ {call} }} AS ?z) }} GROUP BY ?k HAVING(EXISTS {{ {call} }}) "
        f"ORDER BY (EXISTS {{ {call} }})"
    )
    made = federate(text, [ONE], Here(), there)
    assert made == text.replace(call, "VALUES (?a) {  }")
    construct = f"CONSTRUCT {{ ?a a 2 }} WHERE {{ {call} }} LIMIT 1"
    assert federate(construct, [ONE], Here(), There(answer("a", ("1",)))) == construct.replace(
        call, "VALUES (?a) { (1) }"
    )
    describe = f"DESCRIBE ?a {{ {call} }}"
    assert federate(describe, [ONE], Here(), There(answer("a", ("1",)))) == describe.replace(
        call, "VALUES (?a) { (1) }"
    )


def test_a_clause_inside_of_a_clause_is_sent_on():
    there = There(answer("a b", ("1", "2")))
    text = f"SELECT * {{ SERVICE <{ONE}> {{ ?a a 1 SERVICE <{TWO}> {{ ?a a ?b }} }} }}"
    assert federate(text, [ONE, TWO], Here(), there) == "SELECT * { VALUES (?a ?b) { (1 2) } }"
    assert there.asked == [
        (ONE, f"\nSELECT ?a ?b WHERE {{ ?a a 1 SERVICE <{TWO}> {{ ?a a ?b }} }} LIMIT 10001")
    ]


def test_a_prefix_may_name_the_endpoint():
    there = There(answer("a"))
    text = "PREFIX one: <https://one.example/> SELECT * { SERVICE one:sparql { ?a a 1 } }"
    assert federate(text, [ONE], Here(), there).endswith("SELECT * { VALUES (?a) {  } }")
    assert there.asked[0][0] == ONE


def test_the_clauses_of_an_update_are_asked_whole():
    there = There(answer("a b", ("<urn:a>", "1")), answer("a"))
    text = (
        f"PREFIX : <urn:> INSERT {{ ?a :b ?b }} WHERE {{ ?a a :C SERVICE <{ONE}> {{ ?a :p ?b }} }} ;\n"
        f"PREFIX : <urn:x:> DELETE {{ ?a ?a ?a }} USING :g WHERE {{ SERVICE <{TWO}> {{ ?a :q 1 }} }} ; "
        "CLEAR ALL"
    )
    assert federate_update(text, [ONE, TWO], there) == (
        "PREFIX : <urn:> INSERT { ?a :b ?b } WHERE { ?a a :C VALUES (?a ?b) { (<urn:a> 1) } } ;\n"
        "PREFIX : <urn:x:> DELETE { ?a ?a ?a } USING :g WHERE { VALUES (?a) {  } } ; CLEAR ALL"
    )
    assert there.asked == [
        (ONE, "PREFIX : <urn:>\n\nSELECT ?a ?b WHERE { ?a :p ?b } LIMIT 5001"),
        (TWO, "PREFIX : <urn:>\nPREFIX : <urn:x:>\n\nSELECT ?a WHERE { ?a :q 1 } LIMIT 5000"),
    ]


@pytest.mark.parametrize(
    ("update", "sentence"),
    [
        (f"INSERT {{}} WHERE {{ SERVICE <{TWO}> {{}} }}", f"Line 1, column 19: SERVICE <{TWO}> is refused"),
        ("INSERT {} WHERE { SERVICE ?e {} }", "Line 1, column 19: nothing tells which endpoints ?e"),
        (f"INSERT {{ SERVICE <{ONE}> {{}} }} WHERE {{}}", "Line 1, column 10: SERVICE cannot stand here."),
    ],
)
def test_an_update_with_a_clause_that_cannot_be_answered_is_refused(update, sentence):
    with pytest.raises(KnowledgeBaseError) as refused:
        federate_update(update, [ONE], There())
    assert sentence in str(refused.value)


def test_the_sample_of_the_docs_sends_what_it_says():
    docs = (Path(__file__).resolve().parents[2] / "docs" / "federation.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```sparql\n(.*?)```", docs, re.DOTALL)
    (address,) = re.findall(r"SERVICE <([^>]*)>", sample)
    assert f'"{address}"' in docs and examine(sample, services=[address]).federated
    here, there = Here(answer("concept", ("<urn:c>",))), There(answer("concept name", ("<urn:c>", '"x"')))
    made = federate(sample, [address], here, there)
    assert 'VALUES (?concept ?name) { (<urn:c> "x") }' in made
    ((_, asked),) = there.asked
    assert "VALUES (?concept) { (<urn:c>) }" in asked
    for text in (made, asked, *here.asked):
        ox.Store().query(text)
