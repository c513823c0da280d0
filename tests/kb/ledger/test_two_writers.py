"""Two writers, each with engines of its own, on one ledger in PostgreSQL."""

import shutil
import threading

import pytest

from bench.served import EX, PLACES, Served, adding
from kb.intent import Intent, SparqlUpdate
from kb.knowledge_base import KnowledgeBase
from kb.ledger.commits import Door


def setting(name, value):
    return f"INSERT DATA {{ GRAPH <{PLACES}> {{ <{EX}{name}> <{EX}count> {value} }} }}"


def counting(name):
    return (
        f"WITH <{PLACES}> DELETE {{ <{EX}{name}> <{EX}count> ?n }} "
        f"INSERT {{ <{EX}{name}> <{EX}count> ?more }} "
        f"WHERE {{ <{EX}{name}> <{EX}count> ?n BIND (?n + 1 AS ?more) }}"
    )


def by(author, text):
    return Intent(SparqlUpdate(text), author, "steward", Door.UPDATE)


def everything(engine):
    return {(*triple, name) for name in engine.graph_names() for triple in engine.triples(name)}


@pytest.fixture
def shared_ledger(postgresql, tmp_path):
    """Two knowledge bases in folders of their own that follow one ledger."""
    place = postgresql.new_place()
    first = Served(tmp_path / "first", ledger=place).kb
    folder = shutil.copytree(first.folder.path, tmp_path / "second")
    return first, KnowledgeBase(folder, place)


def test_two_writers_on_one_ledger_lose_nothing_and_do_not_fork(shared_ledger):
    revisions, faults = [], []
    with shared_ledger[0].writer() as one, shared_ledger[1].writer() as other:
        one.commit(by("ann", setting("shared", 0)))

        def work(writer, author):
            for turn in range(6):
                texts = [counting("shared"), adding(f"{author}-{turn}"), counting("shared")]
                for result in writer.commit_all([by(author, text) for text in texts]):
                    if isinstance(result, Exception):
                        faults.append(result)
                    else:
                        revisions.append(result.revision)

        threads = [threading.Thread(target=work, args=given) for given in ((one, "bob"), (other, "cleo"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert sorted(revisions) == list(range(3, 3 + 2 * 6 * 3))
        for writer in (one, other):  # what changes nothing has it look at what the other one did
            writer.commit(by("ann", "INSERT DATA {}"))
        assert one.head() == other.head() == one.ledger.head().revision
        for kind in ("stated", "public"):
            assert everything(getattr(one.live, kind)) == everything(getattr(other.live, kind))
        counted = f"SELECT ?n {{ <{EX}shared> <{EX}count> ?n }}"
        assert [int(str(n)) for (n,) in one.live.public.select(counted)] == [24]
        assert one.ledger.verify(lambda *_: None).broken is None
