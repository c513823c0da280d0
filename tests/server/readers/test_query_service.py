"""Questions are answered by readers, in every form, and refused in one sentence."""

import json
import re

import pytest
from rdflib import Literal, URIRef

from kb.engine.contract import FileSyntaxError, QuerySyntaxError
from kb.errors import NotAllowed, NotFound, NotUnderstood, TooLarge
from kb.sparql_text import Form as Asks
from kb.terms import GENID
from server.negotiation import NotAcceptable
from server.query_service import Table
from server.readers.errors import AnswerTooLarge
from server.readers.tasks import Document, Kind, Question

FIVE = "SELECT ?n { <urn:x:5> <urn:x:number> ?n }"
ALL = "SELECT ?n { ?s <urn:x:number> ?n } ORDER BY ?n"


def body(service, question):
    return service.ask(question, "me").body().decode()


def test_rows_a_truth_and_triples_are_answered(service, asked):
    assert body(service, asked(FIVE)) == "n\r\n5\r\n"
    assert json.loads(body(service, asked("ASK { ?s ?p 5 }")))["boolean"] is True
    line = '<urn:x:5> <urn:x:number> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    assert body(service, asked("CONSTRUCT WHERE { ?s ?p 5 }")) == line
    assert body(service, asked("DESCRIBE <urn:x:5>")) == line


def test_an_answer_says_what_it_is_and_of_which_state(service, numbers, asked):
    with service.ask(asked(FIVE), "me") as answer:
        said = (answer.kind, answer.media, answer.form, answer.cut, answer.whole)
        assert said == (Kind.SOLUTIONS, "text/csv", "csv", False, True)
        assert (answer.revision, answer.time) == (0, numbers.newest().time)


def test_a_form_that_is_not_wanted_for_the_kind_is_refused(service):
    with pytest.raises(NotAcceptable, match="for the yes or no of an ASK"):
        service.ask(Question("ASK {}", {Kind.SOLUTIONS: ("text/csv", "csv")}), "me")


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("SELECT * { ?s ?p }", QuerySyntaxError, "The query does not parse near line 1, column 19"),
        ("SELECT * { ?s ?p", NotUnderstood, "Line 1, column 17: The query ends before the { is closed."),
        ("SELECT * { SERVICE <urn:x:s> { ?s ?p ?o } }", NotAllowed, "SERVICE is refused"),
        ("DELETE WHERE { ?s ?p ?o }", NotAllowed, "This is an update"),
        ("SELECT (<urn:x:f>(1) AS ?x) {}", NotUnderstood, "The query cannot be evaluated"),
        (f"SELECT * {{ {'{' * 60}{'}' * 60} }}", TooLarge, "more than 50 brackets open at once"),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused_and_readers_go_on(service, text, kind, sentence, asked):
    before = service.state().ended
    with pytest.raises(kind, match=re.escape(sentence)):
        service.ask(asked(text), "me")
    assert body(service, asked(FIVE)) == "n\r\n5\r\n"
    assert service.state().ended == before


def test_the_dataset_of_the_protocol_counts(service, asked):
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert body(service, asked(count)) == "n\r\n1000\r\n"
    assert body(service, asked(count, default_graphs=("urn:x:none",))) == "n\r\n0\r\n"
    assert body(service, asked(count, named_graphs=("urn:x:graph",))) == "n\r\n0\r\n"


@pytest.mark.parametrize("of_protocol", [False, True])
def test_a_triple_of_two_graphs_counts_once_in_their_merge(made, states, asked, of_protocol):
    graphs = "GRAPH <urn:x:one> { <urn:x:a> <urn:x:p> 1 } GRAPH <urn:x:two> { <urn:x:a> <urn:x:p> 1 , 2 }"
    states.add(f"{graphs} GRAPH <urn:x:three> {{ <urn:x:a> <urn:x:p> 3 }}")
    service = made(states)

    def counted(default, named):
        text = "PREFIX x: <urn:x:> SELECT (COUNT(?s) AS ?n) (COUNT(?a) AS ?m) {} "
        text += "{ { ?s ?p ?o } UNION { GRAPH ?g { ?a ?b ?c } } }"
        if of_protocol:
            names = [tuple(f"urn:x:{name}" for name in some) for some in (default, named)]
            question = asked(text.replace("{}", "", 1), default_graphs=names[0], named_graphs=names[1])
        else:
            clauses = [f"FROM x:{name}" for name in default] + [
                f"FROM NAMED <urn:x:{name}>" for name in named
            ]
            question = asked(text.replace("{}", " ".join(clauses), 1))
        return body(service, question).split()[1]

    assert counted(["one", "two"], ["three"]) == "2,1"
    assert counted(["one", "three"], ["two"]) == "2,2"
    assert counted(["one", "two", "three"], []) == "3,0"
    assert counted(["two"], ["two"]) == "2,2"


def test_a_limit_of_the_client_cuts_and_says_so(service, asked):
    def some(text, **which):
        with service.ask(asked(text, **which), "me") as answer:
            return b"".join(answer).decode().split()[1:], answer.cut

    assert some(ALL, limit=2) == (["0", "1"], True)
    assert some(ALL, limit=3, offset=998) == (["998", "999"], False)
    assert some(f"{ALL} LIMIT 4", limit=4) == (["0", "1", "2", "3"], False)
    words, cut = some("CONSTRUCT WHERE { ?s ?p ?o }", limit=3, offset=5)
    assert (len(words), cut) == (3 * 4 - 1, True)


@pytest.mark.parametrize(("text", "what"), [(ALL, "rows"), ("CONSTRUCT WHERE { ?s ?p ?o }", "triples")])
def test_an_answer_beyond_the_limit_is_refused_before_its_first_byte(service, text, what, asked):
    with pytest.raises(AnswerTooLarge, match=f"more than 999 {what}"):
        service.ask(asked(text, most_rows=999), "me")
    assert len(body(service, asked(text, most_rows=1000)).splitlines()) >= 1000
    with pytest.raises(AnswerTooLarge, match="more than 3,000 bytes"):
        service.ask(asked(text, most_bytes=3000), "me")
    assert len(body(service, asked(text, most_bytes=1_000_000)).splitlines()) >= 1000


def test_a_limit_of_the_client_within_that_of_the_service_is_no_excess(service, asked):
    with service.ask(asked(ALL, limit=5, most_rows=10), "me") as answer:
        assert answer.cut and len(b"".join(answer).split()) == 6
    with pytest.raises(AnswerTooLarge, match="more than 10 rows"):
        service.ask(asked(ALL, limit=500, most_rows=10), "me")


def test_a_graph_is_given_or_is_not_there(service):
    with service.graph("urn:x:graph", ("text/turtle", "nt"), "me") as answer:
        assert len(b"".join(answer).splitlines()) == 1000
    with pytest.raises(NotFound, match="There is no graph urn:x:none"):
        service.graph("urn:x:none", ("text/turtle", "nt"), "me")
    with service.graph(None, ("text/turtle", "ttl"), "me") as answer:
        assert b"<urn:x:5> <urn:x:number> 5 ." in b"".join(answer)
    assert [service.has_graph(name, "me") for name in ("urn:x:graph", "urn:x:none")] == [True, False]


def test_pages_get_rows_as_terms(service):
    text = 'SELECT ?s ?n ?l ?none { ?s <urn:x:number> ?n . VALUES ?n { 5 } BIND("ein"@de AS ?l) }'
    assert service.select(text) == Table(
        ("s", "n", "l", "none"), ((URIRef("urn:x:5"), Literal(5), Literal("ein", lang="de"), None),)
    )


def test_a_document_becomes_quads_in_normal_form(service):
    document = Document(b"<a> <urn:x:p> _:b .", "ttl", base="http://example.org/", graph="urn:x:g")
    parsed = service.parse(document, "me")
    assert re.fullmatch(
        rf"<http://example.org/a> <urn:x:p> <{re.escape(GENID)}[0-9a-f]+> <urn:x:g> .\n".encode(),
        parsed.quads,
    )
    assert (parsed.count, parsed.graphs) == (1, ("urn:x:g",))


def test_a_large_document_goes_from_file_to_file(service, tmp_path):
    sent, into = tmp_path / "sent", tmp_path / "quads"
    long = "x" * 200
    sent.write_text("".join(f"<urn:{long}:{number}> <urn:x:p> {number % 7} .\n" for number in range(25_000)))
    parsed = service.parse(Document(sent, "ttl", graph="urn:x:g"), "me", into)
    assert (parsed.quads, parsed.count, parsed.graphs) == (into, 25_000, ("urn:x:g",))
    assert len(set(into.read_bytes().splitlines())) == 25_000


def test_a_document_that_does_not_parse_is_refused_with_its_place(service):
    with pytest.raises(FileSyntaxError) as refused:
        service.parse(Document(b"<urn:x:a> <urn:x:b>\n .", "ttl", "data.ttl", graph="urn:x:g"), "me")
    assert (refused.value.name, refused.value.line, refused.value.column) == ("data.ttl", 2, 2)


def test_users_may_ask_with_more_data_in_the_text(service, asked):
    text = "ASK { VALUES ?x { " + " ".join(map(str, range(10_000))) + " } }"
    assert json.loads(body(service, asked(text)))["boolean"] is True


def test_a_reader_is_never_given_a_query_that_asks_another_server(service, asked):
    for asks in (None, Asks.SELECT):
        with pytest.raises(NotAllowed, match="SERVICE is refused"):
            service.ask(asked("SELECT * { SERVICE <urn:x:other> {} }", asks=asks), "a client")
