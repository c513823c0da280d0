"""Finds what is wrong with shapes before anybody relies on them.

A shape fails in silence: a misspelt sh:maxcount constrains nothing, a shape that refers to itself is passed
by validators, a message that promises more than is checked misleads whoever reads it. Each rule here looks
at the whole shapes graph and gives one sentence for each fault.
Source: SHACL 1.0 (W3C Recommendation of 20 July 2017) for the terms; the limits on queries, patterns and
paths keep the shapes portable between the validators and the engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.term import Node

from kb.errors import KnowledgeBaseError, NotUnderstood
from kb.gate.lint_messages import has_constraint_of_its_own, message_faults
from kb.gate.shape_roles import SHAPE_TYPES, all_shapes, is_targeted, references, short
from kb.paths import members, path_text
from kb.sparql_tokens import Kind, Token, tokens
from kb.terms import DASH


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TERMS: Final = _words(
    """
    Shape NodeShape PropertyShape PropertyGroup ValidationReport ValidationResult Severity Info Warning
    Violation NodeKind BlankNode IRI Literal BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral Parameterizable
    Parameter ConstraintComponent Validator SPARQLExecutable SPARQLAskExecutable SPARQLSelectExecutable
    SPARQLAskValidator SPARQLSelectValidator SPARQLConstraint PrefixDeclaration
    targetClass targetNode targetObjectsOf targetSubjectsOf message severity deactivated path inversePath
    alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath name description order group defaultValue
    class datatype nodeKind minCount maxCount minExclusive minInclusive maxExclusive maxInclusive minLength
    maxLength pattern flags languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and or xone
    node property qualifiedValueShape qualifiedValueShapesDisjoint qualifiedMinCount qualifiedMaxCount
    closed ignoredProperties hasValue in sparql select ask prefixes declare prefix namespace
    parameter optional labelTemplate validator nodeValidator propertyValidator shapesGraph
    suggestedShapesGraph entailment conforms result shapesGraphWellFormed detail resultPath resultMessage
    resultSeverity focusNode value sourceShape sourceConstraint sourceConstraintComponent
    """
)
"""The terms of SHACL 1.0, core and SPARQL-based constraints."""

_LISTS: Final = (SH["and"], SH["or"], SH.xone, SH["in"], SH.languageIn, SH.ignoredProperties)
_NAMED: Final = (*SHAPE_TYPES, SH.SPARQLConstraint, SH.PropertyGroup)
_SEVERITIES: Final = (SH.Violation, SH.Warning, SH.Info)
_FORM_TERMS: Final = (DASH.editor, DASH.viewer, DASH.propertyRole)
_REFUSED_WORDS: Final = ("FROM", "SERVICE", "VALUES", "MINUS")
_FLAGS: Final = frozenset("smixq")


def lint(shapes: Graph) -> list[str]:
    """Every fault of `shapes`, one sentence each that begins with the shape; sorted."""
    return sorted({sentence for rule in RULES for sentence in rule(shapes)})


def unknown_terms(graph: Graph) -> Iterator[str]:
    """Terms of SHACL's namespace that SHACL does not have."""
    for triple in graph:
        for term in triple:
            local = str(term).removeprefix(str(SH))
            if isinstance(term, URIRef) and local != str(term) and local not in TERMS:
                close = get_close_matches(local, TERMS, n=1, cutoff=0.75)
                hint = f" Did you mean sh:{close[0]}?" if close else ""
                yield f"{short(triple[0])}: sh:{local} is not a term of SHACL.{hint}"


def missing_iris(graph: Graph) -> Iterator[str]:
    """Shapes, SPARQL constraints and groups that no report could name."""
    for kind in _NAMED:
        for node in graph.subjects(RDF.type, kind):
            if not isinstance(node, URIRef):
                yield f"{_seen_from(graph, node)}: a {short(kind)} there has no IRI."
    for shape in all_shapes(graph):
        if not isinstance(shape, URIRef) and not any(
            (shape, RDF.type, kind) in graph for kind in SHAPE_TYPES
        ):
            yield f"{_seen_from(graph, shape)}: a shape there has no IRI."
    for shape, constraint in graph.subject_objects(SH.sparql):
        if not isinstance(constraint, URIRef) and (constraint, RDF.type, None) not in graph:
            yield f"{short(shape)}: a SPARQL constraint there has no IRI."


def _seen_from(graph: Graph, node: Node) -> str:
    """The nearest thing with an IRI that `node` hangs on."""
    seen: set[Node] = set()
    while not isinstance(node, URIRef) and node not in seen:
        seen.add(node)
        node = min(graph.subjects(None, node), key=str, default=node)
    return short(node)


def undescribed(graph: Graph) -> Iterator[str]:
    """Names that lead nowhere: a property shape, condition, constraint, group or prefix list."""
    named = [(shape, other) for shape in all_shapes(graph) for other in references(graph, shape)]
    for predicate in (SH.sparql, SH.group, SH.prefixes, SH.declare):
        named += graph.subject_objects(predicate)
    for shape, other in named:
        if (other, None, None) not in graph:
            yield f"{short(shape)}: it names {short(other)}, which is not described."


def unused(graph: Graph) -> Iterator[str]:
    """Shapes that never look at anything, and shapes that look and check nothing."""
    asked_for = {other for shape in all_shapes(graph) for other in references(graph, shape)}
    for shape in all_shapes(graph):
        if shape not in asked_for and not is_targeted(graph, shape):
            yield f"{short(shape)}: it has no target, and no shape asks for it."
        inner = (shape, SH.property, None) in graph or (shape, SH.sparql, None) in graph
        if not inner and (shape, None, None) in graph and not has_constraint_of_its_own(graph, shape):
            yield f"{short(shape)}: it checks nothing."
    for constraint in graph.subjects(RDF.type, SH.SPARQLConstraint):
        if (None, SH.sparql, constraint) not in graph:
            yield f"{short(constraint)}: no shape uses this constraint."


def recursion(graph: Graph) -> Iterator[str]:
    """Shapes that ask for themselves, directly or through others."""
    for shape in all_shapes(graph):
        reached: set[Node] = set()
        waiting = list(references(graph, shape))
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting += references(graph, other)
        if shape in reached:
            yield f"{short(shape)}: it asks for itself, directly or through other shapes."


def bad_lists_and_paths(graph: Graph) -> Iterator[str]:
    """Lists and paths that are not well formed, and paths that can take for ever."""
    for predicate in _LISTS:
        for shape, head in graph.subject_objects(predicate):
            try:
                members(graph, head)
            except NotUnderstood:
                yield f"{short(shape)}: the list of {short(predicate)} is not well formed."
    for shape in all_shapes(graph):
        found = list(graph.objects(shape, SH.path))
        typed = (shape, RDF.type, SH.PropertyShape) in graph
        if len(found) > 1 or (typed and not found):
            yield f"{short(shape)}: a property shape has one path, this has {len(found)}."
        if found and (shape, RDF.type, SH.NodeShape) in graph:
            yield f"{short(shape)}: a node shape has no path."
        for path in found:
            try:
                text = path_text(graph, path)
            except NotUnderstood as error:
                yield f"{short(shape)}: {error}"
                continue
            if re.search(r"[*+]\)+[*+]", text):
                yield f"{short(shape)}: its path repeats a repetition, which can take for ever."


def switched_off(graph: Graph) -> Iterator[str]:
    for shape in set(graph.subjects(SH.deactivated, None)):
        yield f"{short(shape)}: it is switched off by sh:deactivated; delete it if it is not wanted."


def foreign_constraints(graph: Graph) -> Iterator[str]:
    """Constraints of DASH, which validators skip unless they load DASH itself."""
    for shape, predicate in graph.subject_predicates(None):
        if str(predicate).startswith(DASH) and predicate not in _FORM_TERMS:
            yield f"{short(shape)}: {short(predicate)} checks nothing here; only terms for forms are used."


def severities(graph: Graph) -> Iterator[str]:
    constraints = set(graph.objects(None, SH.sparql)) | set(graph.subjects(RDF.type, SH.SPARQLConstraint))
    for shape, severity in graph.subject_objects(SH.severity):
        if shape in constraints:
            yield f"{short(shape)}: a severity counts on the shape only, not on its SPARQL constraint."
        if severity not in _SEVERITIES:
            yield f"{short(shape)}: {short(severity)} is none of the three severities."


def patterns(graph: Graph) -> Iterator[str]:
    """Patterns that some engine reads differently or not at all, or that can take for ever."""
    for shape, value in graph.subject_objects(SH.pattern):
        pattern = str(value)
        if "(?" in pattern:
            yield f"{short(shape)}: its pattern has a (?…) group, which XPath's patterns do not have."
        if re.search(r"(?<!\\)(?:\\\\)*\\[bBAZzQEG0-9]", pattern):
            yield f"{short(shape)}: its pattern has an escape that not every engine knows."
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{short(shape)}: its pattern is not a pattern: {error}."
            continue
        if repeats_a_repetition(pattern):
            yield f"{short(shape)}: its pattern repeats a repetition, which can take for ever."
    for shape, flags in graph.subject_objects(SH.flags):
        if set(str(flags)) - _FLAGS:
            yield f"{short(shape)}: {flags} are not flags of XPath's patterns."


def repeats_a_repetition(pattern: str) -> bool:
    """Whether a group that holds an endless repetition is itself repeated endlessly.

    >>> repeats_a_repetition("^(a+)+$"), repeats_a_repetition("^(a+|b)[0-9]*$")
    (True, False)
    """
    endless = [False]
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern)
    for part in re.finditer(r"[()]|[*+]|\{\d+,\}", bare):
        if part[0] == "(":
            endless.append(False)
        elif part[0] != ")":
            endless[-1] = True
        else:
            inner = endless.pop() if len(endless) > 1 else False
            if inner and re.match(r"[*+]|\{\d+,\}", bare[part.end() :]):
                return True
            endless[-1] = endless[-1] or inner
    return False


def queries(graph: Graph) -> Iterator[str]:
    """Queries of SPARQL constraints that validators refuse, or whose prefixes are not declared."""
    for constraint in set(graph.objects(None, SH.sparql)):
        selects = [text for text in graph.objects(constraint, SH.select) if isinstance(text, Literal)]
        if len(selects) != 1:
            yield f"{short(constraint)}: a SPARQL constraint has one query, this has {len(selects)}."
            continue
        try:
            read = list(tokens(_prologue(graph, constraint) + selects[0]))
        except KnowledgeBaseError as error:
            _, _, reason = str(error).partition(": ")  # the place counts the prefixes put before the query
            yield f"{short(constraint)}: its query cannot be read. {reason}"
            continue
        yield from _query_faults(short(constraint), read)


def _prologue(graph: Graph, constraint: Node) -> str:
    """The prefixes that a constraint declares, on one line of SPARQL."""
    declared = {
        (str(graph.value(declaration, SH.prefix)), str(graph.value(declaration, SH.namespace)))
        for header in graph.objects(constraint, SH.prefixes)
        for declaration in graph.objects(header, SH.declare)
    }
    return "".join(f"PREFIX {prefix}: <{namespace}> " for prefix, namespace in sorted(declared))


def _query_faults(name: str, read: list[Token]) -> Iterator[str]:
    for word in _REFUSED_WORDS:
        if any(token.word == word for token in read):
            yield f"{name}: its query uses {word}, which a constraint must not."
    at = next((place for place, token in enumerate(read) if token.word == "SELECT"), None)
    if at is None:
        yield f"{name}: its query is not a SELECT query."
        return
    projected = []
    for token in read[at + 1 :]:
        if token.text == "{" or token.word == "WHERE":
            break
        projected.append(token)
    if not any(token.kind is Kind.VARIABLE and token.text == "$this" for token in projected):
        yield f"{name}: its query does not select $this."


RULES: Final[tuple[Callable[[Graph], Iterator[str]], ...]] = (
    unknown_terms,
    missing_iris,
    undescribed,
    unused,
    recursion,
    bad_lists_and_paths,
    switched_off,
    foreign_constraints,
    severities,
    patterns,
    queries,
    message_faults,
)
