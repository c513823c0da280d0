"""Cuts SPARQL text into tokens as the engine's parser does, in linear time and without trusting the text.

SPARQL cannot be cut into words without knowing where one stands: `<` opens an IRI in a pattern and compares
in an expression, so that `FILTER(?a<1)SERVICE#>` holds one IRI for a plain tokenizer and a SERVICE for a
parser. Each token is therefore read in the context of its innermost open bracket. What a parser could still
read in another way is refused: words that are not of the language (`trueSERVICE`), prefixes that are not
declared or are such a word and another prefix (`SERVICEx:`), escapes of characters that would end the token.

Source: SPARQL 1.1 Query Language, sections 19.2 to 19.8; what Oxigraph does beyond it was tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from kb.errors import NotAllowed, NotUnderstood


class Kind(Enum):
    """What sort of token it is."""

    IRI = "iri"
    NAME = "prefixed name"
    BLANK = "blank node"
    VARIABLE = "variable"
    STRING = "string"
    LANGUAGE = "language tag"
    NUMBER = "number"
    WORD = "word"
    MARK = "mark"


class Context(Enum):
    """Where a token stands: what its innermost open bracket holds."""

    QUERY = "query"
    """Outside brackets, or in a subquery outside its WHERE: projection, dataset, order, limits."""
    PATTERN = "pattern"
    """Triple patterns, paths and collections, templates."""
    EXPRESSION = "expression"
    ROWS = "rows"
    """The variables and the rows of VALUES."""
    DATA = "data"
    """The quads of INSERT DATA and DELETE DATA."""


class Token(NamedTuple):
    """One token. start: its offset in the text. line, column: from 1, in characters.

    depth: the number of brackets open around it. A bracket stands outside what it opens, and inside what it
    closes. opens: what an opening bracket holds, None for all other tokens. word: the keyword in capitals,
    empty when the token is no word. A tuple, because every query makes some dozens of them.
    """

    kind: Kind
    text: str
    start: int
    line: int
    column: int
    context: Context
    depth: int
    opens: Context | None = None
    word: str = ""

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def place(self) -> str:
        """Its place in words, to begin a sentence with."""
        return f"Line {self.line}, column {self.column}"

    @property
    def is_term(self) -> bool:
        """Whether it is a variable, an IRI, a name, a blank node or a literal."""
        return self.kind not in (Kind.MARK, Kind.WORD, Kind.LANGUAGE) or self.text.lower() in (
            "true",
            "false",
        )


_FUNCTIONS = """
    ABS AVG BNODE BOUND CEIL COALESCE CONCAT CONTAINS COUNT DATATYPE DAY ENCODE_FOR_URI FLOOR GROUP_CONCAT
    HASLANG HASLANGDIR HOURS IF IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES
    LCASE MAX MD5 MIN MINUTES MONTH NOW OBJECT PREDICATE RAND REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SHA1
    SHA256 SHA384 SHA512 STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID
    SUBJECT SUBSTR SUM TIMEZONE TRIPLE TZ UCASE URI UUID YEAR
"""  # of SPARQL 1.1, and of 1.2 where the engine has them
_QUERY_WORDS = """
    A AS ASC ASK BASE BIND BY CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FALSE FILTER FROM GRAPH GROUP HAVING IN
    LIMIT MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SEPARATOR SERVICE SILENT TRUE UNDEF
    UNION VALUES VERSION WHERE
"""
_UPDATE_WORDS = "ADD ALL CLEAR COPY CREATE DATA DEFAULT DELETE DROP INSERT INTO LOAD MOVE TO USING WITH"

UPDATE_WORDS: Final = frozenset(_UPDATE_WORDS.split())
"""Words that only an update request holds, in capitals."""

WORDS: Final = frozenset(_FUNCTIONS.split()) | frozenset(_QUERY_WORDS.split()) | UPDATE_WORDS
"""Every word of the language, in capitals."""

_BASE = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F"
    + (r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF")
)
_VAR = rf"[{_BASE}_0-9][{_BASE}_0-9\u00B7\u0300-\u036F\u203F\u2040]*"
_CHARS = rf"{_BASE}_0-9\-\u00B7\u0300-\u036F\u203F\u2040"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_PREFIX = rf"(?:[{_BASE}][{_CHARS}]*(?:\.+[{_CHARS}]+)*)?:"
_LOCAL = rf"(?:[{_BASE}_:0-9]|{_ESCAPED})(?:\.*(?:[{_CHARS}:]|{_ESCAPED}))*"

_GAP = re.compile(r"(?:[ \t\r\n]+|\#[^\r\n]*)+")
_IRI = re.compile(r'<(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>')
_TOKEN = re.compile(
    rf"""
      (?P<VARIABLE>[?$]{_VAR})
    | (?P<BLANK>_:[{_BASE}_0-9](?:\.*[{_CHARS}])*)
    | (?P<NAME>{_PREFIX}(?:{_LOCAL})?)
    | (?P<WORD>[A-Za-z][A-Za-z0-9_]*)
    | (?P<STRING>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
        |(?!\"\"\"|''')(?:"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'))
    | (?P<LANGUAGE>@(?>[A-Za-z]+(?:-[A-Za-z0-9]+)*)(?:--(?:ltr|rtl)(?![A-Za-z0-9]))?(?!-))
    | (?P<NUMBER>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+)
    | (?P<MARK>\^\^|\|\||&&|!=|<=|>=|[()\[\]{{}}<>.;,|/^+*?!=~-])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|\r(?!\n)")
_NOT_IN_IRI = '<>"{}|^`\\' + "".join(map(chr, range(0x21)))
_ESCAPED_IN_STRING = "\"'\\\t\b\n\r\f"
_CLOSER = {"(": ")", "[": "]", "{": "}", "<<": ">>", "{|": "|}"}
_READ_AS_WORD = ("service", "load", "filter")
_AFTER_OPERAND = frozenset((")", "]", "}", ">>"))


_BOOLEAN = re.compile(r"\b(?:true|false)\b", re.IGNORECASE)
_SPACED = re.compile(r"<[^<>\"{}|\\^`\s]+(?: [^<>\"{}|\\^`\s]+)+>")
_KINDS: Final = {kind.name: kind for kind in Kind}


@dataclass(slots=True)
class _Frame:
    """An open bracket: what it holds, and whether a VALUES in it still waits for its rows."""

    opener: str
    context: Context
    values: bool = False


class _Reader:
    """Reads one text from its start to its end, keeping the open brackets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at, self.line, self.line_start = 0, 1, 0
        self.frames = [_Frame("", Context.QUERY)]
        self.prefixes: set[str] = set()
        self.doubtful: dict[str, str] = {}
        """What a prefix is after a word that it begins with, and the prefix."""
        self.last: Token | None = None
        self.before_last: Token | None = None

    def refuse(self, what: str, kind: type[NotUnderstood] | type[NotAllowed] = NotUnderstood) -> Exception:
        return kind(f"Line {self.line}, column {self.at - self.line_start + 1}: {what}")

    def tokens(self) -> Iterator[Token]:
        while True:
            self._skip(_GAP.match(self.text, self.at))
            if self.at == len(self.text):
                break
            token = self._next()
            yield token
            self._advance(token.text)
            self.before_last, self.last = self.last, token
        if len(self.frames) > 1:
            raise self.refuse(f"The query ends before the {self.frames[-1].opener} is closed.")

    def _advance(self, passed: str) -> None:
        if "\n" in passed:
            self.line += passed.count("\n")
            self.line_start = self.at + passed.rindex("\n") + 1
        self.at += len(passed)

    def _skip(self, gap: re.Match[str] | None) -> None:
        if gap:
            self._check_escapes(gap[0], "\r\n")
            self._advance(gap[0])

    def _next(self) -> Token:
        frame = self.frames[-1]
        kind, text = self._match(frame)
        context, depth = frame.context, len(self.frames) - 1
        opens, word = None, ""
        if kind is Kind.IRI:
            self._check_escapes(text, _NOT_IN_IRI)
        elif kind is Kind.STRING:
            # What a string can say by an escape of its own, the engine takes for no end of it.
            self._check_escapes(text, "", allowed=_ESCAPED_IN_STRING)
        elif kind is Kind.NAME:
            self._check_prefix(text)
        elif kind is Kind.WORD:
            word = self._read_word(text, frame)
        elif text in _CLOSER:
            opens = self._inside(text, frame)
            self.frames.append(_Frame(text, opens))
        elif text in _CLOSER.values():
            self._close(text, frame)
        column = self.at - self.line_start + 1
        return Token(kind, text, self.at, self.line, column, context, depth, opens, word)

    def _match(self, frame: _Frame) -> tuple[Kind, str]:
        """The next token of the text, as it reads in `frame`."""
        if self.text[self.at] == "<":
            compares = frame.context is Context.EXPRESSION and self._operand_before()
            iri = None if compares else _IRI.match(self.text, self.at)
            if iri:
                return Kind.IRI, iri[0]
            if not compares and self.text.startswith("<<", self.at):
                return Kind.MARK, "<<"
            spaced = None if compares else _SPACED.match(self.text, self.at)
            if spaced:
                raise self.refuse(f"The IRI {spaced[0][:100]} holds a space; write it as %20.")
        first = self.text[self.at]
        if first in ">|{":
            for bracket in (">>", "|}"):
                if self.text.startswith(bracket, self.at) and _CLOSER.get(frame.opener) == bracket:
                    return Kind.MARK, bracket
            if self.text.startswith("{|", self.at):
                return Kind.MARK, "{|"
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise self.refuse(_unexpected(self.text[self.at]))
        assert found.lastgroup is not None
        return _KINDS[found.lastgroup], found[0]

    def _operand_before(self) -> bool:
        last = self.last
        return last is not None and (
            last.is_term
            or last.kind is Kind.LANGUAGE
            or (last.kind is Kind.MARK and last.text in _AFTER_OPERAND)
        )

    def _read_word(self, text: str, frame: _Frame) -> str:
        """The word in capitals, when it is one of SPARQL."""
        word = text.upper()
        if word not in WORDS:
            raise self.refuse(f"{text[:40]} is not a word of SPARQL.")
        if word == "VALUES":
            frame.values = True
        elif word == "SELECT" and self.last is not None and self.last.text == "{":
            frame.context = Context.QUERY
        return word

    def _check_prefix(self, name: str) -> None:
        prefix = name[: name.index(":") + 1]
        if self.last is not None and self.last.word == "PREFIX":
            self._declare(prefix)
        elif prefix not in self.prefixes:
            raise self.refuse(f"The prefix {prefix[:40]} is not declared; add PREFIX {prefix[:40]} <…>.")

    def _declare(self, prefix: str) -> None:
        """Takes a prefix down. Refuses one whose names the engine could read as a word and another name."""
        self.prefixes.add(prefix)
        rests = [prefix]
        for word in _READ_AS_WORD:
            if prefix.lower().startswith(word):
                rests.append(prefix[len(word) :])
                self.doubtful[prefix[len(word) :]] = prefix
        for rest in rests:
            whole = self.doubtful.get(rest)
            if whole and rest in self.prefixes:
                raise self.refuse(
                    f"The prefix {whole[:40]} can be read as {whole[: -len(rest)].upper()} and {rest[:40]}; "
                    "choose another one.",
                    NotAllowed,
                )

    def _check_escapes(self, text: str, forbidden: str, allowed: str = "") -> None:
        """Refuses a codepoint escape of a character that would end the token if it stood there itself."""
        if "\\" not in text:
            return
        for escape in _ESCAPE.finditer(text):
            code = int(escape[1] or escape[2], 16)
            character = chr(code) if code <= 0x10FFFF else ""
            if character and character in allowed:
                continue
            if not character or _UNPRINTABLE.match(character) or character in forbidden:
                raise self.refuse(f"The escape {escape[0]} is not accepted here.", NotAllowed)

    def _close(self, mark: str, frame: _Frame) -> None:
        if _CLOSER.get(frame.opener) != mark:
            wanted = f"a {_CLOSER[frame.opener]} was expected" if frame.opener else "nothing is open"
            raise self.refuse(f"There is a {mark} where {wanted}.")
        self.frames.pop()

    def _inside(self, mark: str, frame: _Frame) -> Context:
        """What the bracket that opens here holds."""
        rows = frame.values
        if mark == "{":
            frame.values = False
        elif mark != "(":
            return Context.PATTERN
        if rows or frame.context is Context.ROWS:
            return Context.ROWS
        if mark == "{":
            data = frame.context is Context.DATA or (self.last is not None and self.last.word == "DATA")
            return Context.DATA if data else Context.PATTERN
        if frame.context is Context.DATA:
            return Context.PATTERN
        if frame.context is not Context.PATTERN:
            return Context.EXPRESSION
        return Context.EXPRESSION if self._calls() else Context.PATTERN

    def _calls(self) -> bool:
        """Whether a parenthesis in a pattern belongs to a keyword or a function, not to a path or list."""
        last, before = self.last, self.before_last
        if last is None:
            return False
        if last.kind is Kind.WORD:
            return last.word not in ("A", "TRUE", "FALSE")
        return last.kind in (Kind.IRI, Kind.NAME) and before is not None and before.word == "FILTER"


def _unexpected(character: str) -> str:
    if character in "\"'":
        return f"The string that begins here with {character} is not closed."
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return f"The character {shown} was not expected."


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a SPARQL query or update request, comments and blanks left out.

    Raises `NotUnderstood` with line and column for what is no token of SPARQL, a bracket without its
    partner or an undeclared prefix, and `NotAllowed` for what different parsers read differently.
    Brackets and prefixes are checked, the grammar is not: that is the parser's part.
    """
    odd = _UNPRINTABLE.search(text)
    if odd:
        before = text[: odd.start()]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise NotUnderstood(f"Line {line}, column {column}: {_unexpected(odd[0])}")
    return _Reader(text).tokens()


def small_booleans(text: str) -> str:
    """A text with TRUE and FALSE in small letters, which may be written in any and are read in no other.

    Raises like `tokens`. Source: SPARQL 1.1 Query Language, section 19.8, note 1.
    """
    if all(found[0].islower() for found in _BOOLEAN.finditer(text)):
        return text
    parts, at = [], 0
    for token in tokens(text):
        if token.word in ("TRUE", "FALSE"):
            parts += [text[at : token.start], token.text.lower()]
            at = token.end
    return "".join([*parts, text[at:]])
