"""Tests of kb/rdf12.py, and of what is made of its terms elsewhere in kb/."""

import copy
import pickle
from itertools import permutations

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD

from kb.engine.contract import BadTerm
from kb.engine.oxigraph_terms import as_text, term_as_stored, to_oxigraph, to_rdflib
from kb.errors import NotUnderstood, TooLarge
from kb.ledger.touches import As, Touched, hash_of, rows_of, touched
from kb.normal_form import normal_form
from kb.patch import NotGround, Patch
from kb.rdf12 import MOST_NESTED, DirectedLiteral, TripleTerm, is_ground, needs_rdf12
from kb.rdf_patch import PatchSyntaxError, from_text, to_text
from kb.terms import GENID, ID

S, P, G = URIRef("urn:s"), URIRef("urn:p"), URIRef("urn:g")
TEXT = Literal("x", lang="en")
LEFT, RIGHT = DirectedLiteral("x", "en", "ltr"), DirectedLiteral("x", "en", "rtl")
TERM = TripleTerm(S, P, LEFT)
DEEP = TripleTerm(S, P, TripleTerm(S, P, Literal('say "no"\n')))


def nested(depth, value=S):
    for _ in range(depth):
        value = TripleTerm(S, P, value)
    return value


def test_the_direction_of_a_text_is_part_of_what_it_is():
    assert DirectedLiteral("x", "EN", "ltr") == LEFT and hash(LEFT) == hash(DirectedLiteral("x", "en", "ltr"))
    assert not any(one == other for one, other in permutations([TEXT, LEFT, RIGHT], 2))
    assert all(one != other for one, other in permutations([TEXT, LEFT, RIGHT], 2))
    assert len({TEXT, LEFT, RIGHT}) == 3
    assert [term.n3() for term in (LEFT, RIGHT)] == ['"x"@en--ltr', '"x"@en--rtl']
    with pytest.raises(NotUnderstood, match="'up' is no base direction; there are ltr and rtl"):
        DirectedLiteral("x", "en", "up")


def test_a_triple_term_is_what_its_terms_are():
    assert TripleTerm(S, P, DirectedLiteral("x", "en", "ltr")) == TERM
    assert len({TERM, TripleTerm(S, P, RIGHT), TripleTerm(S, P, TEXT), URIRef(str(TERM))}) == 4
    assert str(DEEP) == DEEP.n3() == '<<( <urn:s> <urn:p> <<( <urn:s> <urn:p> "say \\"no\\"\\n" )>> )>>'
    assert str(TripleTerm(BNode("b"), P, Literal(5))) == f'<<( _:b <urn:p> "5"^^<{XSD.integer}> )>>'
    assert (TERM.depth, DEEP.depth) == (1, 2)


@pytest.mark.parametrize(
    "terms", [(TERM, P, S), (Literal("s"), P, S), (S, BNode("p"), S), (S, Literal("p"), S)]
)
def test_what_is_no_triple_is_no_triple_term(terms):
    with pytest.raises(NotUnderstood, match="has an IRI or a blank node as subject"):
        TripleTerm(*terms)


def test_triple_terms_do_not_stand_in_each_other_without_end():
    assert nested(MOST_NESTED).depth == MOST_NESTED
    with pytest.raises(TooLarge, match="More than 16 triple terms stand in each other"):
        nested(MOST_NESTED + 1)


@pytest.mark.parametrize("term", [LEFT, TERM, DEEP, nested(MOST_NESTED, LEFT)])
def test_the_terms_survive_pickling_copying_and_the_engine(term):
    for again in (pickle.loads(pickle.dumps(term)), copy.deepcopy(term), to_rdflib(to_oxigraph(term))):
        assert (again, type(again), again.n3()) == (term, type(term), term.n3())
    assert as_text(to_oxigraph(term)) == term.n3()


def test_they_can_be_sorted_among_all_terms():
    terms = [BNode("b"), S, TERM, DEEP, Literal(1), TEXT, LEFT, RIGHT]
    some = [terms[place] for place in (0, 1, 2, 4, 6, 7)]
    assert all(sorted(mixed) == some for mixed in permutations(some))
    assert sorted([*terms[4:], *terms[:4]]) == terms


def test_a_graph_of_rdflib_holds_them():
    graph = Graph()
    for value in (TEXT, LEFT, TERM, DEEP):
        graph.add((S, P, value))
    graph.remove((S, P, TEXT))
    assert set(graph.objects(S, P)) == {LEFT, TERM, DEEP}


def test_what_is_ground_and_what_needs_rdf_1_2():
    inside = TripleTerm(S, P, TripleTerm(BNode("b"), P, S))
    assert [is_ground(term) for term in (S, TERM, BNode("b"), inside)] == [True, True, False, False]
    assert [needs_rdf12(term) for term in (S, TEXT, BNode("b"), LEFT, TERM)] == [False] * 3 + [True] * 2


# -- in changes ----------------------------------------------------------------------------------------------


def test_a_patch_with_them_is_written_and_read_again():
    patch = Patch.of(deletes=[(S, P, RIGHT, G), (S, P, DEEP, G)], inserts=[(S, P, LEFT, G), (S, P, TERM, G)])
    text = to_text(patch)
    assert text == (
        "TX .\n"
        'D <urn:s> <urn:p> "x"@en--rtl <urn:g> .\n'
        'D <urn:s> <urn:p> <<( <urn:s> <urn:p> <<( <urn:s> <urn:p> "say \\"no\\"\\n" )>> )>> <urn:g> .\n'
        'A <urn:s> <urn:p> "x"@en--ltr <urn:g> .\n'
        'A <urn:s> <urn:p> <<( <urn:s> <urn:p> "x"@en--ltr )>> <urn:g> .\n'
        "TC .\n"
    )
    assert from_text(text) == patch


def test_a_row_that_nests_too_deep_is_refused_before_it_is_parsed():
    row = "A <urn:s> <urn:p> " + "<<( <urn:s> <urn:p> " * 100_000 + "1" + " )>>" * 100_000 + " <urn:g> ."
    with pytest.raises(PatchSyntaxError, match="more than 16 triple terms stand in each other"):
        from_text(row)
    many = Literal("<<( " * 100)
    assert from_text(to_text(Patch.of(inserts=[(S, P, many, G)]))).inserts == {(S, P, many, G)}


@pytest.mark.parametrize("quad", [(TERM, P, S, G), (S, P, TripleTerm(S, P, BNode("b")), G), (S, P, S, TERM)])
def test_a_patch_has_them_as_objects_only_and_without_blank_nodes(quad):
    with pytest.raises(NotGround):
        Patch.of(inserts=[quad])


def test_the_normal_form_reaches_into_triple_terms():
    number = Literal("01", datatype=XSD.int, normalize=False)
    quads = [
        (BNode("b"), P, TripleTerm(BNode("b"), P, number), G),
        (S, P, DirectedLiteral("x", "EN", "ltr"), G),
    ]
    ((node, _, term, _), (_, _, text, _)) = normal_form(quads, rdf12=True)
    assert node.startswith(GENID) and term == TripleTerm(node, P, Literal(1))
    assert text.n3() == '"x"@en--ltr'
    assert term_as_stored(TripleTerm(BNode("b"), P, number)) == TripleTerm(BNode("b"), P, Literal(1))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (TripleTerm(S, P, Literal("a\x00")), "U\\+0000, which no XML can hold"),
        (TripleTerm(S, P, URIRef("relative")), "is not absolute"),
        (DirectedLiteral("a\x00", "en", "ltr"), "U\\+0000, which no XML can hold"),
    ],
)
def test_what_is_not_to_be_stored_is_refused_in_triple_terms_too(value, sentence):
    with pytest.raises(BadTerm, match=sentence):
        normal_form([(S, P, value, G)], rdf12=True)


@pytest.mark.parametrize("value", [LEFT, TERM])
def test_they_are_refused_where_rdf_1_1_is_held(value):
    with pytest.raises(BadTerm, match=r"of RDF 1\.2; this knowledge base holds RDF 1\.1"):
        normal_form([(S, P, value, G)])


def test_a_row_with_a_triple_term_touches_its_subject_and_its_graph():
    thing = ID["region/a"]
    text = to_text(Patch.of(inserts=[(S, P, TripleTerm(thing, P, thing), G)]))
    subject, graph = hash_of(As.SUBJECT, "urn:s"), hash_of(As.GRAPH, "urn:g")
    assert touched(text) == Touched(("urn:g",), frozenset({subject, graph}))
    assert rows_of(text, thing, links=True) == []
    assert rows_of(text, "urn:s") == [f"A <urn:s> <urn:p> <<( <{thing}> <urn:p> <{thing}> )>> <urn:g> ."]
