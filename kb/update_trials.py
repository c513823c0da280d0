"""What an update costs to find out, as queries: so that a process that may be killed tries them first.

The writer evaluates the WHERE clauses of an update itself, because it alone has the newest state; what takes
all time or memory there keeps everybody from changing anything. So each clause is found by a reader first.
That is no proof: an operation can make the next one dear.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kb.delta import MAX_QUADS
from kb.engine.dry_run import check_syntax
from kb.update_text import EDIT, Change, operations


def trials(text: str, base: str | None = None, reads: Sequence[str] = ()) -> Iterator[str]:
    """A query for each WHERE clause of an update request, which finds what the update needs of it.

    base: as of `kb.update_text.operations`. reads: what the protocol has WHERE clauses read, as after each
    USING. Raises what `operations` and `kb.engine.dry_run.check_syntax` raise; for LOAD nothing is sent.
    """
    for operation in operations(text, EDIT, base, loads=True):
        check_syntax(operation)
        parts = operation.parts()
        if isinstance(parts, Change):
            read = reads or parts.using or ([parts.graph] if parts.graph else ())
            dataset = " ".join(f"FROM {each}" for each in read)
            filled = [each for each in (parts.deletes, parts.inserts) if each is not None]
            names = sorted({f"?{name}" for each in filled for _, _, name in each.variables})
            found = " ".join(names) or "(1 AS ?found)"
            yield (
                f"{operation.prologue}SELECT {found} {dataset} WHERE {parts.where.text} LIMIT {MAX_QUADS + 1}"
            )
