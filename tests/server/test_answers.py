"""Tests of server/answers.py: streamed, kept and cut answers; and of server/moments.py: which state."""

import pytest

from server.caching import ResultCache
from server.readers.errors import AnswerCut
from tests.server.memory import ADDRESS, SIGNED, Memory, Told, backend, client_of

QUERY = "/sparql?query=SELECT * { ?s ?p ?o }"


class Cut(Told):
    """An answer that ends in the middle."""

    def __iter__(self):
        yield from super().__iter__()
        raise AnswerCut("The answer was cut off.")


@pytest.fixture
def memory():
    """A graph of 200 triples, of which answers come in small chunks."""
    made = Memory()
    lines = "".join(f"<urn:a> <urn:p> <urn:value:{number}> ." for number in range(200))
    client_of(made).put("/graph/x", data=lines, content_type="text/turtle", headers=SIGNED)
    made.chunk = 1_000
    return made


def test_a_long_answer_comes_as_it_is_found_and_is_told_again_from_memory(memory):
    client = client_of(memory)
    first = client.get(QUERY, buffered=True)
    assert "Content-Length" not in first.headers and len(first.data) > 10_000
    again = client.get(QUERY)
    assert (again.data, again.headers["Content-Length"]) == (first.data, str(len(first.data)))
    assert memory.asked == 1


def test_an_answer_that_takes_too_much_room_is_not_kept(memory):
    made = backend(memory)
    made.cache = ResultCache(20_000)
    client = client_of(memory, made)
    for asked in (1, 2):
        assert client.get(QUERY, buffered=True).status_code == 200 and memory.asked == asked
    assert made.cache.bytes() == 0


def test_an_answer_that_is_cut_off_breaks_off_and_is_not_kept(memory, monkeypatch):
    monkeypatch.setattr("tests.server.memory.Told", Cut)
    client = client_of(memory)
    with pytest.raises(AnswerCut):
        client.get(QUERY, buffered=True)
    monkeypatch.undo()
    assert len(client.get(QUERY, buffered=True).data) > 10_000 and memory.asked == 2


def test_a_client_of_http_1_0_gets_the_length_first(memory):
    answer = client_of(memory).get(QUERY, environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"}, buffered=True)
    assert int(answer.headers["Content-Length"]) == len(answer.data) > 10_000


def test_a_client_of_http_1_0_gets_no_part_of_an_answer_that_is_cut_off(memory, monkeypatch):
    monkeypatch.setattr("tests.server.memory.Told", Cut)
    answer = client_of(memory).get(QUERY, environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")


def test_a_reader_is_let_go_when_the_client_stops_reading(memory, monkeypatch):
    made = []

    class Watched(Told):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            made.append(self)

    monkeypatch.setattr("tests.server.memory.Told", Watched)
    answer = client_of(memory).get(QUERY)
    next(answer.response)
    answer.close()
    client_of(memory).head(QUERY)
    assert [told.closed for told in made] == [True, True]


# -- which state ---------------------------------------------------------------------------------------------


@pytest.fixture
def two():
    """Revision 1 has one triple, revision 2 another one. Revision n is of 9:0n."""
    made = Memory()
    for value in (1, 2):
        client_of(made).put(
            "/graph/x", data=f"<urn:a> <urn:p> {value} .", content_type="text/turtle", headers=SIGNED
        )
    return made


@pytest.mark.parametrize(
    ("at", "revision"),
    [
        ("0", 0),
        ("1", 1),
        ("2025-03-04T09:01:30Z", 1),
        ("2025-03-04T10:01:59+01:00", 1),
        ("2025-03-04T10:01:59%2B01:00", 1),
        ("2025-03-04T09:01:30", 1),
        ("2025-03-04", 2),
    ],
)
def test_an_earlier_state_is_asked_for_by_revision_day_or_time_and_never_changes(two, at, revision):
    answer = client_of(two).get(f"/graphs?default&at={at}")
    assert answer.headers["Regiolink-Revision"] == str(revision)
    assert answer.headers["Memento-Datetime"] == f"Tue, 04 Mar 2025 09:0{revision}:00 GMT"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Link"] == f'<{ADDRESS}graphs?default&at={at}>; rel="original timegate"'


def test_an_earlier_state_is_asked_for_by_a_header_too(two):
    answer = client_of(two).get(QUERY, headers={"Accept-Datetime": "Tue, 04 Mar 2025 09:01:59 GMT"})
    assert answer.headers["Regiolink-Revision"] == "1" and "Accept-Datetime" in answer.headers["Vary"]
    assert answer.headers["Memento-Datetime"] == "Tue, 04 Mar 2025 09:01:00 GMT"


def test_a_state_that_is_still_to_come_is_the_newest_one_and_may_change(two):
    answer = client_of(two).get(f"{QUERY}&at=2999-01-01")
    assert answer.headers["Regiolink-Revision"] == "2" and "Memento-Datetime" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=10"


def test_a_state_before_the_first_is_not_there(two):
    assert client_of(two).get(f"{QUERY}&at=1999-01-01").status_code == 404


@pytest.mark.parametrize("at", ["then", "2026-13-01", "2025-03-04T25:00", "-1", ""])
def test_a_moment_that_is_none_is_refused(two, at):
    assert client_of(two).get(f"{QUERY}&at={at}").status_code == 400
