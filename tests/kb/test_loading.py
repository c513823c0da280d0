"""Tests of kb/loading.py, and of what LOAD means in an update."""

import pytest
from rdflib import Literal, URIRef

from kb.change import needs_public
from kb.delta import delta
from kb.engine.contract import DEFAULT, EDITS, DefaultGraph, FileSyntaxError
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotAllowed, NotUnderstood, TooLarge
from kb.intent import Loaded, SparqlUpdate
from kb.loading import Source, sources

FILE = "https://data.example/file"
LINES = b'<urn:a> <urn:b> "1" .\n<urn:a> <urn:b> "2" <urn:from> .\n'


def loaded(text, quads=LINES, engine=None, **more):
    """What an update inserts and deletes where the address FILE holds `quads`."""
    change = SparqlUpdate(text, loaded=(Loaded(FILE, quads),), **more)
    patch = delta(engine or OxigraphEngine.in_memory(), change).patch
    return patch.inserts, patch.deletes


def ones(graph, *values):
    return {(URIRef("urn:a"), URIRef("urn:b"), Literal(value), URIRef(graph)) for value in values}


def test_the_sources_of_a_request_are_told_before_it_is_read():
    text = (
        f"LOAD <{FILE}> ; INSERT DATA {{ <urn:a> <urn:b> <urn:c> }} ;\n"
        "PREFIX d: <https://data.example/> LOAD SILENT d:other INTO GRAPH <urn:g> ;\n"
        "BASE <https://base.example/x/> LOAD <../y> ; LOAD d:a\\,b"
    )
    assert sources(text) == [
        Source("Operation 1 (line 1)", FILE, False),
        Source("Operation 3 (line 2)", "https://data.example/other", True),
        Source("Operation 4 (line 3)", "https://base.example/y", False),
        Source("Operation 5 (line 3)", "https://data.example/a\\,b", False),
    ]
    assert sources("LOAD <y>", "https://base.example/x/z") == [
        Source("Operation 1 (line 1)", "https://base.example/x/y", False)
    ]


def test_load_inserts_all_triples_into_the_graph_that_it_names():
    assert loaded(f"LOAD <{FILE}> INTO GRAPH <urn:g>") == (ones("urn:g", "1", "2"), set())


def test_load_without_a_graph_inserts_as_insert_data_does():
    assert loaded(f"LOAD <{FILE}>") == (ones(EDITS, "1", "2"), set())
    own = OxigraphEngine.in_memory(DefaultGraph.OWN)
    assert loaded(f"LOAD <{FILE}>", engine=own) == (ones(DEFAULT, "1", "2"), set())
    assert loaded(f"LOAD <{FILE}>", graph="urn:only") == (ones("urn:only", "1", "2"), set())


def test_operations_after_a_load_see_what_it_inserted():
    text = (
        f"LOAD <{FILE}> INTO GRAPH <urn:g> ; DELETE DATA {{ GRAPH <urn:g> {{ <urn:a> <urn:b> '1' }} }} ;\n"
        "INSERT { GRAPH <urn:h> { ?a ?b ?c } } WHERE { ?a ?b ?c }"
    )
    assert loaded(text) == (ones("urn:g", "2") | ones("urn:h", "2"), set())


def test_a_file_may_hold_what_is_loaded(tmp_path):
    (tmp_path / "file.nq").write_bytes(LINES)
    assert loaded(f"LOAD <{FILE}>", tmp_path / "file.nq") == (ones(EDITS, "1", "2"), set())


def test_a_source_that_holds_nothing_changes_nothing():
    assert loaded(f"LOAD SILENT <{FILE}>", b"") == (set(), set())


def test_in_silence_what_was_not_brought_along_loads_nothing():
    text = f"LOAD SILENT <urn:other> INTO GRAPH <urn:g> ; LOAD <{FILE}>"
    assert loaded(text) == (ones(EDITS, "1", "2"), set())


def test_load_needs_no_state_to_be_understood():
    change = SparqlUpdate(f"LOAD <{FILE}>", loaded=(Loaded(FILE, LINES),))
    assert not needs_public(change)


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        (
            "LOAD <urn:other>",
            NotAllowed,
            "Operation 1 (line 1): LOAD <urn:other> is refused; nothing was read",
        ),
        (
            f"LOAD <{FILE}> INTO <urn:g>",
            NotUnderstood,
            "Operation 1 (line 1): write LOAD <address>, and after",
        ),
        (f"LOAD <{FILE}> INTO GRAPH", NotUnderstood, "write LOAD <address>"),
        (f"LOAD <{FILE}> INTO GRAPH <urn:g> <urn:h>", NotUnderstood, "write LOAD <address>"),
        (f"LOAD GRAPH <{FILE}>", NotUnderstood, "write LOAD <address>"),
        ("LOAD", NotUnderstood, "write LOAD <address>"),
        ("LOAD ?x", NotUnderstood, "write LOAD <address>"),
        (f"LOAD <{FILE}> LOAD <{FILE}>", NotUnderstood, "write LOAD <address>"),
        (
            f"LOAD <{FILE}> INTO GRAPH <urn:x-regiolink:g>",
            NotAllowed,
            "the graph urn:x-regiolink:g belongs to",
        ),
    ],
)
def test_what_cannot_be_loaded_is_refused(text, kind, sentence):
    with pytest.raises(kind) as refused:
        loaded(text)
    assert sentence in str(refused.value)


def test_what_is_loaded_is_read_as_n_quads_and_has_a_limit():
    with pytest.raises(FileSyntaxError, match=f"^<{FILE}>, line 1, column"):
        loaded(f"LOAD <{FILE}>", b"@prefix : <urn:> .")
    change = SparqlUpdate(f"LOAD <{FILE}>", loaded=(Loaded(FILE, LINES),))
    with pytest.raises(TooLarge, match=rf"^Operation 1 \(line 1\): <{FILE}> has more than 1 triples\.$"):
        delta(OxigraphEngine.in_memory(), change, max_quads=1)
