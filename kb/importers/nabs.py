"""NABS 2007, the nomenclature for the analysis and comparison of scientific programmes and budgets.

One file, separated by commas, UTF-8, one line of column names, one row a chapter or topic:

| column | what |
|---|---|
| `chapter` | the number with a dot at its end: `5.`, or `12.1.` for a part of a chapter |
| `topic` | the English title |

The titles in French and German are our translations and say so in a note. A code for which there is no
translation here is a bad row: concepts that we publish have labels in three languages.
Source: Eurostat, NABS 2007, in the short titles of the file that we ship from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rdflib import RDF, SKOS, Dataset, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS

from kb.errors import NotUnderstood
from kb.imported import BadRow, Imported, Progress
from kb.importers.tables import read_rows
from kb.terms import GRAPH, TERMS, term

SCHEME: Final = TERMS["nabs"]

TRANSLATIONS: Final = {
    "1": ("Exploration et exploitation de la Terre", "Erforschung und Nutzung der Erde"),
    "2": ("Environnement", "Umwelt"),
    "3": ("Exploration et exploitation de l'espace", "Erforschung und Nutzung des Weltraums"),
    "4": ("Transports", "Verkehr"),
    "5": ("Énergie", "Energie"),
    "6": ("Production et technologie industrielles", "Industrielle Produktion und Technologie"),
    "7": ("Santé", "Gesundheit"),
    "8": ("Agriculture", "Landwirtschaft"),
    "9": ("Éducation", "Bildung"),
    "10": ("Culture, religion et médias", "Kultur, Religion und Massenmedien"),
    "11": ("Systèmes politiques et sociaux", "Politische und gesellschaftliche Systeme"),
    "12.1": (
        "Sciences naturelles (fonds généraux des universités)",
        "Naturwissenschaften (aus allgemeinen Hochschulmitteln)",
    ),
    "12.2": (
        "Sciences de l'ingénieur (fonds généraux des universités)",
        "Ingenieurwissenschaften (aus allgemeinen Hochschulmitteln)",
    ),
    "12.3": (
        "Sciences médicales (fonds généraux des universités)",
        "Medizinische Wissenschaften (aus allgemeinen Hochschulmitteln)",
    ),
    "12.4": (
        "Sciences agricoles (fonds généraux des universités)",
        "Agrarwissenschaften (aus allgemeinen Hochschulmitteln)",
    ),
    "12.5": (
        "Sciences sociales (fonds généraux des universités)",
        "Sozialwissenschaften (aus allgemeinen Hochschulmitteln)",
    ),
    "12.6": (
        "Sciences humaines (fonds généraux des universités)",
        "Geisteswissenschaften (aus allgemeinen Hochschulmitteln)",
    ),
    "13.1": (
        "Sciences naturelles (hors fonds généraux des universités)",
        "Naturwissenschaften (nicht aus allgemeinen Hochschulmitteln)",
    ),
    "13.2": (
        "Sciences de l'ingénieur (hors fonds généraux des universités)",
        "Ingenieurwissenschaften (nicht aus allgemeinen Hochschulmitteln)",
    ),
    "13.3": (
        "Sciences médicales (hors fonds généraux des universités)",
        "Medizinische Wissenschaften (nicht aus allgemeinen Hochschulmitteln)",
    ),
    "13.4": (
        "Sciences agricoles (hors fonds généraux des universités)",
        "Agrarwissenschaften (nicht aus allgemeinen Hochschulmitteln)",
    ),
    "13.5": (
        "Sciences sociales (hors fonds généraux des universités)",
        "Sozialwissenschaften (nicht aus allgemeinen Hochschulmitteln)",
    ),
    "13.6": (
        "Sciences humaines (hors fonds généraux des universités)",
        "Geisteswissenschaften (nicht aus allgemeinen Hochschulmitteln)",
    ),
    "14": ("Défense", "Verteidigung"),
}
"""Code -> title in French, title in German; ours."""

_TRANSLATED: Final = "The French and the German label are translations by Regiolink, not official ones."
_KNOWLEDGE: Final = {
    "12": "financed from general university funds (GUF)",
    "13": "not financed from general university funds (GUF)",
}


def read(files: Sequence[Path], progress: Progress) -> Imported:
    """Reads the nomenclature; quads in terms/nabs, no reports.

    Raises `NotUnderstood` unless there is exactly one file of the documented form.
    """
    if len(files) != 1:
        raise NotUnderstood("NABS is read from one file.")
    imported = Imported(Dataset())
    graph = imported.dataset.graph(GRAPH["terms/nabs"])
    _add_scheme(graph)
    seen: set[str] = set()
    for place, row in read_rows(
        files[0], ("chapter", "topic"), bad_rows=imported.bad_rows, progress=progress, delimiter=","
    ):
        problem = _problem(row, seen)
        if problem:
            column, sentence = problem
            imported.bad_rows.append(BadRow(files[0].name, place, column, row[column], sentence))
        else:
            code = row["chapter"].removesuffix(".")
            seen.add(code)
            _add_code(graph, code, row["topic"])
    return imported


def _problem(row: dict[str, str], seen: set[str]) -> tuple[str, str] | None:
    """The column and the sentence of what is wrong with a row, if anything is."""
    code = row["chapter"].removesuffix(".")
    if not re.fullmatch(r"\d+(\.\d+)?", code):
        return "chapter", "A chapter is a number, or two with a dot between them."
    if code in seen:
        return "chapter", "The chapter stands on an earlier line already."
    if code not in TRANSLATIONS:
        return "chapter", "There are no French and German titles for this chapter."
    return None if row["topic"] else ("topic", "The title is missing.")


def _add_scheme(graph: Graph) -> None:
    graph.add((SCHEME, RDF.type, SKOS.ConceptScheme))
    for language, label in (
        ("en", "Objectives of research and development (NABS 2007)"),
        ("fr", "Objectifs de recherche et de développement (NABS 2007)"),
        ("de", "Ziele von Forschung und Entwicklung (NABS 2007)"),
    ):
        graph.add((SCHEME, SKOS.prefLabel, Literal(label, lang=language)))
    description = (
        "What publicly funded research and development aims at, as statistics in the EU classify it."
    )
    graph.add((SCHEME, DCTERMS.description, Literal(description, lang="en")))
    graph.add((SCHEME, DCTERMS.license, URIRef("https://creativecommons.org/licenses/by/4.0/")))
    graph.add((SCHEME, DCTERMS.source, Literal("Eurostat, NABS 2007", lang="en")))


def _add_code(graph: Graph, code: str, title: str) -> None:
    concept = term("nabs", code)
    french, german = TRANSLATIONS[code]
    graph.add((concept, RDF.type, SKOS.Concept))
    graph.add((concept, SKOS.notation, Literal(code)))
    graph.add((concept, SKOS.inScheme, SCHEME))
    graph.add((concept, SKOS.topConceptOf, SCHEME))
    graph.add((SCHEME, SKOS.hasTopConcept, concept))
    for language, label in (("en", title), ("fr", french), ("de", german)):
        graph.add((concept, SKOS.prefLabel, Literal(label, lang=language)))
    graph.add((concept, SKOS.definition, Literal(_definition(code, title), lang="en")))
    graph.add((concept, SKOS.editorialNote, Literal(_TRANSLATED, lang="en")))


def _definition(code: str, title: str) -> str:
    """What falls under a code, in a sentence."""
    financed = _KNOWLEDGE.get(code.partition(".")[0])
    if financed:
        field = title.partition(" (")[0]
        return f"Research for the general advancement of knowledge, {financed}, in this field: {field}."
    return f"Research and development with this objective: {title}."
