"""Bits that flip in the engines' files, noticed and mended from the ledger; and a ledger that was changed."""

import random
import shutil
import sqlite3
import time
from contextlib import closing

import pytest

from bench.served import EX, PLACES, Served, adding
from kb.errors import EngineDamaged
from kb.intent import AddQuads, DropGraph, Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.ledger.errors import LedgerDamaged
from kb.verification import verify

REGIONS = 1_000


def commit(writer, change):
    return writer.commit(Intent(change, "ann", "steward", Door.UPDATE))


def everything(engine):
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Enough regions to fill several blocks of each file, and what readers see of them."""
    kb = Served(tmp_path_factory.mktemp("begun")).kb
    lines = "".join(
        f"<{EX}r{n}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{EX}Region> <{PLACES}> .\n"
        f'<{EX}r{n}> <http://www.w3.org/2000/01/rdf-schema#label> "Region {n}" <{PLACES}> .\n'
        for n in range(REGIONS)
    )
    with kb.writer() as writer:
        commit(writer, AddQuads(lines.encode()))
        writer.snapshot()
        writer.stated()
        return kb, everything(writer.live.public)


@pytest.fixture
def kb(begun, tmp_path):
    return KnowledgeBase(shutil.copytree(begun[0].folder.path, tmp_path / "data"))


@pytest.fixture
def right(begun):
    return begun[1]


def flip(files, part, seed=5):
    """Flips bits in all files, in a part of them."""
    chance = random.Random(seed)
    flipped = 0
    for file in files:
        content = bytearray(file.read_bytes())
        for _ in range(6):
            content[int(chance.uniform(*part) * (len(content) - 1))] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        flipped += 1
    assert flipped


def files(kb, kind):
    """The files of an engine and, as they are the same ones, of its checkpoints."""
    found = [*kb.folder.engines.glob(f"*/{kind}/*.sst"), *kb.folder.checkpoints.glob(f"*-{kind}/*.sst")]
    return [file for file in found if file.stat().st_size > 5_000]


@pytest.mark.parametrize(
    ("kind", "part"),
    [("stated", (0.1, 0.7)), ("public", (0.1, 0.7)), ("*", (0.97, 1.0))],
)
def test_damage_is_noticed_and_mended_from_the_ledger(kb, right, kind, part):
    """At the start where the file does not open, else when a change meets it."""
    flip(files(kb, kind), part)
    with kb.writer() as writer:
        commit(writer, DropGraph(PLACES))  # which reads and writes all that may be damaged
        commit(writer, SparqlUpdate(adding("new")))
        regions = f"SELECT ?x {{ ?x a <{EX}Region> }}"
        assert [str(x) for (x,) in kb.reading(writer.snapshot()).select(regions)] == [f"{EX}new"]
        assert everything(kb.reading(writer.snapshot_at(2))) == right
    with kb.writer() as writer, closing(kb.reading(writer.stated())) as stated:
        assert verify(writer.ledger, stated, kb.reading(writer.snapshot())).sentences == ()


def test_a_reader_says_that_its_state_is_damaged_and_gives_no_other_rows(kb):
    flip(files(kb, "public"), (0.1, 0.7))
    with closing(kb.public()) as engine, pytest.raises(EngineDamaged):
        everything(engine)


def rows_until(service, wanted):
    """What the service answered on the way to all the regions that are wanted, refusals by their status."""
    found = []
    until = time.monotonic() + 120
    while wanted not in found and time.monotonic() < until:
        try:
            found.append(service.names("Region"))
        except ValueError as error:
            found.append(str(error)[:3])
        time.sleep(0.2)
    return found


REGION_NAMES = {f"r{n}" for n in range(REGIONS)}


def test_damage_that_only_a_reader_meets_is_mended_while_the_service_runs(begun, tmp_path):
    shutil.copytree(begun[0].folder.path, tmp_path / "data")
    service = Served(tmp_path)
    service.start()
    try:
        flip(files(service.kb, "public"), (0.1, 0.7))
        found = rows_until(service, REGION_NAMES)
        assert found[0] == "503"
        assert found[-1] == REGION_NAMES
        assert all(each in ("503", REGION_NAMES) for each in found), "no other rows at any time"
    finally:
        service.stop()


def test_damage_that_keeps_new_states_from_being_made_is_mended_while_the_service_runs(begun, tmp_path):
    shutil.copytree(begun[0].folder.path, tmp_path / "data")
    service = Served(tmp_path)
    service.start()
    try:
        assert service.names("Region") == REGION_NAMES
        flip(files(service.kb, "public"), (0.1, 0.7))
        assert service.update(adding("new")).status == 204
        found = rows_until(service, REGION_NAMES | {"new"})
        assert found[-1] == REGION_NAMES | {"new"}
        assert all(each in ("503", REGION_NAMES, found[-1]) for each in found), "no other rows at any time"
    finally:
        service.stop()


def test_what_is_read_after_a_rebuild_is_not_the_damaged_state(kb, right):
    flip(files(kb, "*"), (0.1, 0.7))
    with kb.writer() as writer:
        damaged = kb.newest().folder
        writer.rebuild()
        assert writer.snapshot().folder != damaged
        assert everything(kb.reading(writer.snapshot())) == right
    assert everything(kb.public()) == right


def test_verify_names_damage_of_the_engines(kb):
    flip(files(kb, "public"), (0.1, 0.7))
    with closing(kb.ledger()) as ledger, closing(kb.stated()) as stated, closing(kb.public()) as public:
        found = verify(ledger, stated, public)
    assert found.sentences == (
        "The public engine is damaged: its files cannot be read. 'regiolink rebuild' makes it anew.",
    )


TAMPERING = {
    "an author": "UPDATE commits SET author = 'eve' WHERE revision = 2",
    "a message": "UPDATE commits SET message = 'nothing' WHERE revision = 1",
    "a patch": "UPDATE commits SET patch = x'00' WHERE revision = 2",
    "a hash": "UPDATE commits SET hash = replace(hash, 'a', 'b') WHERE revision = 1",
    "a commit in between": "DELETE FROM commits WHERE revision = 1",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_ledger_that_was_tampered_with_is_named(kb, what):
    with closing(sqlite3.connect(kb.folder.ledger)) as database:
        database.execute(TAMPERING[what])
        database.commit()
    with closing(kb.ledger()) as ledger:
        verdict = ledger.verify(lambda *_: None)
    assert verdict.broken in (1, 2)
    assert verdict.sentence.startswith(f"Revision {verdict.broken} is damaged: ")
    shutil.rmtree(kb.folder.engines)
    if what in ("a patch", "a commit in between"):
        with pytest.raises(LedgerDamaged, match=f"Revision {verdict.broken} is damaged"), kb.writer():
            pass
