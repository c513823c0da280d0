"""`regiolink verify`, `rebuild`, `backup` and `restore`, alone and beside the running service."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest
from click.testing import CliRunner

from bench.served import Served, adding, served
from kb.intent import Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from server.cli import main


@pytest.fixture
def regiolink():
    """Runs the command on a folder; gives exit code and output, errors among it."""

    def run(folder, *words):
        done = CliRunner(env={"REGIOLINK_DATA_DIR": str(folder)}).invoke(main, list(map(str, words)))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A knowledge base of four revisions."""
    kb = Served(tmp_path_factory.mktemp("begun")).kb
    with kb.writer() as writer:
        for name in ("a", "b", "c"):
            writer.commit(Intent(SparqlUpdate(adding(name)), "ann", "steward", Door.UPDATE))
    return kb


@pytest.fixture
def kb(begun, tmp_path):
    return KnowledgeBase(shutil.copytree(begun.folder.path, tmp_path / "data"))


def everything(engine):
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


def state(kb):
    with closing(kb.public()) as engine:
        return everything(engine), engine.revision()


def test_verify_says_that_all_is_well(kb, regiolink):
    assert regiolink(kb.folder.path, "verify")[:2] == (0, "Ledger and engines agree on all 4 revisions.\n")


def test_verify_names_a_tampered_commit_and_ends_with_one(kb, regiolink):
    with closing(sqlite3.connect(kb.folder.ledger)) as database:
        database.execute("UPDATE commits SET author = 'eve' WHERE revision = 3")
        database.commit()
    assert regiolink(kb.folder.path, "verify")[:2] == (
        1,
        "Revision 3 is damaged: its fields are not those that were committed; "
        "restore the ledger from a backup.\n",
    )


def test_verify_names_a_graph_that_was_forged_in_an_engine(kb, regiolink):
    with kb.writer() as writer:
        writer.live.public.update("INSERT DATA { GRAPH <urn:forged> { <urn:a> <urn:b> 1 } }")
        shutil.rmtree(kb.folder.checkpoints)
        kb.folder.checkpoints.mkdir()
    assert regiolink(kb.folder.path, "verify")[:2] == (
        1,
        "The public engine differs from the ledger in the graph urn:forged: "
        "0 triples are missing and 1 are too many.\n",
    )
    assert regiolink(kb.folder.path, "rebuild")[:2] == (0, "The engines are made anew, up to revision 4.\n")
    assert regiolink(kb.folder.path, "verify")[0] == 0


def test_a_rebuild_gives_the_same_and_leaves_nothing_behind(kb, regiolink):
    before = state(kb)
    assert regiolink(kb.folder.path, "rebuild")[0] == 0
    assert state(kb) == before
    assert len([path for path in kb.folder.engines.iterdir() if path.is_dir()]) == 1


def test_a_backup_is_restored_as_it_was(kb, regiolink, tmp_path):
    before = state(kb)
    assert regiolink(kb.folder.path, "backup", tmp_path / "backup")[:2] == (
        0,
        f"Backup of revision 4 in {tmp_path / 'backup'}: All commits up to revision 4 are whole.\n",
    )
    there = KnowledgeBase(tmp_path / "restored")
    assert regiolink(there.folder.path, "restore", tmp_path / "backup")[:2] == (
        0,
        "Restored up to revision 4.\n",
    )
    assert (state(there), there.folder.is_empty) == (before, True)
    assert regiolink(there.folder.path, "verify")[0] == 0


def test_a_backup_is_restored_up_to_a_revision(kb, regiolink, tmp_path):
    with kb.writer() as writer:
        earlier = everything(kb.reading(writer.snapshot_at(3)))
    regiolink(kb.folder.path, "backup", tmp_path / "backup")
    there = KnowledgeBase(tmp_path / "restored")
    code, out, _ = regiolink(there.folder.path, "restore", tmp_path / "backup", "--until", 3)
    assert (code, out) == (0, "Restored up to revision 3.\n")
    assert state(there) == (earlier, 3)


@pytest.mark.parametrize("words", [("backup", "{backup}"), ("restore", "{nothing}"), ("restore", "{backup}")])
def test_what_cannot_be_done_is_said_in_a_sentence_and_changes_nothing(kb, regiolink, tmp_path, words):
    regiolink(kb.folder.path, "backup", tmp_path / "backup")
    places = {"backup": tmp_path / "backup", "nothing": tmp_path / "nothing"}
    before = state(kb)
    code, out, err = regiolink(kb.folder.path, *(word.format(**places) for word in words))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert state(kb) == before


def test_a_restore_that_did_not_come_to_its_end_can_be_tried_again(kb, regiolink, tmp_path):
    regiolink(kb.folder.path, "backup", tmp_path / "backup")
    there = KnowledgeBase(tmp_path / "restored")
    assert regiolink(there.folder.path, "restore", tmp_path / "nothing")[0] == 2
    assert regiolink(there.folder.path, "restore", tmp_path / "backup", "--until", "9")[0] == 2
    assert regiolink(there.folder.path, "restore", tmp_path / "backup")[0] == 0
    assert state(there) == state(kb)


def test_a_backup_while_the_service_changes_things_is_one_of_its_states(tmp_path, regiolink):
    with served(tmp_path / "service") as service:
        stop, there = threading.Event(), service.kb.folder.path

        def work():
            for number in range(10_000):
                if stop.is_set():
                    return
                assert service.update(adding(f"r{number}")).status == 204

        worker = threading.Thread(target=work)
        worker.start()
        try:
            code, out, err = regiolink(there, "backup", tmp_path / "backup")
            assert code == 0, err
            refused = regiolink(there, "rebuild")
            verified = regiolink(there, "verify")
        finally:
            stop.set()
            worker.join()
        revision = int(out.split()[3])
        assert refused[::2] == (2, "regiolink: The service is running; stop it first.\n")
        assert verified[0] == 0, verified
        assert len(service.assert_whole()) >= revision - 1
    restored = KnowledgeBase(tmp_path / "restored")
    assert regiolink(restored.folder.path, "restore", tmp_path / "backup")[0] == 0
    found, at = state(restored)
    names = {str(value) for _, predicate, value, _ in found if predicate.endswith("#label")}
    assert (at, names >= {f"r{number}" for number in range(revision - 1)}) == (revision, True)
    assert f"r{revision - 1}" not in names


def test_what_kind_of_knowledge_base_it_was_is_in_the_backup(kb, regiolink, tmp_path):
    regiolink(kb.folder.path, "backup", tmp_path / "backup")
    about = json.loads((tmp_path / "backup" / "format.json").read_text(encoding="utf-8"))
    assert (bool(about["empty"]), bool(about["plain"])) == (True, False)
