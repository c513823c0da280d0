"""Damage to the engine's files: never a wrong answer, always the same sentence."""

import random
import shutil

import pytest
from rdflib import RDF, URIRef

from kb.engine import answers
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.errors import EngineDamaged
from kb.patch import Patch

GRAPH = URIRef("urn:graph")
ROWS = 4_000
SELECT = "SELECT ?s { GRAPH <urn:graph> { ?s a <urn:Thing> } }"


def flip(files, part, seed=7):
    """Flips a few bits of each file, in the given part of it (from, to; shares of its length)."""
    chance = random.Random(seed)
    for file in files:
        content = bytearray(file.read_bytes())
        for _ in range(8):
            place = int(chance.uniform(*part) * (len(content) - 1))
            content[place] ^= 1 << chance.randrange(8)
        file.write_bytes(content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An engine whose rows fill several blocks of its files."""
    folder = tmp_path_factory.mktemp("whole") / "engine"
    made = OxigraphEngine.in_folder(folder)
    lines = "".join(f"<urn:thing:{row}> a <urn:Thing> .\n" for row in range(ROWS))
    made.insert(read_quads(lines.encode(), "ttl", "rows", GRAPH))
    made.flush()
    made.close()
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    """A copy of it, to damage."""
    return shutil.copytree(whole, tmp_path / "engine")


def large(folder):
    return [file for file in folder.glob("*.sst") if file.stat().st_size > 10_000]


@pytest.mark.parametrize("opened", [OxigraphEngine.in_folder, OxigraphEngine.read_only])
def test_an_engine_whose_index_is_damaged_does_not_open(folder, opened):
    flip(large(folder), (0.95, 1.0))
    with pytest.raises(EngineDamaged, match="may be damaged"):
        opened(folder)


READINGS = {
    "rows": lambda engine: list(engine.select(SELECT)),
    "rows written": lambda engine: engine.select(SELECT).serialize("json"),
    "triples": lambda engine: list(engine.query(SELECT.replace("SELECT ?s", "CONSTRUCT { ?s a <urn:T> }"))),
    "a graph": lambda engine: list(engine.triples(GRAPH)),
    "lookups": lambda engine: engine.holds(
        (URIRef(f"urn:thing:{row}"), RDF.type, URIRef("urn:Thing"), GRAPH) for row in range(ROWS)
    ),
    "an answer": lambda engine: answers.ask(engine, SELECT).write("json", Nowhere()),
    "a graph's answer": lambda engine: answers.write_graph(engine, str(GRAPH), "nt", Nowhere()),
    "an update": lambda engine: engine.update(
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }"
    ),
    "a patch": lambda engine: engine.transact(
        Patch.of(
            (URIRef(f"urn:thing:{row}"), RDF.type, URIRef("urn:Thing"), GRAPH) for row in range(0, ROWS, 10)
        )
    ),
}


class Nowhere:
    def write(self, data):
        return len(data)

    def flush(self):
        pass


@pytest.mark.parametrize("what", READINGS)
def test_damage_that_a_reading_meets_ends_it_with_a_sentence(folder, what):
    flip(large(folder), (0.1, 0.6))
    engine = OxigraphEngine.in_folder(folder)
    with pytest.raises(EngineDamaged, match="'regiolink rebuild' helps"):
        READINGS[what](engine)


@pytest.mark.parametrize("what", ["rows", "a graph", "lookups"])
def test_no_reading_of_a_damaged_engine_gives_other_rows(folder, what):
    sound = OxigraphEngine.read_only(folder)
    right = READINGS[what](sound)
    for seed in range(10):
        files = large(folder)
        kept = {file: file.read_bytes() for file in files}
        flip(random.Random(seed).sample(files, 1), (0.0, 1.0), seed)
        try:
            found = READINGS[what](OxigraphEngine.read_only(folder))
        except EngineDamaged:
            found = right
        assert found == right
        for file, content in kept.items():
            file.write_bytes(content)
