"""Tests of server/authorisation.py: who makes a request, on a small application of our own."""

import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from kb.ledger.commits import Door
from kb.ledger.ledger import Ledger
from kb.ledger.people import Role
from server import problems
from server.authorisation import Authorisation
from server.limiting import WrongTokens

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
UNKNOWN = (
    "The token is unknown, expired or revoked, or its user is disabled; ask an administrator for a new one."
)


@pytest.fixture
def clock():
    return SimpleNamespace(time=NOON)


@pytest.fixture
def people(tmp_path, clock):
    ledger = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches", now=lambda: clock.time)
    yield ledger.people
    ledger.close()


@pytest.fixture
def client(people):
    """An application that says who reads at /read, and who writes at /write."""
    app = Flask("server.app")
    problems.register(app)
    authorisation = Authorisation(lambda: people, WrongTokens(a_minute=3))

    @app.get("/read")
    def read() -> str:
        person = authorisation.person()
        return person.name if person else "anybody"

    @app.post("/write")
    def write() -> str:
        return authorisation.author(Door.UPDATE).name

    return app.test_client()


def token(people, name: str, role: Role, expires: datetime | None = None) -> str:
    people.create_user(name, role)
    return people.create_token(name, "test", expires)[0]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"}


def told(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["detail"] if answer.is_json else answer.text


def test_anybody_reads(client):
    assert told(client.get("/read")) == (200, "anybody")


def test_anybody_who_writes_is_told_how_to_get_in(client):
    answer = client.post("/write")
    assert told(answer) == (
        401,
        "Changing the knowledge base needs a token: ask an administrator for one (regiolink token create "
        "--role steward --name YOU) and send it as 'Authorization: Bearer <token>'.",
    )
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Regiolink"'


def test_a_token_says_who_it_is_alone_or_with_the_name(client, people):
    secret = token(people, "ana", Role.STEWARD)
    assert told(client.post("/write", headers=bearer(secret))) == (200, "ana")
    assert told(client.post("/write", headers=basic("ana", secret))) == (200, "ana")
    assert told(client.get("/read", headers=bearer(secret))) == (200, "ana")


def test_a_token_is_not_good_with_another_name(client, people):
    secret = token(people, "ana", Role.STEWARD)
    people.create_user("ben", Role.ADMIN)
    assert told(client.post("/write", headers=basic("ben", secret))) == (
        401,
        "The token belongs to another user than the one whose name was sent.",
    )


def test_an_unknown_token_is_refused_for_reading_too(client, people):
    secret = token(people, "ana", Role.STEWARD)
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for answer in (client.get("/read", headers=bearer(wrong)), client.post("/write", headers=bearer(wrong))):
        assert told(answer) == (401, UNKNOWN)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Regiolink", error="invalid_token"'


def test_a_revoked_token_and_a_disabled_user_are_refused_at_once(client, people):
    first, second = token(people, "ana", Role.STEWARD), people.create_token("ana", "other")[0]
    assert told(client.post("/write", headers=bearer(first))) == (200, "ana")
    people.revoke_token(first.removeprefix("rgl_")[:8])
    assert told(client.post("/write", headers=bearer(first))) == (401, UNKNOWN)
    assert told(client.post("/write", headers=bearer(second))) == (200, "ana")
    people.disable_user("ana")
    assert told(client.post("/write", headers=bearer(second))) == (401, UNKNOWN)


def test_an_expired_token_is_refused(client, people, clock):
    secret = token(people, "ana", Role.STEWARD, NOON + timedelta(days=1))
    assert told(client.post("/write", headers=bearer(secret))) == (200, "ana")
    clock.time += timedelta(days=1)
    assert told(client.post("/write", headers=bearer(secret))) == (401, UNKNOWN)


def test_a_known_user_without_the_right_is_forbidden(client, people):
    answer = client.post("/write", headers=bearer(token(people, "rob", Role.READER)))
    assert told(answer) == (403, "A reader may not change anything; ask an administrator for another role.")
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_writes_in_nobodys_name(client, people, site):
    secret = token(people, "ana", Role.STEWARD)
    other = {"Sec-Fetch-Site": site}
    assert told(client.post("/write", headers=basic("ana", secret) | other)) == (
        403,
        "A page of another site may not change anything in your name; "
        "send the token as 'Authorization: Bearer <token>'.",
    )
    assert told(client.post("/write", headers=bearer(secret) | other)) == (200, "ana")
    own = {"Sec-Fetch-Site": "same-origin"}
    assert told(client.post("/write", headers=basic("ana", secret) | own)) == (200, "ana")


def test_wrong_tokens_are_limited_and_a_good_one_is_let_through(client, people):
    secret = token(people, "ana", Role.STEWARD)
    wrong = [client.get("/read", headers=bearer(f"rgl_{n}")) for n in range(4)]
    assert [answer.status_code for answer in wrong] == [401, 401, 401, 429]
    seconds = wrong[3].headers["Retry-After"]
    assert wrong[3].json["detail"] == (
        f"Your address has sent too many wrong tokens; send a good one, or wait {seconds} seconds."
    )
    assert told(client.post("/write", headers=bearer(secret))) == (200, "ana")
    assert told(client.get("/read")) == (200, "anybody")
    other = client.get("/read", headers=bearer("rgl_x"), environ_base={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 401


def test_a_token_is_compared_in_constant_time_whether_it_is_known_or_not(client, people, monkeypatch):
    secret = token(people, "ana", Role.STEWARD)
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(len(a)) or real(a, b))
    for sent in (secret, "rgl_unknown", "rgl_\u00e9"):
        client.get("/read", headers=bearer(sent))
    assert compared == [64, 64, 64]


def test_no_secret_is_in_an_answer_or_a_log(client, people, caplog):
    secret = token(people, "ana", Role.READER)
    shown = [client.post("/write", headers=bearer(secret)).text, client.get("/read", headers=bearer("rgl_s"))]
    assert secret not in str(shown) + caplog.text and "rgl_s" not in shown[1].text
