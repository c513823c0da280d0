"""Reads what the product ships as its schema: the ontology, the code lists and the shapes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable

from rdflib import OWL, RDF, Graph, URIRef
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax

from kb.errors import NotFound, NotUnderstood
from kb.resources import shipped_files
from kb.terms import DEF

ONTOLOGY = URIRef(str(DEF).rstrip("/"))
"""The umbrella ontology, which imports every module that is loaded."""

ALIGNMENT = DEF["module/alignment"]
"""The module that ties our terms to those of others; nothing imports it."""


def _parsed(name: str, file: Traversable) -> Graph:
    try:
        return Graph().parse(data=file.read_text(encoding="utf-8"), format="turtle")
    except (BadSyntax, ParserError) as error:
        raise NotUnderstood(f"The shipped file {name} is not Turtle: {error}.") from error


def _modules() -> dict[URIRef, Graph]:
    """Every module of the ontology by its IRI."""
    found: dict[URIRef, Graph] = {}
    for name, file in shipped_files("ontology", ".ttl"):
        if "/" in name:
            continue
        graph = _parsed(f"ontology/{name}", file)
        headers = [iri for iri in graph.subjects(RDF.type, OWL.Ontology) if isinstance(iri, URIRef)]
        if len(headers) != 1:
            raise NotUnderstood(
                f"The shipped file ontology/{name} has {len(headers)} ontology headers, not one."
            )
        found[headers[0]] = graph
    return found


def import_order(modules: Mapping[URIRef, Graph], root: URIRef) -> list[URIRef]:
    """The modules that `root` needs, itself included, each after all that it imports.

    modules: IRI -> graph with the `owl:imports` of that module.
    Raises `NotFound` when a module is imported and not there, `NotUnderstood` when modules import each other
    in a ring.
    """
    order: list[URIRef] = []

    def visit(module: URIRef, trail: tuple[URIRef, ...]) -> None:
        if module in trail:
            ring = " -> ".join([*trail[trail.index(module) :], module])
            raise NotUnderstood(f"Modules of the ontology import each other in a ring: {ring}.")
        if module in order:
            return
        if module not in modules:
            by = f", which {trail[-1]} imports," if trail else ""
            raise NotFound(f"The module {module}{by} is not among the modules of the ontology.")
        imported = modules[module].objects(module, OWL.imports)
        for needed in sorted(iri for iri in imported if isinstance(iri, URIRef)):
            visit(needed, (*trail, module))
        order.append(module)

    visit(root, ())
    return order


def load_modules(root: URIRef = ONTOLOGY) -> dict[URIRef, Graph]:
    """The modules that `root` needs, itself included, in import order: module IRI -> its graph.

    Raises `NotFound` for a missing module and `NotUnderstood` for a ring or a file that is not Turtle.
    """
    modules = _modules()
    return {module: modules[module] for module in import_order(modules, root)}


def load_ontology() -> Graph:
    """Our ontology as one graph: all modules but the alignment, which is not for reasoning.

    Raises as `load_modules`.
    """
    whole = Graph()
    for graph in load_modules().values():
        whole += graph
    return whole


def load_alignment() -> Graph:
    """The correspondences of our terms with those of other vocabularies, without what they import."""
    return load_modules(ALIGNMENT)[ALIGNMENT]


def load_terms() -> dict[str, Graph]:
    """The code lists: name of the concept scheme, such as "role", -> its graph, sorted by name."""
    return {
        name.removeprefix("terms/").removesuffix(".ttl"): _parsed(f"ontology/{name}", file)
        for name, file in shipped_files("ontology", ".ttl")
        if name.startswith("terms/")
    }


def load_shapes() -> Graph:
    """All shapes as one graph."""
    whole = Graph()
    for name, file in shipped_files("shapes", ".ttl"):
        whole += _parsed(f"shapes/{name}", file)
    return whole


def version_iri() -> URIRef:
    """The version of the ontology as a whole, such as <https://w3id.org/regiolink/def/0.1.0>."""
    version = _modules()[ONTOLOGY].value(ONTOLOGY, OWL.versionIRI)
    if not isinstance(version, URIRef):
        raise NotFound("The ontology does not state its version.")
    return version
