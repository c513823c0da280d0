"""RDF Patch: the text form of a patch, `application/rdf-patch`.

One row a line, each ended by a dot: `H key value .` (header), `TX .` and `TC .` (begin and commit),
`D …` and `A …` (delete and add; subject, predicate, object and graph name as in N-Quads of RDF 1.2), `PA …`
and `PD …` (prefixes: read, and no part of the change). `TA .` (abort) is refused.
Source: https://afs.github.io/rdf-delta/rdf-patch.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from kb.engine.contract import FileSyntaxError
from kb.engine.oxigraph import graph_of, read_quads, to_rdflib, write_quads
from kb.engine.rows import Rows
from kb.errors import NotUnderstood
from kb.patch import Patch, Quad
from kb.rdf12 import MOST_NESTED, DirectedLiteral, TripleTerm, is_ground, quoted

MEDIA_TYPE = "application/rdf-patch"

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ROW = re.compile(r"(?P<code>[A-Za-z]+)(?:\s+(?P<rest>.*))?", re.DOTALL)
_END = re.compile(r"\.\s*(#.*)?")
_HEADER = re.compile(rf"{_KEY.pattern}\s+\S.*\.\s*(#.*)?")
_PREFIX = re.compile(r'("[^"]*"|[^\s"]*:?)(\s+\S.*)?\s*\.\s*(#.*)?')
_HALVES = re.compile("[\ud800-\udfff]")
_LARGE = 1_000_000
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"')


class PatchSyntaxError(NotUnderstood):
    """A text that is no RDF Patch: `line` (from 1) is where, `what` says why."""

    title = "The patch has a syntax error"

    def __init__(self, line: int, what: str) -> None:
        self.line, self.what = line, what
        super().__init__(f"Line {line} of the patch: {what}.")


class CannotBeWritten(NotUnderstood):
    """A term that the text form cannot hold."""

    title = "The term cannot be written"


def to_text(patch: Patch, header: Mapping[str, str | URIRef | Literal] | None = None) -> str:
    """The patch as RDF Patch, the same text every time for the same patch.

    header: rows for `H`; a value that is no term is written as a plain literal. Rows are sorted: header,
    deletes, inserts. The revision it was made from is no part of it. What is written can be read again.
    Raises `CannotBeWritten` for an IRI, language tag or text that N-Quads cannot hold.
    """

    lines = []
    for key, value in sorted((header or {}).items()):
        if not _KEY.fullmatch(key):
            raise CannotBeWritten(f"{key!r} cannot be a header of a patch.")
        term = value if isinstance(value, URIRef | Literal) else Literal(value)
        lines.append(f"H {key} {_written(term)} .\n")
    rows = patch if isinstance(patch, Rows) else Rows(map(row_of, patch.deletes), map(row_of, patch.inserts))
    deletes = (f"D {row} .\n" for row in sorted(rows.deleted))
    inserts = (f"A {row} .\n" for row in sorted(rows.inserted))
    return "".join([*lines, "TX .\n", *deletes, *inserts, "TC .\n"])


def row_of(quad: Quad) -> str:
    """A quad as N-Quads, without a dot at its end. Raises `CannotBeWritten`."""
    return " ".join(map(_written, quad))


def from_own_text(text: str) -> Patch:
    """The patch for which `to_text` gave a text without headers, and nobody has touched it since."""
    if len(text) < _LARGE:
        return from_text(text)
    deletes, inserts = list[str](), list[str]()
    for line in text.split("\n"):
        if line.startswith("A "):
            inserts.append(line[2:-2])
        elif line.startswith("D "):
            deletes.append(line[2:-2])
    return Rows(deletes, inserts)


def from_text(text: str, graph: URIRef | None = None) -> Patch:
    """The patch that an RDF Patch stands for.

    graph: the name for rows that name no graph. The rows count in their order, over all transactions of the
    text: what is added and then deleted is deleted. Raises `PatchSyntaxError` with the line; also for a
    blank node, a row without a graph name, an abort, and a transaction that is not committed.
    """
    last: dict[Quad, str] = {}
    begun = 0
    # Only a line feed ends a row: U+2028 and the like may stand in a literal.
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.strip()
        if not row or row.startswith("#"):
            continue
        code, rest = _code(row, number)
        if code in ("A", "D"):
            last[_quad(rest, number, graph)] = code
        elif code == "TX":
            if begun:
                raise PatchSyntaxError(number, f"the transaction of line {begun} is not committed yet")
            begun = number
        elif code == "TC":
            if not begun:
                raise PatchSyntaxError(number, "there is no transaction to commit")
            begun = 0
    if begun:
        raise PatchSyntaxError(begun, "the transaction that begins here is never committed; it seems cut off")
    return Patch.of(
        deletes=(quad for quad, code in last.items() if code == "D"),
        inserts=(quad for quad, code in last.items() if code == "A"),
    )


def _code(row: str, number: int) -> tuple[str, str]:
    """The operation of a row and what follows it, checked but for the quads."""
    found = _ROW.fullmatch(row)
    code, rest = (found["code"], found["rest"] or "") if found else ("", "")
    forms = {"TX": _END, "TC": _END, "TA": _END, "H": _HEADER, "PA": _PREFIX, "PD": _PREFIX}
    if code in forms and not forms[code].fullmatch(rest):
        raise PatchSyntaxError(number, f"this is no complete {code} row; each row ends with a dot")
    if code == "TA":
        raise PatchSyntaxError(number, "the transaction is aborted, so there is nothing to do")
    if code not in forms and code not in ("A", "D"):
        known = ", ".join([*forms, "A", "D"])
        raise PatchSyntaxError(number, f"a row begins with one of {known}, not with {row.split()[0][:20]!r}")
    return code, rest


def _quad(rest: str, number: int, graph: URIRef | None) -> Quad:
    # A parser of deep terms ends the process, so they do not come before one.
    if rest.count("<<") > MOST_NESTED and _TEXT.sub("", rest).count("<<") > MOST_NESTED:
        raise PatchSyntaxError(number, f"more than {MOST_NESTED} triple terms stand in each other")
    try:
        quads = list(read_quads(rest.encode(), "nq", "the patch", graph))
    except FileSyntaxError as error:
        raise PatchSyntaxError(number, error.what) from None
    except UnicodeEncodeError:
        raise PatchSyntaxError(number, "the text holds half a character (a lone surrogate)") from None
    except NotUnderstood:
        raise PatchSyntaxError(number, "the row names no graph; add it as the fourth term") from None
    if not quads:
        raise PatchSyntaxError(number, "the row has no terms")
    (quad,) = quads
    subject, predicate, value = map(to_rdflib, (quad.subject, quad.predicate, quad.object))
    if not (is_ground(subject) and is_ground(value)) or str(quad.graph_name).startswith("_:"):
        raise PatchSyntaxError(number, "a blank node has no address; give it an IRI")
    return cast(URIRef, subject), cast(URIRef, predicate), value, graph_of(quad)


def _written(term: Node) -> str:
    if isinstance(term, URIRef):
        return _readable(f"<{term}>", f"The IRI {str(term)[:200]!r} is not one that may be written.")
    if isinstance(term, TripleTerm):
        return f"<<( {_written(term.subject)} {_written(term.predicate)} {_written(term.value)} )>>"
    if not isinstance(term, Literal):
        raise CannotBeWritten(f"{term!r} is neither an IRI nor a literal.")
    if _HALVES.search(term):
        raise CannotBeWritten(f"The text {str(term)[:200]!r} holds half a character (a lone surrogate).")
    text = quoted(term)
    if term.language:
        direction = f"--{term.direction}" if isinstance(term, DirectedLiteral) else ""
        tag = f'""@{term.language.lower()}{direction}'
        return text + _readable(tag, f"{term.language!r} is not a language tag.")[2:]
    if term.datatype and term.datatype != XSD.string:
        datatype = f'""^^<{term.datatype}>'
        return text + _readable(datatype, f"{str(term.datatype)[:200]!r} cannot be a datatype.")[2:]
    return text


@lru_cache(maxsize=100_000)
def _readable(term: str, refusal: str) -> str:
    """`term` as it is, if the engine reads it as that term; else raises `CannotBeWritten`."""
    row = f"<urn:x> <urn:x> {term} <urn:x> .\n"
    try:
        if write_quads(read_quads(row.encode(), "nq", "the term")) == row.encode():
            return term
    except (NotUnderstood, UnicodeEncodeError):
        pass
    raise CannotBeWritten(refusal)
