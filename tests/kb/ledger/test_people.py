"""Users and tokens; on both databases."""

import hmac
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from kb.errors import NotFound
from kb.ledger.people import BadUser, Person, Role, Token

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOON_TEXT = "2026-11-22T12:00:00.000000Z"


class Clock:
    """A clock that stands until it is set."""

    time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def people(open_ledger, clock):
    return open_ledger(now=clock).people


def test_a_user_keeps_name_role_and_graphs(people):
    ana = people.create_user("Ana Étoile", Role.STEWARD, ["urn:g2", "urn:g1", "urn:g1"])
    ben = people.create_user("ben@example.org", Role.ADMIN)
    assert ana == Person("Ana Étoile", Role.STEWARD, ("urn:g1", "urn:g2"), NOON_TEXT, None)
    assert ben == Person("ben@example.org", Role.ADMIN, None, NOON_TEXT, None)
    assert people.users() == [ana, ben]
    assert people.user("Ana Étoile") == ana


def test_a_steward_of_no_graph_is_not_one_of_all(people):
    assert people.create_user("ana", Role.STEWARD, []).graphs == ()
    assert people.user("ana").graphs == ()


def test_a_name_is_one_users_for_good(people):
    people.create_user("Zoe\u0308", Role.READER)
    people.disable_user("Zo\u00eb")
    with pytest.raises(BadUser) as refused:
        people.create_user("Zo\u00eb", Role.ADMIN)
    assert str(refused.value) == "There is a user 'Zo\u00eb' already."


@pytest.mark.parametrize("name", ["", "  ", " ana", "a\nb", "a\0b", "x" * 201, "\ud800", "a\u202eb"])
def test_a_name_that_is_not_plain_text_is_refused(people, name):
    with pytest.raises(BadUser) as refused:
        people.create_user(name, Role.READER)
    assert str(refused.value) == ("The name needs 1 to 200 printable characters and no blanks around them.")
    assert people.users() == []


def test_a_user_gets_another_role(people):
    people.create_user("ana", Role.CONTRIBUTOR)
    secret, _ = people.create_token("ana", "laptop")
    changed = people.change_user("ana", Role.STEWARD, ["urn:g"])
    assert changed == people.user("ana") == people.who(secret)
    assert changed == Person("ana", Role.STEWARD, ("urn:g",), NOON_TEXT, None)


def test_a_token_tells_who_it_is(people):
    ana = people.create_user("ana", Role.STEWARD)
    people.create_user("ben", Role.ADMIN)
    secret, token = people.create_token("ana", "laptop", NOON + timedelta(days=1))
    assert people.who(secret) == ana
    assert token == Token(
        secret[4:12], "ana", "laptop", secret[-4:], NOON_TEXT, "2026-11-23T12:00:00.000000Z", None
    )
    assert people.tokens() == people.tokens("ana") == [token]
    assert people.tokens("ben") == []


def test_tokens_are_random_and_recognisable(people):
    people.create_user("ana", Role.STEWARD)
    secrets = {people.create_token("ana", "laptop")[0] for _ in range(5)}
    assert len(secrets) == 5
    assert all(secret.startswith("rgl_") and len(secret) == 47 for secret in secrets)


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "x", lambda s: s[:20] + "x" + s[21:]])
def test_a_secret_that_is_nearly_right_is_nobodys(people, change):
    people.create_user("ana", Role.STEWARD)
    secret, _ = people.create_token("ana", "laptop")
    if change(secret) != secret:
        assert people.who(change(secret)) is None


@pytest.mark.parametrize("secret", ["", "rgl_", "x", "é\0", "\ud800", "rgl_" + "a" * 43, "a" * 100_000])
def test_an_unknown_secret_is_nobodys(people, secret):
    assert people.who(secret) is None


def test_a_token_is_good_until_it_expires(people, clock):
    ana = people.create_user("ana", Role.STEWARD)
    secret, _ = people.create_token("ana", "laptop", NOON + timedelta(hours=1))
    clock.time = NOON + timedelta(hours=1) - timedelta(microseconds=1)
    assert people.who(secret) == ana
    clock.time = NOON + timedelta(hours=1)
    assert people.who(secret) is None


def test_a_revoked_token_is_nobodys_and_the_others_stay(people, clock):
    ana = people.create_user("ana", Role.STEWARD)
    lost, token = people.create_token("ana", "laptop")
    kept, _ = people.create_token("ana", "desk")
    revoked = people.revoke_token(token.prefix)
    assert revoked.revoked == NOON_TEXT
    assert (people.who(lost), people.who(kept)) == (None, ana)
    clock.time = NOON + timedelta(days=1)
    assert people.revoke_token(token.prefix) == revoked, "the first time counts"


def test_the_tokens_of_a_disabled_user_are_nobodys(people):
    people.create_user("ana", Role.STEWARD)
    secret, _ = people.create_token("ana", "laptop")
    assert people.disable_user("ana").disabled == NOON_TEXT
    assert people.who(secret) is None
    with pytest.raises(BadUser, match="The user 'ana' is disabled"):
        people.create_token("ana", "another")


@pytest.mark.parametrize(
    ("work", "sentence"),
    [
        (lambda people: people.user("eve"), "There is no user 'eve'."),
        (lambda people: people.disable_user("eve"), "There is no user 'eve'."),
        (lambda people: people.change_user("eve", Role.ADMIN), "There is no user 'eve'."),
        (lambda people: people.create_token("eve", "laptop"), "There is no user 'eve'."),
        (lambda people: people.tokens("eve"), "There is no user 'eve'."),
        (lambda people: people.user("\0"), r"There is no user '\x00'."),
        (lambda people: people.disable_user("\ud800"), r"There is no user '\ud800'."),
        (lambda people: people.revoke_token("abc"), "There is no token 'abc'."),
        (lambda people: people.revoke_token("\0"), r"There is no token '\x00'."),
    ],
)
def test_who_or_what_is_not_there_is_not_found(people, work, sentence):
    with pytest.raises(NotFound) as missing:
        work(people)
    assert str(missing.value) == sentence


def test_a_token_needs_a_label_and_a_future(people):
    people.create_user("ana", Role.STEWARD)
    with pytest.raises(BadUser, match="The label needs 1 to 200 printable characters"):
        people.create_token("ana", "")
    with pytest.raises(BadUser, match="The token would expire before it is made"):
        people.create_token("ana", "laptop", NOON)
    assert people.tokens() == []


def test_no_secret_is_stored_and_it_is_compared_in_constant_time(tmp_path, monkeypatch):
    from kb.ledger.ledger import Ledger

    ledger = Ledger.open(tmp_path / "ledger.sqlite", tmp_path / "patches")
    ledger.people.create_user("ana", Role.STEWARD)
    secret, _ = ledger.people.create_token("ana", "laptop")
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda *two: compared.append(two) or real(*two))
    assert ledger.people.who(secret) and ledger.people.who("rgl_unknown") is None
    assert [len(one) == len(other) == 64 for one, other in compared] == [True, True]
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        dumped = "\n".join(connection.iterdump())
    connection.close()
    ledger.close()
    assert "'laptop'" in dumped and secret[12:] not in dumped
