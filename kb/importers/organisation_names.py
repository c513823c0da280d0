"""When two names of organisations are the same name: accents, case, signs and legal forms do not count."""

from __future__ import annotations

import re
from typing import Final

from anyascii import anyascii

# Legal forms as they look when signs have become blanks.
_LEGAL_FORMS: Final = frozenset(
    tuple(form.split())
    for form in (
        *("ag", "e v", "ev", "ggmbh", "gmbh"),
        *("aisbl", "asbl", "b v", "bv", "bvba", "n v", "nv", "vzw"),
        *("g i e", "gie", "s a", "s a r l", "s a s", "sa", "sarl", "sas"),
        *("s c a r l", "s c r l", "s p a", "s r l", "scarl", "scrl", "spa", "srl"),
        *("lda", "s l", "s l u", "sl", "slu"),
        *("limited", "ltd", "plc"),
        *("a s", "ab", "aps", "as", "ehf", "oy", "oyj", "r y", "ry"),
        *("mtu", "ou", "sia", "uab"),
        *("o p s", "o s", "ops", "s r o", "sp z o o", "sro", "v v i", "z s", "z u"),
        *("d d", "d o o", "doo", "eood", "kft", "nonprofit kft", "zrt"),
    )
)
_LONGEST_FORM: Final = max(map(len, _LEGAL_FORMS))


def normal_form(name: str) -> str:
    """`name` in small ASCII letters and digits, words apart by one blank, without legal forms at its end.

    >>> normal_form("Baden-Württemberg: Connected e.V."), normal_form("Flanders' FOOD")
    ('baden wurttemberg connected', 'flanders food')
    """
    plain = anyascii(name).lower().replace("&", " and ")
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"['`]", "", plain)).split()
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        if tuple(words[-length:]) in _LEGAL_FORMS:
            return " ".join(words[:-length])
    return " ".join(words)


def is_telling(normal: str) -> bool:
    """Whether a normal form is long enough to be one body's alone: two words or more, or eight letters.

    Acronyms and single short words are shared by bodies that have nothing to do with each other.

    >>> is_telling("imec"), is_telling("lyonbiopole"), is_telling("dsp valley")
    (False, True, True)
    """
    return " " in normal or len(normal) >= 8
