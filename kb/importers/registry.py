"""The importers by the name that people type."""

from __future__ import annotations

from kb.imported import Importer
from kb.importers import (
    countries,
    eu_programmes,
    gleif,
    nabs,
    nace,
    nuts,
    organisation_links,
    partnerships,
    ror,
)

IMPORTERS: dict[str, Importer] = {
    "countries": countries.read,
    "eu-programmes": eu_programmes.read,
    "gleif": gleif.read,
    "nabs": nabs.read,
    "nace": nace.read,
    "nuts": nuts.read,
    "organisation-links": organisation_links.read,
    "partnerships": partnerships.read,
    "ror": ror.read,
}
"""Name -> importer; each module's docstring documents the files that it reads."""
