"""SPARQL text: cut into tokens, told apart by what it asks for, and refused when it would do harm."""

from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.errors import KnowledgeBaseError, NotAllowed, NotUnderstood, TooLarge
from kb.sparql_text import ANONYMOUS, Form, check, examine
from kb.sparql_tokens import Context, Kind, small_booleans, tokens

SUITE = Path(__file__).resolve().parents[3] / "shared" / "suites" / "sparql11" / "sparql" / "sparql11"


def kinds(text):
    return [(token.kind, token.text) for token in tokens(text)]


# -- tokens --------------------------------------------------------------------------------------------------


def test_each_sort_of_token_is_told_apart():
    text = """PREFIX x: <http://x/> # a comment
SELECT $a { ?é x:b.c, _:n, 'it''s', \"\"\"a "b" c\"\"\", "z"@en-GB, "1"^^x:d, -1.5e3 }"""
    assert kinds(text) == [
        (Kind.WORD, "PREFIX"),
        (Kind.NAME, "x:"),
        (Kind.IRI, "<http://x/>"),
        (Kind.WORD, "SELECT"),
        (Kind.VARIABLE, "$a"),
        (Kind.MARK, "{"),
        (Kind.VARIABLE, "?é"),
        (Kind.NAME, "x:b.c"),
        (Kind.MARK, ","),
        (Kind.BLANK, "_:n"),
        (Kind.MARK, ","),
        (Kind.STRING, "'it'"),
        (Kind.STRING, "'s'"),
        (Kind.MARK, ","),
        (Kind.STRING, '"""a "b" c"""'),
        (Kind.MARK, ","),
        (Kind.STRING, '"z"'),
        (Kind.LANGUAGE, "@en-GB"),
        (Kind.MARK, ","),
        (Kind.STRING, '"1"'),
        (Kind.MARK, "^^"),
        (Kind.NAME, "x:d"),
        (Kind.MARK, ","),
        (Kind.MARK, "-"),
        (Kind.NUMBER, "1.5e3"),
        (Kind.MARK, "}"),
    ]


def test_a_token_knows_its_line_column_and_depth():
    *_, last = [token for token in tokens('ASK {\r\n  """two\nlines""" (?x) }') if token.text == "?x"]
    assert (last.line, last.column, last.depth, last.place) == (3, 11, 2, "Line 3, column 11")


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("SELECT * { FILTER(?a<?b&&?c>?d) }", "<"),
        ("SELECT * { ?a<b>?c }", "<b>"),
        ("SELECT * { FILTER(?a = <b>) }", "<b>"),
        ("SELECT * { FILTER EXISTS { ?a <b> ?c } }", "<b>"),
        ("SELECT (?a<?b AS ?c) {} ORDER BY ?a", "<"),
        ("SELECT * {} ORDER BY ?a <b>(?c)", "<b>"),
        ("SELECT * { ?a a (<b> <b>) }", "<b>"),
        ("SELECT * { VALUES (?a ?b) { (1 <b>) } }", "<b>"),
        ("SELECT * { BIND(<<(?a <b> ?c)>> AS ?t) }", "<b>"),
        ("SELECT * { FILTER <f>(?a<1) }", "<"),
    ],
)
def test_a_less_than_sign_reads_as_the_parser_reads_it(text, sign):
    opened = [token.text for token in tokens(text) if token.text.startswith("<") and token.text != "<<"]
    assert opened[-1] == sign


def test_every_token_knows_what_it_stands_in():
    text = "SELECT (1 AS ?x) { ?s ?p (2) . VALUES ?v { 3 } FILTER(4 < 5) { SELECT (6 AS ?y) {} } }"
    numbers = [(token.text, token.context) for token in tokens(text) if token.kind is Kind.NUMBER]
    assert numbers == [
        ("1", Context.EXPRESSION),
        ("2", Context.PATTERN),
        ("3", Context.ROWS),
        ("4", Context.EXPRESSION),
        ("5", Context.EXPRESSION),
        ("6", Context.EXPRESSION),
    ]


# -- forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("select*{}", Form.SELECT),
        ("BASE <http://x/> PREFIX : <y> ASK {}", Form.ASK),
        ("# SELECT\nCONSTRUCT WHERE { ?s ?p ?o }", Form.CONSTRUCT),
        ("DESCRIBE <http://x/>", Form.DESCRIBE),
        ("PREFIX x: <http://x/> INSERT DATA { x:a x:b x:c }", Form.UPDATE),
        ("WITH <http://x/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", Form.UPDATE),
        ("CLEAR ALL", Form.UPDATE),
    ],
)
def test_a_text_says_what_it_asks_for(text, form):
    assert check(text) is form


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The query is empty: it begins with SELECT, ASK, CONSTRUCT or DESCRIBE."),
        ("PREFIX x: <http://x/>", "The query is empty: it begins with SELECT, ASK, CONSTRUCT or DESCRIBE."),
        ("?s ?p ?o", "Line 1, column 1: a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE."),
        ("WHERE {}", "Line 1, column 1: a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE."),
        ("SELECT * {\n  ?s \u00a0 ?o }", "Line 2, column 6: The character U+00A0 was not expected."),
        ("SELECT * { ?s ?p 'x }", "Line 1, column 18: The string that begins here with ' is not closed."),
        ("SELECT * { ?s ?p '''x'' }", "Line 1, column 18: The string that begins here with ' is not closed."),
        ("SELECT * { ?s ex:p ?o }", "Line 1, column 15: The prefix ex: is not declared; add PREFIX ex: <…>."),
        ("SELECTT * {}", "Line 1, column 1: SELECTT is not a word of SPARQL."),
        ("SELECT * { ( }", "Line 1, column 14: There is a } where a ) was expected."),
        ("SELECT * { } }", "Line 1, column 14: There is a } where nothing is open."),
        ("SELECT * { {", "Line 1, column 13: The query ends before the { is closed."),
        ("SELECT * { ?s ?p '\x00' }", "Line 1, column 19: The character U+0000 was not expected."),
        ("SELECT * { ?s ?p '\ud800' }", "Line 1, column 19: The character U+D800 was not expected."),
    ],
)
def test_what_is_no_sparql_is_told_with_its_place(text, sentence):
    with pytest.raises(NotUnderstood) as refused:
        check(text)
    assert str(refused.value) == sentence


# -- requests to other servers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "SELECT * { SERVICE <http://x/> {} }",
            "Line 1, column 12: SERVICE is refused; no other server is asked from here.",
        ),
        (
            "ASK { FILTER EXISTS { sErViCe?x{} } }",
            "Line 1, column 23: sErViCe is refused; no other server is asked from here.",
        ),
        (
            "INSERT {} WHERE { SERVICE ?x {} }",
            "Line 1, column 19: SERVICE is refused; no other server is asked from here.",
        ),
        ("LOAD <http://x/>", "Line 1, column 1: LOAD is refused; no other server is asked from here."),
        (
            "CLEAR ALL; LOAD SILENT <file:///x>",
            "Line 1, column 12: LOAD is refused; no other server is asked from here.",
        ),
    ],
)
def test_service_and_load_are_refused(text, sentence):
    with pytest.raises(NotAllowed) as refused:
        check(text)
    assert str(refused.value).lower() == sentence.lower()


HIDDEN = [
    "SELECT * { ?a ?b ?c FILTER(?c<9)SERVICE#>\n?x{} }",
    "SELECT * { ?a ?b ?c # \rSERVICE ?x {}\n }",
    "PREFIX h: <http://x/> SELECT * { ?a ?b ?c . SERVICEh:x{} }",
    "PREFIX SERVICEh: <http://x/> PREFIX h: <http://x/> SELECT * { SERVICEh:x{} }",
    "PREFIX : <http://x/> PREFIX service: <http://x/> SELECT * { service:x{} }",
    "PREFIX LoadFilterh: <http://x/> PREFIX Filterh: <http://x/> LoadFilterh:x",
    "PREFIX FILTERh: <http://x/> PREFIX h: <http://x/> SELECT * { FILTERh:f(1 <2)SERVICE#>\n?x{} }",
    "PREFIX h: <http://x/> SELECT * { ?a ?b trueSERVICEh:x{} }",
    "SELECT * { ?a ?b 1SERVICE ?x {} }",
    "SELECT * { ?a ?b 1e5SERVICE ?x {} }",
    "SELECT * { SERVICESILENT ?x {} }",
    "SELECT * { \\u0053ERVICE ?x {} }",
    "SELECT * { ?a ?b <http://a\\u003E> . SERVICE ?x {} # > }",
    "SELECT * { ?a ?b ?c # \\u000A SERVICE ?x {}\n }",
    "L\\u004FAD <http://x/>",
]


@pytest.mark.parametrize("prefix", ["FILTER", "service", "services", "loader", "filterService"])
def test_a_prefix_may_begin_with_a_word_where_no_other_prefix_makes_it_doubtful(prefix):
    pattern = f"{prefix}:a {prefix}:b ?c FILTER(?c)"
    text = f"PREFIX {prefix}: <http://x/> PREFIX h: <http://x/> SELECT * {{ {pattern} }}"
    assert check(text) is Form.SELECT
    store = pyoxigraph.Store()
    store.update("INSERT DATA { <http://x/a> <http://x/b> true }")
    assert len(list(store.query(text))) == 1


def test_a_prefix_that_can_be_read_in_two_ways_is_refused_by_name():
    with pytest.raises(
        NotAllowed, match="The prefix services: can be read as SERVICE and s:; choose another one"
    ):
        check("PREFIX services: <http://x/> PREFIX s: <http://y/> SELECT * { ?a ?b ?c }")


def test_truth_values_may_be_written_in_any_letters_and_are_read_in_small_ones():
    text = "PREFIX TRUE: <urn:TRUE:> SELECT (TRUE AS ?FALSE) { ?TRUE TRUE:TRUE 'TRUE', False # TRUE\n }"
    assert small_booleans(text) == text.replace("(TRUE", "(true").replace("False", "false")
    unchanged = "SELECT (true AS ?x) { ?x <urn:TRUE> 'FALSE' }"
    assert small_booleans(unchanged) == unchanged


def test_the_escape_of_a_quote_in_a_string_is_part_of_it():
    text = r"""SELECT ('a\u0027 AS ?x) { SERVICE ?y {} } # \u005C' AS ?x) {}"""
    (string,) = (token.text for token in tokens(text) if token.kind is Kind.STRING)
    assert text == f"SELECT ({string} AS ?x) {{}}"
    ((value,),) = pyoxigraph.Store().query(text)
    assert value.value == "a' AS ?x) { SERVICE ?y {} } # \\"


@pytest.mark.parametrize("text", HIDDEN)
def test_a_request_to_another_server_cannot_be_hidden(text):
    with pytest.raises(KnowledgeBaseError):
        check(text)


@pytest.mark.parametrize(
    "word", ["INSERT", "DELETE", "DROP", "CLEAR", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
)
def test_an_update_operation_in_a_query_is_refused(word):
    with pytest.raises(NotAllowed) as refused:
        check(f"SELECT * {{}} ; {word} ALL")
    assert str(refused.value).endswith(f"{word} does not belong in a query, only in an update.")


# -- limits --------------------------------------------------------------------------------------------------


def many(times, part, joined=" "):
    return joined.join(part.replace("#", str(number)) for number in range(times))


SIZES = {
    "nesting of groups": (50, lambda n: "SELECT * " + "{" * n + "}" * n),
    "nesting of EXISTS": (50, lambda n: "SELECT * { " + "FILTER EXISTS {" * (n - 1) + "}" * n),
    "nesting of IF": (48, lambda n: f"SELECT * {{ FILTER({'IF(1,1,' * n}1{')' * n}) }}"),
    "lists in lists": (29, lambda n: f"SELECT * {{ {'(' * n}1{')' * n} ?p ?o }}"),
    "nesting of a path": (49, lambda n: f"SELECT * {{ ?s {'(' * n}a{')' * n} ?o }}"),
    "nesting of blank nodes": (49, lambda n: f"SELECT * {{ {'[a ' * n}1{']' * n} }}"),
    "nesting of triple terms": (49, lambda n: f"SELECT * {{ ?s ?p {'<< ?a ?b ' * n}1{' >>' * n} }}"),
    "triples by full stop": (60, lambda n: f"SELECT * {{ {many(n, '?s ?p# ?o#', ' . ')} }}"),
    "triples by semicolon": (60, lambda n: f"SELECT * {{ ?s {many(n, '?p# ?o#', ' ; ')} }}"),
    "triples by comma": (60, lambda n: f"SELECT * {{ ?s ?p {many(n, '?o#', ' , ')} }}"),
    "triples in blank nodes": (60, lambda n: f"SELECT * {{ {many(n, '[ a ?o# ]', ' . ')} }}"),
    "triples between filters": (60, lambda n: f"SELECT * {{ {many(n, '?s ?p ?o FILTER(1)')} }}"),
    "triples in graphs": (60, lambda n: f"SELECT * {{ {many(n, 'GRAPH ?g { ?s ?p ?o }')} }}"),
    "triples of a list": (29, lambda n: f"SELECT * {{ ?s ?p ({many(n, '1')}) }}"),
    "steps of a sequence": (33, lambda n: f"SELECT * {{ ?s {many(n, 'a', '/')} ?o }}"),
    "steps of two sequences": (
        59,
        lambda n: f"SELECT * {{ ?s {many(30, 'a', '/')} ?o, 1 . ?t {many(n - 30, 'a', '/')} 2 }}",
    ),
    "blocks of VALUES": (60, lambda n: f"SELECT * {{ {many(n, 'VALUES ?v# { 1 }')} }}"),
    "alternatives of a path": (33, lambda n: f"SELECT * {{ ?s {many(n, 'a', '|')} ?o }}"),
    "inverses in a path": (16, lambda n: f"SELECT * {{ ?s {many(n, '^a', '|')}|a ?o }}"),
    "operators": (200, lambda n: f"SELECT * {{ FILTER(1{'+1' * n}) }}"),
    "disjunctions": (200, lambda n: f"SELECT * {{ FILTER(1{'||1' * n}) }}"),
    "negations": (200, lambda n: f"SELECT * {{ FILTER({'!' * n}1) }}"),
    "groups": (200, lambda n: "SELECT * {" + "{}" * (n - 1) + "}"),
    "MINUS": (199, lambda n: f"SELECT * {{ {'MINUS {}' * n} }}"),
    "UNION": (100, lambda n: f"SELECT * {{ {{}}{'UNION{}' * n} }}"),
    "OPTIONAL": (30, lambda n: f"SELECT * {{ {'OPTIONAL {}' * n} }}"),
    "FILTER": (100, lambda n: f"SELECT * {{ {'FILTER(1)' * n} }}"),
    "BIND": (100, lambda n: f"SELECT * {{ {many(n, 'BIND(1 AS ?v#)')} }}"),
    "AS in the projection": (100, lambda n: f"SELECT {many(n, '(1 AS ?v#)')} {{}}"),
    "rows of one variable": (5000, lambda n: f"SELECT * {{ VALUES ?v {{ {many(n, '1')} }} }}"),
    "rows of two variables": (
        3000,
        lambda n: f"SELECT * {{}} VALUES (?v ?w) {{ {many(n, '(1 1)')}{many(2000, '()')} }}",
    ),
    "rows of IN": (5000, lambda n: f"SELECT * {{ FILTER(?v IN ({many(n, '1', ',')})) }}"),
    "bytes": (32_768, lambda n: "SELECT * { }".ljust(n)),
    "bytes of letters beyond ASCII": (16_376, lambda n: f"ASK {{ ?s ?p '{'é' * n}' }}"),
}  # fmt: skip


@pytest.mark.parametrize("what", SIZES)
def test_a_text_at_the_limit_passes_and_one_beyond_is_refused(what):
    most, text = SIZES[what]
    assert check(text(most)) in (Form.SELECT, Form.ASK)
    with pytest.raises(TooLarge):
        check(text(most + 1))


def test_a_refusal_names_the_limit_and_the_place():
    with pytest.raises(TooLarge) as refused:
        check("SELECT * {\n" + "{" * 60)
    assert str(refused.value) == "Line 2, column 50: this is more than 50 brackets open at once."
    with pytest.raises(TooLarge) as refused:
        check(" " * 40_000)
    assert str(refused.value) == "The query has 40000 bytes; at most 32768 are accepted."


def test_a_path_counts_for_itself_only():
    assert check(f"SELECT * {{ {many(20, '?s a|a|a|a|a ?o#', ' . ')} }}") is Form.SELECT


def test_the_triples_of_data_are_no_patterns():
    assert check(f"INSERT DATA {{ GRAPH <g> {{ {many(200, '<s> <p> 1', ' . ')} }} }}") is Form.UPDATE


BOMBS = {
    "EXISTS": "SELECT * { " + "FILTER EXISTS {" * 864 + "}" * 865,
    "IF": "SELECT * { FILTER(" + "IF(" * 960 + "1" + ",1,1)" * 960 + ") }",
    "groups": "SELECT * " + "{" * 2240 + "}" * 2240,
    "subqueries": "SELECT * {" + "{SELECT*{" * 1280 + "}}" * 1280 + "}",
    "OPTIONAL": "SELECT * {" + "OPTIONAL{" * 2944 + "}" * 2945,
    "BIND": "SELECT * {" + many(2000, "BIND(1 AS ?b#)", "") + "}",
    "parentheses": "SELECT * { FILTER(" + "(" * 4736 + "1" + ")" * 4736 + ") }",
    "triple terms": "SELECT * { ?s ?p " + "<<(<a> <b> " * 1000 + "1" + ")>>" * 1000 + " }",
    "UNION": "SELECT * {{}" + "UNION{}" * 4000 + "}",
    "additions": "SELECT * { FILTER(1" + "+1" * 6912 + ") }",
    "negations": "SELECT * { FILTER(" + "!" * 9472 + "1) }",
    "disjunctions": "SELECT * { FILTER(1" + "||1" * 9472 + ") }",
    "path alternatives": "SELECT * { ?s a" + "|a" * 11264 + " ?o }",
    "path parentheses": "SELECT * { ?s " + "(" * 13824 + "a" + ")" * 13824 + " ?o }",
    "path sequence": "SELECT * { ?s a" + "/a" * 256 + " ?o }",
    "list parentheses": "SELECT * { ?s ?p " + "(" * 256 + "1" + ")" * 256 + " }",
    "blank nodes": "SELECT * { ?s ?p " + "[a " * 512 + "1" + "]" * 512 + " }",
    "a star of patterns": "SELECT * { " + many(240, "?s <p#> ?o#", " . ") + " }",
    "MINUS in a row": "SELECT * { " + "MINUS{}" * 4500 + " }",
    "GRAPH in a row": "SELECT * { " + "GRAPH<g>{}" * 3000 + " }",
    "VALUES in a row": "SELECT * { " + "VALUES?x{1}" * 2900 + " }",
    "aggregates": "SELECT " + many(1300, "(COUNT(?a) AS ?b#)") + " {}",
    "rows": "SELECT * { VALUES ?x {" + " 1" * 15_000 + "} }",
    "members of IN": "SELECT * { FILTER(?x IN (1" + ",1" * 15_000 + ")) }",
}  # fmt: skip


@pytest.mark.parametrize("what", BOMBS)
def test_a_text_that_would_end_or_hang_the_process_is_refused(what):
    with pytest.raises(TooLarge):
        check(BOMBS[what])


# -- against what was not written by us ----------------------------------------------------------------------

PIECES = [
    "?a", "?a ?b ?c", "<http://x/p>", "h:x", "h:", "h:x.", "h:a%41", "SERVICE", "SERVICE ?zz {}",
    "SERVICE?zz{}", "SERVICE#>\n?zz{}", "SERVICESILENT?zz{}", "1", "1.", ".5", "1e5", '"x"', '"x"@en',
    '"x"@en--ltr', '"x"^^h:x', "^^", "'''a'''", '"""a"""', '"""', "\\", "true", "a", "(", ")", "{", "}", "[",
    "]", "<", ">", "<1", "<(1)", "<#>", "#>", "\n", "\r", ".", ";", ",", "FILTER", "FILTER(", "FILTER(?c<9)",
    "FILTER EXISTS{", "BIND(1 AS ?q)", "AS", "OPTIONAL{", "UNION", "MINUS{", "VALUES", "VALUES?v{1}",
    "GRAPH?g{", "IN", "NOT", "||", "+", "-", "*", "/", "|", "^", "!", "=", "<=", "<<(", "<<", ">>", ")>>",
    "{|", "|}", "~", "_:b", "SELECT*{", "FILTER h:x(1)", "IF(", "COUNT(*)", "ORDER BY", "HAVING(", "?", "$a",
    "\\u0053ERVICE", "<http://x/)SERVICE#>", "<9)SERVICE#>", "<9)SERVICE?zz{", "@en", "é", "INSERT", "DATA",
]  # fmt: skip
SOUPS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["", " ", "\n", "#c\n"])), max_size=12)
HEADS = st.sampled_from(
    [
        "",
        "SELECT * {",
        "SELECT * {?a ?b ?c ",
        "SELECT * {?a ?b ?c FILTER(",
        "SELECT(1 ",
        "ASK{",
        "SELECT * {?a h:p ",
    ]
)


@pytest.fixture(scope="module")
def one_triple():
    store = pyoxigraph.Store()
    store.update("INSERT DATA { <http://x/a> <http://x/p> 1 }")
    return store


def asks_another_server(store, text):
    """Whether the engine reads a SERVICE in `text`: that of an unbound variable is an error it names."""
    try:
        found = store.query(text)
        if not isinstance(found, pyoxigraph.QueryBoolean):
            list(found)
    except RuntimeError as error:
        return "service" in str(error)
    except SyntaxError:
        return False
    return False


@given(HEADS, SOUPS)
@settings(max_examples=600, deadline=None)
def test_no_mixture_of_pieces_hides_a_service_from_the_engine(one_triple, head, soup):
    text = "PREFIX h: <http://x/> " + head + "".join(glue + piece for piece, glue in soup)
    text += "".join({"(": ")", "{": "}", "[": "]"}.get(letter, "") for letter in reversed(head))
    try:
        check(text)
    except KnowledgeBaseError:
        return
    assert not asks_another_server(one_triple, text)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken_or_refused_in_one_sentence(text):
    try:
        check("SELECT * { " + text + " }")
    except KnowledgeBaseError as refused:
        assert str(refused).endswith(".") and "\n" not in str(refused)


def test_a_long_text_takes_time_in_proportion():
    text = "SELECT * { ?s ?p '''" + "<'\"" * 10_000 + "''' }"
    assert check(text) is Form.SELECT


NOT_OURS = ("service", "syntax-fed")


def suite_files(ending):
    if not SUITE.is_dir():
        pytest.skip("The W3C SPARQL 1.1 tests are not in shared/suites/sparql11: clone w3c/rdf-tests there.")
    for path in sorted(SUITE.rglob(f"*.{ending}")):
        if not path.relative_to(SUITE).parts[0].startswith(NOT_OURS):
            yield path.relative_to(SUITE), path.read_bytes().decode()


def test_the_queries_of_the_w3c_suite_are_read_as_what_they_are():
    wrong = []
    for path, text in suite_files("rq"):
        try:
            pyoxigraph.Store().query(text, base_iri="http://x/")
        except SyntaxError:
            continue
        except RuntimeError:
            pass
        form = check(text)
        bare = " ".join(token.word for token in tokens(text) if token.word in Form.__members__)
        if not bare.startswith(form.value):
            wrong.append(path)
    assert wrong == []


def test_the_updates_of_the_w3c_suite_are_read_as_updates():
    read = {}
    for path, text in suite_files("ru"):
        try:
            read[str(path)] = check(text)
        except KnowledgeBaseError as refused:
            read[str(path)] = type(refused)
    loads = {path for path, text in suite_files("ru") if "LOAD" in text}
    assert {read[str(path)] for path in loads} == {NotAllowed}
    others = {path for path, form in read.items() if form is not Form.UPDATE and Path(path) not in loads}
    # Three are empty, one misspells DEFAULT.
    assert others == {f"syntax-update-1/syntax-update-{name}.ru" for name in ("38", "39", "40", "bad-02")}


def test_the_limits_are_those_that_are_documented():
    assert ANONYMOUS.bytes == 32_768 and ANONYMOUS.nesting == 50 and ANONYMOUS.patterns == 60


# -- the normal form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ASK{}", "ASK{}"),
        ("  ASK \n\t{ # nothing\n }\n", "ASK { }"),
        ("SELECT  ?a{?a  ?b '''x  y'''}", "SELECT ?a{?a ?b '''x  y'''}"),
        ("BASE <urn:x> #\nASK {}", "BASE <urn:x> ASK {}"),
    ],
)
def test_blanks_and_comments_do_not_count_but_between_tokens(text, normal):
    assert examine(text).normal == normal
    assert examine(normal).normal == normal


@pytest.mark.parametrize(
    ("text", "volatile"),
    [
        ("SELECT (NOW() AS ?t) {}", True),
        ("SELECT (struuid() AS ?t) {}", True),
        ("SELECT ?now { ?now <urn:rand> 'UUID' }", False),
    ],
)
def test_what_is_another_answer_each_time_is_told(text, volatile):
    assert examine(text).volatile is volatile


# -- IRIs with spaces ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ASK { <http://x/a b> ?p ?o }", "Line 1, column 7"),
        ("ASK FROM <a b c> {}", "Line 1, column 10"),
        ("PREFIX : <x y> ASK {}", "Line 1, column 10"),
        ("ASK { ?s ?p ?o FILTER(<http://x/a b> = ?s) }", "Line 1, column 23"),
    ],
)
def test_an_iri_with_a_space_is_told_for_what_it_is(text, place):
    with pytest.raises(NotUnderstood) as refused:
        check(text)
    assert str(refused.value).startswith(f"{place}: The IRI <")
    assert str(refused.value).endswith("> holds a space; write it as %20.")


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?s ?p ?o FILTER(?s < 1 && ?o >2) }",
        "SELECT (1 <?a AS ?b) (?b > 2 AS ?c) {}",
        "ASK { << <urn:a> <urn:b> <urn:c> >> ?p ?o }",
        "SELECT ?x { ?x ?y ?z } GROUP BY ?x HAVING (COUNT(?y) <3 || COUNT(?y) > 5)",
    ],
)
def test_what_compares_is_no_iri_with_a_space(text):
    check(text)
