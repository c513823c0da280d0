"""Tests of server/credentials.py."""

from base64 import b64encode

import pytest

from server.credentials import BadToken, Credentials, read_credentials


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "name", "secret"),
    [
        ("Bearer rgl_abc", None, "rgl_abc"),
        ("  bearer   rgl_abc ", None, "rgl_abc"),
        (basic("ana:rgl_abc"), "ana", "rgl_abc"),
        (basic("Zoe\u0308:a:b"), "Zo\u00eb", "a:b"),
    ],
)
def test_a_token_comes_alone_or_as_the_password_of_a_user(header, name, secret):
    assert read_credentials(header) == Credentials(name, secret)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "rgl_abc",
        "Digest username=ana",
        "Basic",
        "Basic !",
        "Basic YW5h",
        "Basic /w==",
    ],
)
def test_what_is_no_token_is_refused_in_a_sentence(header):
    with pytest.raises(BadToken) as refused:
        read_credentials(header)
    assert str(refused.value) == (
        "The header Authorization cannot be read; send it as 'Authorization: Bearer <token>'."
    )
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer realm="Regiolink", error="invalid_token"'}


def test_a_secret_does_not_show_in_a_trace():
    assert "rgl_abc" not in repr(read_credentials("Bearer rgl_abc"))
