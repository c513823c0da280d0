"""Countries with their labels in 24 languages, their codes, and their links to Wikidata and GeoNames.

Two files, in this order:

1. Labels: `code` is the code of the country in the authority table of the EU, three capital letters; the
   columns are those of `kb.importers.label_tables`.
2. Codes: tab-separated, UTF-8, one line of column names, one row a country:

| column | what |
|---|---|
| `iso2` | ISO 3166-1 alpha-2 code |
| `iso3` | ISO 3166-1 alpha-3 code, which joins the two files |
| `wikidata` | Wikidata item, such as Q29 |
| `geonames` | GeoNames number, such as 2510769 |

Every country of the first file becomes a `def:Country` whose IRI is that of the authority table. A country of
the second file alone has no labels and is left out; the report says so.
Source of the codes: ISO 3166 as published under the Public Domain Dedication and License, state of 2016.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rdflib import RDF, Dataset, Literal, URIRef

from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.label_tables import add_labels, read_labels
from kb.importers.tables import read_rows
from kb.terms import COUNTRY, DEF, GRAPH, SCHEMA

NUTS_COUNTRY_CODE: Final = {"GRC": "EL", "GBR": "UK", "XKX": "XK"}
"""Authority code -> NUTS country code where that is not the ISO 3166-1 alpha-2 code.

Source: Regulation (EC) No 1059/2003 for EL and UK, the Eurostat workbook of NUTS 2024 for XK.
"""

WIKIDATA_ENTITY: Final = "http://www.wikidata.org/entity/"
_GEONAMES: Final = "https://sws.geonames.org/"

_FORMS: Final = {"iso3": r"[A-Z]{3}", "iso2": r"[A-Z]{2}", "wikidata": r"Q[1-9]\d*", "geonames": r"[1-9]\d*"}


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads the labels and the codes; quads in source/countries, links/wikidata and links/geonames.

    Out: one report, `countries-left-out`: countries of one file that the other lacks.
    Raises `NotUnderstood` unless there are exactly two files of the documented form.
    """
    if len(files) != 2:
        raise NotUnderstood("Countries are read from two files: the labels, then the codes.")
    imported = Imported(Dataset())
    labels = read_labels(files[0], _FORMS["iso3"], imported.bad_rows, progress)
    codes = _read_codes(files[1], imported.bad_rows, progress)
    for code, in_languages in labels.items():
        _add_country(imported.dataset, code, in_languages, codes.get(code))
    imported.reports["countries-left-out"] = [
        {"code": code, "remark": "It has a label and no ISO 3166 code: imported with its label only."}
        for code in sorted(labels.keys() - codes.keys())
    ] + [
        {"code": code, "remark": "It has an ISO 3166 code and no label: not imported."}
        for code in sorted(codes.keys() - labels.keys())
    ]
    return imported


def _read_codes(path: Path, bad_rows: list[BadRow], progress: Progress) -> dict[str, dict[str, str]]:
    """Alpha-3 code -> the other columns."""
    codes: dict[str, dict[str, str]] = {}
    taken: set[tuple[str, str]] = set()
    for place, row in read_rows(path, tuple(_FORMS), bad_rows=bad_rows, progress=progress):
        wrong = [name for name, form in _FORMS.items() if not re.fullmatch(form, row[name])]
        twice = [name for name in _FORMS if (name, row[name]) in taken]
        for name in wrong[:1]:
            bad_rows.append(BadRow(path.name, place, name, row[name], "This is not a code of this column."))
        for name in twice[:1] if not wrong else ():
            bad_rows.append(
                BadRow(path.name, place, name, row[name], "Another country has this code already.")
            )
        if not wrong and not twice:
            taken |= set(row.items())
            codes[row["iso3"]] = row
    return codes


def _add_country(dataset: Dataset, code: str, labels: dict[str, str], codes: dict[str, str] | None) -> None:
    country = COUNTRY[code]
    source = dataset.graph(GRAPH["source/countries"])
    source.add((country, RDF.type, DEF.Country))
    add_labels(source, country, labels)
    if code in NUTS_COUNTRY_CODE:
        source.add((country, DEF.nutsCountryCode, Literal(NUTS_COUNTRY_CODE[code])))
    if codes:
        source.add((country, DEF.isoAlpha2, Literal(codes["iso2"])))
        source.add((country, DEF.isoAlpha3, Literal(codes["iso3"])))
        _add_link(dataset, country, "wikidata", f"{WIKIDATA_ENTITY}{codes['wikidata']}")
        _add_link(dataset, country, "geonames", f"{_GEONAMES}{codes['geonames']}/")


def _add_link(dataset: Dataset, country: URIRef, network: str, target: str) -> None:
    dataset.graph(GRAPH[f"links/{network}"]).add((country, SCHEMA.sameAs, URIRef(target)))
