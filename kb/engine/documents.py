"""Foreign RDF documents of any size as N-Quads in normal form, block by block.

For a process that may be killed: deeply nested input can end it.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import BinaryIO, Final, cast

import pyoxigraph as ox
from rdflib import URIRef

from kb.engine.contract import DEFAULT, RESERVED, BadTerm, FileSyntaxError
from kb.engine.oxigraph import FILE_FORMS, file_error
from kb.engine.oxigraph_terms import to_graph_name
from kb.errors import NotUnderstood, TooLarge
from kb.normal_form import refuse_odd_characters
from kb.rdf12 import MOST_NESTED
from kb.terms import GENID

_BLOCK: Final = 10_000
_DOCUMENT_TYPE: Final = b"<!DOCTYPE"
_NO_GRAPH = ox.DefaultGraph()


class NormalQuads:
    """The quads of one document in normal form (`kb.normal_form`); read once.

    Iterating gives N-Quads, many lines at a time. count, graphs: what was given so far, names sorted.
    """

    def __init__(
        self,
        source: bytes | BinaryIO,
        form: str,
        name: str,
        *,
        base: str | None = None,
        graph: str | None = None,
    ) -> None:
        """source: the document, or its file. form: one of `FILE_ENDINGS`. name: what errors call it.

        base: resolves relative IRIs. graph: the name for triples in no named graph, None to refuse them.
        """
        self._source, self._form, self._name, self._base = source, form, name, base
        self._graph = None if graph is None else to_graph_name(URIRef(graph))
        self._known_graphs: dict[object, ox.NamedNode] = {}
        self.count = 0

    @property
    def graphs(self) -> tuple[str, ...]:
        return tuple(sorted(name.value for name in self._known_graphs.values()))

    def __iter__(self) -> Iterator[bytes]:
        """Raises `FileSyntaxError`, `BadTerm`, and `NotUnderstood` for what is not accepted."""
        quads = self._quads()
        try:
            while block := list(islice(quads, _BLOCK)):
                self.count += len(block)
                # A store gives literals back in the form that every store does.
                store = ox.Store()
                store.extend(block)  # bulk loading takes 190 MB of address space for a moment
                yield cast(bytes, store.dump(format=ox.RdfFormat.N_QUADS))
        except SyntaxError as error:
            raise file_error(error, self._name) from None
        except UnicodeDecodeError:
            raise FileSyntaxError(self._name, "the text is not UTF-8", None, None) from None

    def _quads(self) -> Iterator[ox.Quad]:
        if self._form not in FILE_FORMS:
            raise NotUnderstood(f"{self._name}: {self._form} is not one of {', '.join(sorted(FILE_FORMS))}.")
        form = FILE_FORMS[self._form]
        if form == ox.RdfFormat.RDF_XML and _has_document_type(self._source):
            # Its entities can fill the memory, and nothing of RDF needs one.
            raise NotUnderstood(
                f"{self._name}: an XML document type declaration is not accepted; remove the DOCTYPE."
            )
        try:
            parsed = ox.parse(self._source, form, base_iri=self._base, rename_blank_nodes=True)
        except ValueError:
            raise NotUnderstood(f"The base {self._base!r} is not an absolute IRI.") from None
        for quad in parsed:
            subject, value = quad.subject, quad.object
            if isinstance(subject, ox.BlankNode):
                subject = _named(subject)
            if isinstance(value, ox.BlankNode):
                value = _named(value)
            elif isinstance(value, ox.Literal):
                refuse_odd_characters(value.value)
            elif isinstance(value, ox.Triple):
                value = _in_triple(value)
            yield ox.Quad(subject, quad.predicate, value, self._graph_of(quad))

    def _graph_of(self, quad: ox.Quad) -> ox.NamedNode:
        name = quad.graph_name
        if name not in self._known_graphs:
            self._known_graphs[name] = self._new_graph(name)
        return self._known_graphs[name]

    def _new_graph(self, name: ox.NamedNode | ox.BlankNode | ox.Triple | ox.DefaultGraph) -> ox.NamedNode:
        if name == _NO_GRAPH:
            if self._graph is None:
                raise NotUnderstood(
                    f"{self._name}: a triple stands in no named graph; say which graph it is for."
                )
            name = self._graph
        if isinstance(name, ox.BlankNode):
            return _named(name)
        if name == _NO_GRAPH:
            return ox.NamedNode(str(DEFAULT))
        named = cast(ox.NamedNode, name)
        if named.value.startswith(RESERVED):
            raise BadTerm(f"The graph {named.value} belongs to the engine; names of graphs begin otherwise.")
        return named


def _has_document_type(source: bytes | BinaryIO) -> bool:
    if isinstance(source, bytes):
        return _DOCUMENT_TYPE in source
    if os.fstat(source.fileno()).st_size == 0:
        return False
    with closing(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)) as content:
        return content.find(_DOCUMENT_TYPE) >= 0


def _named(blank: ox.BlankNode) -> ox.NamedNode:
    return ox.NamedNode(f"{GENID}{blank.value}")


def _in_triple(term: ox.Triple, depth: int = 1) -> ox.Triple:
    """A triple term in normal form, but for its numbers; `depth` of them stand in each other."""
    if depth > MOST_NESTED:
        raise TooLarge(f"More than {MOST_NESTED} triple terms stand in each other.")
    subject, value = term.subject, term.object
    if isinstance(subject, ox.BlankNode):
        subject = _named(subject)
    if isinstance(value, ox.Triple):
        value = _in_triple(value, depth + 1)
    elif isinstance(value, ox.BlankNode):
        value = _named(value)
    elif isinstance(value, ox.Literal):
        refuse_odd_characters(value.value)
    return ox.Triple(subject, term.predicate, value)
