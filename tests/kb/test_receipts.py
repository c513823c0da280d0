"""Tests of kb/receipts.py, and of the query that docs/history.md asks of receipts."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, to_rdflib
from kb.ledger.commits import GENESIS, Commit, Door, Entry, is_storable, row_after, time_text
from kb.ledger.ledger import Ledger
from kb.normal_form import normal_form
from kb.patch import Patch
from kb.receipts import HISTORY, receipt, receipt_rdf
from kb.terms import GRAPH, PREFIXES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "history.md"
EDITS, OTHER = GRAPH["edits"], GRAPH["source/nuts"]
NOON = "2026-11-22T12:00:00.000000Z"


def quads(*values, graph=EDITS):
    return [(URIRef("urn:s"), URIRef("urn:p"), Literal(value), graph) for value in values]


def commit_of(**fields) -> Commit:
    given_ = {"author": "ana", "role": "steward", "message": "", "door": Door.FORM}
    entry = Entry(Patch.of(inserts=quads(1, 2), deletes=quads(3)), **given_ | fields)
    return Commit.from_row(row_after(GENESIS, entry, "f" * 64, NOON, [str(EDITS), str(OTHER)]))


def test_a_receipt_tells_all_of_a_commit():
    commit = replace(
        commit_of(author="Ana Étoile", message="Tidy “names”", door=Door.GRAPH_STORE, waiver="Agreed."),
        revision=12,
        parent=11,
        time="2026-11-22T12:00:01.500000Z",
        hash="abc",
    )
    expected = (
        "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
        + """BASE <https://w3id.org/regiolink/commits/>
        <12> a prov:Activity , schema:UpdateAction ;
            rdfs:label "Revision 12"@en ;
            dct:identifier 12 ;
            dct:description "Tidy “names”" ;
            prov:wasAssociatedWith <../users/Ana%20%C3%89toile> ;
            schema:agent "Ana Étoile" ;
            schema:instrument "graph-store" ;
            prov:startedAtTime "2026-11-22T12:00:01.5Z"^^xsd:dateTime ;
            prov:endedAtTime "2026-11-22T12:00:01.5Z"^^xsd:dateTime ;
            prov:used graph:edits , <https://w3id.org/regiolink/graph/source/nuts> ;
            prov:generated <12#inserted> ;
            prov:invalidated <12#deleted> ;
            prov:wasInformedBy <11> ;
            schema:sha256 "abc" ;
            skos:editorialNote "Agreed." .
        <12#inserted> a prov:Entity ; void:triples 2 .
        <12#deleted> a prov:Entity ; void:triples 1 .
        """
    )
    told = read_quads(expected.encode(), "ttl", "the receipt", HISTORY)
    assert set(receipt(commit)) == {
        (*map(to_rdflib, (quad.subject, quad.predicate, quad.object)), graph_of(quad)) for quad in told
    }
    assert len(receipt(commit)) == len(set(receipt(commit)))
    assert {(*triple, HISTORY) for triple in receipt_rdf(commit)} == set(receipt(commit))


def test_what_a_commit_does_not_have_is_not_in_its_receipt():
    commit = replace(commit_of(), inserts=0, deletes=0, graphs=())
    assert {
        str(predicate).rpartition("/")[2].rpartition("#")[2] for _, predicate, _, _ in receipt(commit)
    } == {
        *("type", "label", "identifier", "wasAssociatedWith", "agent", "instrument"),
        *("startedAtTime", "endedAtTime", "sha256"),
    }


def test_two_receipts_share_no_quad():
    first, second = commit_of(), replace(commit_of(), revision=2, parent=1)
    assert set(receipt(first)).isdisjoint(receipt(second))


@given(
    st.datetimes(min_value=datetime(2000, 1, 1)),
    st.text(max_size=20).filter(is_storable),
    st.text(min_size=1, max_size=20).filter(is_storable),
)
@example(datetime(2026, 11, 22), "a\x01b\ufffe\r\n\u2028", 'a/b%20<>"{}|\\^` #?é')
def test_a_receipt_is_in_normal_form_whatever_was_said(time, message, author):
    commit = replace(commit_of(message=message, author=author), time=time_text(time.replace(tzinfo=UTC)))
    made = receipt(commit)
    assert normal_form(made) == made
    engine = OxigraphEngine.in_memory()
    engine.apply(Patch.of(inserts=made), 1)
    assert engine.holds(made) == set(made)


@pytest.fixture
def engine(tmp_path):
    """The receipts of four commits: an old one, two recent ones about edits, a recent one about NUTS."""
    days = iter((60, 20, 10, 0))
    ledger = Ledger.open(
        tmp_path / "ledger.sqlite",
        tmp_path / "patches",
        now=lambda: datetime.now(UTC) - timedelta(days=next(days)),
    )
    for patch, author, message in (
        (Patch.of(inserts=quads(1, 2)), "ana", "Begin"),
        (Patch.of(inserts=quads(3), deletes=quads(1, 2)), "ben", "Correct"),
        (Patch.of(deletes=quads(3)), "ana", ""),
        (Patch.of(inserts=quads(1, graph=OTHER)), "eve", "Import"),
    ):
        ledger.append(Entry(patch, author, "steward", message, Door.FORM), ledger.head().revision)
    made = OxigraphEngine.in_memory()
    made.apply(Patch.of(inserts=[quad for commit in ledger.commits() for quad in receipt(commit)]), 4)
    ledger.close()
    return made


def test_the_query_of_the_page_tells_who_changed_a_graph_lately(engine):
    (query,) = re.findall(r"```sparql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    rows = [tuple(None if value is None else str(value) for value in row) for row in engine.select(query)]
    assert [(row[0], *row[2:]) for row in rows] == [
        ("3", "ana", None, None, "1"),
        ("2", "ben", "Correct", "1", "2"),
    ]
