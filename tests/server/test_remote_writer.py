"""The writer from another process: what is told when it ends, and when it comes back."""

import threading
from contextlib import contextmanager

import pytest

from bench.served import Served, adding
from kb.errors import DataRefused, NoRoom
from kb.intent import Intent, SparqlUpdate
from kb.ledger.commits import Door
from kb.ledger.errors import InDoubt
from server.remote_writer import GivenUp, RemoteWriter, WriterAway
from server.writer_wire import accept, listen
from tests.conftest import writer_at_work

GOES_AWAY = object()


def adding_intent(name):
    return Intent(SparqlUpdate(adding(name)), "ann", "steward", Door.UPDATE)


class Script:
    """The other end of the socket: answers one request after the other as it is told, or goes away."""

    def __init__(self, place):
        self.place = place
        self.asked = []

    @contextmanager
    def answering(self, *answers):
        """`GOES_AWAY` for an answer ends the connection without one."""
        listener = listen(self.place)

        def work():
            connection = accept(listener)
            for answer in answers:
                if connection.closed:
                    connection = accept(listener)
                self.asked.append(connection.recv()[0])
                if answer is GOES_AWAY:
                    connection.close()
                else:
                    connection.send(answer)
            # Not later: who connects to a socket that nobody accepts from waits for ever.
            listener.close()
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            thread.join()
            self.place.unlink()


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path / "writer.sock")


@pytest.fixture
def remote(script):
    made = RemoteWriter(script.place, patience=0.3)
    yield made
    made.close()


@pytest.fixture(scope="module")
def commit(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("begun")).kb.writer() as writer:
        return writer.ledger.commit(1)


def test_without_a_writer_it_is_said_that_changes_cannot_be_made(remote):
    for ask in (remote.head, remote.snapshot, lambda: remote.commit(adding_intent("a"))):
        with pytest.raises(WriterAway, match="Changes cannot be made at the moment; try again soon"):
            ask()


def test_an_error_of_the_writer_is_raised_here_as_it_was(script, remote):
    with script.answering(NoRoom("the data folder"), 7):
        with pytest.raises(NoRoom, match="on the disk of the data folder; nothing was changed"):
            remote.commit(adding_intent("a"))
        assert remote.head() == 7


def test_what_is_harmless_to_ask_is_asked_again(script, remote):
    with script.answering(GOES_AWAY, GOES_AWAY, 3):
        assert remote.head() == 3
    assert script.asked == ["head"] * 3


def test_a_change_is_sent_once_and_settled_when_the_writer_ends(script, remote, commit):
    with script.answering(GOES_AWAY, commit):
        outcome = remote.commit(adding_intent("a"))
    assert (outcome.revision, outcome.commit, script.asked) == (1, commit, ["commit", "settle"])


def test_a_change_that_never_was_is_given_up(script, remote):
    with script.answering(GOES_AWAY, None), pytest.raises(GivenUp) as given_up:
        remote.commit(adding_intent("a"))
    assert str(given_up.value) == (
        "The change could not be finished, or took longer than 30 seconds; nothing was changed."
    )


@pytest.mark.parametrize("after", [(), (NoRoom(),)], ids=["nobody answers", "it cannot be written down"])
def test_a_change_that_cannot_be_settled_is_in_doubt(script, remote, after):
    intent = adding_intent("a")
    with pytest.raises(InDoubt) as doubt, script.answering(GOES_AWAY, *after):
        remote.commit(intent)
    assert doubt.value.commit_ids == (intent.id,)


def test_a_connection_of_an_old_writer_is_not_used_for_a_new_one(script, remote):
    with script.answering(1):
        assert remote.head() == 1
    with script.answering(2):
        assert remote.head() == 2


def test_each_thread_has_a_connection_of_its_own(tmp_path):
    kb = Served(tmp_path).kb
    remote = RemoteWriter(kb.folder.socket)
    with writer_at_work(kb) as writer:
        done = []

        def work(number):
            for turn in range(5):
                done.append(remote.commit(adding_intent(f"r{number}-{turn}")).revision)
            remote.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == list(range(2, 22))
        with pytest.raises(DataRefused) as refused:
            remote.commit(
                Intent(
                    SparqlUpdate("INSERT DATA { <urn:a> a <https://example.org/Region> }"),
                    "ann",
                    "steward",
                    Door.UPDATE,
                )
            )
        assert [str(found.focus) for found in refused.value.report.violations] == ["urn:a"]
        public, stated = remote.both()
        assert public.revision == stated.revision == remote.head() == writer.head() == 21
        remote.close()
