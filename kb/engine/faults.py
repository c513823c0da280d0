"""What the engine's own exceptions mean: about its files, and about texts that do not parse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kb.engine.contract import FileSyntaxError, NotSupported, QuerySyntaxError
from kb.errors import EngineDamaged, FolderUnusable, KnowledgeBaseError, NoRoom


def fault(error: OSError | RuntimeError) -> KnowledgeBaseError | None:
    """The error in our words; None for a `RuntimeError` that is not about the engine's files.

    RocksDB's own sentence names paths of the server; only its kind is passed on. Source: pyoxigraph 0.5
    raises RocksDB's IO errors as `OSError` and a checksum that does not fit as `RuntimeError`, when a store
    is opened, at any row of a result, and when something is written.
    """
    text = str(error)
    if isinstance(error, RuntimeError):
        return _damaged() if text.startswith("Corruption") else None
    if text.startswith("JSON-LD does not support"):
        return NotSupported("JSON-LD has no triples about triples and no base directions; ask for Turtle.")
    if "No space left" in text or "Disk quota" in text:
        return NoRoom("the data folder")
    if "lock" in text.lower():
        return FolderUnusable("The data folder is in use by another process; stop that one first.")
    if "Permission denied" in text:
        return FolderUnusable("The data folder cannot be written to; check who owns it.")
    return _damaged()


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raises what the engine says of its files as `NoRoom`, `FolderUnusable` or `EngineDamaged`."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        explained = fault(error)
        if explained is None:
            raise
        raise explained from None


def _damaged() -> EngineDamaged:
    return EngineDamaged("The engine's files cannot be read; they may be damaged. 'regiolink rebuild' helps.")


def file_error(error: SyntaxError, name: str) -> FileSyntaxError:
    """The parser's error for people, with line and column where it names them."""
    what = re.sub(r"^Parser error( (at|between) [^:]*)?: ", "", str(error.msg)).rstrip(".")
    return FileSyntaxError(name, what, error.lineno or None, error.offset or None)


def query_error(error: SyntaxError) -> QuerySyntaxError:
    """The parser's error for people, with line and column where it names them."""
    at = re.match(r"error at (\d+):(\d+): (.*)", str(error.msg), re.DOTALL)
    if not at:
        return QuerySyntaxError(str(error.msg).strip().rstrip("."), None, None)
    # The engine lists character classes among what it expected; they tell a person nothing.
    what = re.sub(r"\[[^\]]*\](, )?|\s*\n\s*\|[^\]]*\](, )?", "", at[3]).strip().rstrip(".,")
    return QuerySyntaxError(what, int(at[1]), int(at[2]))
