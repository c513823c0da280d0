"""Words of names: how a name is taken apart so that it is found by its words.

`https://w3id.org/regiolink/graph/words` holds, for each thing and word of its names,

    <thing> def:word "textile" .

likewise for each two words side by side (`def:word "textile industry"`), and of each single word, once

    <https://w3id.org/regiolink/words/textile> def:spelling "textile" ;
        def:trigram "ext", "ile", "tex", "til", "xti" .

so that beginnings and parts of words are found as well. docs/searching.md is for those who ask.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final
from unicodedata import category, normalize
from urllib.parse import quote

from rdflib import URIRef
from rdflib.namespace import DCTERMS, RDFS, SKOS

from kb.terms import BASE, DEF

NAMES: Final = (
    RDFS.label,
    SKOS.prefLabel,
    SKOS.altLabel,
    SKOS.hiddenLabel,
    DCTERMS.title,
    DEF.acronym,
)
"""The properties whose values are names."""

LONGEST: Final = 1_000
"""The characters of a name that count, from its beginning: it has no more words than fit into them."""

# Letters of Latin scripts with a stroke and the like, which Unicode does not take apart.
_PLAIN: Final = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
    }
)
_WORD: Final = re.compile(r"[^\W_]+")


def words(name: str) -> frozenset[str]:
    """The words of a name: its runs of letters and digits, without marks and in lower case.

    Source: Unicode 16, chapter 3.13 (compatibility decomposition, case folding).

    >>> sorted(words("Łódzkie, Île-de-France & Straßen/Weg_2"))
    ['2', 'de', 'france', 'ile', 'lodzkie', 'strassen', 'weg']
    """
    return frozenset(_in_order(name))


def words_and_pairs(name: str) -> frozenset[str]:
    """The words of a name, and each two that stand side by side in it, with a blank between them.

    >>> sorted(words_and_pairs("Île-de-France"))
    ['de', 'de france', 'france', 'ile', 'ile de']
    """
    found = _in_order(name)
    return frozenset((*found, *map(" ".join, pairwise(found))))


def _in_order(name: str) -> list[str]:
    text = name[:LONGEST]
    if not text.isascii():
        folded = normalize("NFKD", normalize("NFKD", text).casefold())
        text = "".join(filter(_counts, folded)).translate(_PLAIN)
    return _WORD.findall(text.lower())


def _counts(letter: str) -> bool:
    """Whether a character is no mark, and none that is never seen such as a soft hyphen."""
    kind = category(letter)
    return kind[0] != "M" and kind != "Cf"


def trigrams(word: str) -> frozenset[str]:
    """All three letters of a word that stand side by side.

    >>> sorted(trigrams("tiles")), sorted(trigrams("s3"))
    (['ile', 'les', 'til'], [])
    """
    return frozenset(word[start : start + 3] for start in range(len(word) - 2))


def word_iri(word: str) -> URIRef:
    """What stands for a word as such.

    >>> word_iri("λιμάνι")
    rdflib.term.URIRef('https://w3id.org/regiolink/words/%CE%BB%CE%B9%CE%BC%CE%AC%CE%BD%CE%B9')
    """
    return URIRef(f"{BASE}words/{quote(word, safe='')}")
