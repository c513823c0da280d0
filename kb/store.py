"""A knowledge base in a folder: built from what the product ships, kept as generations that never change.

    <data_dir>/format.json         which layout this is, so that an older program leaves a newer folder alone
    <data_dir>/lock                held by the one process that may build or change
    <data_dir>/current             the name of the generation in use
    <data_dir>/generations/<n>/asserted  engine with what was stated: what the shapes judge
    <data_dir>/generations/<n>/public    the same and graph/inferred: what queries read
    <data_dir>/generations/<n>/loaded/  what people loaded, in order, as N-Quads; a rebuild replays it
    <data_dir>/generations/<n>/about.json  digest of what was shipped, counts, result of the check

A generation is written beside the others and then named in `current` in one step; so a reader sees the old
state or the new one, and a build that is cut off leaves nothing behind that is read.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from rdflib import URIRef

from kb import __version__
from kb.engine.contract import RESERVED
from kb.engine.oxigraph import OxigraphEngine, graph_of, read_quads, write_quads
from kb.errors import DataRefused, FolderUnusable, NotAllowed, NotUnderstood
from kb.gate.compiled import validate
from kb.reasoning import infer
from kb.report import Report
from kb.resources import shipped_files
from kb.schema import load_ontology, load_shapes
from kb.terms import GENID, GRAPH, slug

FORMAT = 1
"""The layout of the folder that this program writes."""

Told = Callable[[str, int, int | None], None]
"""Told how far a build is: what is done now, how much of it, of how much (None when unknown)."""


def tell_nobody(what: str, done: int, total: int | None) -> None:
    """Progress for callers that show none."""


@dataclass(frozen=True)
class About:
    """What a generation says of itself.

    digest: of the shipped files it was made from. built: time in UTC, ISO 8601. asserted, inferred:
    numbers of triples. violations, warnings, infos: findings of the check when it was built.
    """

    digest: str
    built: str
    asserted: int
    inferred: int
    violations: int
    warnings: int
    infos: int


def shipped_graphs() -> Iterator[tuple[str, bytes, URIRef | None]]:
    """What the product ships: (file name, bytes, graph name for triples outside a named graph) each.

    ontology/*.ttl go to graph/ontology, ontology/terms/<scheme>.ttl to graph/terms/<scheme>,
    datasets/<name>/dataset.ttl to graph/meta; *.trig files name their graphs themselves.
    """
    for path, file in shipped_files("ontology", ".ttl"):
        scheme = path.removeprefix("terms/").removesuffix(".ttl")
        graph = GRAPH[f"terms/{scheme}"] if path.startswith("terms/") else GRAPH["ontology"]
        yield f"ontology/{path}", file.read_bytes(), graph
    for path, file in shipped_files("datasets", "dataset.ttl", ".trig"):
        yield f"datasets/{path}", file.read_bytes(), GRAPH["meta"] if path.endswith(".ttl") else None


def fill(engine: OxigraphEngine, told: Told = tell_nobody) -> int:
    """Puts everything that the product ships into an empty engine. Out: the number of quads."""
    count = 0
    files = list(shipped_graphs())
    for done, (name, data, graph) in enumerate(files):
        told(f"Reading {name}", done, len(files))
        count += engine.insert(read_quads(data, name.rpartition(".")[2], name, graph))
    return count


class KnowledgeBase:
    """The knowledge base of one folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    # -- reading ------------------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether a knowledge base was built here before, by this or an older program."""
        return (self.data_dir / "current").exists()

    def generation(self) -> Path:
        """The folder of the generation in use. Raises `FolderUnusable` when none was built yet."""
        self._refuse_newer_format()
        try:
            name = (self.data_dir / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise FolderUnusable(
                f"No knowledge base has been built in {self.data_dir} yet; 'regiolink serve' builds it."
            ) from None
        return self.data_dir / "generations" / name

    def public(self) -> OxigraphEngine:
        """What queries read: the stated and the inferred. Nobody ever writes to it."""
        return OxigraphEngine.read_only(self.generation() / "public")

    def asserted(self) -> OxigraphEngine:
        """What the shapes judge: the stated alone. Nobody ever writes to it."""
        return OxigraphEngine.read_only(self.generation() / "asserted")

    def about(self) -> About:
        """What the generation in use says of itself."""
        return About(**json.loads((self.generation() / "about.json").read_text(encoding="utf-8")))

    # -- changing -----------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to build and change, for one process at a time.

        Raises `FolderUnusable` when the folder cannot be used, or another process has that right.
        """
        self._make_ready()
        try:
            lock = (self.data_dir / "lock").open("w")
        except OSError:
            raise FolderUnusable(f"The data folder {self.data_dir} cannot be written to.") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise FolderUnusable(
                    f"The data folder {self.data_dir} is in use by another Regiolink process; "
                    "stop that one first or choose another folder."
                ) from None
            yield

    def is_current(self) -> bool:
        """Whether the generation in use was made from what is shipped now."""
        if not self.exists():
            return False
        try:
            return self.about().digest == shipped_digest()
        except (FileNotFoundError, ValueError, TypeError):
            return False

    def build(self, told: Told = tell_nobody) -> About:
        """Makes a new generation from all that is shipped and loaded, and puts it in use.

        Needs `writing`. Findings of the check do not stop it: the product ships none that are violations,
        and data that was accepted under older shapes stays readable.
        """
        with (
            self._new_generation() as folder,
            closing(OxigraphEngine.in_folder(folder / "asserted")) as asserted,
        ):
            fill(asserted, told)
            for file in sorted((folder / "loaded").iterdir()):
                asserted.insert(read_quads(file, "nq", file.name))
            told("Checking against the shapes", 0, None)
            return self._finish(folder, asserted, shipped_digest(), check(asserted), told)

    def reason(self, told: Told = tell_nobody) -> About:
        """Derives graph/inferred anew, in a new generation. Needs `writing`."""
        with self._new_generation() as folder:
            self.asserted().checkpoint(folder / "asserted")
            with closing(OxigraphEngine.in_folder(folder / "asserted")) as asserted:
                return self._finish(folder, asserted, self.about().digest, check(asserted), told)

    def load(
        self, files: Sequence[Path], graph: str | None = None, told: Told = tell_nobody
    ) -> tuple[int, Report]:
        """Adds RDF files, all or none. Needs `writing`.

        graph: name (below graph/) or IRI for triples outside any named graph; by default each file's own
        name. Out: the number of quads read, and the report of the check. Raises `DataRefused` with the
        report when there are violations that were not there before, `NotUnderstood` for a file that cannot
        be read, `NotAllowed` for a graph that is not for loading.
        """
        for file in files:
            if not file.is_file():
                raise NotUnderstood(f"There is no file {file}.")
            if file.stat().st_size == 0:
                raise NotUnderstood(f"{file.name} is empty.")
        before = check(self.asserted())
        digest = self.about().digest
        with self._new_generation() as folder:
            self.asserted().checkpoint(folder / "asserted")
            with closing(OxigraphEngine.in_folder(folder / "asserted")) as asserted:
                count, number = 0, len(list((folder / "loaded").iterdir()))
                for done, file in enumerate(files, start=1):
                    told(f"Reading {file.name}", done - 1, len(files))
                    kept = folder / "loaded" / f"{number + done:06}-{slug(file.stem) or 'file'}.nq"
                    kept.write_bytes(write_quads(_quads_to_load(file, graph)))
                    count += asserted.insert(read_quads(kept, "nq", file.name))
                if count == 0:
                    raise NotUnderstood("There is not a single triple in what was given.")
                told("Checking against the shapes", 0, None)
                report = check(asserted)
                _refuse_new_violations(before, report)
                self._finish(folder, asserted, digest, report, told)
        return count, report

    # -- inside -------------------------------------------------------------------------------------------

    def _finish(
        self, folder: Path, asserted: OxigraphEngine, digest: str, report: Report, told: Told
    ) -> About:
        """Derives what follows, and writes what the generation says of itself."""
        told("Drawing conclusions", 0, None)
        asserted.checkpoint(folder / "deriving")
        with closing(OxigraphEngine.in_folder(folder / "deriving")) as deriving:
            inferred = infer(deriving, load_ontology())
            # A checkpoint opens at once; the folder that was written to would first repeat its log.
            deriving.checkpoint(folder / "public")
        shutil.rmtree(folder / "deriving")
        about = About(
            digest=digest,
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            asserted=asserted.size(),
            inferred=inferred,
            violations=len(report.violations),
            warnings=len(report.warnings),
            infos=len(report.infos),
        )
        (folder / "about.json").write_text(json.dumps(asdict(about), indent=2), encoding="utf-8")
        return about

    @contextmanager
    def _new_generation(self) -> Iterator[Path]:
        """A folder to write a generation into; put in use when the block ends well, removed when not."""
        generations = self.data_dir / "generations"
        for stale in generations.glob("*.building"):
            shutil.rmtree(stale)
        last = max((int(old.name) for old in generations.iterdir() if old.name.isdigit()), default=0)
        building = generations / f"{last + 1}.building"
        (building / "loaded").mkdir(parents=True)
        for file in (generations / str(last) / "loaded").glob("*.nq"):
            shutil.copy2(file, building / "loaded")
        try:
            yield building
        except BaseException:
            shutil.rmtree(building)
            raise
        building.rename(generations / str(last + 1))
        following = self.data_dir / "current.new"
        following.write_text(f"{last + 1}\n", encoding="utf-8")
        following.replace(self.data_dir / "current")
        # The one before stays: a reader that opened it a moment ago may still be reading.
        for old in generations.iterdir():
            if old.name.isdigit() and int(old.name) < last:
                shutil.rmtree(old)

    def _make_ready(self) -> None:
        self._refuse_newer_format()
        marker = self.data_dir / "format.json"
        try:
            if not marker.exists() and self.data_dir.exists() and any(self.data_dir.iterdir()):
                raise FolderUnusable(f"The folder {self.data_dir} holds other files; choose an empty one.")
            (self.data_dir / "generations").mkdir(parents=True, exist_ok=True)
            if not marker.exists():
                marker.write_text(json.dumps({"format": FORMAT}), encoding="utf-8")
        except (NotADirectoryError, FileExistsError):
            raise FolderUnusable(f"The data folder {self.data_dir} is not a folder.") from None
        except OSError:
            raise FolderUnusable(f"The data folder {self.data_dir} cannot be written to.") from None

    def _refuse_newer_format(self) -> None:
        try:
            found = json.loads((self.data_dir / "format.json").read_text(encoding="utf-8"))["format"]
        except (FileNotFoundError, NotADirectoryError):
            return
        except (ValueError, KeyError, TypeError):
            raise FolderUnusable(f"The file format.json in {self.data_dir} is damaged.") from None
        if found > FORMAT:
            raise FolderUnusable(
                f"The data folder {self.data_dir} was written by a newer Regiolink "
                f"(layout {found}, this program knows {FORMAT}); use that version or another folder."
            )


def shipped_digest() -> str:
    """Of everything that a generation is built from: shipped files and the programs that read them."""
    digest = sha256(f"{FORMAT} {__version__} {version('pyoxigraph')}".encode())
    for name, data, _ in shipped_graphs():
        digest.update(name.encode() + sha256(data).digest())
    for name, file in shipped_files("shapes", ".ttl"):
        digest.update(name.encode() + sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def check(asserted: OxigraphEngine) -> Report:
    """What our shapes find in `asserted`, all of it."""
    return validate(asserted, load_shapes())


def _refuse_new_violations(before: Report, after: Report) -> None:
    """Raises `DataRefused` when `after` has violations that `before` has not."""
    worse = Report.of(set(after.violations) - set(before.violations)).violations
    if worse:
        places = "place" if len(worse) == 1 else "places"
        raise DataRefused(
            f"Nothing was loaded: the data would break the rules in {len(worse)} {places}.", Report(worse)
        )


_NOT_FOR_LOADING = ("ontology", "terms/", "inferred", "history", "meta")


def _quads_to_load(file: Path, graph: str | None) -> Iterator[object]:
    """The quads of a file for loading, each in a graph that may be loaded into."""
    name = graph or slug(file.stem)
    target = URIRef(name) if ":" in name else GRAPH[name]
    for quad in read_quads(file, file.suffix.removeprefix(".").lower(), file.name, target, skolemise=True):
        name = graph_of(quad)
        if name.startswith(RESERVED) or name.removeprefix(GRAPH).startswith(_NOT_FOR_LOADING):
            raise NotAllowed(f"{file.name}: the graph {name} is not for loading into.")
        if name.startswith(GENID):
            raise NotUnderstood(f"{file.name}: a graph has a blank node as its name; give it an IRI.")
        yield quad
