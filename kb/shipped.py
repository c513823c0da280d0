"""What the product ships, as a change of the knowledge base: ontology, code lists, shapes and datasets.

Shipped data comes in by the same door as all else, as commits of the author "system". A new version of the
product brings what differs between what was shipped before and what is shipped now, and leaves alone what
people have changed in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from rdflib import Graph, URIRef

from kb import __version__
from kb.engine.contract import SHAPES
from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, to_rdflib
from kb.intent import Intent, Outcome
from kb.ledger.commits import Door
from kb.ledger.ledger import Ledger
from kb.live import Told, tell_nobody
from kb.normal_form import NormalForm
from kb.patch import Patch, Quad
from kb.resources import shipped_files
from kb.stand_ins import stand_ins
from kb.terms import GRAPH
from kb.writer import Writer

SYSTEM = "system"
"""The author of what the product itself commits."""


def shipped_graphs() -> Iterator[tuple[str, bytes, URIRef | None]]:
    """What the product ships: (file name, bytes, graph name for triples outside a named graph) each.

    ontology/*.ttl go to graph/ontology, ontology/terms/<scheme>.ttl to graph/terms/<scheme>, shapes/*.ttl to
    graph/shapes, datasets/<name>/dataset.ttl to graph/meta; *.trig files name their graphs themselves.
    """
    for path, file in shipped_files("ontology", ".ttl"):
        scheme = path.removeprefix("terms/").removesuffix(".ttl")
        graph = GRAPH[f"terms/{scheme}"] if path.startswith("terms/") else GRAPH["ontology"]
        yield f"ontology/{path}", file.read_bytes(), graph
    for path, file in shipped_files("shapes", ".ttl"):
        yield f"shapes/{path}", file.read_bytes(), SHAPES
    for path, file in shipped_files("datasets", "dataset.ttl", ".trig"):
        yield f"datasets/{path}", file.read_bytes(), GRAPH["meta"] if path.endswith(".ttl") else None


def shipped_digest() -> str:
    """Of everything that is shipped."""
    digest = sha256()
    for name, data, _ in shipped_graphs():
        digest.update(name.encode() + sha256(data).digest())
    return digest.hexdigest()


def fill(engine: OxigraphEngine, told: Told = tell_nobody) -> int:
    """Puts everything that is shipped into an empty engine, without ledger and gate. Out: how many quads."""
    count = 0
    files = list(shipped_graphs())
    for done, (name, data, graph) in enumerate(files):
        told(f"Reading {name}", done, len(files))
        count += engine.insert(read_quads(data, name.rpartition(".")[2], name, graph))
    return count


def shipped_quads(told: Told = tell_nobody) -> set[Quad]:
    """Everything that is shipped, in normal form, with the same IRIs for blank nodes every time."""
    found: set[Quad] = set()
    files = list(shipped_graphs())
    for done, (name, data, graph) in enumerate(files):
        told(f"Reading {name}", done, len(files))
        form = NormalForm()
        ending = name.rpartition(".")[2]
        if graph is None:
            quads = (
                (to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object), graph_of(quad))
                for quad in read_quads(data, ending, name)
            )
            found.update(form.quad(quad) for quad in quads)
        else:
            triples = stand_ins(Graph().parse(data=data, format="turtle"))
            found.update(form.quad((*triple, graph)) for triple in triples)
    return found


def is_up_to_date(ledger: Ledger) -> bool:
    """Whether the newest commit of what is shipped is of what is shipped now."""
    last = ledger.commits(author=SYSTEM, limit=1, newest_first=True)
    return bool(last) and last[0].request_digest == shipped_digest()


def bring_up_to_date(writer: Writer, told: Told = tell_nobody) -> Outcome | None:
    """Commits what is shipped now and was not before, and takes back what no longer is.

    Data that people own and that newer shapes find wrong does not stop it: what is shipped now is accepted
    with a waiver that says so. Out: the outcome, None when there was nothing to do.
    """
    if is_up_to_date(writer.ledger):
        return None
    digest = shipped_digest()
    now = shipped_quads(told)
    told("Comparing with what was shipped before", 0, None)
    before = _shipped_before(writer.ledger)
    told("Checking, writing down and drawing conclusions", 0, None)
    return writer.commit(
        Intent(
            Patch.of(before - now, now - before),
            author=SYSTEM,
            role=SYSTEM,
            door=Door.SYSTEM,
            message=f"What Regiolink {__version__} ships",
            key=f"{digest}-{writer.head()}",
            request_digest=digest,
            waiver=f"Regiolink {__version__} has newer shapes than some of the data was checked with",
            seconds=3600,
        )
    )


def _shipped_before(ledger: Ledger) -> set[Quad]:
    """What the commits of the system have stated, and not taken back themselves."""
    found: set[Quad] = set()
    after = 0
    while some := ledger.commits(after=after, author=SYSTEM):
        for commit in some:
            found = ledger.patch_of(commit.revision).apply(found)
        after = some[-1].revision
    return found
