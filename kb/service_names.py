"""Which endpoints the SERVICE clauses of a text name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from kb.errors import NotAllowed
from kb.sparql_tokens import Kind, Token


def refuse_endpoint(
    service: Token, name: Token, services: Collection[str], prefixes: Mapping[str, str]
) -> None:
    """Raises `NotAllowed` when SERVICE with this name of an endpoint is for none of `services`.

    service: the word. prefixes: as `declared` gives them. A variable is passed: its values are not known yet.
    """
    if name.kind is not Kind.VARIABLE:
        address = endpoint(name, prefixes)
        if address not in services:
            raise not_listed(service, f"<{address}>" if address else name.text)


def not_listed(service: Token, name: str) -> NotAllowed:
    """Why SERVICE is refused for an endpoint. name: as it is to be shown."""
    return NotAllowed(
        f"{service.place}: SERVICE {name[:200]} is refused; the setting service_endpoints does not list it."
    )


def endpoint(name: Token, prefixes: Mapping[str, str]) -> str:
    """The address that an IRI or a prefixed name stands for as it is written; empty for anything else.

    Escapes are not resolved and a BASE does not count: an address that needs them is none that is listed.
    """
    if name.kind is Kind.IRI:
        return name.text[1:-1]
    prefix, colon, local = name.text.partition(":")
    return prefixes.get(prefix + colon, "") + local if name.kind is Kind.NAME else ""


def declared(every: Iterable[Token]) -> dict[str, str]:
    """The prefixes that are declared, with their colons, and what they stand for as it is written."""
    found: dict[str, str] = {}
    passing = iter(every)
    for token in passing:
        if token.word == "PREFIX":
            prefix, iri = next(passing, None), next(passing, None)
            if prefix and iri:
                found[prefix.text] = iri.text[1:-1]
    return found
