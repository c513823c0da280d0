"""The knowledge base in its folder: building, loading, refusing, starting again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, Literal

from kb import store
from kb.engine.contract import INFERRED, RESERVED, FileSyntaxError
from kb.errors import DataRefused, FolderUnusable, NotAllowed, NotUnderstood
from kb.store import FORMAT, KnowledgeBase
from kb.terms import DEF, GRAPH, PREFIXES, mint

SPAIN = "http://publications.europa.eu/resource/authority/country/ESP"
PLACES = f"""
PREFIX def: <{DEF}>
PREFIX rdfs: <{RDFS}>
<{SPAIN}> a def:Country ; rdfs:label "Spain"@en .
<{mint("region", "ES Aragón")}> a def:Region ; rdfs:label "Aragon"@en ; def:inCountry <{SPAIN}> .
"""
NAMELESS = f"<{mint('region', 'nameless')}> a <{DEF.Region}> ; <{DEF.inCountry}> <{SPAIN}> ."
NAMED = NAMELESS + f'<{mint("region", "nameless")}> <{RDFS.label}> "Named"@en .'


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A knowledge base whose product ships the ontology, the terms, and two places."""
    own = [found for found in store.shipped_graphs() if found[0].startswith("ontology/")]
    with pytest.MonkeyPatch.context() as patch:
        shipped = [*own, ("places.ttl", PLACES.encode(), GRAPH["source/places"])]
        patch.setattr(store, "shipped_graphs", lambda: iter(shipped))
        made = KnowledgeBase(tmp_path_factory.mktemp("built") / "data")
        with made.writing():
            made.build()
        yield made


@pytest.fixture
def kb(built, tmp_path) -> KnowledgeBase:
    """A copy of it, to change."""
    return KnowledgeBase(shutil.copytree(built.data_dir, tmp_path / "data"))


def names(kb: KnowledgeBase) -> set[str]:
    rows = kb.public().select(f"SELECT ?name {{ ?x a <{DEF.Region}> ; <{RDFS.label}> ?name }}")
    return {str(name) for (name,) in rows}


def load(kb: KnowledgeBase, tmp_path: Path, name: str, text: str | bytes, graph: str | None = None):
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with kb.writing():
        return kb.load([file], graph)


def state(kb: KnowledgeBase) -> tuple[str, set[str], list[str]]:
    return (
        kb.generation().name,
        names(kb),
        sorted(path.name for path in (kb.data_dir / "generations").iterdir()),
    )


def test_what_follows_is_read_and_is_not_part_of_what_is_checked(kb):
    territory = f"ASK {{ GRAPH <{INFERRED}> {{ <{mint('region', 'ES Aragón')}> a <{DEF.Territory}> }} }}"
    assert bool(kb.public().query(territory)) and not bool(kb.asserted().query(territory))


def test_about_tells_the_numbers_of_the_data(kb):
    about = kb.about()
    assert (about.asserted, about.violations) == (kb.asserted().size(), 0)
    assert about.asserted + about.inferred == kb.public().size()


def test_a_second_start_finds_the_knowledge_base_current(kb):
    assert kb.is_current() and KnowledgeBase(kb.data_dir).is_current()


def test_a_new_version_of_the_shipped_files_is_noticed(kb, monkeypatch):
    monkeypatch.setattr(store, "shipped_graphs", lambda: iter([]))
    assert not kb.is_current()


def test_loaded_statements_are_read_afterwards_and_survive_a_rebuild(kb, tmp_path):
    count, report = load(kb, tmp_path, "My Places.ttl", NAMED)
    assert (count, report.violations) == (3, ())
    assert GRAPH["my-places"] in kb.public().graph_names()
    with kb.writing():
        kb.build()
    assert names(kb) == {"Aragon", "Named"}


def test_data_that_breaks_the_rules_leaves_no_trace(kb, tmp_path):
    before = state(kb)
    with pytest.raises(DataRefused, match="Nothing was loaded") as refused:
        load(kb, tmp_path, "bad.ttl", NAMELESS)
    assert {found.focus for found in refused.value.report.violations} == {mint("region", "nameless")}
    assert state(kb) == before


def test_one_bad_file_keeps_the_good_ones_out(kb, tmp_path):
    before = state(kb)
    good, bad = tmp_path / "good.ttl", tmp_path / "bad.ttl"
    good.write_text(NAMED)
    bad.write_text(NAMED + "\n<a:b> <a:c> .")
    with kb.writing(), pytest.raises(FileSyntaxError, match=r"bad\.ttl, line 2, column \d+: ") as refused:
        kb.load([good, bad])
    assert refused.value.line == 2
    assert state(kb) == before


def test_a_blank_node_is_refused_with_what_to_do(kb, tmp_path):
    with pytest.raises(DataRefused) as refused:
        load(
            kb, tmp_path, "blank.ttl", f"{NAMED} <{mint('region', 'nameless')}> <{PREFIXES['skos']}note> [] ."
        )
    assert any("an IRI of its own" in found.message("en") for found in refused.value.report.violations)


@pytest.mark.parametrize(
    ("name", "text", "graph", "error", "sentence"),
    [
        ("empty.ttl", "", None, NotUnderstood, r"empty\.ttl is empty"),
        ("nothing.ttl", "# only a comment", None, NotUnderstood, "not a single triple"),
        ("table.xlsx", b"PK", None, NotUnderstood, r"the ending \.xlsx is not one of"),
        ("picture.ttl", b"\x89PNG\r\n\x1a\n\x00\x00", None, NotUnderstood, r"picture\.ttl"),
        ("bomb.rdf", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", None, NotUnderstood, "document type declaration"),
        ("anonymous.nq", "<a:b> <a:c> <a:d> _:g .", None, NotUnderstood, "a blank node as its name"),
        ("inferred.ttl", NAMED, "inferred", NotAllowed, "not for loading"),
        ("forged.nq", f"<a:b> <a:c> <a:d> <{RESERVED}x> .", None, NotAllowed, "not for loading"),
        ("onto.nq", f"<a:b> <a:c> <a:d> <{GRAPH['ontology']}> .", None, NotAllowed, "not for loading"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_in_a_sentence(
    kb, tmp_path, name, text, graph, error, sentence
):
    before = state(kb)
    with pytest.raises(error, match=sentence):
        load(kb, tmp_path, name, text, graph)
    assert state(kb) == before


def test_a_missing_file_is_named(kb):
    with kb.writing(), pytest.raises(NotUnderstood, match=r"There is no file .*nowhere\.ttl"):
        kb.load([Path("nowhere.ttl")])


def test_a_build_that_was_cut_off_is_cleared_away_by_the_next_one(kb):
    (kb.data_dir / "generations" / "2.building" / "asserted").mkdir(parents=True)
    with kb.writing():
        kb.build()
    assert sorted(path.name for path in (kb.data_dir / "generations").iterdir()) == ["1", "2"]


def test_a_second_process_on_the_same_folder_is_refused(kb):
    code = (
        "import sys\nfrom pathlib import Path\nfrom kb.store import KnowledgeBase\n"
        "with KnowledgeBase(Path(sys.argv[1])).writing(): pass\n"
    )
    with kb.writing():
        other = subprocess.run(
            [sys.executable, "-c", code, str(kb.data_dir)], capture_output=True, text=True, check=False
        )
    assert "in use by another Regiolink process" in other.stderr


def test_a_folder_of_a_newer_version_is_left_alone(kb):
    (kb.data_dir / "format.json").write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(FolderUnusable, match="written by a newer Regiolink"), kb.writing():
        pass
    with pytest.raises(FolderUnusable, match="written by a newer Regiolink"):
        kb.public()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(FolderUnusable, match="holds other files"), KnowledgeBase(tmp_path).writing():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]


@pytest.mark.parametrize("below", [False, True])
def test_a_file_in_place_of_the_folder_is_refused(tmp_path, below):
    file = tmp_path / "file"
    file.write_text("")
    with (
        pytest.raises(FolderUnusable, match="not a folder"),
        KnowledgeBase(file / "x" if below else file).writing(),
    ):
        pass


def test_reading_before_anything_was_built_says_what_to_do(tmp_path):
    with pytest.raises(FolderUnusable, match="'regiolink serve' builds it"):
        KnowledgeBase(tmp_path).public()


def test_reasoning_again_changes_nothing_that_is_stated(kb):
    before = kb.about()
    with kb.writing():
        after = kb.reason()
    assert (after.asserted, after.inferred, after.digest) == (before.asserted, before.inferred, before.digest)
    assert Literal("Aragon", lang="en") in {
        name
        for (name,) in kb.public().select(
            f"SELECT ?n {{ ?x <{RDF.type}> <{DEF.Region}> ; <{RDFS.label}> ?n }}"
        )
    }
