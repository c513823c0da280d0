"""Files that are lost, emptied or of another time: the ledger has it all, and the engines follow it."""

import os
import shutil
import signal
from contextlib import contextmanager

import pytest

from bench.served import INFERRED, Served, adding, children
from kb.engine.contract import HISTORY
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import FolderUnusable
from kb.intent import Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door
from kb.patch import Patch
from kb.rdf_patch import to_text


def commit(writer, name):
    return writer.commit(Intent(SparqlUpdate(adding(name)), "ann", "steward", Door.UPDATE))


def everything(engine):
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


def both(writer):
    return everything(writer.live.stated), everything(writer.live.public)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    return Served(tmp_path_factory.mktemp("begun")).kb


@pytest.fixture
def kb(begun, tmp_path):
    return KnowledgeBase(shutil.copytree(begun.folder.path, tmp_path / "data"))


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A knowledge base whose service was killed after three changes, and what they had come to."""
    folder = tmp_path_factory.mktemp("killed")
    service = Served(folder)
    service.start()
    for name in ("a", "b", "c"):
        assert service.update(adding(name)).status == 204
    assert service.names("Place") == {"a", "b", "c"}
    writer_pid, web_pid = service.writer_pid(), service.web_pid()
    workers = children(web_pid)
    os.kill(service.pid, signal.SIGSTOP)  # so that it does not start another one
    for pid in (writer_pid, web_pid, *workers):
        os.kill(pid, signal.SIGKILL)
    service.stop(signal.SIGKILL)
    service.kb.folder.socket.unlink()
    with KnowledgeBase(shutil.copytree(service.kb.folder.path, folder / "other")).writer() as writer:
        state = both(writer)
    assert len({thing for thing, *_, graph in state[1] if graph == INFERRED}) == 3
    return service.kb, state


@pytest.fixture
def cut_off(killed, tmp_path):
    """A copy of it."""
    kb, state = killed
    return KnowledgeBase(shutil.copytree(kb.folder.path, tmp_path / "cut off")), state


@contextmanager
def again(kb, state):
    """The writer of a folder, which is to hold a state and to go on from there."""
    with kb.writer() as writer:
        assert both(writer) == state
        assert {graph for *_, graph in state[1]} >= {INFERRED, HISTORY}
        assert everything(kb.reading(writer.snapshot())) == state[1]
        assert commit(writer, "later").revision == writer.head() == writer.ledger.head().revision
        yield writer


def remove(*paths):
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def engines(kb):
    (pair,) = (path for path in kb.folder.engines.iterdir() if path.name.isdigit())
    return pair


LOSSES = {
    "nothing": lambda _: None,
    "the engines": lambda kb: remove(kb.folder.engines),
    "what is stated": lambda kb: remove(engines(kb) / "stated"),
    "what is public": lambda kb: remove(engines(kb) / "public"),
    "the name of the pair in use": lambda kb: remove(kb.folder.engines / "current"),
    "the letters of that name": lambda kb: (kb.folder.engines / "current").write_text(""),
    "the checkpoints": lambda kb: remove(kb.folder.checkpoints),
    "the names of files in the engines": lambda kb: [remove(path) for path in engines(kb).glob("*/CURRENT")],
    "every file of the engines but their names": lambda kb: [
        path.write_bytes(b"") for path in engines(kb).glob("*/*") if path.is_file()
    ],
    "files of a checkpoint": lambda kb: [remove(path) for path in kb.folder.checkpoints.glob("*/*.sst")],
    "what checkpoints say of themselves": lambda kb: [
        path.write_text("") for path in kb.folder.checkpoints.glob("*/about.json")
    ],
}


@pytest.mark.parametrize("loss", LOSSES)
def test_nothing_is_lost_with(cut_off, loss):
    kb, state = cut_off
    LOSSES[loss](kb)
    with again(kb, state):
        pass


@pytest.mark.parametrize(("which", "kept"), [("*", 0.0), ("*", 0.4), ("stated", 0.0), ("public", 0.0)])
def test_a_log_of_the_engine_that_never_reached_the_disk_is_no_loss(cut_off, which, kept):
    kb, state = cut_off
    logs = [path for path in engines(kb).glob(f"{which}/*.log") if path.stat().st_size]
    assert logs
    for log in logs:
        log.write_bytes(log.read_bytes()[: int(kept * log.stat().st_size)])
    with again(kb, state):
        pass


def test_engines_of_different_revisions_are_brought_together(kb, tmp_path):
    with kb.writer():
        pass
    old = shutil.copytree(engines(kb), tmp_path / "old")
    with kb.writer() as writer:
        commit(writer, "a")
        commit(writer, "b")
        state = both(writer)
    for kind in ("stated", "public"):
        copy = KnowledgeBase(shutil.copytree(kb.folder.path, tmp_path / kind))
        remove(engines(copy) / kind)
        shutil.copytree(old / kind, engines(copy) / kind)
        with again(copy, state):
            pass


def give_ledger(kb, other):
    for file in kb.folder.path.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(other.folder.ledger, kb.folder.ledger)


@pytest.mark.parametrize("more", [0, 2])
def test_engines_beside_the_ledger_of_another_history_are_made_anew(kb, tmp_path, more):
    other = KnowledgeBase(shutil.copytree(kb.folder.path, tmp_path / "other"))
    with kb.writer() as writer:
        commit(writer, "here")
    with other.writer() as writer:
        commit(writer, "there")
        for name in ("x", "y", "z")[:more]:
            commit(writer, name)
        state = both(writer)
    give_ledger(kb, other)
    with again(kb, state):
        pass


def test_one_engine_of_another_history_is_noticed(kb, tmp_path):
    other = KnowledgeBase(shutil.copytree(kb.folder.path, tmp_path / "other"))
    with kb.writer() as writer:
        commit(writer, "here")
        state = both(writer)
    with other.writer() as writer:
        commit(writer, "there")
    remove(engines(kb) / "stated")
    shutil.copytree(engines(other) / "stated", engines(kb) / "stated")
    with again(kb, state):
        pass


def test_a_plain_store_beside_the_ledger_of_another_history_is_made_anew(tmp_path):
    here, there = (KnowledgeBase(tmp_path / name) for name in ("here", "there"))
    for kb, value in ((here, 1), (there, 2)):
        with kb.writer(empty=True, plain=True) as writer:
            change = SparqlUpdate(f"INSERT DATA {{ <urn:a> <urn:b> {value} }}")
            writer.commit(Intent(change, "ann", "admin", Door.UPDATE))
            state = both(writer)
    give_ledger(here, there)
    with here.writer() as writer:
        assert (both(writer), writer.head()) == (state, 1)


def test_an_engine_that_is_behind_shows_no_half_of_what_it_follows(cut_off):
    """One that holds what a staged change had made, and the note of how to take it back."""
    kb, state = cut_off
    stated = OxigraphEngine.in_folder(engines(kb) / "stated")
    half = Patch.of(deletes=[next(iter(state[0]))])
    stated.transact(half, note=to_text(half.inverse()))
    stated.close()
    with again(kb, state):
        pass


def test_a_folder_that_is_in_use_is_left_alone(kb):
    with kb.writer(), pytest.raises(FolderUnusable, match="in use by another Regiolink process"), kb.writer():
        pass
