"""`regiolink user` and `regiolink token`, run in this process on a ledger of their own."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from kb.folder import DataFolder
from kb.ledger.ledger import Ledger
from kb.ledger.people import Role
from kb.terms import GRAPH
from server.cli import main


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "data")


@pytest.fixture
def regiolink(folder):
    """Runs the command; gives exit code, output and errors."""

    runner = CliRunner(env={"REGIOLINK_DATA_DIR": str(folder.path)})

    def run(*words: str) -> tuple[int, str, str]:
        done = runner.invoke(main, words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def people(folder):
    """The users as a running service sees them: on connections of its own."""
    folder.make_ready()
    ledger = Ledger.open(folder.ledger, folder.patches)
    yield ledger.people
    ledger.close()


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")] for line in table.split("\n") if "│" in line]


def test_a_token_is_printed_alone_and_a_running_service_knows_it(regiolink, people):
    code, out, err = regiolink("token", "create", "--role", "steward", "--name", "ana")
    assert code == 0 and re.fullmatch(r"rgl_[\w-]{43}\n", out)
    assert (
        err == "A token of the steward 'ana' of all data, good until it is revoked; it is shown this once:\n"
    )
    person = people.who(out.strip())
    assert (person.name, person.role, person.graphs) == ("ana", Role.STEWARD, None)


def test_a_second_token_is_of_the_same_user(regiolink, people):
    first, second = (regiolink("token", "create", "--role", "admin", "--name", "ana")[1] for _ in range(2))
    assert first != second and people.who(first.strip()) == people.who(second.strip()) == people.users()[0]


def test_a_token_can_end(regiolink, people):
    regiolink("token", "create", "--role", "admin", "--name", "ana", "--expires", "2999-01-31")
    regiolink("token", "create", "--role", "admin", "--name", "ana", "--expires", "30", "--label", "laptop")
    by_day, in_days = people.tokens("ana")
    assert by_day.expires == "2999-01-31T23:59:59.999999Z"
    in_a_month = datetime.now(UTC) + timedelta(days=30)
    assert in_days.expires[:7] in (
        in_a_month.isoformat()[:7],
        (in_a_month - timedelta(hours=1)).isoformat()[:7],
    )
    assert in_days.label == "laptop"


def test_a_token_in_a_folder_that_is_new_begins_the_knowledge_base(regiolink, folder):
    assert not folder.exists()
    assert regiolink("token", "create", "--role", "admin", "--name", "ana")[0] == 0
    assert folder.exists() and folder.ledger.exists()


@pytest.mark.parametrize("words", ["token list", "token revoke rgl_x", "user list", "user disable ana"])
def test_what_only_looks_begins_no_knowledge_base(regiolink, folder, words):
    sentence = f"There is no knowledge base in {folder.path} yet, and so no user."
    assert regiolink(*words.split()) == (2, "", f"regiolink: {sentence}\n")
    assert not folder.path.exists()


def test_tokens_are_listed_without_their_secrets_and_revoked_by_their_beginning(regiolink, people):
    secret = regiolink("token", "create", "--role", "reader", "--name", "ana", "--label", "test")[1].strip()
    regiolink("token", "create", "--role", "admin", "--name", "ben")
    out = regiolink("token", "list", "--user", "ana")[1]
    (row,) = cells(out)
    assert [*row[:4], row[5]] == [secret[:12], f"…{secret[-4:]}", "ana", "test", "yes"] and secret not in out
    assert len(cells(regiolink("token", "list")[1])) == 2
    assert regiolink("token", "revoke", secret[:12]) == (
        0,
        f"Revoked the token {secret[:12]} of 'ana'.\n",
        "",
    )
    assert people.who(secret) is None
    assert cells(regiolink("token", "list", "--user", "ana")[1])[0][5].startswith("revoked 20")


def test_a_list_tells_which_tokens_are_still_good(regiolink, people):
    people.create_user("ana", Role.READER)
    people.create_token("ana", "short", datetime.now(UTC) + timedelta(milliseconds=50))
    people.create_token("ana", "long", datetime(2999, 1, 1, tzinfo=UTC))
    time.sleep(0.06)
    states = [row[5][:10] for row in cells(regiolink("token", "list")[1])]
    assert states == ["expired 20", "until 2999"]
    people.disable_user("ana")
    assert "user disabled" in regiolink("token", "list")[1]


def test_users_are_made_with_the_graphs_they_may_change(regiolink, people):
    code, out, _ = regiolink(
        "user", "create", "ana", "--role", "steward", "--graph", "edits", "--graph", "https://example.org/g"
    )
    assert (code, out) == (0, "Made the steward 'ana' of https://example.org/g, edits.\n")
    assert people.user("ana").graphs == ("https://example.org/g", str(GRAPH["edits"]))
    assert regiolink("user", "create", "ben", "--role", "admin") == (0, "Made the admin 'ben'.\n", "")
    rows = cells(regiolink("user", "list")[1])
    assert [row[:3] for row in rows] == [
        ["ana", "steward", "https://example.org/g, edits"],
        ["ben", "admin", "everything"],
    ]


def test_what_is_not_named_in_a_change_stays_as_it_is(regiolink, people):
    people.create_user("ana", Role.STEWARD, [str(GRAPH["edits"])])
    assert (
        regiolink("user", "change", "ana", "--role", "steward")[1]
        == "Now it is the steward 'ana' of edits.\n"
    )
    assert regiolink("user", "change", "ana", "--graph", "links/ror")[1] == (
        "Now it is the steward 'ana' of links/ror.\n"
    )
    assert (
        regiolink("user", "change", "ana", "--all-graphs")[1] == "Now it is the steward 'ana' of all data.\n"
    )
    assert regiolink("user", "change", "ana", "--role", "reader")[1] == "Now it is the reader 'ana'.\n"
    assert (people.user("ana").role, people.user("ana").graphs) == (Role.READER, None)


def test_a_disabled_user_has_no_good_token(regiolink, people):
    secret = regiolink("token", "create", "--role", "steward", "--name", "ana")[1].strip()
    assert regiolink("user", "disable", "ana")[1] == (
        "Disabled the steward 'ana' of all data; none of their tokens is good any more.\n"
    )
    assert people.who(secret) is None
    assert cells(regiolink("user", "list")[1])[0][4].startswith("20")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("user create ana --role admin", "There is a user 'ana' already."),
        ("user create System --role admin", "The name 'system' is Regiolink's own; choose another."),
        (
            "user create ben --role steward --graph ontology",
            "The graph ontology is not for stewards to change.",
        ),
        (
            "user create ben --role steward --graph inferred",
            "The graph inferred is not for stewards to change.",
        ),
        ("user create ben --role steward --graph a|b", "'a|b' is not the name of a graph."),
        (
            "user create ben --role admin --graph edits",
            "Graphs are named for a steward only; an admin is not held to some graphs.",
        ),
        ("user change ana", "Say what is to change: --role, --graph or --all-graphs."),
        (
            "user change ana --graph edits --all-graphs",
            "Name graphs with --graph, or take --all-graphs; not both.",
        ),
        ("user change nobody --role admin", "There is no user 'nobody'."),
        ("user disable nobody", "There is no user 'nobody'."),
        (
            "token create --name ana --role admin",
            "The user 'ana' is a steward, not an admin; change that with 'regiolink user change'.",
        ),
        ("token create --name system --role admin", "The name 'system' is Regiolink's own; choose another."),
        (
            "token create --name ana --role steward --expires soon",
            "'soon' is neither a day such as 2027-01-31 nor a number of days.",
        ),
        (
            "token create --name ana --role steward --expires 99999999999",
            "'99999999999' is neither a day such as 2027-01-31 nor a number of days.",
        ),
        (
            "token create --name ana --role steward --expires 2001-01-01",
            "The token would expire before it is made.",
        ),
        ("token list --user nobody", "There is no user 'nobody'."),
        ("token revoke rgl_nothing", "There is no token 'nothing'."),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(regiolink, people, words, sentence):
    people.create_user("ana", Role.STEWARD)
    before = people.users()
    assert regiolink(*words.split()) == (2, "", f"regiolink: {sentence}\n")
    assert (people.users(), people.tokens()) == (before, [])


def test_the_password_of_the_ledger_is_never_shown(regiolink, monkeypatch):
    monkeypatch.setenv("REGIOLINK_LEDGER", "postgresql://ana:geheim@127.0.0.1:9/none?connect_timeout=2")
    code, out, err = regiolink("token", "list")
    assert (code, out) == (2, "") and len(err.strip().split("\n")) == 1
    assert "geheim" not in err + regiolink("settings")[1]
