"""`regiolink user` and `regiolink token`: who may change the knowledge base.

They open the ledger's database themselves, so they work whether the service runs or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

import click

from kb.errors import NotFound, NotUnderstood
from kb.folder import DataFolder
from kb.ledger.commits import time_text
from kb.ledger.ledger import Ledger
from kb.ledger.people import TOKEN_START, BadUser, People, Person, Role, Token
from kb.permissions import Kind
from kb.shipped import SYSTEM
from kb.terms import GRAPH
from server.settings import ledger_place, load_settings
from server.terminal import ERR, in_plain_words, show_table

_ROLE = click.Choice([role.value for role in Role])
_GRAPHS = click.option(
    "--graph",
    "graphs",
    multiple=True,
    help="A graph that the steward may change: its name below graph/, or its IRI. Repeat for more; all "
    "graphs that stewards change when none is named.",
)


@contextmanager
def open_people(*, begin: bool = False) -> Iterator[People]:
    """The users of the ledger that the settings name.

    begin: whether a knowledge base that is not there yet is begun. Raises `NotFound` when it is not.
    """
    settings = load_settings()
    folder = DataFolder(settings.data_dir)
    if not settings.ledger:
        if folder.exists():
            folder.refuse_newer_format()
        elif begin:
            folder.make_for_people()
        else:
            raise NotFound(f"There is no knowledge base in {folder.path} yet, and so no user.")
    ledger = Ledger.open(ledger_place(settings), folder.patches)
    try:
        yield ledger.people
    finally:
        ledger.close()


@click.group()
def user() -> None:
    """Users: who may change the knowledge base, and as what.

    A reader changes nothing, a contributor writes drafts, a steward changes data, an admin also the ontology
    and the shapes. A user needs a token to be known over HTTP: 'regiolink token create'.
    """


@user.command(name="create")
@click.argument("name")
@click.option("--role", type=_ROLE, required=True, help="What the user is.")
@_GRAPHS
@in_plain_words
def create_user(name: str, role: str, graphs: tuple[str, ...]) -> None:
    """Make a user with a name that is theirs for good."""
    with open_people(begin=True) as people:
        made = _new_user(people, name, Role(role), _granted(Role(role), graphs))
    click.echo(f"Made the {_described(made)}.")


@user.command(name="change")
@click.argument("name")
@click.option("--role", type=_ROLE, help="What the user is from now on.")
@_GRAPHS
@click.option("--all-graphs", is_flag=True, help="Let the steward change all graphs that stewards change.")
@in_plain_words
def change_user(name: str, role: str | None, graphs: tuple[str, ...], all_graphs: bool) -> None:
    """Give a user another role, or a steward other graphs, from now on.

    What is not named stays as it is.
    """
    if not (role or graphs or all_graphs):
        raise NotUnderstood("Say what is to change: --role, --graph or --all-graphs.")
    if graphs and all_graphs:
        raise NotUnderstood("Name graphs with --graph, or take --all-graphs; not both.")
    with open_people() as people:
        before = people.user(name)
        after = Role(role) if role else before.role
        kept = before.graphs if after is Role.STEWARD and not all_graphs else None
        changed = people.change_user(before.name, after, _granted(after, graphs) if graphs else kept)
    click.echo(f"Now it is the {_described(changed)}.")


@user.command(name="disable")
@click.argument("name")
@in_plain_words
def disable_user(name: str) -> None:
    """Let no token of a user be good from now on.

    The name stays in the history, and nobody else can have it.
    """
    with open_people() as people:
        disabled = people.disable_user(name)
    click.echo(f"Disabled the {_described(disabled)}; none of their tokens is good any more.")


@user.command(name="list")
@in_plain_words
def list_users() -> None:
    """List the users, disabled ones too."""
    with open_people() as people:
        found = people.users()
    rows = [
        (person.name, person.role.value, _graph_names(person), person.created, person.disabled or "")
        for person in found
    ]
    show_table(("Name", "Role", "May change", "Created", "Disabled"), rows)


@click.group()
def token() -> None:
    """Tokens: what a program or a browser sends to be known as a user.

    Send it as 'Authorization: Bearer <token>', or as the password of the user's name.
    """


@token.command(name="create")
@click.option("--name", required=True, help="The user's name; the user is made when there is none yet.")
@click.option("--role", type=_ROLE, required=True, help="What the user is.")
@click.option("--label", default="made on the command line", show_default=True, help="What it is for.")
@click.option(
    "--expires", help="The last day it is good, as 2027-01-31, or for how many days; never if empty."
)
@in_plain_words
def create_token(name: str, role: str, label: str, expires: str | None) -> None:
    """Make a token, and print it alone on the last line.

    It is shown this once and kept nowhere. Without --expires it is good until it is revoked.
    """
    until = _moment(expires) if expires else None
    with open_people(begin=True) as people:
        person = _user_for(people, name, Role(role))
        secret, made = people.create_token(person.name, label, until)
    ends = f"good until {made.expires}" if made.expires else "good until it is revoked"
    ERR.print(f"A token of the {_described(person)}, {ends}; it is shown this once:")
    click.echo(secret)


@token.command(name="list")
@click.option("--user", "name", help="Only the tokens of this user.")
@in_plain_words
def list_tokens(name: str | None) -> None:
    """List the tokens, also those that are no longer good; never the secrets."""
    with open_people() as people:
        found = people.tokens(name)
        disabled = {person.name for person in people.users() if person.disabled}
    now = time_text(datetime.now(UTC))
    rows = [
        (
            TOKEN_START + made.prefix,
            f"…{made.last_four}",
            made.user,
            made.label,
            made.created,
            _state(made, disabled, now),
        )
        for made in found
    ]
    show_table(("Prefix", "Ends", "User", "What for", "Created", "Good"), rows)


@token.command(name="revoke")
@click.argument("prefix")
@in_plain_words
def revoke_token(prefix: str) -> None:
    """Let the token that begins with PREFIX be good no longer.

    'regiolink token list' tells the prefix of each. It takes effect with the next request.
    """
    with open_people() as people:
        revoked = people.revoke_token(prefix.removeprefix(TOKEN_START))
    click.echo(f"Revoked the token {TOKEN_START}{revoked.prefix} of {revoked.user!r}.")


def _new_user(people: People, name: str, role: Role, graphs: Sequence[str] | None) -> Person:
    # Under this name Regiolink itself commits.
    if name.strip().lower() == SYSTEM:
        raise BadUser(f"The name {SYSTEM!r} is Regiolink's own; choose another.")
    return people.create_user(name, role, graphs)


def _user_for(people: People, name: str, role: Role) -> Person:
    """The user of that name and role, made when there is none. Raises `BadUser` when the role is another."""
    try:
        found = people.user(name)
    except NotFound:
        return _new_user(people, name, role, None)
    if found.role is not role:
        raise BadUser(
            f"The user {name!r} is {_a(found.role)}, not {_a(role)}; "
            "change that with 'regiolink user change'."
        )
    return found


def _granted(role: Role, names: Sequence[str]) -> list[str] | None:
    """IRIs of the graphs that are named, None for all. Raises `BadUser` for those no steward may change."""
    if not names:
        return None
    if role is not Role.STEWARD:
        raise BadUser(f"Graphs are named for a steward only; {_a(role)} is not held to some graphs.")
    graphs = [name if ":" in name else str(GRAPH[name]) for name in names]
    for name, graph in zip(names, graphs, strict=True):
        if any(character in ' <>"{}|\\^`' or not character.isprintable() for character in graph):
            raise BadUser(f"{name!r} is not the name of a graph.")
        if Kind.of(graph) not in (Kind.DATA, Kind.SOURCE):
            raise BadUser(f"The graph {name} is not for stewards to change.")
    return graphs


def _moment(text: str) -> datetime:
    """The end of a day, or of a number of days from now. Raises `NotUnderstood`."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.now(UTC) + timedelta(days=int(text))
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d"), time.max, UTC)
    except (ValueError, OverflowError):
        raise NotUnderstood(f"{text!r} is neither a day such as 2027-01-31 nor a number of days.") from None


def _graph_names(person: Person) -> str:
    if person.role is not Role.STEWARD:
        return "everything" if person.role is Role.ADMIN else "nothing"
    return "all data" if person.graphs is None else ", ".join(_short(graph) for graph in person.graphs)


def _described(person: Person) -> str:
    granted = f" of {_graph_names(person)}" if person.role is Role.STEWARD else ""
    return f"{person.role} {person.name!r}{granted}"


def _a(role: Role) -> str:
    return f"an {role}" if role is Role.ADMIN else f"a {role}"


def _short(graph: str) -> str:
    return graph.removeprefix(str(GRAPH))


def _state(made: Token, disabled: set[str], now: str) -> str:
    if made.revoked:
        return f"revoked {made.revoked}"
    if made.user in disabled:
        return "user disabled"
    if made.expires:
        return f"until {made.expires}" if made.expires > now else f"expired {made.expires}"
    return "yes"
