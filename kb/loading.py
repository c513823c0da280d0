"""What the LOAD operations of an update request ask for, to be read before the request is.

The engine would send requests of its own, so it never sees a LOAD: what the addresses hold is read first and
goes with the request (`kb.intent.SparqlUpdate.loaded`), where each LOAD inserts what belongs to it.

Source: SPARQL 1.1 Update, section 3.1.4.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urljoin

from kb.service_names import declared, endpoint
from kb.sparql_tokens import Token, tokens
from kb.update_text import operations


@dataclass(frozen=True)
class Source:
    """What one LOAD asks for. place: of the operation, in words. address: empty when it cannot be told."""

    place: str
    address: str
    silent: bool


def sources(text: str, base: str | None = None, services: Collection[str] = ()) -> list[Source]:
    """What the LOAD operations of a request ask for, in order.

    base, services: as in `kb.update_text.operations`. Raises what that raises, and `NotUnderstood` for what
    is no whole LOAD.
    """
    found = []
    for operation in operations(text, base=base, services=services, loads=True):
        load = operation.loads()
        if load:
            found.append(Source(operation.place, _address(load.source, operation.prologue), load.silent))
    return found


def _address(name: Token, prologue: str) -> str:
    before = list(tokens(prologue))
    base = ""
    for word, iri in pairwise(before):
        if word.word == "BASE":
            base = urljoin(base, iri.text[1:-1])
    written = endpoint(name, declared(before))
    return urljoin(base, written) if written else ""
