"""Tests of kb/ledger/touches.py."""

from hypothesis import example, given
from hypothesis import strategies as st
from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from kb.ledger.touches import As, Touched, hash_of, rows_of, subjects_of, touched
from kb.patch import Patch
from kb.rdf_patch import from_text, to_text
from kb.terms import ID

THING, OTHER = ID["region/a"], ID["region/b"]
P, G, H = URIRef("urn:p"), URIRef("urn:g"), URIRef("urn:h")

iris = st.sampled_from([THING, OTHER, ID["region/a/b"], P, G, H, URIRef("urn:é")])
texts = st.sampled_from(
    [f"<{THING}> <{G}> .", "x", 'A "quote"\nD <urn:s> ', "\u2028D <urn:s> ", "\x85", "\\"]
)
literals = st.builds(Literal, texts) | st.builds(Literal, texts, lang=st.just("en"))
values = iris | literals | st.just(Literal(5)) | st.just(Literal("x", datatype=XSD.token))
quads = st.tuples(iris, iris, values, iris)
patches = st.builds(Patch.of, st.sets(quads, max_size=8), st.sets(quads, max_size=8))


def test_subjects_graphs_and_the_objects_that_are_things_of_ours_are_touched():
    patch = Patch.of(deletes=[(THING, P, Literal("x"), G)], inserts=[(P, P, OTHER, H), (P, P, G, H)])
    assert touched(to_text(patch)) == Touched(
        ("urn:g", "urn:h"),
        frozenset(
            {
                hash_of(As.SUBJECT, THING),
                hash_of(As.SUBJECT, P),
                hash_of(As.OBJECT, OTHER),
                hash_of(As.GRAPH, G),
                hash_of(As.GRAPH, H),
            }
        ),
    )
    assert touched(to_text(Patch())) == Touched((), frozenset())


def test_a_hash_fits_into_a_signed_64_bit_number_and_tells_the_roles_apart():
    hashes = {hash_of(role, f"urn:{number}") for role in As for number in range(100)}
    assert len(hashes) == 300
    assert min(hashes) < 0 < max(hashes) and all(-(2**63) <= each < 2**63 for each in hashes)


@given(patches)
@example(Patch.of(inserts=[(P, P, Literal(f"x> <{THING}> <{G}> ."), G)]))
def test_the_text_tells_what_the_quads_tell(patch):
    text, whole = to_text(patch), patch.deletes | patch.inserts
    hashes = {hash_of(As.SUBJECT, quad[0]) for quad in whole}
    hashes |= {hash_of(As.GRAPH, quad[3]) for quad in whole}
    hashes |= {
        hash_of(As.OBJECT, quad[2])
        for quad in whole
        if isinstance(quad[2], URIRef) and quad[2].startswith(ID)
    }
    assert touched(text) == Touched(tuple(sorted({str(quad[3]) for quad in whole})), frozenset(hashes))
    assert subjects_of(text) == {str(quad[0]) for quad in whole}


@given(patches, st.sampled_from([THING, P, G]), st.booleans(), st.sampled_from([None, G, H]))
def test_the_rows_of_a_thing_are_all_that_the_patch_says_about_it(patch, thing, links, graph):
    def part(of):
        return [
            quad
            for quad in of
            if (quad[0] == thing or (links and quad[2] == thing)) and graph in (None, quad[3])
        ]

    rows = rows_of(to_text(patch), thing, links, graph)
    found = from_text("\n".join(rows))
    assert found == Patch.of(part(patch.deletes), part(patch.inserts))
    assert len(rows) == len(found)
