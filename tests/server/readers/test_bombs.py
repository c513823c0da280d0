"""Every input that ends, hangs or fills a process, each given to a reader without the checks before it.

Whatever becomes of the reader, who asks gets an answer or one sentence, no connection is opened, and the next
question is answered. Most of these never get so far: `kb.sparql_text` refuses them by their text.
"""

import socket
import threading

import pytest

from kb.errors import KnowledgeBaseError
from kb.sparql_text import Form
from server.query_service import QueryLimits, QueryService
from server.readers.errors import AnswerCut, MemoryLimit, ReaderLost, TimeLimit
from server.readers.pool import Pool, PoolLimits
from server.readers.tasks import Document
from server.readers.work import Clock

ONE = "SELECT ?n { <urn:x:5> <urn:x:number> ?n }"
CROSS = " ".join(f"?a{n} <urn:x:number> ?b{n} ." for n in range(4))
ENDS = {TimeLimit, MemoryLimit, ReaderLost, AnswerCut}


def nested(opening, inside, closing, times):
    return opening * times + inside + closing * times


def select(pattern, columns="*"):
    return f"SELECT {columns} {{ {pattern} }}"


def star(arms):
    return select(" ".join(f"?s <urn:x:p{n}> ?o{n} ." for n in range(arms)))


def growing(step, times, last):
    binds = " ".join(f"BIND({step.format(f'?x{n}')} AS ?x{n + 1})" for n in range(times))
    return select(f"?a <urn:x:number> ?b BIND(STR(?a) AS ?x0) {binds}", f"(STRLEN(?x{times}) AS ?l)") + last


QUERIES = {
    "exists in exists": select(nested("FILTER EXISTS { ", "?s ?p ?o", " }", 5_000)),
    "if in if": select(f"BIND({nested('IF(true, ', '1', ', 2)', 8_000)} AS ?x)"),
    "group in group": select(nested("{", "?s ?p ?o", "}", 20_000)),
    "subselect in subselect": select(nested("{ SELECT * { ", "?s ?p ?o", " } }", 10_000)),
    "optional in optional": select(nested("OPTIONAL { ", "?s ?p ?o", " }", 20_000)),
    "parenthesis in parenthesis": select(f"BIND({nested('(', '1', ')', 50_000)} AS ?x)"),
    "triple term in triple term": select(f"?s ?p {nested('<<( <urn:x:a> <urn:x:b> ', '1', ' )>>', 40_000)}"),
    "path in path": select(f"?s {nested('(', '<urn:x:p>', ')', 60_000)} ?o"),
    "list in list": select(f"?s ?p {nested('(', '1', ')', 2_000)}"),
    "blank node in blank node": select(f"?s ?p {nested('[ ?q ', '1', ' ]', 2_000)}"),
    "chain of unions": select(" UNION ".join(["{ ?s ?p ?o }"] * 30_000)),
    "chain of binds": select(" ".join(f"BIND(1 AS ?x{n})" for n in range(20_000))),
    "chain of additions": select(f"BIND({'+'.join(['1'] * 50_000)} AS ?x)"),
    "chain of ors": select(f"FILTER({'||'.join(['true'] * 50_000)})"),
    "nots": select(f"FILTER({'!' * 50_000}true)"),
    "alternatives of a path": select(f"?s {'|'.join(['<urn:x:p>'] * 50_000)} ?o"),
    "sequence of a path": select(f"?s {'/'.join(['<urn:x:p>'] * 2_000)} ?o"),
    "star to plan": star(240),
    "optionals to plan": select(" ".join(f"OPTIONAL {{ ?s <urn:x:p{n}> ?o{n} }}" for n in range(200))),
    "cross join counted": select(CROSS, "(COUNT(*) AS ?n)"),
    "cross join sorted": select(CROSS) + " ORDER BY ?b3 LIMIT 1",
    "cross join distinct": select(CROSS, "DISTINCT *"),
    "cross join grouped": select(CROSS, "?b0 ?b1 ?b2 (COUNT(*) AS ?n)") + " GROUP BY ?b0 ?b1 ?b2",
    "rows without end": select(CROSS),
    "text doubled": growing("CONCAT({0}, {0})", 40, ""),
    "text replaced": growing("REPLACE({0}, '.', '$0$0$0$0$0$0$0$0$0$0')", 12, ""),
    "text gathered": select(f"{CROSS} BIND(STR(?a0) AS ?x)", "(STRLEN(GROUP_CONCAT(?x)) AS ?n)"),
    "patterns that backtrack": select("FILTER REGEX('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '^(a+)+$')"),
    "patterns compiled in each row": select(
        f"{CROSS} FILTER REGEX('a', CONCAT(STR(?b0), '(a{{50}}){{50}}', STR(?b1)))"
    ),
    "paths of all pairs": select("?s <urn:x:knows>* ?o", "(COUNT(*) AS ?n)"),
    "paths of paths": select("?s (<urn:x:knows>/<urn:x:knows>)* ?o", "(COUNT(*) AS ?n)"),
    "paths after paths": select(f"?s {'/'.join(['<urn:x:knows>'] * 4)} ?o", "(COUNT(*) AS ?n)"),
    "many values": select(f"VALUES ?x {{ {' '.join(map(str, range(400_000)))} }}", "(COUNT(*) AS ?n)"),
    "many in": select(f"?s ?p ?o FILTER(?o IN ({', '.join(map(str, range(100_000)))}))", "(COUNT(*) AS ?n)"),
    "a service": select("SERVICE <{canary}> { ?s ?p ?o }"),
    "a service in exists": select("FILTER EXISTS { SERVICE <{canary}> { ?s ?p ?o } }"),
    "a service by variable": select("VALUES ?where { <{canary}> } SERVICE ?where { ?s ?p ?o }"),
    "a service of a file": select("SERVICE <file:///etc/passwd> { ?s ?p ?o }"),
    "from another server": "SELECT * FROM <{canary}> { ?s ?p ?o }",
    "from a file": "SELECT * FROM <file:///etc/passwd> FROM NAMED <file:///etc/passwd> { ?s ?p ?o }",
    "load": "LOAD <{canary}>",
}

LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(11))
XML = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:x='urn:x:'>{}</rdf:RDF>"
VALUE = XML.format("<rdf:Description rdf:about='urn:x:a'><x:p>{}</x:p></rdf:Description>")

DOCUMENTS = {
    "entities of entities": ("rdf", f"<!DOCTYPE r [{LAUGHS}]>{VALUE.format('&a10;')}"),
    "a large entity often": (
        "rdf",
        f"<!DOCTYPE r [<!ENTITY a '{'a' * 100_000}'>]>{VALUE.format('&a;' * 2000)}",
    ),
    "an entity of a file": (
        "rdf",
        f"<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>{VALUE.format('&a;')}",
    ),
    "an entity of a server": ("rdf", f"<!DOCTYPE r [<!ENTITY a SYSTEM '{{canary}}'>]>{VALUE.format('&a;')}"),
    "a document type of a server": ("rdf", f"<!DOCTYPE r SYSTEM '{{canary}}'>{VALUE.format('')}"),
    "triple term in triple term": (
        "ttl",
        f"<urn:x:a> <urn:x:b> {nested('<<( <urn:x:a> <urn:x:b> ', '1', ' )>>', 100_000)} .",
    ),
    "triple term in triple term, line by line": (
        "nt",
        f"<urn:x:a> <urn:x:b> {nested('<<( <urn:x:a> <urn:x:b> ', '<urn:x:c>', ' )>>', 100_000)} .",
    ),
    "list in list": ("ttl", f"<urn:x:a> <urn:x:b> {nested('( ', '1', ' )', 30_000)} ."),
    "blank node in blank node": ("ttl", f"<urn:x:a> <urn:x:b> {nested('[ <urn:x:b> ', '1', ' ]', 30_000)} ."),
    "object in object": ("jsonld", nested('{"urn:x:b": ', "1", "}", 100_000)),
    "array in array": ("jsonld", f'{{"urn:x:b": {nested("[", "1", "]", 100_000)}}}'),
    "element in element": (
        "rdf",
        XML.format(nested("<rdf:Description><x:p>", "1", "</x:p></rdf:Description>", 50_000)),
    ),
    "a context of a server": ("jsonld", '{"@context": "{canary}", "a": 1}'),
    "a context of a file": ("jsonld", '{"@context": "file:///etc/passwd", "a": 1}'),
    "an import of a server": ("jsonld", '{"@context": {"@import": "{canary}"}, "a": 1}'),
    "a number of many digits": (
        "nt",
        f'<urn:x:a> <urn:x:b> "{"9" * 200_000}"^^<http://www.w3.org/2001/XMLSchema#integer> .',
    ),
}


@pytest.fixture(scope="module")
def canary():
    """The address of a server that nobody is to ask, and who asked it."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                callers.append(connection)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", callers
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture(scope="module")
def fragile(checkpoints, tmp_path_factory):
    """Readers that may take little, on things with a number each, a hundred of which all know each other."""
    states = checkpoints(tmp_path_factory.mktemp("bombs"))
    numbered = "\n".join(f"<urn:x:{number}> <urn:x:number> {number} ." for number in range(1000))
    known = " , ".join(f"<urn:x:{number}>" for number in range(100))
    known = "\n".join(f"<urn:x:{number}> <urn:x:knows> {known} ." for number in range(100))
    states.add(f"GRAPH <urn:x:graph> {{ {numbered} {known} }}")
    service = QueryService(Pool(PoolLimits(1, memory=150 << 20)), states, QueryLimits(Clock(0.3)))
    yield service
    service.close()


def outcome(act):
    """What it raises, None for an answer."""
    try:
        act()
    except KnowledgeBaseError as error:
        return error
    return None


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_harms_nobody_else(fragile, asked, canary, name):
    address, callers = canary
    text = QUERIES[name].replace("{canary}", address)
    question = asked(text, asks=Form.SELECT)
    error = outcome(lambda: sum(map(len, fragile.ask(question, "me"))))
    assert error is None or (type(error) in ENDS or "\n" not in str(error)), error
    assert fragile.ask(asked(ONE), "you").body() == b"n\r\n5\r\n"
    assert callers == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_harms_nobody_else(fragile, asked, canary, name):
    address, callers = canary
    form, text = DOCUMENTS[name]
    document = Document(text.replace("{canary}", address).encode(), form, graph="urn:x:g")
    error = outcome(lambda: fragile.parse(document, "me"))
    if "document type" in name or "entit" in name:
        assert str(error) == "The body: an XML document type declaration is not accepted; remove the DOCTYPE."
    assert fragile.ask(asked(ONE), "you").body() == b"n\r\n5\r\n"
    assert callers == []
