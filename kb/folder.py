"""The data folder: where everything of one knowledge base lies, and who may change it.

<data_dir>/format.json      which layout this is, so that an older program leaves a newer folder alone
<data_dir>/lock             held by the one process that may change anything
<data_dir>/ledger.sqlite    the ledger, unless it is in PostgreSQL
<data_dir>/patches/         large patches of the ledger
<data_dir>/engines/         the live engines: an index of the ledger, made anew when lost
<data_dir>/checkpoints/     states of the engine that never change, for readers
<data_dir>/writer.sock      where the running service takes changes
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import FolderUnusable, NotAllowed

FORMAT = 2
"""The layout of the folder that this program writes."""


class FolderInUse(FolderUnusable):
    """Another process has the right to change the folder."""

    title = "The data folder is in use"


class DataFolder:
    """The data folder of one knowledge base."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = path / "ledger.sqlite"
        self.patches = path / "patches"
        self.engines = path / "engines"
        self.checkpoints = path / "checkpoints"
        self.socket = path / "writer.sock"

    def exists(self) -> bool:
        """Whether a knowledge base was begun here."""
        return self._marker().exists()

    @property
    def is_empty(self) -> bool:
        """Whether it was begun without what the product ships."""
        return bool(self._about().get("empty"))

    @property
    def is_plain(self) -> bool:
        """Whether it is a plain SPARQL store: a default graph of its own, no shapes, no inference."""
        return bool(self._about().get("plain"))

    def make_ready(self, *, empty: bool = False, plain: bool = False) -> None:
        """Makes the folder when it is not there.

        empty: begun without what the product ships; once begun so, it stays so. plain: with a default graph
        of its own, without shapes and inference; only for what is begun empty. Raises `FolderUnusable` for
        a folder that holds other files, cannot be written to, or belongs to a newer program; `NotAllowed`
        when it was begun otherwise.
        """
        self.make_for_people()
        if "empty" not in self._about():
            if plain and not empty:
                raise NotAllowed(
                    "A stored default graph is for a knowledge base that is begun empty, with --empty."
                )
            self._write_about({"format": FORMAT, "empty": empty, "plain": plain})
        if empty and not self.is_empty:
            raise NotAllowed(f"The knowledge base in {self.path} was not begun empty; choose another folder.")
        if plain != self.is_plain:
            raise NotAllowed(
                f"The knowledge base in {self.path} was begun with another default graph; set "
                f"default_graph to {'stored' if self.is_plain else 'union'}."
            )

    def make_for_people(self) -> None:
        """Makes the folder for users and tokens; what the knowledge base in it is, is decided later.

        Raises `FolderUnusable`.
        """
        self.refuse_newer_format()
        try:
            if not self.exists():
                if self.path.exists() and any(self.path.iterdir()):
                    raise FolderUnusable(f"The folder {self.path} holds other files; choose an empty one.")
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._write_about({"format": FORMAT})
            self.checkpoints.mkdir(exist_ok=True)
            self.engines.mkdir(exist_ok=True)
        except (NotADirectoryError, FileExistsError):
            raise FolderUnusable(f"The data folder {self.path} is not a folder.") from None
        except OSError:
            raise FolderUnusable(f"The data folder {self.path} cannot be written to.") from None

    def copy_kind_to(self, folder: Path) -> None:
        """Writes down in another folder, such as one with a backup, what kind of knowledge base this is."""
        try:
            shutil.copyfile(self._marker(), folder / self._marker().name)
        except OSError:
            raise FolderUnusable(f"The folder {folder} cannot be written to.") from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to change what is in the folder, for one process at a time.

        Raises `FolderInUse` when another process has that right, `FolderUnusable`.
        """
        try:
            lock = (self.path / "lock").open("w")
        except OSError:
            raise FolderUnusable(f"The data folder {self.path} cannot be written to.") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise FolderInUse(
                    f"The data folder {self.path} is in use by another Regiolink process; "
                    "stop that one first or choose another folder."
                ) from None
            yield

    def refuse_newer_format(self) -> None:
        """Raises `FolderUnusable` for a folder of another layout."""
        about = self._about()
        if self.exists() and "format" not in about:
            raise FolderUnusable(f"The file format.json in {self.path} is damaged.")
        found = about.get("format", FORMAT)
        if found > FORMAT:
            raise FolderUnusable(
                f"The data folder {self.path} was written by a newer Regiolink "
                f"(layout {found}, this program knows {FORMAT}); use that version or another folder."
            )
        if found < FORMAT:
            raise FolderUnusable(
                f"The data folder {self.path} has the layout of a trial version ({found}) that kept no "
                "history; choose another folder and load your own files again from its generations/*/loaded."
            )

    def _marker(self) -> Path:
        return self.path / "format.json"

    def _write_about(self, about: dict[str, int]) -> None:
        partial = self._marker().with_suffix(".new")
        partial.write_text(json.dumps(about), encoding="utf-8")
        partial.replace(self._marker())

    def _about(self) -> dict[str, int]:
        try:
            found = json.loads(self._marker().read_text(encoding="utf-8"))
            return {name: int(found[name]) for name in ("format", "empty", "plain") if name in found}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (ValueError, KeyError, TypeError):
            raise FolderUnusable(f"The file format.json in {self.path} is damaged.") from None
