"""The one door: every change becomes a patch, is tried, judged, written down, and only then seen.

An intent is turned into a patch against the present state; whether its author may is decided; it is tried on
what is stated (kb.live); the shapes judge the outcome (kb.gate); the ledger takes it, with one sync for all
that came at the same time; then the engines show it. What is refused on the way leaves nothing behind, and
what the ledger has taken is done, whatever happens next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field

from kb.change import Planned, graphs_named, needs_public, plan
from kb.checkpoints import Checkpoints
from kb.engine.faults import in_our_words
from kb.engine.oxigraph import OxigraphEngine
from kb.errors import DataRefused, EngineDamaged, KnowledgeBaseError, NoRoom
from kb.folder import DataFolder
from kb.gate.causes import causes
from kb.gate.gate import Verdict
from kb.intent import Intent, Outcome
from kb.judging import Judge
from kb.labels import labels_of
from kb.ledger.commits import Commit, Entry, Summary
from kb.ledger.errors import AlreadyDone, InDoubt, KeyReused, LedgerBusy, LedgerUnavailable, StaleHead
from kb.ledger.ledger import Ledger
from kb.live import LARGE, Live, Told, tell_nobody
from kb.patch import Patch
from kb.permissions import may_commit
from kb.report import Report
from kb.snapshot import Snapshot
from kb.time_travel import state_at, time_of

_TRIES = 20
_GRACE = 5.0
_NEWEST = 3
_OTHERS = 5
_LABELLED = 100

LANGUAGES = ("en", "fr", "de")
"""The languages that the shapes speak."""

Result = Outcome | KnowledgeBaseError
Limited = Callable[[float], AbstractContextManager[None]]


@dataclass
class _Tried:
    """An intent that was staged and judged, and waits for the ledger."""

    place: int
    intent: Intent
    entry: Entry
    remarks: Report
    created: tuple[str, ...]


@dataclass
class _Round:
    """Intents of one call. results: by place in the call. waiting: staged, in order."""

    results: dict[int, Result] = field(default_factory=dict)
    waiting: list[_Tried] = field(default_factory=list)


class Writer:
    """The only one that changes a knowledge base; one process has it, in one thread.

    ledger, live: open; closed by `close`. shapes and ontology are taken from what is stated. limited: gives
    the context in which an intent is tried, which may take so many seconds.
    """

    def __init__(self, folder: DataFolder, ledger: Ledger, live: Live, *, plain: bool = False) -> None:
        self.folder = folder
        self.ledger = ledger
        self.live = live
        self._judge = Judge(live, plain=plain)
        self._checkpoints = Checkpoints(folder.checkpoints)
        self._checkpoints.clear()
        self._made_anew = 0
        self._leave_old_checkpoints()
        self._failed: KnowledgeBaseError | None = None
        self.limited: Limited = lambda _seconds: nullcontext()

    @classmethod
    def open(cls, folder: DataFolder, ledger_place: str | None = None, told: Told = tell_nobody) -> Writer:
        """The writer of a folder, brought to the head of its ledger. Needs the folder's `writing`.

        ledger_place: a `postgresql://` URL, None for a file in the folder.
        """
        ledger = Ledger.open(ledger_place or folder.ledger, folder.patches)
        try:
            live = Live(folder.engines, ledger, plain=folder.is_plain)
            live.open(told)
            try:
                return cls(folder, ledger, live, plain=folder.is_plain)
            except EngineDamaged:
                live.rebuild(told)
                return cls(folder, ledger, live, plain=folder.is_plain)
        except BaseException:
            ledger.close()
            raise

    def close(self) -> None:
        """Leaves a checkpoint of the newest state, and lets go of engines and ledger."""
        with suppress(KnowledgeBaseError):
            self.snapshot()
        with suppress(KnowledgeBaseError):
            self.live.close()
        self.ledger.close()

    # -- reading ------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The newest revision that readers can ask for; also while another thread commits."""
        with self.live.showing:
            return self.live.public.revision()

    def snapshot(self) -> Snapshot:
        """The newest state, for readers; also while another thread commits."""
        return self._checkpoint("public")

    def stated(self) -> Snapshot:
        """The newest state as the shapes judge it: what was stated, without what follows."""
        return self._checkpoint("stated")

    def both(self) -> tuple[Snapshot, Snapshot]:
        """The newest state for readers and the same as the shapes judge it, of one revision."""
        return self.snapshot(), self.stated()

    def snapshot_at(self, revision: int) -> Snapshot:
        """The state at an earlier revision, for readers; also while another thread commits.

        Raises `NotFound` for a revision that is not there.
        """
        return state_at(revision, self.ledger, self._checkpoints, plain=self.folder.is_plain)

    # -- changing -----------------------------------------------------------------------------------------

    def commit(self, intent: Intent) -> Outcome:
        """Does what is asked, or raises why not; then nothing has changed.

        Raises `DataRefused` with the report for what breaks the shapes, `Forbidden`, `StaleChange`, what
        `kb.change.plan` raises for a change that cannot be understood, what the ledger raises, and `InDoubt`
        when it is not known whether it was done.
        """
        (result,) = self.commit_all([intent])
        if isinstance(result, KnowledgeBaseError):
            raise result
        return result

    def commit_all(self, intents: Sequence[Intent]) -> list[Result]:
        """Does what is asked, each for itself and in order, with as few syncs of the ledger as can be."""
        results: dict[int, Result] = {}
        left = dict(enumerate(intents))
        for _ in range(_TRIES):
            if not left:
                break
            round_ = self._round(left)
            results |= round_.results
            left = {place: intent for place, intent in left.items() if place not in results}
        if self._failed is not None:
            # What was done is to be seen as soon as it can be; else the next change tries again.
            with suppress(KnowledgeBaseError):
                self._catch_up()
        return [results.get(place, LedgerBusy()) for place in range(len(intents))]

    def rebuild(self, told: Told = tell_nobody) -> None:
        """Makes the engines anew from the ledger, and lets go of the states kept of the old ones."""
        self.live.rebuild(told)
        self._leave_old_checkpoints()
        self._judge.renew()

    def leave_states(self) -> None:
        """Lets go of the states that are kept for readers; the next one is made from the engines."""
        self._checkpoints.begin_anew()

    # -- inside -------------------------------------------------------------------------------------------

    def _round(self, intents: dict[int, Intent]) -> _Round:
        """One try; intents that have no result afterwards are to be tried again."""
        round_ = _Round()
        was_damaged = isinstance(self._failed, EngineDamaged)
        try:
            with in_our_words():
                self._catch_up()
                for place, intent in intents.items():
                    with self.limited(intent.seconds + _GRACE):
                        self._try_alone(round_, place, intent)
                self._flush(round_)
        except StaleHead:
            # Another process was there in the meantime; the next try sees what it did.
            self._drop(round_)
        except EngineDamaged as error:
            # Of what is staged nothing is left when it is made anew; then all that waited is tried again.
            self._failed = error
            if was_damaged:
                _fail(round_, intents, error)
        except KnowledgeBaseError as error:
            # The engine may refuse everything from now on until it is opened again.
            self._failed = error
            _fail(round_, intents, error)
        return round_

    def _try_alone(self, round_: _Round, place: int, intent: Intent) -> None:
        """Tries an intent; what is wrong with it is its own result, and what is wrong with us is raised."""
        try:
            self._try(round_, place, intent)
        except (StaleHead, EngineDamaged, NoRoom):
            raise
        except KnowledgeBaseError as error:
            round_.results[place] = error

    def _drop(self, round_: _Round) -> None:
        try:
            for _ in round_.waiting:
                self.live.drop()
        except (EngineDamaged, NoRoom) as error:
            self._failed = error

    def _leave_old_checkpoints(self) -> None:
        """Leaves the checkpoints of engines that were made anew: what was wrong there is wrong in them."""
        if self._made_anew != self.live.times_made_anew:
            self._made_anew = self.live.times_made_anew
            self._checkpoints.begin_anew()

    def _catch_up(self) -> None:
        if self._failed is not None:
            if isinstance(self._failed, EngineDamaged):
                self.live.rebuild()
            else:
                self.live.reopen()
            self._leave_old_checkpoints()
            self._judge.renew()
            self._failed = None
        if self.ledger.head().revision != self.live.stated.revision():
            self.live.follow()
            self._judge.renew()

    def _try(self, round_: _Round, place: int, intent: Intent) -> None:
        if needs_public(intent.change) or any(
            intent.key is not None and intent.key == each.intent.key for each in round_.waiting
        ):
            self._flush(round_)
        done = self._done_before(intent)
        if done is not None:
            round_.results[place] = Outcome(done.revision, done, repeated=True)
            return
        may_commit(intent.role, intent.graphs, intent.door, graphs_named(intent.change))
        planned = plan(intent.change, self.live.stated, self.live.public, self.ledger)
        patch = planned.patch
        may_commit(intent.role, intent.graphs, intent.door, patch.graphs(), intent.waiver if patch else None)
        if intent.base is not None:
            self._flush(round_)
            planned.refuse_stale(self.ledger, intent.base)
        # Only now: what somebody else has done already is no change, and yet one of what was read.
        if not patch:
            self._flush(round_)
            round_.results[place] = Outcome(self.live.stated.revision(), None)
            return
        if len(patch) > LARGE or self._judge.changes_schema(patch):
            self._flush(round_)
            self._commit_large(round_, place, intent, planned)
            return
        created = self._created(patch)
        self.live.stage(patch)
        try:
            verdict = self._judge.small(patch, seconds=intent.seconds)
            entry = self._entry(intent, planned, verdict, self.live.stated)
        except BaseException:
            self.live.drop()
            raise
        round_.waiting.append(_Tried(place, intent, entry, verdict.remarks, created))

    def _commit_large(self, round_: _Round, place: int, intent: Intent, planned: Planned) -> None:
        """A change on a copy of the engines: a large one, or one of the shapes or the ontology."""
        created = self._created(planned.patch)
        head = self.live.stated.revision()
        try:
            with self.live.copy() as copy:
                copy.make(planned.patch, head + 1)
                verdict = self._judge.large(copy.stated, planned.patch)
                entry = self._entry(intent, planned, verdict, copy.stated)
                (commit,) = self._append([entry], head)
                copy.accepted = commit
                round_.results[place] = Outcome(
                    commit.revision, commit, created=created, report=verdict.remarks
                )
        except KnowledgeBaseError as error:
            if place not in round_.results:
                raise
            # It is done, the ledger has it; the engines follow when they can be written again.
            self._failed = error
            return
        if self._judge.changes_schema(planned.patch):
            self._judge.renew()

    def _flush(self, round_: _Round) -> None:
        """Has the ledger take what waits, with one sync. Raises `StaleHead` when all is to be tried again."""
        waiting, round_.waiting = round_.waiting, []
        if not waiting:
            return
        try:
            commits = self._append([tried.entry for tried in waiting], self.live.stated.revision())
        except KnowledgeBaseError as error:
            for _ in waiting:
                self.live.drop()
            if isinstance(error, StaleHead):
                raise
            round_.results |= {tried.place: error for tried in waiting}
            return
        for tried, commit in zip(waiting, commits, strict=True):
            round_.results[tried.place] = Outcome(
                commit.revision, commit, created=tried.created, report=tried.remarks
            )
        try:
            self.live.land(commits)
        except KnowledgeBaseError as error:
            # It is done, the ledger has it; the engines follow when they can be written again.
            self._failed = error

    def _append(self, entries: Sequence[Entry], head: int) -> list[Commit]:
        """The entries as commits; settles at once what is in doubt, if the ledger is back already."""
        try:
            return self.ledger.append_all(entries, head)
        except (AlreadyDone, KeyReused):
            # Another process has done the same request in the meantime; the next try finds it.
            raise StaleHead(head, self.ledger.head().revision) from None
        except InDoubt as doubt:
            found = [self.ledger.settle(entry.id) for entry in entries]
            settled = [commit for commit in found if commit is not None]
            if len(settled) == len(entries):
                return settled
            raise LedgerUnavailable("The ledger's database failed; nothing was changed.") from doubt

    def _done_before(self, intent: Intent) -> Commit | None:
        """The commit that the same request made before, if it carries an idempotency key."""
        if intent.key is None or intent.request_digest is None:
            return None
        return self.ledger.find_by_key(intent.author, intent.key, intent.request_digest)

    def _created(self, patch: Patch) -> tuple[str, ...]:
        """The graphs that hold nothing yet and would hold something."""
        # What is deleted from is not empty.
        return tuple(
            sorted(
                str(graph) for graph in patch.graphs() if next(self.live.stated.triples(graph), None) is None
            )
        )

    def _entry(self, intent: Intent, planned: Planned, verdict: Verdict, judged: OxigraphEngine) -> Entry:
        """What the ledger is to hold. Raises `DataRefused` for violations that nobody waived.

        judged: the state that the verdict is about.
        """
        if verdict.worse.violations and intent.waiver is None:
            named = Report((*verdict.worse.findings, *verdict.older.findings)[:_LABELLED]).terms()
            raise DataRefused(
                verdict.refusal,
                verdict.worse,
                verdict.older,
                causes(verdict.worse, planned),
                {language: labels_of(judged, named, language) for language in LANGUAGES},
            )
        report = Report.of([*verdict.worse.findings, *verdict.remarks.findings])
        labels = labels_of(judged, Report(report.findings[:10]).terms())
        return Entry(
            planned.patch,
            intent.author,
            intent.role,
            intent.message,
            intent.door,
            intent.key,
            intent.request_digest,
            Summary.of(report, labels),
            waiver=intent.waiver if verdict.worse.violations else None,
            id=intent.id,
        )

    def _checkpoint(self, kind: str) -> Snapshot:
        with self.live.showing:
            engine = self.live.public if kind == "public" else self.live.stated
            revision = engine.revision()
            made = self._checkpoints.find(revision, kind)
            if made is None:
                made = self._checkpoints.make(engine, revision, time_of(revision, self.ledger), kind)
                self._checkpoints.prune(newest=_NEWEST, others=_OTHERS)
        return made


def _fail(round_: _Round, intents: Iterable[int], error: KnowledgeBaseError) -> None:
    for place in intents:
        round_.results.setdefault(place, error)
