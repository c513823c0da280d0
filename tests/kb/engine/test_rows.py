"""Tests of kb/engine/rows.py and kb/engine/row_reader.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import XSD, Literal, URIRef

from kb.engine.contract import EDITS, HISTORY, INFERRED, BadTerm
from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, to_rdflib
from kb.engine.oxigraph_terms import to_oxigraph
from kb.engine.row_reader import RowReader, conclude, take
from kb.engine.rows import Rows
from kb.normal_form import NormalForm, normal_form
from kb.patch import Patch
from kb.rdf_patch import from_own_text, row_of, to_text

EX = "https://example.org/"
A, B, P = (URIRef(EX + name) for name in "abp")

TERMS = st.one_of(
    st.sampled_from(
        [A, B, Literal("x"), Literal("1.50", datatype=XSD.decimal), Literal("é_: << \\u0041", "EN")]
    ),
    st.builds(
        Literal, st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
    ),
    st.builds(Literal, st.sampled_from(["a\nb\r\t\x7f\\", '"^^<', "--ltr"]), st.just("pt-BR")),
)
QUADS = st.tuples(st.sampled_from([A, B]), st.just(P), TERMS, st.sampled_from([EDITS, HISTORY, A]))


def patches(of=QUADS):
    quads = st.lists(of, max_size=6).map(normal_form)
    return st.builds(Patch.of, quads, quads, st.none())


@settings(max_examples=200, deadline=None)
@given(patches())
def test_rows_are_the_patch_of_their_quads(patch):
    rows = Rows(map(row_of, patch.deletes), map(row_of, patch.inserts), made_from=7)
    assert rows == patch and patch == rows and rows == Rows(rows.deleted, rows.inserted)
    assert (rows.deletes, rows.inserts) == (patch.deletes, patch.inserts)
    assert (len(rows), rows.counts()) == (len(patch), patch.counts())
    assert (rows.graphs(), rows.subjects()) == (patch.graphs(), patch.subjects())
    assert (rows.inverse(), rows.made(9).made_from, rows.made_from) == (patch.inverse(), 9, 7)
    assert rows.part(100) == patch and rows.part(1).counts() <= (1, 1)
    assert hash(rows) == hash(Rows(rows.deleted, rows.inserted)) and rows != Rows(rows.deleted, ["<a:b>"])


@settings(max_examples=100, deadline=None)
@given(patches())
def test_own_text_is_read_as_it_was_written_however_large(patch):
    with pytest.MonkeyPatch.context() as large:
        large.setattr("kb.rdf_patch._LARGE", 0)
        read = from_own_text(to_text(patch))
    assert isinstance(read, Rows) and read == patch == from_own_text(to_text(patch))
    assert to_text(read) == to_text(patch)


@settings(max_examples=200, deadline=None)
@given(st.lists(QUADS, max_size=6), st.lists(QUADS, max_size=3))
def test_a_document_is_read_into_the_rows_of_its_normal_form(quads, there):
    engine = OxigraphEngine.in_memory()
    engine.transact(Patch.of(inserts=normal_form(there)))
    text = "".join(f"{' '.join(str(to_oxigraph(term)) for term in quad)} .\n" for quad in quads).encode()
    reader = RowReader(engine, NormalForm().quad, row_of)
    rows = [reader.row(quad) for quad in read_quads(text, "nq", "the data")]
    expected = normal_form(
        (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph_of(quad))
        for quad in read_quads(text, "nq", "the data")
    )
    assert rows == list(map(row_of, expected))
    assert reader.present == set(map(row_of, engine.holds(expected)))


def test_a_blank_node_gets_one_iri_in_all_of_a_document():
    reader = RowReader(OxigraphEngine.in_memory(), NormalForm().quad, row_of)
    text = b"_:x <a:p> _:y <a:g> .\n_:y <a:p> _:x <a:g> ."
    (one, _, other, _), (third, _, fourth, _) = (
        reader.row(quad).split(" ") for quad in read_quads(text, "nq", "the data")
    )
    assert (one, other) == (fourth, third) and one != other
    assert one.startswith("<https://w3id.org/regiolink/.well-known/genid/")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('<a:a> <a:p> "\\u0001" <a:g> .', "the character U\\+0001"),
        ("<a:a> <a:p> 1 <a:g> .".replace("1", '"1"'), None),
        ("<a:a> <a:p> <a:o> <urn:x-regiolink:note> .", "belongs to the engine"),
        ('<a:a> <a:p> "x"@en--ltr <a:g> .', "of RDF 1.2"),
        ("<a:a> <a:p> <<( <a:a> <a:p> <a:o> )>> <a:g> .", "of RDF 1.2"),
    ],
)
def test_what_may_not_be_stored_is_refused(text, sentence):
    reader = RowReader(OxigraphEngine.in_memory(), NormalForm().quad, row_of)
    (quad,) = read_quads(text.encode(), "nq", "the data")
    if sentence is None:
        assert reader.row(quad) == text.removesuffix(" .")
        return
    with pytest.raises(BadTerm, match=sentence):
        reader.row(quad)


@settings(max_examples=50, deadline=None)
@given(patches(), patches())
def test_rows_change_an_engine_as_their_quads_do(first, second):
    engines = OxigraphEngine.in_memory(), OxigraphEngine.in_memory()
    for revision, patch in enumerate((first, second), start=1):
        rows = Rows(map(row_of, patch.deletes), map(row_of, patch.inserts))
        for engine, change in zip(engines, (patch, rows), strict=True):
            engine.apply_in_bulk(change, revision)
    quads, rows = (set(engine.store) for engine in engines)
    assert quads == rows and engines[1].revision() == 2


@pytest.mark.parametrize("many", [0, 1_000_000])
@pytest.mark.parametrize("node", ["_:b", "<a:b>"])
def test_conclusions_stand_in_their_graph_and_in_the_merge(monkeypatch, many, node):
    monkeypatch.setattr("kb.engine.rows._MANY", many)
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(f"{node} <{P}> <{B}> <{EDITS}> .".encode(), "nq", "the data"))
    ((subject, _, _),) = engine.triples(EDITS)
    assert conclude(engine, f"?x a <{A}>", f"?x <{P}> <{B}>", INFERRED)
    assert not conclude(engine, f"?x a <{A}>", "?x <a:none> ?y", INFERRED)
    assert [each[0] for each in engine.triples(INFERRED)] == [subject]
    assert engine.size() == 2


def test_a_graph_is_taken_over_from_another_engine():
    (one, other) = OxigraphEngine.in_memory(), OxigraphEngine.in_memory()
    one.transact(Patch.of(inserts=[(A, P, Literal(" .\n"), HISTORY), (A, P, B, EDITS)]))
    take(HISTORY, one, other)
    assert (set(other.triples(HISTORY)), other.size()) == ({(A, P, Literal(" .\n"))}, 0)
