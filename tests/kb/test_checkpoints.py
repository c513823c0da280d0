"""States that never change: made once, kept while they are read, left when the engines are made anew."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from rdflib import Literal, URIRef

from kb.checkpoints import Checkpoints, holding
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import NotFound
from kb.patch import Patch

TIME = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
QUAD = (URIRef("urn:a"), URIRef("urn:b"), Literal("c"), URIRef("urn:g"))


@pytest.fixture
def checkpoints(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return Checkpoints(tmp_path / "checkpoints")


@pytest.fixture
def engine(tmp_path):
    made = OxigraphEngine.in_folder(tmp_path / "engine")
    yield made
    made.close()


def read(snapshot):
    with closing(OxigraphEngine.read_only(snapshot.folder)) as engine:
        return set(engine.triples(URIRef("urn:g")))


def test_a_checkpoint_stays_as_it_was(checkpoints, engine):
    before = checkpoints.make(engine, 1, TIME)
    engine.transact(Patch.of([], [QUAD]))
    after = checkpoints.make(engine, 2, TIME)
    assert (read(before), read(after)) == (set(), {QUAD[:3]})
    assert (before.revision, before.time, checkpoints.newest()) == (1, TIME, after)


def test_a_checkpoint_is_made_once(checkpoints, engine):
    first = checkpoints.make(engine, 1, TIME)
    engine.transact(Patch.of([], [QUAD]))
    assert checkpoints.make(engine, 1, TIME) == first
    assert read(first) == set()


def test_what_is_public_and_what_is_stated_are_told_apart(checkpoints, engine):
    made = {kind: checkpoints.make(engine, 1, TIME, kind) for kind in ("public", "stated")}
    assert made["public"].folder != made["stated"].folder
    assert checkpoints.find(1, "stated") == made["stated"]
    assert checkpoints.revisions("stated") == [1]
    with pytest.raises(NotFound, match="There is no state to read yet"):
        checkpoints.newest("other")


def test_old_ones_go_but_for_those_that_were_used_last_and_those_that_are_read(checkpoints, engine):
    made = {revision: checkpoints.make(engine, revision, TIME) for revision in range(1, 8)}
    checkpoints.use(made[2])
    with holding(made[1]):
        checkpoints.prune(newest=2, others=1)
        assert sorted(checkpoints.revisions()) == [1, 2, 6, 7]
    checkpoints.prune(newest=2, others=1)
    assert sorted(checkpoints.revisions()) == [2, 6, 7]
    with pytest.raises(NotFound, match="The state of revision 1 is no longer kept"), holding(made[1]):
        pass


def test_what_was_left_half_made_is_removed(checkpoints, engine):
    good = checkpoints.make(engine, 1, TIME)
    for name in ("abc.building", "abc.working"):
        (checkpoints.folder / name).mkdir()
    checkpoints.clear()
    assert list(checkpoints.folder.iterdir()) == [good.folder]


@pytest.mark.parametrize("file", ["about.json", "CURRENT"])
@pytest.mark.parametrize("text", [None, ""])
def test_one_that_is_not_whole_is_removed_and_made_again(checkpoints, engine, file, text):
    engine.transact(Patch.of([], [QUAD]))
    bad = checkpoints.make(engine, 1, TIME)
    (bad.folder / file).unlink()
    if text is not None:
        (bad.folder / file).write_text(text, encoding="utf-8")
    checkpoints.clear()
    assert checkpoints.find(1) is None
    assert read(checkpoints.make(engine, 1, TIME)) == {QUAD[:3]}


def test_those_of_engines_that_were_made_anew_are_others(checkpoints, engine):
    old, older = checkpoints.make(engine, 2, TIME), checkpoints.make(engine, 1, TIME, "stated")
    with holding(old):
        checkpoints.begin_anew()
        assert (checkpoints.find(2), checkpoints.revisions(), checkpoints.revisions("stated")) == (
            None,
            [],
            [],
        )
        assert old.folder.exists(), "somebody reads it"
        assert not older.folder.exists()
        engine.transact(Patch.of([], [QUAD]))
        new = checkpoints.make(engine, 2, TIME)
        assert (read(old), read(new), new.folder != old.folder) == (set(), {QUAD[:3]}, True)
    checkpoints.begin_anew()
    assert [path for path in checkpoints.folder.iterdir() if path.is_dir()] == []
    assert Checkpoints(checkpoints.folder).make(engine, 2, TIME).folder not in (old.folder, new.folder)
