"""Tests of server/limiting.py; the limits on a running service are in test_front.py."""

import pytest

from server.limiting import WrongTokens, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_client_is_told_by_what_one_host_has_to_itself(address, network):
    assert network_of(address) == network


def test_wrong_tokens_are_counted_by_client():
    counted = WrongTokens(a_minute=2)
    assert [counted.count("192.0.2.7") for _ in range(2)] == [None, None]
    seconds = counted.count("192.0.2.7")
    assert seconds is not None and 1 <= seconds <= 61
    assert counted.count("192.0.2.8") is None
    assert [counted.count(f"2001:db8::{host}") for host in "12"] == [None, None]
    assert counted.count("2001:db8::3") is not None
