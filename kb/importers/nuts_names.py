"""Names of regions as the NUTS tables write them: blanks, look-alike letters, capitals, and languages.

The tables do not say in which language a name is. It is the official language of the country, or of the part
of the country where another one is official; a name in two languages is cut in two where both are known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from rapidfuzz.fuzz import ratio

from kb.terms import slug

_LANGUAGE_OF_START = (
    "AL:sq AT:de BA:bs BE:nl BE1:fr BE3:fr BE336:de BG:bg CH:de CH01:fr CH024:fr CH025:fr CH07:it CY:el "
    "CZ:cs DE:de DK:da EE:et EL:el ES:es FI:fi FI2:sv FR:fr HR:hr HU:hu IE:en IS:is IT:it LI:de LT:lt LU:fr "
    "LV:lv ME:cnr MK:mk MT:mt NL:nl NO:no NO0B:en PL:pl PT:pt RO:ro RS:sr SE:sv SI:sl SK:sk TR:tr UA:uk "
    "UK:en XK:sq"
)

_LANGUAGES: Final = dict(pair.split(":") for pair in _LANGUAGE_OF_START.split())
"""Code, or how it starts -> language of a name that is in one language. The longest start counts."""

_SEVERAL_LANGUAGES: Final = {
    "BE": ("fr", "nl"),
    "CH": ("de", "fr", "it"),
    "CH012": ("fr", "de"),
    "CH021": ("de", "fr"),
    "CH022": ("fr", "de"),
    "CH056": ("de", "it", "rm"),
    "ES211": ("eu", "es"),
    "ES521": ("es", "ca"),
    "ES522": ("es", "ca"),
    "ES523": ("es", "ca"),
    "FI": ("fi", "sv"),
    "IE": ("ga", "en"),
    "ITC2": ("it", "fr"),
    "MT002": ("en", "mt"),
    "NO06": ("no", "sma"),
    "NO071": ("no", "smj"),
    "NO072": ("no", "se", "fkv"),
    "NO073": ("no", "se", "fkv"),
    "NO074": ("no", "se", "fkv"),
    "RS": ("sr-latn", "sr"),
    "XK": ("sq", "sr-latn"),
}
"""Code, or how it starts -> languages of the parts of a name with a slash, if it has as many parts."""

_HYPHENATED: Final = {"BE": ("fr", "nl"), "ITH10": ("it", "de"), "ITD10": ("it", "de")}
"""Code -> languages of the parts of a name with a hyphen between two languages."""

_NAMES_IN_ANOTHER_LANGUAGE: Final = {
    "ca": ("Comunitat Valenciana", "Illes Balears", "Girona", "Lleida"),
    "eu": ("Bizkaia", "Gipuzkoa"),
    "gl": ("A Coruña", "Ourense"),
    "en": ("Gozo and Comino",),
}
"""Language -> names in Spain and Malta that are not in the language of the country."""

_SCRIPTS: Final = {
    "bg": "CYRILLIC",
    "cnr": "CYRILLIC",
    "mk": "CYRILLIC",
    "sr": "CYRILLIC",
    "uk": "CYRILLIC",
    "el": "GREEK",
}
"""Language -> the script that its tag stands for; a name in Latin letters gets `-latn`."""

_LOOK_ALIKES: Final = {
    "GREEK": str.maketrans(
        "ABEZHIKMNOPTYXo",
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf",
    ),
    "CYRILLIC": str.maketrans(
        "ABEKMHOPCTXaeopcxyi",
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456",
    ),
}
"""Script -> its letters for the Latin ones that look the same."""


_ALIKE: Final = 60
"""How alike (0 to 100) a name and a transliteration of it are at least, both in plain Latin letters."""

_SMALL_WORDS: Final = ("d", "de", "des", "du", "e", "et", "i", "l", "la")
"""Words that are not capitalized inside a name."""


def tidy(text: str) -> str:
    """`text` with single breakable blanks between its words, none around, and no look-alike letters.

    A Latin letter in a word that has Greek (or Cyrillic) letters is a slip of the keyboard, and becomes the
    Greek (or Cyrillic) letter that looks the same.

    >>> tidy("Prov.\\u00a0Li\u00e8ge "), tidy("P\\u03b1") == "\\u03a1\\u03b1"
    ('Prov. Li\u00e8ge', True)
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return plain if plain.isascii() else re.sub(r"[^\W\d_]+", _in_one_script, plain)


def _in_one_script(found: re.Match[str]) -> str:
    word = found[0]
    for script, table in _LOOK_ALIKES.items():
        if any(script in unicodedata.name(letter, "") for letter in word):
            mended = word.translate(table)
            if not any("LATIN" in unicodedata.name(letter, "") for letter in mended):
                return mended
    return word


def own_and_latin(name: str) -> tuple[str, str]:
    """A name in Greek or Cyrillic letters, and the one in Latin letters that stands behind it in brackets.

    >>> own_and_latin("Скопски (Skopski)"), own_and_latin("Limburg (BE)")
    (('Скопски', 'Skopski'), ('Limburg (BE)', ''))
    """
    found = re.fullmatch(r"(.+?) \(([^()]+)\)", name)
    if found and not _is_latin(found[1]) and _is_latin(found[2]):
        return found[1], found[2]
    return name, ""


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha())


def same_name(one: str, other: str) -> bool:
    """Whether two names differ at most in capitals, accents, blanks and punctuation.

    >>> same_name("CÓRDOBA", "Cordoba"), same_name("CENTRO (I)", "Centro (IT)")
    (True, False)
    """
    return _bare(one) == _bare(other)


def part_of_name(part: str, name: str) -> bool:
    """Whether `part` stands in `name`, capitals, accents, blanks and punctuation left aside.

    >>> part_of_name("Navarra", "Comunidad Foral de Navarra")
    True
    """
    return _bare(part) in _bare(name)


def _bare(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


def in_capitals(name: str) -> bool:
    """Whether a name is written in capitals only, as those of level 0 and 1 were before 2021."""
    return name.isupper() and len(name) > 3


def in_small_letters(name: str, others: Iterable[str]) -> str:
    """A name in capitals as it is usually written: as one of `others` has it, else a capital a word.

    >>> in_small_letters("CORSE", ["Corse"]), in_small_letters("CÔTE-D'OR ET VAL DE LOIRE", [])
    ('Corse', "Côte-d'Or et Val de Loire")
    """
    known = next((other for other in others if not in_capitals(other) and same_name(other, name)), "")
    return known or re.sub(r"\w+", _capitalized, name)


def _capitalized(word: re.Match[str]) -> str:
    return word[0].lower() if word.start() and word[0].lower() in _SMALL_WORDS else word[0].capitalize()


def without_country(name: str) -> str:
    """A name without the country code that tells it from a namesake.

    >>> without_country("Limburg (BE)")
    'Limburg'
    """
    return re.sub(r"\s*\([A-Z]{2}\)$", "", name)


def is_renaming(change: str) -> bool:
    """Whether the words of a table about a change say that the name changed.

    >>> is_renaming("recoded and relabelled"), is_renaming("recoded")
    (True, False)
    """
    return bool(re.search(r"renam|relabel|name change|label change", change.lower()))


def in_languages(code: str, name: str) -> dict[str, str]:
    """Language tag -> name, for the name of the unit `code`; `und` when its language is not known here.

    >>> in_languages("ES211", "Araba/Álava")
    {'eu': 'Araba', 'es': 'Álava'}
    >>> in_languages("BG31", "Severozapaden")
    {'bg-latn': 'Severozapaden'}
    """
    starts = [code[:length] for length in range(len(code), 1, -1)]
    languages = next((_SEVERAL_LANGUAGES[start] for start in starts if start in _SEVERAL_LANGUAGES), ())
    parts = [part.strip() for part in name.split("/")]
    if "/" not in name and code in _HYPHENATED:
        languages = _HYPHENATED[code]
        parts = [part.strip() for part in name.split("-")]
    if len(parts) == len(languages) > 1:
        return dict(zip(languages, parts, strict=True))
    language = next((_LANGUAGES[start] for start in starts if start in _LANGUAGES), "und")
    for other, names in _NAMES_IN_ANOTHER_LANGUAGE.items():
        if code[:2] in ("ES", "MT") and name in names:
            language = other
    return {_tag_of_script(language, name): name}


def labels(code: str, name: str, latin: str) -> dict[str, str]:
    """Language tag -> name, of the unit `code` with a name in its own letters and maybe one in Latin letters.

    What the sources give as a name in Latin letters is at times an English one; then it is tagged so.

    >>> labels("MK008", "Скопски", "Skopski")
    {'mk': 'Скопски', 'mk-latn': 'Skopski'}
    >>> labels("RS11", "Београдски регион", "City of Belgrade")
    {'sr': 'Београдски регион', 'en': 'City of Belgrade'}
    """
    found = in_languages(code, name)
    own = next((tag for tag in found if tag in _SCRIPTS), "")
    if latin and own:
        alike = ratio(slug(name), slug(latin)) >= _ALIKE
        found.setdefault(f"{own}-latn" if alike else "en", latin)
    return found


def _tag_of_script(language: str, name: str) -> str:
    """`language`, with `-latn` when its usual letters are others and `name` has none of them."""
    return f"{language}-latn" if language in _SCRIPTS and _is_latin(name) else language
