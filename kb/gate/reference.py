"""Validation by pySHACL, which the compiled validation is held against; the only module that imports it.

Slow (some hundred triples a second with our shapes), and made to fail closed: where pySHACL would skip a
constraint with a warning, or lose its way in a recursion, there is an error and no report.
"""

from __future__ import annotations

import logging
import multiprocessing
import re
import warnings
from collections.abc import Iterable
from multiprocessing.connection import Connection

import pyshacl
import rdflib.plugins.sparql
from pyparsing import ParseBaseException
from pyshacl.errors import ShapeRecursionWarning
from rdflib import Graph
from rdflib.term import Node

from kb.errors import KnowledgeBaseError
from kb.report import Report

# A SPARQL constraint with FROM <file:...> would have rdflib read that file into the report.
rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False

# pySHACL documents no list of what it raises; these are what bad shapes were seen to cause.
_FAILURES = (
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ParseBaseException,
    re.error,
    ShapeRecursionWarning,
)

Triples = list[tuple[Node, Node, Node]]


class ValidationFailed(KnowledgeBaseError):
    """The validation could not be carried out, so nothing is known about the data."""

    title = "The data could not be checked"


class _Complaints(logging.Filter):
    """Takes what pySHACL logs as a warning or worse off its log and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        self.texts.append(record.getMessage())
        return False


def validate(
    data: Graph, shapes: Graph, ontology: Graph | None = None, *, deadline: float | None = None
) -> Report:
    """What pySHACL finds in `data`, with `ontology` added for its class hierarchy.

    deadline: seconds; with one, the work is done in a process of its own, which takes a second to start
    and is stopped at the deadline: a regular expression or a path can keep pySHACL busy for ever.
    No advanced features, no JavaScript, no inference, and owl:imports are not followed.
    Raises `ValidationFailed` whenever the verdict would not be certain. What rdflib raises as a bare
    Exception, such as for an EXISTS in a SELECT clause, comes through as it is.
    """
    together = data
    if ontology is not None:
        together = Graph()
        for triple in (*data, *ontology):
            together.add(triple)
    if deadline is None:
        return _validate(together, shapes)
    return _validate_in_child(together, shapes, deadline)


def _validate(data: Graph, shapes: Graph) -> Report:
    complaints = _Complaints()
    log = logging.getLogger("pyshacl-validate")
    log.addFilter(complaints)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            _, found, text = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    except ShapeRecursionWarning:
        raise ValidationFailed("A shape refers to itself, so the data cannot be checked.") from None
    except _FAILURES as error:
        raise ValidationFailed(f"pySHACL gave up: {_one_line(error)}") from error
    finally:
        log.removeFilter(complaints)
        for handler in list(log.handlers):  # it adds one more at each call
            log.removeHandler(handler)
    if complaints.texts:
        raise ValidationFailed(f"pySHACL left something unchecked: {_one_line(complaints.texts[0])}")
    if not isinstance(found, Graph):
        raise ValidationFailed(f"pySHACL gave up: {_one_line(text)}")
    return Report.from_graph(found)


def _one_line(problem: object) -> str:
    text = " ".join(str(problem).split()) or type(problem).__name__
    return text if text.endswith(".") else f"{text}."


def _validate_in_child(data: Graph, shapes: Graph, deadline: float) -> Report:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_answer, args=(theirs, list(data), list(shapes)), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(deadline):
            raise ValidationFailed(f"The check took longer than {deadline:g} seconds and was stopped.")
        answer = ours.recv()
    except EOFError:
        raise ValidationFailed("The process that checks the data ended without an answer.") from None
    finally:
        child.kill()
        child.join()
        ours.close()
    if isinstance(answer, Report):
        return answer
    raise ValidationFailed(answer)


def _answer(connection: Connection, data: Triples, shapes: Triples) -> None:
    """Runs in the child: sends the report, or the sentence of what went wrong."""
    try:
        connection.send(_validate(_graph(data), _graph(shapes)))
    except ValidationFailed as error:
        connection.send(str(error))


def _graph(triples: Iterable[tuple[Node, Node, Node]]) -> Graph:
    graph = Graph()
    for triple in triples:
        graph.add(triple)
    return graph
