"""The shipped schema is read in import order, from a folder as from a zip file."""

import zipfile
from pathlib import Path

import pytest
from rdflib import OWL, RDF, Graph, URIRef
from rdflib.compare import isomorphic

from kb.errors import NotFound, NotUnderstood
from kb.schema import (
    ALIGNMENT,
    ONTOLOGY,
    import_order,
    load_alignment,
    load_modules,
    load_ontology,
    load_shapes,
    load_terms,
    version_iri,
)
from kb.terms import DEF, TERMS

ROOT = Path(__file__).resolve().parents[2]
A, B, C = (URIRef(f"https://example.org/{name}") for name in "abc")


def modules(**imports: str) -> dict[URIRef, Graph]:
    """Modules named by one letter, each with the letters of the modules that it imports."""
    made = {}
    for name, needed in imports.items():
        iri = URIRef(f"https://example.org/{name}")
        made[iri] = Graph()
        for other in needed:
            made[iri].add((iri, OWL.imports, URIRef(f"https://example.org/{other}")))
    return made


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder that stands for what is shipped; empty at first."""
    monkeypatch.setattr("kb.resources.folder", lambda name: tmp_path / name)
    (tmp_path / "ontology").mkdir()
    return tmp_path / "ontology"


def test_a_module_comes_after_all_that_it_imports():
    assert import_order(modules(a="bc", b="c", c=""), A) == [C, B, A]


def test_a_module_that_nothing_needs_is_left_out():
    assert import_order(modules(a="", b="a"), A) == [A]


def test_a_ring_of_imports_is_refused_with_its_modules():
    with pytest.raises(NotUnderstood) as refused:
        import_order(modules(a="b", b="c", c="b"), A)
    assert str(refused.value) == (
        "Modules of the ontology import each other in a ring:"
        " https://example.org/b -> https://example.org/c -> https://example.org/b."
    )


def test_a_missing_module_is_named_together_with_the_one_that_imports_it():
    with pytest.raises(NotFound) as refused:
        import_order(modules(a="b"), A)
    assert str(refused.value) == (
        "The module https://example.org/b, which https://example.org/a imports,"
        " is not among the modules of the ontology."
    )


def test_the_umbrella_comes_last_and_the_alignment_is_left_out():
    order = list(load_modules())
    assert order[0] == DEF["module/external"]
    assert order[-1] == ONTOLOGY
    assert ALIGNMENT not in order


def test_the_ontology_is_all_its_modules_together():
    headers = set(load_ontology().subjects(RDF.type, OWL.Ontology))
    files = {path.stem for path in (ROOT / "ontology").glob("*.ttl")} - {"alignment", "regiolink"}
    assert headers == {ONTOLOGY} | {DEF[f"module/{name}"] for name in files}


def test_the_alignment_comes_without_what_it_imports():
    assert set(load_alignment().subjects(RDF.type, OWL.Ontology)) == {ALIGNMENT}


def test_each_code_list_is_called_after_its_scheme():
    lists = load_terms()
    assert list(lists) == sorted(path.stem for path in (ROOT / "ontology" / "terms").glob("*.ttl"))
    assert (TERMS["role/coordinator"], None, None) in lists["role"]


def test_the_shapes_are_those_of_the_shipped_files():
    whole = Graph()
    for path in (ROOT / "shapes").glob("*.ttl"):
        whole.parse(path, format="turtle")
    assert len(load_shapes()) == len(whole)


def test_the_version_is_that_of_the_umbrella():
    assert version_iri() == URIRef("https://w3id.org/regiolink/def/0.1.0")


def test_the_ontology_is_read_from_a_zip_file_too(tmp_path, monkeypatch):
    archive = tmp_path / "wheel.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in (ROOT / "ontology").rglob("*.ttl"):
            packed.write(path, path.relative_to(ROOT).as_posix())
    unpacked = load_modules()
    monkeypatch.setattr("kb.resources.folder", lambda name: zipfile.Path(archive, f"{name}/"))
    zipped = load_modules()
    assert list(zipped) == list(unpacked)
    core = DEF["module/core"]
    assert isomorphic(zipped[core], unpacked[core])
    assert list(load_terms()) == sorted(path.stem for path in (ROOT / "ontology" / "terms").glob("*.ttl"))


def test_a_file_that_is_not_turtle_is_named(shipped):
    (shipped / "core.ttl").write_text("a b")
    with pytest.raises(NotUnderstood, match=r"^The shipped file ontology/core\.ttl is not Turtle: "):
        load_ontology()


def test_a_module_without_a_header_is_named(shipped):
    (shipped / "core.ttl").write_text("")
    with pytest.raises(NotUnderstood) as refused:
        load_ontology()
    assert str(refused.value) == "The shipped file ontology/core.ttl has 0 ontology headers, not one."


def test_an_ontology_without_version_is_refused(shipped):
    (shipped / "regiolink.ttl").write_text(f"<{ONTOLOGY}> a <{OWL.Ontology}> .")
    with pytest.raises(NotFound) as refused:
        version_iri()
    assert str(refused.value) == "The ontology does not state its version."
