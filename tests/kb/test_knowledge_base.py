"""What the product ships, brought up to date in a knowledge base that people change."""

import pytest
from rdflib import RDFS

from kb import shipped
from kb.engine.contract import SHAPES
from kb.errors import DataRefused, FolderUnusable
from kb.folder import FolderInUse
from kb.intent import Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.shipped import SYSTEM
from kb.terms import GRAPH

EX = "https://example.org/"
PREFIXES = f"""@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix ex: <{EX}> . """
ONTOLOGY = "ex:Region a owl:Class ; rdfs:subClassOf ex:Place . ex:Place a owl:Class ."
SHAPE = """ex:RegionShape a sh:NodeShape ; sh:targetClass ex:Region ;
    sh:property [ sh:path rdfs:label ; sh:minCount 1 ; sh:message "Give it a name."@en ] ."""
STRICTER = SHAPE.replace("minCount 1", "minCount 2")
PLACES = GRAPH["places"]


@pytest.fixture
def ship(monkeypatch):
    """Has the product ship an ontology, a shape, and regions by their names."""

    def these(*regions, shape=SHAPE):
        data = "".join(f'<{EX}{name}> a <{EX}Region> ; rdfs:label "{name}" .\n' for name in regions)
        files = [
            ("ontology/a.ttl", (PREFIXES + ONTOLOGY).encode(), GRAPH["ontology"]),
            ("shapes/a.ttl", (PREFIXES + shape).encode(), SHAPES),
            ("datasets/a.trig", f"{PREFIXES} <{PLACES}> {{ {data} }}".encode(), None),
        ]
        monkeypatch.setattr(shipped, "shipped_graphs", lambda: iter(files))

    these("first", "second")
    return these


@pytest.fixture
def kb(tmp_path, ship):
    """The knowledge base of what is shipped at first."""
    ship("first", "second")
    made = KnowledgeBase(tmp_path / "data")
    with made.writer():
        pass
    return made


def regions(kb):
    engine = kb.public()
    try:
        return {str(x).removeprefix(EX) for (x,) in engine.select(f"SELECT ?x {{ ?x a <{EX}Region> }}")}
    finally:
        engine.close()


def newest(kb):
    ledger = kb.ledger()
    try:
        return ledger.commit(ledger.head().revision)
    finally:
        ledger.close()


def change(kb, text):
    with kb.writer() as writer:
        return writer.commit(Intent(SparqlUpdate(text), "ann", "steward", Door.UPDATE))


def leaving(name):
    return f"DELETE WHERE {{ GRAPH <{PLACES}> {{ <{EX}{name}> ?p ?o }} }}"


def arriving(name):
    what = f'<{EX}{name}> a <{EX}Region> ; <{RDFS.label}> "{name}"'
    return f"INSERT DATA {{ GRAPH <{PLACES}> {{ {what} }} }}"


def test_what_is_shipped_is_the_first_commit_and_is_made_once(kb):
    assert (newest(kb).revision, newest(kb).author, newest(kb).door) == (1, SYSTEM, Door.SYSTEM)
    with kb.writer() as writer:
        assert writer.head() == 1
    assert (regions(kb), kb.is_current()) == ({"first", "second"}, True)


def test_a_new_version_brings_and_takes_only_what_differs(kb, ship):
    ship("first", "third")
    assert not kb.is_current()
    with kb.writer():
        pass
    assert (newest(kb).revision, newest(kb).inserts, newest(kb).deletes) == (2, 2, 2)
    assert (regions(kb), kb.is_current()) == ({"first", "third"}, True)


def test_what_people_changed_stays_as_they_left_it(kb, ship):
    change(kb, leaving("first"))
    change(kb, arriving("own"))
    change(kb, arriving("fourth"))
    ship("first", "second", "third", "fourth")
    with kb.writer():
        pass
    assert regions(kb) == {"second", "third", "fourth", "own"}
    ship("first", "second")
    with kb.writer():
        pass
    assert regions(kb) == {"second", "fourth", "own"}, "what somebody else stated too stays"


def test_an_older_version_and_a_newer_one_again_are_commits_of_their_own(kb, ship):
    for turn in range(2):
        ship("first", "second", "third")
        with kb.writer():
            pass
        assert (newest(kb).revision, regions(kb)) == (2 + 2 * turn, {"first", "second", "third"})
        ship("first", "second")
        with kb.writer():
            pass
        assert (newest(kb).revision, regions(kb)) == (3 + 2 * turn, {"first", "second"})


def test_newer_shapes_that_data_breaks_are_accepted_with_a_waiver_that_says_so(kb, ship):
    change(kb, arriving("own"))
    ship("first", "second", shape=STRICTER)
    with kb.writer() as writer:
        assert writer.head() == 3
        with pytest.raises(DataRefused):
            writer.commit(Intent(SparqlUpdate(arriving("another")), "ann", "steward", Door.UPDATE))
    commit = newest(kb)
    assert (commit.author, commit.summary.violations) == (SYSTEM, 3)
    assert "has newer shapes than some of the data was checked with" in commit.waiver


def test_a_knowledge_base_that_was_begun_empty_stays_without(ship, tmp_path):
    kb = KnowledgeBase(tmp_path / "data")
    with kb.writer(empty=True):
        pass
    ship("first")
    with kb.writer() as writer:
        assert writer.head() == 0
    assert (regions(kb), kb.is_current()) == (set(), True)


def test_a_build_that_was_cut_off_is_finished_by_the_next_one(kb, ship, monkeypatch):
    ship("first", "second", "third")

    def cut_off(*_given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("kb.live.Live._put_in_use", cut_off)
        patched.setattr("kb.live.Live.land", cut_off)
        with pytest.raises(KeyboardInterrupt), kb.writer():
            pass
    with kb.writer() as writer:
        assert writer.head() == 2
    assert regions(kb) == {"first", "second", "third"}
    assert len([path for path in kb.folder.engines.iterdir() if path.is_dir()]) == 1


def test_one_process_at_a_time_may_change_it(kb):
    with kb.writer(), pytest.raises(FolderInUse, match="in use by another Regiolink process"), kb.writer():
        pass


def test_reading_before_anything_was_built_says_what_to_do(tmp_path):
    with pytest.raises(FolderUnusable, match="No knowledge base has been built in"):
        KnowledgeBase(tmp_path / "nothing").public()
    assert not KnowledgeBase(tmp_path / "nothing").is_current()


def test_what_is_shipped_without_a_difference_makes_no_commit(kb, monkeypatch):
    files = [(name, data + b"\n# a remark", graph) for name, data, graph in shipped.shipped_graphs()]
    monkeypatch.setattr(shipped, "shipped_graphs", lambda: iter(files))
    with kb.writer() as writer:
        assert (writer.head(), regions(kb)) == (1, {"first", "second"})
