"""Namespaces, prefixes and the IRI policy: how the IRI of a thing is made, once and for good."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from anyascii import anyascii
from rdflib import Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SH, SKOS, VOID, XSD

from kb.errors import NotUnderstood

BASE: Final = "https://w3id.org/regiolink/"
GENID: Final = BASE + ".well-known/genid/"
"""How the IRIs begin that stand in for blank nodes (RDF 1.1 Concepts, section 3.5)."""

DEF = Namespace(BASE + "def/")
SHAPE = Namespace(BASE + "shape/")
TERMS = Namespace(BASE + "terms/")
ID = Namespace(BASE + "id/")
GRAPH = Namespace(BASE + "graph/")

NUTS_CODE = Namespace("http://data.europa.eu/nuts/code/")
NUTS_SCHEME = Namespace("http://data.europa.eu/nuts/scheme/")
AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
COUNTRY = Namespace(AUTHORITY + "country/")
CURRENCY = Namespace(AUTHORITY + "currency/")
CORPORATE_BODY = Namespace(AUTHORITY + "corporate-body/")
EU_PROGRAMME = Namespace(AUTHORITY + "eu-programme/")
NACE = Namespace("http://data.europa.eu/ux2/nace2.1/")
DASH = Namespace("http://datashapes.org/dash#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS = Namespace("http://www.w3.org/ns/formats/")
ENTAILMENT = Namespace("http://www.w3.org/ns/entailment/")

# schema.org over https: http:// and https:// are different namespaces, and the SEMIC files use https.
SCHEMA = Namespace("https://schema.org/")
assert str(SDO) == str(SCHEMA)

KINDS: Final = {
    "activity": "activity",
    "agent": "agent",
    "amount": "amount",
    "approach": "approach",
    "brand": "brand",
    "call": "call",
    "cluster": "cluster",
    "commitment": "commitment",
    "condition": "condition",
    "deadline": "deadline",
    "discussion": "discussion",
    "document": "document",
    "feedback": "feedback",
    "financing": "financing",
    "fund": "fund",
    "grant": "grant",
    "identifier": "identifier",
    "impact": "impact",
    "indicator": "indicator",
    "initiative": "initiative",
    "linkage": "linkage",
    "membership": "membership",
    "network": "network",
    "nuts-change": "nutschange",
    "nuts-edition": "nutsedition",
    "observation": "observation",
    "opportunity": "opportunity",
    "organisation": "organisation",
    "partnership": "partnership",
    "pipeline": "pipeline",
    "platform": "platform",
    "priority": "priority",
    "programme": "programme",
    "project": "project",
    "region": "region",
    "region-category": "regioncategory",
    "region-version": "regionversion",
    "roadmap": "roadmap",
    "roadmap-item": "roadmapitem",
    "rule": "rule",
    "service": "service",
    "sme-group": "smegroup",
    "source": "source",
    "stage": "stage",
    "strategy": "strategy",
}
"""The kinds of things we mint IRIs for, each with its Turtle prefix."""

PREFIXES: Final[dict[str, str]] = {
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "skos": str(SKOS),
    "dct": str(DCTERMS),
    "dcat": str(DCAT),
    "foaf": str(FOAF),
    "org": str(ORG),
    "prov": str(PROV),
    "sh": str(SH),
    "void": str(VOID),
    "dash": str(DASH),
    "adms": str(ADMS),
    "sd": str(SD),
    "formats": str(FORMATS),
    "ent": str(ENTAILMENT),
    "schema": str(SCHEMA),
    "vann": "http://purl.org/vocab/vann/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "locn": "http://www.w3.org/ns/locn#",
    "legal": "http://www.w3.org/ns/legal#",
    "cv": "http://data.europa.eu/m8g/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "qb": "http://purl.org/linked-data/cube#",
    "pplan": "http://purl.org/net/p-plan#",
    "xkos": "http://rdf-vocabulary.ddialliance.org/xkos#",
    "eurio": "http://data.europa.eu/s66#",
    "def": str(DEF),
    "shape": str(SHAPE),
    "terms": str(TERMS),
    "graph": str(GRAPH),
    "nutscode": str(NUTS_CODE),
    "nutsscheme": str(NUTS_SCHEME),
    "country": str(COUNTRY),
    "currency": str(CURRENCY),
    "body": str(CORPORATE_BODY),
    "euprogramme": str(EU_PROGRAMME),
    "nace": str(NACE),
} | {prefix: f"{ID}{kind}/" for kind, prefix in KINDS.items()}
"""Prefix -> namespace IRI: the one prefix map of every file, query and page."""


class BadKey(NotUnderstood):
    """A key from which no IRI can be made."""

    title = "No IRI can be made from this"


def slug(text: str) -> str:
    """`text` as an IRI segment: ASCII, lower case, words joined by single hyphens; maybe empty.

    >>> slug("Łódzkie / Región (País)")
    'lodzkie-region-pais'
    """
    return re.sub(r"[^a-z0-9]+", "-", anyascii(text.strip()).lower()).strip("-")


def mint(kind: str, key: str) -> URIRef:
    """The IRI of one thing of a kind, the same every time for the same key.

    kind: one of `KINDS`. key: what identifies the thing, such as its name; case, accents and outer
    blanks do not count. Raises `BadKey` for an unknown kind and when nothing is left of the key.
    Source: SEMIC style guide PC-R2: no owner, place or version in an IRI.

    >>> mint("organisation", " Next Technology Tecnotessile ")
    rdflib.term.URIRef('https://w3id.org/regiolink/id/organisation/next-technology-tecnotessile')
    """
    if kind not in KINDS:
        raise BadKey(f"There is no kind of thing called {kind!r}.")
    made = slug(key)
    if not made:
        raise BadKey(f"No IRI can be made from {key!r}: it has no letter or digit.")
    return ID[f"{kind}/{made}"]


def mint_apart(kind: str, key: str, difference: str) -> URIRef:
    """Like `mint`, for a key that several things share: four hash characters of `difference` are added.

    >>> mint_apart("region", "Centro", "PT16")
    rdflib.term.URIRef('https://w3id.org/regiolink/id/region/centro-52a6')
    """
    return URIRef(f"{mint(kind, key)}-{sha256(difference.encode()).hexdigest()[:4]}")


def term(scheme: str, code: str) -> URIRef:
    """The concept `code` of our concept scheme `scheme`.

    >>> term("role", "coordinator")
    rdflib.term.URIRef('https://w3id.org/regiolink/terms/role/coordinator')
    """
    return TERMS[f"{scheme}/{code}"]
