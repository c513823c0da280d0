"""Whose turn it is."""

import threading
import time

import pytest

from server.readers.errors import Busy
from server.readers.turns import Turns


def turns(things="ab", most=2, share=2, line=4, patience=0.1):
    made = Turns(most, share, line, patience)
    for thing in things:
        made.put(thing)
    return made


def anything(_thing):
    return True


def waiting(made, many):
    """Waits until so many wait."""
    until = time.monotonic() + 5
    while made.counts()[2] != many:
        assert time.monotonic() < until
        time.sleep(0.002)


def test_the_thing_that_fits_is_taken_first():
    assert turns("abc").take("me", 1, lambda thing: thing == "b").thing == "b"
    assert turns("abc").take("me", 1, lambda thing: thing == "z").thing == "a"


def test_who_comes_first_is_served_first():
    made = turns("a", share=1, most=1, line=20, patience=5)
    first = made.take("me", 1, anything)
    served = []

    def wait(name):
        turn = made.take(name, 1, anything)
        served.append(name)
        made.end(turn, usable=True)

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=wait, args=(f"client {number}",)))
        threads[-1].start()
        waiting(made, number + 1)
    made.end(first, usable=True)
    for thread in threads:
        thread.join()
    assert served == [f"client {number}" for number in range(6)]


def test_a_client_has_a_share_and_others_pass_it_in_the_line():
    made = turns("abc", most=3, share=1, patience=5)
    own = made.take("me", 1, anything)
    got = []
    again = threading.Thread(target=lambda: got.append(made.take("me", 1, anything)))
    again.start()
    waiting(made, 1)
    assert made.take("you", 1, anything).client == "you"
    assert (made.lacking(), got) == (0, [])
    made.end(own, usable=True)
    again.join()
    assert got[0].client == "me"


def test_a_line_has_an_end_and_one_client_has_half_of_it():
    made = turns("a", most=1, share=1, line=4, patience=5)
    turn = made.take("me", 30, anything)
    refused = []

    def wait(client):
        try:
            made.end(made.take(client, 1, anything), usable=True)
        except Busy as busy:
            refused.append(str(busy))

    threads = [threading.Thread(target=wait, args=(client,)) for client in ("me", "me", "you", "him")]
    for number, thread in enumerate(threads, start=1):
        thread.start()
        waiting(made, number)
    with pytest.raises(Busy, match="4 others wait already") as busy:
        made.take("her", 1, anything)
    assert 29 <= busy.value.retry_after <= 30
    made.end(turn, usable=True)
    for thread in threads:
        thread.join()
    assert refused == []
    turn = made.take("me", 30, anything)
    threads = [threading.Thread(target=wait, args=("me",)) for _ in range(2)]
    for number, thread in enumerate(threads, start=1):
        thread.start()
        waiting(made, number)
    with pytest.raises(Busy, match="2 requests of yours wait already"):
        made.take("me", 1, anything)
    made.close()
    for thread in threads:
        thread.join()
    assert len(refused) == 2 and "being stopped" in refused[0]


def test_patience_ends():
    made = turns("a", most=1, share=1)
    turn = made.take("me", 1, anything)
    with pytest.raises(Busy, match=r"Nobody was free to answer within 0\.1 seconds"):
        made.take("you", 1, anything)
    made.end(turn, usable=True)
    assert made.counts() == (0, 1, 0)


def test_a_thing_that_is_not_usable_any_more_is_gone_and_no_turn_ends_twice():
    made = turns("ab")
    turn = made.take("me", 1, anything)
    assert [made.end(turn, usable=False), made.end(turn, usable=True)] == [True, False]
    assert (made.idle(), made.remove("a"), made.remove("b"), made.idle()) == (["b"], False, True, [])


def test_things_that_are_missing_are_counted_within_shares():
    made = turns("", most=3, share=1, patience=0.3)
    threads = [threading.Thread(target=_refused, args=(made, client)) for client in ("me", "me", "you")]
    for thread in threads:
        thread.start()
    waiting(made, 3)
    assert made.lacking() == 2
    for thread in threads:
        thread.join()


def _refused(made, client):
    with pytest.raises(Busy):
        made.take(client, 1, anything)


def test_who_waits_for_nothing_has_a_place_and_is_told_of_its_turn():
    made, told = turns("a", share=1), []
    first = made.enter("me", 1, anything)
    place = made.enter("me", 1, anything, lambda: told.append("served"))
    assert (first.thing, place.turn, made.counts()) == ("a", None, (1, 0, 1))
    made.end(first, usable=True)
    assert (told, made.wait(place).thing, made.counts()) == (["served"], "a", (1, 0, 0))


def test_a_place_that_is_given_up_leaves_its_turn_to_others():
    made = turns("a", share=1)
    first = made.enter("me", 1, anything)
    waits, later = (made.enter("me", 1, anything) for _ in range(2))
    made.give_up(waits)
    assert made.counts() == (1, 0, 1)
    made.end(first, usable=True)
    made.give_up(later)  # its turn had come
    assert made.counts() == (0, 1, 0)


def test_a_place_is_told_when_there_will_be_no_turn():
    made, told = turns("a", share=1), []
    made.enter("me", 1, anything)
    place = made.enter("me", 1, anything, lambda: told.append("closed"))
    made.close()
    assert told == ["closed"]
    with pytest.raises(Busy, match="is being stopped"):
        made.wait(place)
