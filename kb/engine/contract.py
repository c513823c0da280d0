"""What every engine keeps: quads in named graphs, and their merge as the default graph.

The stored default graph is the RDF merge (a set) of the public named graphs: every triple of a named graph
stands in it once. A union made at query time would be no substitute: the engine's repeats
a triple that stands in two graphs, and named as a list of graphs it made the same query 10 times slower
and more (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Protocol, TypeVar

from rdflib import URIRef
from rdflib.term import Node

from kb.errors import NotUnderstood
from kb.patch import Patch, Quad
from kb.terms import GRAPH

INFERRED = GRAPH["inferred"]
"""The graph of what rules derive; never edited."""

HISTORY = GRAPH["history"]
"""The graph of receipts; readable by name, not part of the default graph."""

SHAPES = GRAPH["shapes"]
"""The graph of the shapes; readable by name, not part of the default graph."""

WORDS = GRAPH["words"]
"""The graph of the words of names; readable by name, not part of the default graph, never edited."""

APART = frozenset((HISTORY, SHAPES, WORDS))
"""The named graphs that are not part of the merge."""

EDITS = GRAPH["edits"]
"""The graph of what is stated without naming a graph, where the default graph is the merge."""

RESERVED = "urn:x-regiolink:"
"""How names begin that stand for parts of the engine; no graph of people's has such a name."""

DEFAULT = URIRef(f"{RESERVED}default-graph")
"""What a patch calls the default graph, where that is a graph of its own."""


Triple = tuple[Node, Node, Node]
"""Subject, predicate and object as the engine has them, blank nodes among them."""


_Quad = TypeVar("_Quad", bound=tuple[Node, Node, Node, Node])


class DefaultGraph(Enum):
    """What the stored default graph of an engine is."""

    MERGE = "merge"
    """The merge of the public named graphs; nobody states anything in it."""
    OWN = "own"
    """A graph of its own, as in a plain SPARQL store."""


RESULT_FORMATS = ("json", "xml", "csv", "tsv")
"""How solutions and truth values can be serialized (CSV and TSV: solutions only)."""

GRAPH_FORMATS = ("ttl", "nt", "rdf", "jsonld")
"""How triples can be serialized."""


class QuerySyntaxError(NotUnderstood):
    """A query or update that does not parse: `line` and `column` (from 1) are where the parser gave up."""

    title = "The query has a syntax error"

    def __init__(self, what: str, line: int | None, column: int | None) -> None:
        self.what, self.line, self.column = what, line, column
        where = f" near line {line}, column {column}" if line else ""
        super().__init__(f"The query does not parse{where}: {what}.")


class NotSupported(NotUnderstood):
    """SPARQL that is right and that the engine cannot evaluate, such as a function of another product."""

    title = "Not supported here"


class FileSyntaxError(NotUnderstood):
    """A file that does not parse: `line` and `column` count from 1, None when unknown."""

    title = "The file has a syntax error"

    def __init__(self, name: str, what: str, line: int | None, column: int | None) -> None:
        self.name, self.what, self.line, self.column = name, what, line, column
        where = f"{name}, line {line}, column {column}" if line else name
        super().__init__(f"{where}: {what}.")


class BadTerm(NotUnderstood):
    """An IRI, a literal or a language tag that is not to be stored."""

    title = "Not a term of RDF"


class Solutions(Protocol):
    """The answer of a SELECT: read once, in the thread that made it."""

    variables: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[Node | None, ...]]:
        """Rows as rdflib terms in the order of `variables`; None where unbound."""

    def serialize(self, form: str) -> bytes:
        """All rows in one of `RESULT_FORMATS`."""


class Truth(Protocol):
    """The answer of an ASK."""

    def __bool__(self) -> bool: ...

    def serialize(self, form: str) -> bytes:
        """The truth value as "json" or "xml"; raises `NotUnderstood` for others."""


class Triples(Protocol):
    """The answer of a CONSTRUCT or DESCRIBE: read once."""

    def __iter__(self) -> Iterator[tuple[Node, Node, Node]]: ...

    def serialize(self, form: str) -> bytes:
        """All triples, each once, in one of `GRAPH_FORMATS`."""


class Engine(Protocol):
    """An index of quads that answers SPARQL."""

    default_graph: DefaultGraph

    @property
    def is_plain(self) -> bool:
        """Whether it follows the standards to the letter: its default graph is one of its own.

        Then it holds RDF 1.2, and what a patch calls by an IRI that stands in for a blank node
        (`kb.terms.GENID`) is a blank node in it.
        """

    def insert(self, quads: Iterator[object]) -> int:
        """Adds quads as `read_quads` gives them, and their triples to the default graph.

        Not atomic: only for building a folder that nobody reads yet. Out: the number of quads read.
        """

    def query(self, text: str) -> Solutions | Truth | Triples:
        """Evaluates a query on the stored dataset. Raises `QuerySyntaxError`."""

    def update(self, text: str) -> None:
        """Evaluates an update request as one transaction. Raises `QuerySyntaxError`."""

    def apply(self, patch: Patch, revision: int) -> None:
        """Makes the change of a patch, the default graph included, and the head `revision`, in one update.

        patch: in normal form. Of a quad that is not there nothing is deleted, and one that is there is not
        inserted twice. A revision that the engine already has is passed over, so that a replay is harmless.
        Raises `NotAllowed` for a graph that belongs to the engine.
        """

    def apply_in_bulk(self, patch: Patch, revision: int) -> None:
        """`apply` for large patches, not atomic: only for a folder that nobody reads yet."""

    def transact(self, patch: Patch, *, revision: int | None = None, note: str | None = None) -> None:
        """Makes the change of a patch, the head `revision` if given, and the note, in one update.

        note: a text to keep beside the quads until the next call, None for none.
        Raises `NotAllowed` for a graph that belongs to the engine, `FolderUnusable`, `NoRoom`.
        """

    def note(self) -> str | None:
        """The note of the last `transact`, if it kept one."""

    def revision(self) -> int:
        """The revision of the last patch applied; 0 when there was none."""

    def holds(self, quads: Iterable[_Quad]) -> set[_Quad]:
        """Those of `quads` that are there."""

    def triples(self, graph: URIRef, subject: URIRef | None = None) -> Iterator[Triple]:
        """The triples of a named graph, or of the stored default graph by the name `DEFAULT`.

        subject: only those about it.
        """

    def matching(self, subject: Node | None, predicate: Node | None, value: Node | None) -> Iterator[Triple]:
        """The triples of the default graph with these terms, None for any; a literal is no subject."""

    def quads_about(self, subject: Node) -> Iterator[Quad]:
        """The quads of the named graphs with this subject, which is no literal."""

    def graphs_with(self, triple: Triple) -> set[URIRef]:
        """The names of the graphs that hold a triple; the default graph counts where it is one of its own."""

    def graph_names(self) -> list[URIRef]:
        """The named graphs that hold at least one triple, sorted."""

    def size(self) -> int:
        """The number of triples in the default graph."""

    def close(self) -> None:
        """Lets go of the folder; the engine cannot be used afterwards."""

    def checkpoint(self, folder: Path) -> None:
        """Writes the present state as a new folder, which must not exist yet."""
