"""Saved queries: questions in plain words, each a `.rq` file with a header and a SPARQL query.

The header is the lines at the top that begin with `#+`; without that mark they are YAML:

    #+ summary: Which regions take part in a partnership?
    #+ description: One row a region.
    #+ parameters:
    #+   partnership:
    #+     type: thing
    #+     kind: partnership
    #+     default: s3-textile
    #+     description: The partnership.
    #+ columns:
    #+   region: Region

A parameter is written `$partnership` in the query and is never written `?partnership`. Values are put in by
`SavedQuery.bind`, as terms in place of tokens (words: as several with commas between them, which can stand
where an object does); a parameter without a value stays a variable, that is: any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

import yaml
from rdflib import XSD

from kb.errors import NotFound, NotUnderstood
from kb.resources import shipped_files
from kb.sparql_text import Form, check
from kb.sparql_tokens import Kind, tokens
from kb.terms import COUNTRY, DEF, ID, KINDS, NUTS_CODE, TERMS
from kb.words import words

LONGEST: Final = 1000
"""The most characters that a value may have."""

MOST_WORDS: Final = 10
"""The most words that a value of the type "words" may have."""

_IRI_CHARACTER = r"""(?:[^#<>"{}|^`\\\[\]%\s]|%[0-9A-Fa-f]{2})"""
_IRI = re.compile(
    rf"""https?://[^/?#:@<>"{{}}|^`\\\[\]%\s]+(:[0-9]{{1,5}})?([/?]{_IRI_CHARACTER}*)?(\#{_IRI_CHARACTER}*)?"""
)
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STRING_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class BadValue(NotUnderstood):
    """A parameter that does not exist, lacks its value, or has one that it does not accept."""

    title = "A parameter is wrong"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a saved query.

    type: one of `TYPES`. default: the value when none is given, None for any. kind: of a thing, one of
    `kb.terms.KINDS`. scheme: of a code. minimum, maximum: of an integer.
    """

    name: str
    type: str
    description: str
    default: str | None = None
    required: bool = False
    kind: str = ""
    scheme: str = ""
    minimum: int = -(2**63)
    maximum: int = 2**63 - 1

    @property
    def accepts(self) -> str:
        """What values it takes, in words that follow "takes"."""
        return TYPES[self.type].accepts(self)

    def term(self, value: str) -> str:
        """`value` as a SPARQL term that cannot be read as anything else, or as some. Raises `BadValue`."""
        text = value.strip()
        made = None
        if text and len(text) <= LONGEST and not _UNPRINTABLE.search(text):
            made = TYPES[self.type].term(self, text)
        if made is None:
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise BadValue(f"The parameter {self.name} takes {self.accepts}, not {shown!r}.")
        return made


@dataclass(frozen=True)
class _Type:
    """A type of parameter: what it accepts in words, and how a value becomes a term (None: it does not)."""

    accepts: Callable[[Parameter], str]
    term: Callable[[Parameter, str], str | None]


def _iri(text: str) -> str | None:
    # Private and unassigned characters and turned writing directions are not printable.
    sound = _IRI.fullmatch(text) and text.isprintable() and "\ufffd" not in text
    return f"<{text}>" if sound else None


def _iri_or(base: str) -> Callable[[Parameter, str], str | None]:
    """An IRI as it is, or the last part of one that begins with `base`."""
    return lambda _, text: _iri(text) or (f"<{base}{text}>" if _SLUG.fullmatch(text) else None)


def _string(_: Parameter, text: str) -> str:
    return f'"{text.translate(_STRING_ESCAPES)}"'


def _integer(parameter: Parameter, text: str) -> str | None:
    # int() would also take "1_000" and digits of other scripts.
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text) or not parameter.minimum <= int(text) <= parameter.maximum:
        return None
    return f'"{int(text)}"^^<{XSD.integer}>'


def _date(_: Parameter, text: str) -> str | None:
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return f'"{date.fromisoformat(text)}"^^<{XSD.date}>'
    except ValueError:
        return None


def _language(_: Parameter, text: str) -> str | None:
    return f'"{text.lower()}"' if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text) else None


def _nuts_code(_: Parameter, text: str) -> str | None:
    return f'"{text.upper()}"' if re.fullmatch(r"[A-Za-z]{2}[A-Za-z0-9]{0,3}", text) else None


def _place(_: Parameter, text: str) -> str | None:
    if _nuts_code(_, text):
        return f"<{NUTS_CODE}{text.upper()}>"
    return _iri_or(f"{ID}region/")(_, text)


def _country(_: Parameter, text: str) -> str | None:
    return f"<{COUNTRY}{text.upper()}>" if re.fullmatch("[A-Za-z]{3}", text) else _iri(text)


def _words(_: Parameter, text: str) -> str | None:
    # An object list: `?thing def:word $words` then asks for all of them.
    found = sorted(words(text))
    return ", ".join(f'"{word}"' for word in found) if 0 < len(found) <= MOST_WORDS else None


def _range(parameter: Parameter) -> str:
    if (parameter.minimum, parameter.maximum) == (-(2**63), 2**63 - 1):
        return "a whole number"
    return f"a whole number from {parameter.minimum} to {parameter.maximum}"


TYPES: Final[dict[str, _Type]] = {
    "string": _Type(lambda _: f"a text of at most {LONGEST} characters", _string),
    "words": _Type(lambda _: f"words with letters or digits, {MOST_WORDS} at most", _words),
    "integer": _Type(_range, _integer),
    "date": _Type(lambda _: "a date such as 2018-03-08", _date),
    "language": _Type(lambda _: "a language tag such as en or pt-BR", _language),
    "iri": _Type(lambda _: "an address that begins with http:// or https://", lambda _, text: _iri(text)),
    "thing": _Type(
        lambda p: f"the address of a {p.kind} or the part of it after /{p.kind}/",
        lambda p, text: _iri_or(f"{ID}{p.kind}/")(p, text),
    ),
    "code": _Type(
        lambda p: f"a code of the list {p.scheme} or its address",
        lambda p, text: _iri_or(f"{TERMS}{p.scheme}/")(p, text),
    ),
    "class": _Type(
        lambda _: "the name of a class of our vocabulary such as Region, or the address of a class",
        lambda p, text: _iri_or(str(DEF))(p, text),
    ),
    "nuts-code": _Type(lambda _: "a NUTS code such as ES21", _nuts_code),
    "place": _Type(
        lambda _: "a NUTS code such as ES21, the address of a region or the part of it after /region/", _place
    ),
    "country": _Type(lambda _: "a country code of three letters such as ESP, or its address", _country),
}
"""The types of parameters by name."""


@dataclass(frozen=True)
class SavedQuery:
    """A question and its query.

    summary: the question. columns: variable -> heading. example: values worth trying, by parameter.
    text: the SPARQL query with its parameters still in it.
    """

    name: str
    summary: str
    description: str
    parameters: Mapping[str, Parameter]
    columns: Mapping[str, str]
    example: Mapping[str, str]
    text: str

    def bind(self, values: Mapping[str, str]) -> str:
        """The query with `values` in place of its parameters, and defaults for those not given or blank.

        Raises `BadValue`, naming the parameter and what it accepts.
        """
        for name in values:
            if name not in self.parameters:
                raise BadValue(f"{self.name} has no parameter {name[:60]!r}; {self._those_there_are()}.")
        terms = {}
        for name, parameter in self.parameters.items():
            value = values.get(name, "").strip() or parameter.default
            if value is not None:
                terms[f"${name}"] = parameter.term(value)
            elif parameter.required:
                raise BadValue(f"The parameter {name} is missing: it takes {parameter.accepts}.")
        parts, done = [], 0
        for token in tokens(self.text):
            if token.kind is Kind.VARIABLE and token.text in terms:
                # The blanks keep the term apart from a sign before it: `<$a` must not become `<<`.
                parts += [self.text[done : token.start], " ", terms[token.text], " "]
                done = token.end
        return "".join([*parts, self.text[done:]])

    def _those_there_are(self) -> str:
        names = list(self.parameters)
        return f"it has {', '.join(names)}" if names else "it takes none"


def read(name: str, content: str) -> SavedQuery:
    """The saved query in the file `name`.rq with `content`.

    Raises `NotUnderstood`, naming the file, for a header that is not as documented, a query that is no
    SELECT or passes a limit, and parameters that the header and the query do not agree on.
    """
    lines = content.splitlines(keepends=True)
    size = next((number for number, line in enumerate(lines) if not line.startswith("#+")), len(lines))
    header = "".join(line[2:].removeprefix(" ") for line in lines[:size])
    text = "".join(lines[size:]).strip() + "\n"
    try:
        # Every scalar is a text: plain YAML would read `on:` as true and 2018-02-01 as a date of its own.
        about = yaml.load(header, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise _wrong(name, f"the header is not YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(about, dict) or not {"summary", "description"} <= set(about):
        raise _wrong(name, "the header needs a summary and a description")
    odd = set(about) - {"summary", "description", "parameters", "columns", "example"}
    if odd:
        raise _wrong(name, f"the header does not know {', '.join(sorted(odd))}")
    query = SavedQuery(
        name,
        " ".join(about["summary"].split()),
        " ".join(about["description"].split()),
        {key: _parameter(name, key, given) for key, given in (about.get("parameters") or {}).items()},
        about.get("columns") or {},
        about.get("example") or {},
        text,
    )
    _check_text(query)
    return query


def _wrong(name: str, what: str) -> NotUnderstood:
    return NotUnderstood(f"{name}.rq: {what}.")


def _parameter(query: str, name: str, given: Any) -> Parameter:
    if not isinstance(given, dict) or not {"type", "description"} <= set(given):
        raise _wrong(query, f"the parameter {name} needs a type and a description")
    if given["type"] not in TYPES:
        raise _wrong(query, f"the parameter {name} has the unknown type {given['type']}")
    odd = set(given) - set(Parameter.__dataclass_fields__) - {"name"}
    if odd:
        raise _wrong(query, f"the parameter {name} does not know {', '.join(sorted(odd))}")
    if given["type"] == "thing" and given.get("kind") not in KINDS:
        raise _wrong(query, f"the parameter {name} needs a kind of thing")
    if given["type"] == "code" and not given.get("scheme"):
        raise _wrong(query, f"the parameter {name} needs a scheme")
    fields = given | {"description": " ".join(given["description"].split())}
    for number in {"minimum", "maximum"} & set(given):
        fields[number] = int(given[number])
    return Parameter(name, **fields | {"required": given.get("required") == "true"})


def _check_text(query: SavedQuery) -> None:
    if check(query.text) is not Form.SELECT:
        raise _wrong(query.name, "the query is not a SELECT")
    written = {token.text for token in tokens(query.text) if token.kind is Kind.VARIABLE}
    for name, parameter in query.parameters.items():
        if f"${name}" not in written:
            raise _wrong(query.name, f"the query does not use the parameter {name}")
        if f"?{name}" in written:
            raise _wrong(query.name, f"the parameter {name} is written ?{name} in one place")
        if parameter.default is not None:
            parameter.term(parameter.default)
    for variable in sorted(written):
        if variable.startswith("$") and variable[1:] not in query.parameters:
            raise _wrong(query.name, f"the header does not describe the parameter {variable[1:]}")


@cache
def load_all() -> dict[str, SavedQuery]:
    """Every saved query that is shipped, by name, sorted. Raises `NotUnderstood` for one that is wrong."""
    files = shipped_files("queries", ".rq")
    return {
        path.removesuffix(".rq"): read(path.removesuffix(".rq"), file.read_text(encoding="utf-8"))
        for path, file in files
    }


def find(name: str) -> SavedQuery:
    """The saved query called `name`. Raises `NotFound` with the nearest names."""
    every = load_all()
    if name in every:
        return every[name]
    near = get_close_matches(name, every, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise NotFound(f"There is no saved query called {name[:80]!r}.{hint}")
