"""The one door: what lands, what is refused, and what is left after every kind of end."""

import shutil

import pytest
from rdflib import RDF, RDFS, SH, Literal, URIRef

from kb.engine.contract import EDITS, HISTORY, INFERRED, SHAPES, WORDS
from kb.errors import DataRefused, KnowledgeBaseError, NotAllowed, NotFound, NotUnderstood
from kb.intent import AddQuads, DropGraph, Intent, RdfPatch, ReplaceGraph, SparqlUpdate, Undo
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.patch import Patch
from kb.permissions import Forbidden
from kb.terms import DEF, GRAPH
from kb.verification import verify

EX = "https://example.org/"
SHAPES_TEXT = f"""
PREFIX sh: <{SH}> PREFIX ex: <{EX}> PREFIX rdfs: <{RDFS}> PREFIX owl: <http://www.w3.org/2002/07/owl#>
INSERT DATA {{
  GRAPH <{SHAPES}> {{
    ex:RegionShape a sh:NodeShape ; sh:targetClass ex:Region ; sh:property ex:label , ex:remark .
    ex:label sh:path rdfs:label ; sh:minCount 1 ; sh:message "Give it a name."@en .
    ex:remark sh:path ex:code ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message "No code."@en .
  }}
  GRAPH <{GRAPH["ontology"]}> {{
    ex:Region a owl:Class ; rdfs:subClassOf ex:Place .
    ex:Place a owl:Class .
  }}
}}"""


REVISIONS = f"SELECT ?n {{ GRAPH <{HISTORY}> {{ ?c <http://purl.org/dc/terms/identifier> ?n }} }}"


def insert(name, label=True, code=True):
    said = f"<{EX}{name}> a <{EX}Region>"
    said += f' ; <{RDFS.label}> "{name}"' if label else ""
    said += f' ; <{EX}code> "{name}"' if code else ""
    return SparqlUpdate(f"INSERT DATA {{ GRAPH <{GRAPH['places']}> {{ {said} }} }}")


def by(change, author="ann", role="steward", door=Door.UPDATE, **more):
    return Intent(change, author, role, door, **more)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A knowledge base with a shape, a class hierarchy and one region."""
    kb = KnowledgeBase(tmp_path_factory.mktemp("begun") / "data")
    with kb.writer(empty=True) as writer:
        writer.commit(by(SparqlUpdate(SHAPES_TEXT), role="admin"))
        writer.commit(by(insert("first")))
    return kb


@pytest.fixture
def kb(begun, tmp_path):
    """A copy of it, to change."""
    return KnowledgeBase(shutil.copytree(begun.folder.path, tmp_path / "data"))


@pytest.fixture
def writer(kb):
    with kb.writer() as made:
        yield made


def names(engine):
    return {
        str(name) for (name,) in engine.select(f"SELECT ?name {{ ?x a <{EX}Region> ; <{RDFS.label}> ?name }}")
    }


def spoken(engine):
    """The words that things have in their names."""
    return {str(word) for _, predicate, word in engine.triples(WORDS) if predicate == DEF.word}


def seen(kb, writer):
    """What readers see of the newest state."""
    return names(kb.reading(writer.snapshot()))


def everything(engine):
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


def test_a_change_is_seen_written_down_and_survives_a_restart(kb):
    with kb.writer() as writer:
        outcome = writer.commit(by(insert("second"), message="because"))
        assert (outcome.revision, outcome.commit.author, outcome.commit.message) == (3, "ann", "because")
        assert seen(kb, writer) == {"first", "second"}
    with kb.writer() as writer:
        assert (writer.head(), seen(kb, writer)) == (3, {"first", "second"})


def test_what_breaks_the_shapes_leaves_no_trace(writer):
    before = everything(writer.live.stated), everything(writer.live.public)
    with pytest.raises(DataRefused, match="would break the rules in 1 place") as refused:
        writer.commit(by(insert("nameless", label=False)))
    assert [found.focus for found in refused.value.report.violations] == [URIRef(EX + "nameless")]
    assert (everything(writer.live.stated), everything(writer.live.public)) == before
    assert (writer.ledger.head().revision, writer.live.stated.note()) == (2, None)


def said(verb, *triples):
    quads = " ".join(f"<{EX}{s}> <{p}> <{EX}{o}> ." for s, p, o in triples)
    return by(SparqlUpdate(f"{verb} DATA {{ GRAPH <{GRAPH['places']}> {{ {quads} }} }}"))


CITY, A_REGION = ("City", RDFS.subClassOf, "Region"), ("first", RDFS.seeAlso, "first")


def test_a_class_that_came_a_moment_ago_counts_until_it_goes(writer):
    def fates(*intents):
        return [getattr(each, "revision", type(each)) for each in writer.commit_all(intents)]

    assert fates(said("INSERT", A_REGION)) == [3]
    # Both within one round, and then a round later.
    assert fates(said("INSERT", CITY), said("INSERT", ("a", RDF.type, "City"))) == [4, DataRefused]
    assert fates(said("INSERT", ("b", RDF.type, "City"))) == [DataRefused]
    assert fates(said("DELETE", CITY), said("INSERT", ("c", RDF.type, "City"))) == [5, 6]
    assert fates(said("INSERT", CITY)) == [DataRefused]
    # What was refused does not count.
    assert fates(said("INSERT", ("d", RDF.type, "City"))) == [7]


def test_warnings_travel_with_the_outcome_and_the_receipt(writer):
    outcome = writer.commit(by(insert("uncoded", code=False)))
    assert [found.message("en") for found in outcome.report.findings] == ["No code."]
    assert (outcome.commit.summary.warnings, outcome.commit.summary.violations) == (1, 0)


def test_what_follows_is_seen_and_no_longer_seen_with_what_it_follows_from(kb, writer):
    place = f"ASK {{ GRAPH <{INFERRED}> {{ <{EX}first> a <{EX}Place> }} }}"
    assert bool(kb.reading(writer.snapshot()).query(place))
    writer.commit(by(DropGraph(str(GRAPH["places"]))))
    assert not bool(kb.reading(writer.snapshot()).query(place))


def test_a_where_clause_sees_what_follows(writer):
    writer.commit(by(SparqlUpdate(f'INSERT {{ ?x <{EX}seen> "yes" }} WHERE {{ ?x a <{EX}Place> }}')))
    assert (URIRef(EX + "first"), URIRef(EX + "seen"), Literal("yes")) in set(
        writer.live.stated.triples(EDITS)
    )


def test_changes_that_came_together_share_a_sync_and_each_has_its_own_fate(kb, writer):
    results = writer.commit_all(
        [by(insert("a")), by(insert("b", label=False)), by(insert("c"), author="bob"), by(insert("a"))]
    )
    assert [getattr(each, "revision", type(each)) for each in results] == [3, DataRefused, 4, 3 + 1]
    assert results[3].commit is None
    assert seen(kb, writer) == {"first", "a", "c"}


def test_a_change_after_others_sees_them_when_it_has_a_where_clause(kb, writer):
    gone = SparqlUpdate(
        f"DELETE {{ GRAPH ?g {{ ?x ?p ?o }} }} WHERE {{ GRAPH ?g {{ ?x <{RDFS.label}> 'a' ; ?p ?o }} }}"
    )
    results = writer.commit_all([by(insert("a")), by(gone), by(insert("c"))])
    assert [each.revision for each in results] == [3, 4, 5]
    assert seen(kb, writer) == {"first", "c"}


def test_the_same_request_is_done_once(writer):
    asked = by(insert("a"), key="k1", request_digest="d1")
    first = writer.commit(asked)
    again = writer.commit(by(insert("a"), key="k1", request_digest="d1"))
    assert (again.revision, again.repeated, first.repeated) == (first.revision, True, False)
    both = writer.commit_all(
        [by(insert("b"), key="k2", request_digest="d"), by(insert("b"), key="k2", request_digest="d")]
    )
    assert [(each.revision, each.repeated) for each in both] == [(4, False), (4, True)]


def test_nothing_to_change_makes_no_commit(writer):
    outcome = writer.commit(by(insert("first")))
    assert (outcome.revision, outcome.commit, writer.ledger.head().revision) == (2, None, 2)


def test_graphs_that_come_into_being_are_named(writer):
    assert writer.commit(by(insert("a"))).created == ()
    new = str(GRAPH["new"])
    source = f'<{EX}x> <{EX}p> "1" <{new}> .'.encode()
    assert writer.commit(by(ReplaceGraph(new, source))).created == (new,)
    assert writer.commit(by(ReplaceGraph(new, source.replace(b"1", b"2")))).created == ()
    assert set(writer.live.stated.triples(URIRef(new))) == {
        (URIRef(EX + "x"), URIRef(EX + "p"), Literal("2"))
    }


def test_a_patch_in_text_is_applied(kb, writer):
    rows = f'D <{EX}first> <{EX}code> "first" .\nA <{EX}first> <{EX}code> "1st" .\n'
    writer.commit(by(RdfPatch(rows, str(GRAPH["places"]))))
    assert set(kb.reading(writer.snapshot()).select(f"SELECT ?c {{ <{EX}first> <{EX}code> ?c }}")) == {
        (Literal("1st"),)
    }


def test_an_undo_takes_commits_back_as_a_new_one(kb, writer):
    writer.commit(by(insert("a")))
    writer.commit(by(insert("b")))
    outcome = writer.commit(by(Undo(3, 4), door=Door.UNDO))
    assert (outcome.revision, seen(kb, writer)) == (5, {"first"})


def test_every_state_that_was_can_be_read_again(kb, writer):
    writer.commit(by(insert("a")))
    writer.commit(by(DropGraph(str(GRAPH["places"]))))
    writer.commit(by(insert("z")))
    found = {revision: names(kb.reading(writer.snapshot_at(revision))) for revision in range(6)}
    assert found == {0: set(), 1: set(), 2: {"first"}, 3: {"first", "a"}, 4: set(), 5: {"z"}}
    for revision in range(6):
        engine = kb.reading(writer.snapshot_at(revision))
        assert engine.revision() == revision
        follows = {str(thing).removeprefix(EX) for thing, _, _ in engine.triples(INFERRED)}
        assert follows == found[revision]
    with pytest.raises(NotFound, match="There is no revision 6; the newest is 5"):
        writer.snapshot_at(6)


def test_the_words_of_names_are_those_of_each_state(kb, writer, monkeypatch):
    writer.commit(by(insert("a")))
    writer.commit(by(Undo(3, 3), door=Door.UNDO))
    monkeypatch.setattr("kb.writer.LARGE", 2)
    writer.commit(by(insert("large")))
    writer.commit(by(DropGraph(str(GRAPH["places"]))))
    writer.commit(by(insert("z")))
    words = [spoken(kb.reading(writer.snapshot_at(revision))) for revision in range(8)]
    assert words == [set(), set(), {"first"}, {"first", "a"}, {"first"}, {"first", "large"}, set(), {"z"}]
    assert spoken(writer.live.stated) == set()
    assert verify(writer.ledger, writer.live.stated, writer.live.public).sentences == ()


def test_new_shapes_are_refused_where_data_would_fail_and_accepted_with_a_waiver(writer):
    stricter = SparqlUpdate(f"INSERT DATA {{ GRAPH <{SHAPES}> {{ <{EX}label> <{SH.minLength}> 10 }} }}")
    with pytest.raises(DataRefused):
        writer.commit(by(stricter, role="admin"))
    outcome = writer.commit(by(stricter, role="admin", waiver="names will follow"))
    assert (outcome.commit.waiver, outcome.commit.summary.violations) == ("names will follow", 1)
    with pytest.raises(DataRefused):
        writer.commit(by(insert("short")))
    writer.commit(by(insert("a long enough name".replace(" ", "-"))))


@pytest.mark.parametrize("bytes_of_large", [0, 1_000_000])
def test_a_large_change_lands_like_a_small_one(kb, writer, monkeypatch, bytes_of_large):
    monkeypatch.setattr("kb.writer.LARGE", 5)
    monkeypatch.setattr("kb.change._LARGE", bytes_of_large)
    monkeypatch.setattr("kb.rdf_patch._LARGE", bytes_of_large)
    many = "".join(
        f"<{EX}n{n}> <{RDF.type}> <{EX}Region> <{GRAPH['many']}> .\n"
        f'<{EX}n{n}> <{RDFS.label}> "n{n}" <{GRAPH["many"]}> .\n'
        for n in range(10)
    )
    assert writer.commit(by(AddQuads(many.encode()), door=Door.LOAD)).revision == 3
    assert seen(kb, writer) == {"first", *(f"n{n}" for n in range(10))}
    bad = many.replace(f'<{EX}n3> <{RDFS.label}> "n3" <{GRAPH["many"]}> .\n', "").replace("/n", "/m")
    with pytest.raises(DataRefused) as refused:
        writer.commit(by(AddQuads(bad.encode()), door=Door.LOAD))
    assert {found.focus for found in refused.value.report.violations} == {URIRef(EX + "m3")}
    writer.commit(by(insert("after")))
    assert (writer.head(), len(seen(kb, writer))) == (4, 12)
    # What is there already is no change, and each other quad is one.
    again = many + many.replace("/n", "/o")
    assert writer.commit(by(AddQuads(again.encode()), door=Door.LOAD)).commit.inserts == 20
    assert writer.commit(by(AddQuads(again.encode()), door=Door.LOAD)).commit is None
    before = everything(writer.live.public)
    assert verify(writer.ledger, writer.live.stated, writer.live.public).sentences == ()
    writer.rebuild()
    assert everything(writer.live.public) == before
    writer.commit(by(Undo(5, 5), door=Door.UNDO))
    assert len(seen(kb, writer)) == 12


def test_a_large_change_has_all_receipts_and_all_that_follows(writer, monkeypatch):
    monkeypatch.setattr("kb.writer.LARGE", 1)
    writer.commit(by(insert("large")))
    revisions = {int(number) for (number,) in writer.live.public.select(REVISIONS)}
    follows = {str(thing).removeprefix(EX) for thing, _, _ in writer.live.public.triples(INFERRED)}
    assert (revisions, follows) == ({1, 2, 3}, {"first", "large"})


@pytest.mark.parametrize(
    ("intent", "error", "sentence"),
    [
        (by(insert("a"), role="reader"), Forbidden, "A reader may not change anything"),
        (by(insert("a"), role="contributor"), Forbidden, "only write drafts"),
        (by(insert("a"), graphs=(str(GRAPH["b"]),)), Forbidden, "not among the graphs"),
        (by(SparqlUpdate(SHAPES_TEXT + " ; DELETE WHERE { GRAPH ?g { ?s ?p ?o } }")), Forbidden, "graph/"),
        (by(SparqlUpdate("INSERT DATA { <a:b> <a:c> }")), NotUnderstood, "line 1, column"),
        (by(DropGraph(str(GRAPH["nothing"]))), NotFound, "There is no graph"),
        (by(RdfPatch(f"D <{EX}x> <{EX}p> <{EX}o> .")), NotAllowed, "deletes 1 quad that is not there"),
        (by(Undo(9, 9), door=Door.UNDO), NotFound, "no revision 9"),
        (by(insert("a"), base=99), KnowledgeBaseError, "no revision 99"),
        (by(insert("a"), message="x" * 10_001), KnowledgeBaseError, "10,001 characters"),
        (by(ReplaceGraph(str(HISTORY), b"")), KnowledgeBaseError, "graph/history is kept by Regiolink"),
    ],
)
def test_a_bad_request_is_refused_in_a_sentence_and_changes_nothing(writer, intent, error, sentence):
    before = everything(writer.live.stated)
    with pytest.raises(error, match=sentence):
        writer.commit(intent)
    assert (everything(writer.live.stated), writer.head(), writer.live.stated.note()) == (before, 2, None)


def test_a_process_that_ends_while_it_tries_leaves_nothing_behind(kb):
    with kb.writer() as writer:
        before = everything(writer.live.stated)
        quad = (URIRef(EX + "half"), RDF.type, URIRef(EX + "Region"), GRAPH["places"])
        writer.live.stage(Patch.of(inserts=[quad]))
        writer.live.stage(Patch.of(deletes=[quad]))
        writer.live._staged.clear()  # as if the process had ended here
    with kb.writer() as writer:
        assert (everything(writer.live.stated), writer.live.stated.note()) == (before, None)


def test_an_engine_that_is_lost_is_made_anew_from_the_ledger(kb):
    with kb.writer() as writer:
        writer.commit(by(insert("a")))
        before = everything(writer.live.public)
    shutil.rmtree(kb.folder.engines)
    shutil.rmtree(kb.folder.checkpoints)
    with kb.writer() as writer:
        assert (everything(writer.live.public), writer.head()) == (before, 3)


def test_an_engine_that_missed_commits_follows(kb, tmp_path):
    with kb.writer():
        pass
    shutil.copytree(kb.folder.engines, tmp_path / "old")
    with kb.writer() as writer:
        writer.commit(by(insert("a")))
        writer.commit(by(insert("b")))
        before = everything(writer.live.public), everything(writer.live.stated)
    shutil.rmtree(kb.folder.engines)
    shutil.copytree(tmp_path / "old", kb.folder.engines)
    with kb.writer() as writer:
        assert (everything(writer.live.public), everything(writer.live.stated)) == before


def test_an_engine_that_knows_more_than_the_ledger_is_made_anew(kb, tmp_path):
    with kb.writer():
        pass
    shutil.copytree(kb.folder.path, tmp_path / "old")
    with kb.writer() as writer:
        writer.commit(by(insert("a")))
    for file in kb.folder.path.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "old" / "ledger.sqlite", kb.folder.ledger)
    with kb.writer() as writer:
        assert (writer.head(), names(writer.live.public)) == (2, {"first"})


def test_receipts_tell_of_every_commit(writer):
    outcome = writer.commit(by(insert("a"), message="why not"))
    assert Literal(outcome.commit.hash) in {value for _, _, value in writer.live.public.triples(HISTORY)}


def test_engines_of_another_version_are_made_anew(kb, monkeypatch):
    with kb.writer() as writer:
        before, place = everything(writer.live.public), (kb.folder.engines / "current").read_text()
    monkeypatch.setattr("kb.live._PROGRAM", "regiolink 99")
    with kb.writer() as writer:
        assert everything(writer.live.public) == before
        assert (kb.folder.engines / "current").read_text() != place
