"""Which country a code in a source stands for."""

from __future__ import annotations

from functools import lru_cache

from rdflib import Dataset, URIRef

from kb.resources import folder
from kb.terms import DEF, GRAPH


@lru_cache(maxsize=1)
def country_codes() -> dict[str, URIRef]:
    """Two-letter code -> country: the ISO 3166-1 alpha-2 codes, and EL, UK and XK of NUTS.

    Read from the shipped dataset "countries". Raises `NotFound` when the datasets are not there.

    >>> country_codes()["EL"] == country_codes()["GR"]
    True
    """
    shipped = (folder("datasets") / "countries" / "countries.trig").read_text(encoding="utf-8")
    countries = Dataset().parse(data=shipped, format="trig").graph(GRAPH["source/countries"])
    codes = {}
    for name in (DEF.isoAlpha2, DEF.nutsCountryCode):
        for country, code in countries.subject_objects(name):
            assert isinstance(country, URIRef)
            codes[str(code)] = country
    return codes
