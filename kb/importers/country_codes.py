"""Which country a code in a source stands for, and what it is called."""

from __future__ import annotations

from functools import lru_cache

from rdflib import RDFS, Dataset, Graph, Literal, URIRef

from kb.resources import folder
from kb.terms import DEF, GRAPH


@lru_cache(maxsize=1)
def country_codes() -> dict[str, URIRef]:
    """Two-letter code -> country: the ISO 3166-1 alpha-2 codes, and EL, UK and XK of NUTS.

    Read from the shipped dataset "countries". Raises `NotFound` when the datasets are not there.

    >>> country_codes()["EL"] == country_codes()["GR"]
    True
    """
    codes = {}
    for name in (DEF.isoAlpha2, DEF.nutsCountryCode):
        for country, code in _countries().subject_objects(name):
            assert isinstance(country, URIRef)
            codes[str(code)] = country
    return codes


@lru_cache(maxsize=1)
def english_names() -> dict[URIRef, str]:
    """Country -> its English name; from the same source as `country_codes`."""
    return {
        country: str(label)
        for country, label in _countries().subject_objects(RDFS.label)
        if isinstance(country, URIRef) and isinstance(label, Literal) and label.language == "en"
    }


@lru_cache(maxsize=1)
def _countries() -> Graph:
    shipped = (folder("datasets") / "countries" / "countries.trig").read_text(encoding="utf-8")
    return Dataset().parse(data=shipped, format="trig").graph(GRAPH["source/countries"])
