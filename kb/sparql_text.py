"""Says what a SPARQL text is, and refuses what must not reach the engine, before any parser sees it.

The engine cannot be interrupted, sends requests for SERVICE and LOAD, and ends the whole process on deep or
long texts (864 nested EXISTS, 4500 MINUS in a row), so a text is weighed by its tokens alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final

from kb.errors import NotAllowed, NotUnderstood, TooLarge
from kb.service_names import declared, refuse_endpoint
from kb.sparql_tokens import UPDATE_WORDS, Context, Kind, Token, tokens


class Form(Enum):
    """What a SPARQL text asks for."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"
    UPDATE = "update"


@dataclass(frozen=True)
class Limits:
    """How much of each a text may hold; reaching a limit is allowed, passing it is not.

    bytes: of the text in UTF-8. nesting: brackets open at once, which bounds nested EXISTS and IF too.
    patterns: what the planner puts in order: triple patterns, steps of sequence paths, VALUES blocks.
    path: `/`, `|`, `^` and `!` in one path. operators: those of all expressions. groups: `{`.
    bindings: BIND and every other AS. rows: of VALUES and IN together.
    """

    bytes: int = 32_768
    nesting: int = 50
    patterns: int = 60
    path: int = 32
    operators: int = 200
    groups: int = 200
    unions: int = 100
    optionals: int = 30
    filters: int = 100
    bindings: int = 100
    rows: int = 5_000


ANONYMOUS: Final = Limits()
"""For everyone. Texts at these limits were parsed and planned within a second on a stack of 1 MB."""

_IN_WORDS: Final = {
    "nesting": "brackets open at once",
    "patterns": "triple patterns, path steps and VALUES blocks",
    "path": "operators in one path",
    "operators": "operators",
    "groups": "groups in braces",
    "unions": "UNION",
    "optionals": "OPTIONAL",
    "filters": "FILTER",
    "bindings": "BIND and AS",
    "rows": "rows in VALUES and IN",
}
_COUNTED_WORDS: Final = {
    "UNION": "unions",
    "OPTIONAL": "optionals",
    "FILTER": "filters",
    "AS": "bindings",
    "VALUES": "patterns",
}
_OPERATORS: Final = frozenset(("||", "&&", "!", "=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/"))
_PATH_OPERATORS: Final = frozenset(("/", "|", "^", "!"))
_NOT_A_SUBJECT_AFTER: Final = frozenset(("FILTER", "GRAPH", "VALUES"))
_VOLATILE: Final = frozenset(("NOW", "RAND", "UUID", "STRUUID", "BNODE", "SERVICE"))
_QUERY_FORMS: Final = frozenset(form.value for form in Form if form is not Form.UPDATE)
_UPDATE_STARTS: Final = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
)


class _Role(Enum):
    """What the next term in a bracket of triple patterns is."""

    SUBJECT = 1
    VERB = 2
    OBJECT_OR_PATH = 3
    """The verb has begun: after a path operator the path goes on, otherwise the object comes."""
    ITEM = 4
    """An item of a list: two triples."""
    STEP = 5
    """A part of a path in parentheses."""


@dataclass(slots=True)
class _Bracket:
    """An open bracket and where in its triples we are."""

    opener: str
    role: _Role
    lists_values: bool = False
    """Whether it is the list of an IN."""


class _Scales:
    """Counts what the limits are about, token by token."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.counts = dict.fromkeys(_IN_WORDS, 0)
        self.brackets = [_Bracket("", _Role.SUBJECT)]
        self.last: Token | None = None

    def weigh(self, token: Token) -> None:
        """Counts `token`. Raises `TooLarge` when it passes a limit."""
        role_inside = _Role.SUBJECT
        if token.word in _COUNTED_WORDS:
            self._add(_COUNTED_WORDS[token.word], token)
        if token.context is Context.PATTERN:
            role_inside = self._weigh_pattern(token)
        elif token.context is Context.EXPRESSION:
            self._weigh_expression(token)
        elif token.context is Context.ROWS:
            self._weigh_row(token)
        if token.opens:
            self._open(token, role_inside)
        elif token.kind is Kind.MARK and token.text in (")", "]", "}", ">>", "|}"):
            self.brackets.pop()
        self.last = token

    def _add(self, what: str, token: Token, many: int = 1) -> None:
        self._hold(what, token, self.counts[what] + many)

    def _hold(self, what: str, token: Token, count: int) -> None:
        self.counts[what] = count
        limit = getattr(self.limits, what)
        if count > limit:
            raise TooLarge(f"{token.place}: this is more than {limit} {_IN_WORDS[what]}.")

    def _open(self, token: Token, role: _Role) -> None:
        self._hold("nesting", token, token.depth + 1)
        in_list = self.last is not None and self.last.word == "IN"
        if token.text == "{":
            self._add("groups", token)
        elif token.text in ("[", "{|"):
            role = _Role.VERB
        if in_list:
            self._add("rows", token)
        self.brackets.append(_Bracket(token.text, role, in_list))

    def _weigh_expression(self, token: Token) -> None:
        if token.kind is Kind.MARK:
            if token.text in _OPERATORS:
                self._add("operators", token)
            elif token.text == "," and self.brackets[-1].lists_values:
                self._add("rows", token)

    def _weigh_row(self, token: Token) -> None:
        """A row is a value in braces, or a parenthesis in braces; values in parentheses are no rows."""
        row = token.is_term or token.word == "UNDEF" or token.text in ("(", "<<")
        if row and self.brackets[-1].opener == "{" and not self._after("^^"):
            self._add("rows", token)

    def _weigh_pattern(self, token: Token) -> _Role:
        """Follows subject, verb and object. Out: what the first term in the bracket that opens here is."""
        here = self.brackets[-1]
        if token.kind is Kind.WORD and not token.is_term and token.text != "a":
            here.role = _Role.SUBJECT
        elif token.kind is Kind.MARK and not token.opens:
            self._weigh_mark(token, here)
        elif token.text == "{":
            here.role = _Role.SUBJECT
        elif token.opens in (None, Context.PATTERN) and token.kind is not Kind.LANGUAGE:
            return self._weigh_term(token, here)
        return _Role.SUBJECT

    def _weigh_mark(self, token: Token, here: _Bracket) -> None:
        if token.text in _PATH_OPERATORS:
            self._add("path", token)
            if token.text == "/":
                self._add("patterns", token)
        elif here.role not in (_Role.ITEM, _Role.STEP):
            roles = {".": _Role.SUBJECT, ";": _Role.VERB, ",": _Role.OBJECT_OR_PATH}
            here.role = roles.get(token.text, here.role)

    def _weigh_term(self, token: Token, here: _Bracket) -> _Role:
        """`token` is a term, or opens a list, a blank node or a group of path steps that is one."""
        inside = _Role.ITEM if token.text == "(" else _Role.SUBJECT
        if self._after("^^") or (self.last is not None and self.last.word in _NOT_A_SUBJECT_AFTER):
            return inside
        if here.role is _Role.ITEM:
            self._add("patterns", token, 2)
        elif here.role is _Role.STEP:
            return _Role.STEP
        elif here.role is _Role.SUBJECT:
            here.role = _Role.VERB
        elif here.role is _Role.VERB:
            here.role = _Role.OBJECT_OR_PATH
            if not self._after(*_PATH_OPERATORS):
                self.counts["path"] = 0
            return _Role.STEP
        elif self._after(*_PATH_OPERATORS):
            return _Role.STEP
        else:
            self._add("patterns", token)
        return inside

    def _after(self, *marks: str) -> bool:
        return self.last is not None and self.last.kind is Kind.MARK and self.last.text in marks


def weigh(part: Iterable[Token], limits: Limits = ANONYMOUS) -> None:
    """Weighs the tokens of a part of a text, such as the WHERE clause of one of several operations.

    Raises `TooLarge` when it passes one of `limits`; their `bytes` are not looked at.
    """
    scales = _Scales(limits)
    for token in part:
        scales.weigh(token)


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of a text that may be given to the engine.

    normal: the text with every run of blanks and comments as one space; texts of the same normal form mean
    the same. volatile: whether it gives another answer each time, for the same data (NOW, RAND, SERVICE, …).
    federated: whether it has a SERVICE clause, so that `kb.federation` has to see it before the engine.
    """

    form: Form
    normal: str
    volatile: bool
    federated: bool = False


def check(text: str, limits: Limits = ANONYMOUS) -> Form:
    """What `text` asks for, when it may be given to the engine; raises like `examine`."""
    return examine(text, limits).form


def examine(text: str, limits: Limits = ANONYMOUS, services: Collection[str] = ()) -> Examined:
    """What is known of `text`, when it may be given to the engine.

    services: addresses of the endpoints that SERVICE may name. Raises `TooLarge` when it passes one of
    `limits`; `NotAllowed` for SERVICE with another endpoint, LOAD, an update operation in a query and what
    parsers read in different ways; `NotUnderstood` for what is no SPARQL by its tokens. Each names line and
    column. The grammar is left to the engine's parser.
    """
    size = len(text.encode(errors="replace"))
    if size > limits.bytes:
        raise TooLarge(f"The query has {size} bytes; at most {limits.bytes} are accepted.")
    form = None
    scales = _Scales(limits)
    normal = _Normal()
    service: Token | None = None
    federated = False
    for token in _after_prologue(normal.passing(tokens(text))):
        form = form or _form_of(token)
        if service and token.word != "SILENT":
            refuse_endpoint(service, token, services, declared(tokens(text)))
            service, federated = None, True
        if token.word == "SERVICE" and services:
            service = token
        elif token.word in ("SERVICE", "LOAD"):
            raise NotAllowed(f"{token.place}: {token.word} is refused; no other server is asked from here.")
        if form is not Form.UPDATE and token.word in UPDATE_WORDS:
            raise NotAllowed(f"{token.place}: {token.word} does not belong in a query, only in an update.")
        scales.weigh(token)
    if form is None:
        raise NotUnderstood("The query is empty: it begins with SELECT, ASK, CONSTRUCT or DESCRIBE.")
    return Examined(form, "".join(normal.parts), normal.volatile or federated, federated)


class _Normal:
    """Writes down the normal form of a text while its tokens pass."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.volatile = False

    def passing(self, every: Iterator[Token]) -> Iterator[Token]:
        end = 0
        for token in every:
            start, text = token.start, token.text
            if start > end and end:
                self.parts.append(" ")
            self.parts.append(text)
            end = start + len(text)
            if token.kind is Kind.WORD and text.upper() in _VOLATILE:
                self.volatile = True
            yield token


def _after_prologue(every: Iterator[Token]) -> Iterator[Token]:
    """The tokens from the first word that is neither BASE nor PREFIX nor VERSION."""
    for token in every:
        if token.kind is Kind.WORD and token.word not in ("BASE", "PREFIX", "VERSION"):
            return chain([token], every)
        if token.kind not in (Kind.WORD, Kind.IRI, Kind.NAME, Kind.STRING):
            return chain([token], every)
    return iter(())


def _form_of(first: Token) -> Form:
    if first.word in _QUERY_FORMS:
        return Form(first.word)
    if first.word in _UPDATE_STARTS:
        return Form.UPDATE
    raise NotUnderstood(f"{first.place}: a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE.")
