"""A plain base from end to end: RDF 1.2 and blank nodes through every kind of change, history and repair.

A base with shapes refuses RDF 1.2 by every door.
"""

import pytest
from rdflib import Literal, URIRef

from kb.engine.contract import DEFAULT, BadTerm
from kb.history import between, blame
from kb.intent import AddQuads, Intent, RdfPatch, ReplaceGraph, ReplaceThing, SparqlUpdate, Undo
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.patch import Patch
from kb.rdf12 import DirectedLiteral, TripleTerm
from kb.terms import GENID
from kb.verification import verify

A, P, G, NODE = URIRef("urn:x:a"), URIRef("urn:x:p"), URIRef("urn:x:g"), URIRef(f"{GENID}0a1")
TERM = TripleTerm(A, P, TripleTerm(NODE, P, DirectedLiteral("x", "en", "ltr")))
QUADS = {(A, P, TERM, G), (NODE, P, DirectedLiteral("y", "ar", "rtl"), G), (A, P, NODE, G)}
LINES = "".join(f"<{s}> <{p}> {o.n3()} <{g}> .\n" for s, p, o, g in sorted(QUADS)).encode()
ABOUT = b"".join(line for line in LINES.splitlines(keepends=True) if line.startswith(b"<urn:x:a>"))
ROWS = "".join(f"A {line}\n" for line in LINES.decode().splitlines())
UPDATE = f"""INSERT DATA {{ GRAPH <{G}> {{
    <{A}> <{P}> <<( <{A}> <{P}> <<( <{NODE}> <{P}> "x"@EN--ltr )>> )>> , <{NODE}> .
    <{NODE}> <{P}> "y"@ar--rtl }} }}"""

WAYS = {
    "update": (SparqlUpdate(UPDATE), QUADS),
    "update with a pattern": (SparqlUpdate(f"{UPDATE} ; DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}"), QUADS),
    "quads": (AddQuads(LINES), QUADS),
    "graph": (ReplaceGraph(str(G), LINES), QUADS),
    "thing": (ReplaceThing(str(A), str(G), ABOUT), {quad for quad in QUADS if quad[0] == A}),
    "patch": (RdfPatch(ROWS), QUADS),
}


def by(change):
    return Intent(change, "ann", "admin", Door.UPDATE)


def held(engine):
    graphs = [*engine.graph_names(), DEFAULT]
    return {(*triple, graph) for graph in graphs for triple in engine.triples(graph)}


@pytest.fixture
def kb(tmp_path):
    return KnowledgeBase(tmp_path / "data")


@pytest.fixture
def writer(kb):
    with kb.writer(empty=True, plain=True) as opened:
        yield opened


def answers(kb, snapshot, text):
    """The solutions of a SELECT, as N-Triples has their terms."""
    return sorted([str(term) for term in row] for row in kb.reading(snapshot).store.query(text))


@pytest.mark.parametrize("way", WAYS)
def test_every_kind_of_change_holds_rdf_1_2_and_its_blank_nodes(kb, writer, way):
    change, quads = WAYS[way]
    outcome = writer.commit(by(change))
    assert (outcome.revision, writer.ledger.patch_of(1)) == (1, Patch.of(inserts=quads))
    assert held(writer.live.stated) == held(writer.live.public) == quads
    blank = f"SELECT ?x {{ GRAPH <{G}> {{ <{A}> <{P}> ?x FILTER(isBlank(?x)) }} }}"
    assert answers(kb, writer.snapshot(), blank) == [["_:genid0a1"]]
    assert writer.commit(by(change)).commit is None


def test_history_undo_and_earlier_states_tell_them(kb, writer):
    writer.commit(by(AddQuads(LINES)))
    gone = f"DELETE {{ ?x <{P}> ?y }} WHERE {{ ?x <{P}> ?y FILTER(isBlank(?x)) }}"
    writer.commit(by(SparqlUpdate(gone, graph=str(G))))
    left = {quad for quad in QUADS if quad[0] == A}
    assert held(writer.live.stated) == left
    assert between(writer.ledger, 0, 2).inserts == left
    brought = blame(writer.ledger, A)
    assert {quad: commit.revision for quad, commit in brought.items()} == dict.fromkeys(left, 1)
    assert held(kb.reading(writer.snapshot_at(1))) == QUADS
    assert writer.commit(by(Undo(2, 2))).revision == 3
    assert held(writer.live.stated) == QUADS
    assert writer.commit(by(Undo(1, 3))).revision == 4
    assert held(writer.live.public) == set()


def test_the_engines_can_be_made_anew_and_agree(writer):
    writer.commit(by(AddQuads(LINES)))
    writer.commit(by(RdfPatch(ROWS.replace("A <urn:x:a>", "D <urn:x:a>", 1))))
    before = held(writer.live.stated)
    assert verify(writer.ledger, writer.live.stated, writer.live.public).sentences == ()
    writer.rebuild()
    assert held(writer.live.stated) == held(writer.live.public) == before
    assert verify(writer.ledger, writer.live.stated, writer.live.public).sentences == ()


def test_a_large_change_holds_them_too(kb, writer):
    many = [f'<{GENID}{n:x}> <{P}> <<( <{A}> <{P}> "{n}"@en--ltr )>> <{G}> .\n' for n in range(20_001)]
    writer.commit(by(AddQuads("".join(many).encode())))
    count = (
        f"SELECT (COUNT(?x) AS ?n) {{ GRAPH <{G}> {{ ?x <{P}> ?t FILTER(isBlank(?x) && isTRIPLE(?t)) }} }}"
    )
    assert answers(kb, writer.snapshot(), count) == [[Literal(20_001).n3()]]


@pytest.mark.parametrize("way", WAYS)
def test_a_base_with_shapes_refuses_them_in_a_sentence(kb, way):
    change, _ = WAYS[way]
    with kb.writer(empty=True) as writer:
        with pytest.raises(BadTerm, match=r"of RDF 1\.2; this knowledge base holds RDF 1\.1\.$"):
            writer.commit(by(change))
        assert (writer.head(), held(writer.live.stated)) == (0, set())
