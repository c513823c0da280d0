"""Tests of server/hosts.py."""

import pytest

from server.hosts import WrongHost, is_from_this_machine, refuse_wrong_host

NO_HOST = "The header Host does not hold the name of a host."
NOT_OURS = "This service does not answer for the host name of the request."


@pytest.mark.parametrize(
    "host", ["data.example.org", "DATA.example.org:8000", "127.0.0.1:80", "[::1]:80", "a_b"]
)
def test_any_name_of_a_host_will_do_when_none_is_trusted(host):
    refuse_wrong_host(host, "HTTP/1.1", ())


@pytest.mark.parametrize(
    "host",
    ["", "a b", "a/b", 'a"b', "a<script>", "a:80:80", "a:x", "a:70000", "[::1", "a\u00e9", "a,b", "a@b"],
)
def test_what_is_no_name_of_a_host_is_refused(host):
    with pytest.raises(WrongHost) as refused:
        refuse_wrong_host(host, "HTTP/1.1", ())
    assert str(refused.value) == NO_HOST


@pytest.mark.parametrize("host", ["data.example.org", "Data.Example.org.:443", "x.example.eu", "example.eu"])
def test_trusted_names_are_answered_for_with_those_below_a_leading_dot(host):
    refuse_wrong_host(host, "HTTP/1.1", ("data.example.org", ".example.eu"))


@pytest.mark.parametrize("host", ["example.org", "evildata.example.org", "evilexample.eu", "127.0.0.1"])
def test_other_names_are_not_answered_for(host):
    with pytest.raises(WrongHost) as refused:
        refuse_wrong_host(host, "HTTP/1.1", ("data.example.org", ".example.eu"))
    assert str(refused.value) == NOT_OURS


def test_only_http_1_0_does_without_a_host_and_only_when_any_will_do():
    refuse_wrong_host(None, "HTTP/1.0", ())
    for protocol, trusted in (("HTTP/1.1", ()), ("HTTP/1.0", ("example.org",))):
        with pytest.raises(WrongHost):
            refuse_wrong_host(None, protocol, trusted)


@pytest.mark.parametrize(
    ("environ", "inside"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "127.8.8.8"}, True),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "192.0.2.1"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"}, False),
        (
            {
                "REMOTE_ADDR": "127.0.0.1",
                "HTTP_X_FORWARDED_FOR": "127.0.0.1",
                "werkzeug.proxy_fix.orig": {"REMOTE_ADDR": "127.0.0.1"},
            },
            True,
        ),
    ],
)
def test_what_an_unknown_proxy_hands_on_is_not_from_this_machine(environ, inside):
    assert is_from_this_machine(environ) is inside
