"""The live engines: two indexes of the ledger that follow it commit by commit.

    <engines>/current            the name of the pair in use
    <engines>/<n>/stated         what was stated: what the shapes judge
    <engines>/<n>/public         the same, what follows from it, the words of names, and all receipts

A change is tried on `stated` before it is a commit: it is made there together with a note of how to take it
back, so that a process which dies in between leaves nothing behind. Large changes are made on a copy of the
pair, which then takes its place.
"""

from __future__ import annotations

import gc
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from kb import __version__
from kb.copies import Copy, opened
from kb.derivation import Derivation, TooMuchFollows, ontology_of
from kb.engine.contract import DefaultGraph
from kb.engine.faults import in_our_words
from kb.engine.oxigraph import OxigraphEngine
from kb.engine.row_reader import take
from kb.engine.word_index import fill, word_changes
from kb.errors import EngineDamaged, FolderUnusable
from kb.ledger.commits import Commit
from kb.ledger.errors import LedgerDamaged
from kb.ledger.ledger import Ledger
from kb.patch import Patch
from kb.rdf_patch import from_text, to_text
from kb.reasoning import infer
from kb.receipts import HISTORY, receipt

LARGE = 20_000
"""Quads of a patch from which on it is made on a copy."""

_LOOKED_AT = 1_000
_PROGRAM = f"regiolink {__version__} form 5 pyoxigraph {version('pyoxigraph')}"

Told = Callable[[str, int, int | None], None]
"""Told how far something is: what is done now, how much of it, of how much (None when unknown)."""


def tell_nobody(what: str, done: int, total: int | None) -> None:
    """Progress for callers that show none."""


class _Pair:
    """Two engines in one folder, both open for writing."""

    def __init__(self, folder: Path, default_graph: DefaultGraph) -> None:
        self.folder = folder
        self.stated = OxigraphEngine.in_folder(folder / "stated", default_graph)
        self.public = OxigraphEngine.in_folder(folder / "public", default_graph)

    def close(self) -> None:
        self.stated.close()
        self.public.close()
        # A folder is let go with the last reference to its store, and some may be in a ring.
        gc.collect()


class Live:
    """The two live engines of one data folder; one process has them open."""

    def __init__(self, folder: Path, ledger: Ledger, *, plain: bool = False) -> None:
        """plain: without inference and receipts, with a default graph of its own."""
        self._folder = folder
        self._ledger = ledger
        self._plain = plain
        self._default_graph = DefaultGraph.OWN if plain else DefaultGraph.MERGE
        self._staged: list[Patch] = []
        self._pair: _Pair | None = None
        self._derivation: Derivation | None = None
        self.showing = threading.RLock()
        """Held while what readers see is changed, so that another thread can make a checkpoint of it."""
        self.times_made_anew = 0
        """How often the engines were made from the ledger alone since this was made."""

    # -- opening ------------------------------------------------------------------------------------------

    def open(self, told: Told = tell_nobody) -> None:
        """Opens the engines and brings them to the head of the ledger; makes them anew when need be.

        Raises `FolderUnusable` when another process has them, and what the ledger raises.
        """
        try:
            self._open_current(told)
            if self._disagrees():
                told("The engine and the ledger disagree; making the engine anew", 0, None)
                self.rebuild(told)
            self.follow(told)
        except EngineDamaged:
            told("The engine is damaged; making it anew", 0, None)
            self.rebuild(told)

    def reopen(self) -> None:
        """Opens the engines again after they failed; what was staged is gone. May be tried again."""
        self._staged.clear()
        with self.showing:
            if self._pair is not None:
                self._pair.close()
                self._pair = None
        self.open()

    def close(self) -> None:
        """Takes back what is staged, and lets go of the engines."""
        if self._pair is None:
            return
        try:
            while self._staged:
                self.drop()
            self._pair.stated.flush()
            self._pair.public.flush()
        finally:
            self._pair.close()
            self._pair = None

    @property
    def stated(self) -> OxigraphEngine:
        """What was stated, and what is staged at the moment."""
        return self._open_pair().stated

    @property
    def public(self) -> OxigraphEngine:
        """What readers see; nothing is ever staged here."""
        return self._open_pair().public

    # -- small changes ------------------------------------------------------------------------------------

    def stage(self, patch: Patch) -> None:
        """Tries a patch, whose every quad makes a difference, on what is stated."""
        self.stated.transact(patch, note=_way_back([*self._staged, patch]))
        self._staged.append(patch)

    def drop(self) -> None:
        """Takes back the patch that was staged last."""
        last = self._staged.pop()
        self.stated.transact(last.inverse(), note=_way_back(self._staged))

    @contextmanager
    def before_last(self) -> Iterator[OxigraphEngine]:
        """What is stated without the patch that was staged last."""
        last = self._staged[-1]
        self.drop()
        try:
            yield self.stated
        finally:
            self.stage(last)

    def land(self, commits: Sequence[Commit]) -> None:
        """What is staged has become these commits."""
        self.stated.transact(Patch(), revision=commits[-1].revision)
        landed = list(zip(commits, self._staged, strict=True))
        self._staged.clear()
        for commit, patch in landed:
            self._show(patch, commit)

    # -- large changes ------------------------------------------------------------------------------------

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        """A copy of what is stated, to try a large patch on; nothing of it stays unless it is accepted.

        What readers would see of it is made beside, while the patch is judged.
        """
        with self._new_folder() as folder:
            self.stated.checkpoint(folder / "stated")
            with opened(folder / "stated", self._default_graph) as stated, ThreadPoolExecutor(1) as beside:
                copy = Copy(stated, folder, lambda: beside.submit(self._make_public, folder, self.public))
                yield copy
            if copy.accepted is not None:
                self._finish(copy, copy.accepted)

    # -- following ----------------------------------------------------------------------------------------

    def follow(self, told: Told = tell_nobody) -> None:
        """Brings the engines to the head of the ledger, where other processes may have committed."""
        head = self._ledger.head().revision
        held = min(self.stated.revision(), self.public.revision())
        missing = _commits(self._ledger, held, head)
        if sum(commit.inserts + commit.deletes for commit in missing) > LARGE:
            self._follow_on_copy(missing, told)
            return
        for commit in missing:
            patch = self._ledger.patch_of(commit.revision)
            self.stated.apply(patch, commit.revision)
            self._show(patch, commit)

    def rebuild(self, told: Told = tell_nobody, until: int | None = None) -> None:
        """Makes both engines anew from the ledger, up to the newest revision or that named, for use."""
        commits = _commits(self._ledger, 0, self._ledger.head().revision if until is None else until)
        with self._new_folder() as folder:
            with opened(folder / "stated", self._default_graph) as stated:
                for commit in commits:
                    told("Repeating commits", commit.revision, len(commits))
                    stated.apply_in_bulk(self._ledger.patch_of(commit.revision), commit.revision)
                stated.checkpoint(folder / "public")
            self._make_public(folder, None, commits)
            self._put_in_use(folder)
        self.times_made_anew += 1

    # -- inside -------------------------------------------------------------------------------------------

    def _open_pair(self) -> _Pair:
        if self._pair is None:
            raise FolderUnusable("The engine could not be opened again yet; the next change tries it.")
        return self._pair

    def _open_current(self, told: Told) -> None:
        self._staged.clear()
        name = self._current()
        if name is None and not self._ledger.head().revision:
            with self._new_folder() as folder:
                self._put_in_use(folder)
            return
        if name is None or self._made_by(name) != _PROGRAM:
            # Another version, or form, may store or derive otherwise; the ledger says the same to all.
            self.rebuild(told)
            return
        self._pair = _Pair(self._folder / name, self._default_graph)
        self._remove_all_but(name)
        note = self.stated.note()
        if note is not None:
            self.stated.transact(from_text(note))
        self._derivation = self._new_derivation()

    def _disagrees(self) -> bool:
        """Whether the engines hold what is not in the ledger."""
        head = self._ledger.head().revision
        if max(self.public.revision(), self.stated.revision()) > head:
            return True
        if not (self._holds_its_last(self.stated) and self._holds_its_last(self.public)):
            return True
        held = self.public.revision()
        receipt_quads = self._receipt(self._ledger.commit(held)).inserts if held else frozenset()
        return self.public.holds(receipt_quads) != receipt_quads

    def _holds_its_last(self, engine: OxigraphEngine) -> bool:
        """Whether an engine holds what the ledger says of its newest revision, as far as a look tells."""
        if engine.revision() == 0:
            return True
        try:
            some = self._ledger.patch_of(engine.revision()).part(_LOOKED_AT)
        except LedgerDamaged:
            return True  # reading goes on; 'regiolink verify' and a backup are for this
        return engine.holds(some.inserts) == some.inserts and not engine.holds(some.deletes)

    def _show(self, patch: Patch, commit: Commit) -> None:
        """Makes a commit visible to readers, with its receipt and what follows from it."""
        if commit.revision <= self.public.revision():
            return
        whole = joined(joined(patch, self._receipt(commit)), word_changes(self.public, patch))
        if self._derivation is not None:
            try:
                whole = joined(whole, self._derivation.changes(self.public, patch))
            except TooMuchFollows:
                self._replace_public()
                return
        with self.showing:
            self.public.apply(whole, commit.revision)

    def _replace_public(self) -> None:
        """Makes visible all that is stated, with all that follows derived anew, on a copy."""
        missing = _commits(self._ledger, self.public.revision(), self.stated.revision())
        with self._new_folder() as folder:
            for kind in ("stated", "public"):
                self.stated.checkpoint(folder / kind)
            self._make_public(folder, self.public, missing)
            self._put_in_use(folder)

    def _follow_on_copy(self, missing: Sequence[Commit], told: Told) -> None:
        shown = self.public.revision()
        with self._new_folder() as folder:
            self.stated.checkpoint(folder / "stated")
            with opened(folder / "stated", self._default_graph) as stated:
                for commit in missing:
                    told("Repeating commits", commit.revision, missing[-1].revision)
                    stated.apply_in_bulk(self._ledger.patch_of(commit.revision), commit.revision)
                stated.checkpoint(folder / "public")
            self._make_public(folder, self.public, [each for each in missing if each.revision > shown])
            self._put_in_use(folder)

    def _finish(self, copy: Copy, commit: Commit) -> None:
        copy.made.result()
        with opened(copy.folder / "public", self._default_graph) as public:
            public.transact(self._receipt(commit))
        self._put_in_use(copy.folder)

    def _make_public(
        self, folder: Path, before: OxigraphEngine | None, commits: Sequence[Commit] = ()
    ) -> None:
        """Makes what readers see of a pair whose `public` holds as yet what is stated, and nothing else.

        before: what they saw before, with the receipts up to then. commits: those that need a receipt.
        """
        with opened(folder / "public", self._default_graph) as public:
            if before is not None:
                take(HISTORY, before, public)
            for start in range(0, len(commits), 500):
                receipts = (self._receipt(commit) for commit in commits[start : start + 500])
                public.transact(Patch.of(inserts=chain.from_iterable(each.inserts for each in receipts)))
            self._infer(public)
            fill(public)

    def _infer(self, public: OxigraphEngine) -> None:
        if not self._plain:
            infer(public, ontology_of(public))

    def _receipt(self, commit: Commit) -> Patch:
        return Patch() if self._plain else Patch.of(inserts=receipt(commit))

    def _new_derivation(self) -> Derivation | None:
        return None if self._plain else Derivation(ontology_of(self.stated))

    def _current(self) -> str | None:
        """The name of the pair in use."""
        try:
            return (self._folder / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def _made_by(self, name: str) -> str:
        try:
            return (self._folder / name / "made-by").read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    @contextmanager
    def _new_folder(self) -> Iterator[Path]:
        """A folder for a pair that the block makes and puts in use; gone at its end if it does not."""
        used = [int(path.name) for path in self._folder.iterdir() if path.name.isdigit()]
        folder = self._folder / str(max(used, default=0) + 1)
        with in_our_words():
            folder.mkdir()
        try:
            yield folder
        finally:
            if self._current() != folder.name:
                shutil.rmtree(folder, ignore_errors=True)

    def _put_in_use(self, folder: Path) -> None:
        """Makes the pair in `folder` the live one, in one step."""
        with in_our_words():
            (folder / "made-by").write_text(f"{_PROGRAM}\n", encoding="utf-8")
            following = self._folder / "current.new"
            following.write_text(f"{folder.name}\n", encoding="utf-8")
            following.replace(self._folder / "current")
        with self.showing:
            if self._pair is not None:
                self._pair.close()
                self._pair = None
            self._pair = _Pair(folder, self._default_graph)
        self._staged.clear()
        self._derivation = self._new_derivation()
        self._remove_all_but(folder.name)

    def _remove_all_but(self, name: str | None) -> None:
        for old in self._folder.iterdir():
            if old.is_dir() and old.name != name:
                shutil.rmtree(old, ignore_errors=True)


def _commits(ledger: Ledger, after: int, until: int) -> list[Commit]:
    """The commits after one revision up to another. Raises `LedgerDamaged` when one is missing."""
    found = ledger.commits(after=after, until=until, limit=max(until - after, 0))
    for revision, commit in enumerate(found, start=after + 1):
        if commit.revision != revision:
            raise LedgerDamaged.at(revision, "it is missing")
    return found


def _way_back(staged: Sequence[Patch]) -> str | None:
    """The text of a patch that takes all of `staged` back; None when there is nothing to take back."""
    return "".join(to_text(patch.inverse()) for patch in reversed(staged)) or None


def joined(patch: Patch, other: Patch) -> Patch:
    """Two patches that share no quad, as one."""
    return Patch(patch.deletes | other.deletes, patch.inserts | other.inserts)
