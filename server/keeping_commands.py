"""`regiolink verify`, `rebuild`, `backup` and `restore`: keeping a knowledge base whole."""

from __future__ import annotations

from pathlib import Path

import click

from kb.checkpoints import holding
from kb.errors import EngineDamaged, NotAllowed, NotFound
from kb.folder import DataFolder, FolderInUse
from kb.ledger.backup import DATABASE_NAME
from kb.ledger.backup import restore as restore_ledger
from kb.verification import verify as compare
from server.local import knowledge_base, ledger, service_runs, writer
from server.settings import load_settings
from server.terminal import in_plain_words, progress

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@in_plain_words
def verify() -> None:
    """Compare the engines with the ledger: every hash, every patch, every statement. Changes nothing.

    Exit code 0 when all is whole, 1 when not; the sentences say what is wrong. Works while the service runs.
    """
    kb = knowledge_base()
    # The ledger first: whoever opens a writer of it may need what is wrong there.
    with ledger() as opened, progress() as told:
        verdict = opened.verify(lambda done, total, _: told("Verifying commits", done, total))
    if verdict.broken is not None:
        click.echo(verdict.sentence)
        raise SystemExit(1)
    try:
        with writer() as made:
            public, stated = made.both()
        with holding(public), holding(stated), ledger() as opened, progress() as told:
            found = compare(opened, kb.reading(stated), kb.reading(public), told)
    except EngineDamaged as damaged:
        click.echo(str(damaged))
        raise SystemExit(1) from None
    for sentence in found.sentences:
        click.echo(sentence)
    if found.sentences:
        raise SystemExit(1)
    click.echo(f"Ledger and engines agree on all {found.revision:,} revisions.")


@click.command()
@in_plain_words
def rebuild() -> None:
    """Make the engines anew from the ledger, and derive anew what follows. The service must not run."""
    kb = knowledge_base()
    if service_runs(kb):
        raise FolderInUse("The service is running; stop it first.")
    with progress() as told, kb.writer(told) as made:
        made.rebuild(told)
        click.echo(f"The engines are made anew, up to revision {made.head():,}.")


@click.command()
@click.argument("folder", type=_FOLDER)
@in_plain_words
def backup(folder: Path) -> None:
    """Copy the ledger to a new FOLDER, verified; also while the service runs.

    The ledger is all that a knowledge base needs: 'regiolink restore' makes the rest anew from it.
    """
    with ledger() as opened, progress() as told:
        verdict = opened.backup(folder, lambda done, total, _: told("Copying", done, total))
        knowledge_base().folder.copy_kind_to(folder)
    click.echo(f"Backup of revision {verdict.head.revision:,} in {folder}: {verdict.sentence}")


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--until", type=click.IntRange(0), help="The newest revision to restore; all when not given.")
@in_plain_words
def restore(folder: Path, until: int | None) -> None:
    """Make a knowledge base from the backup in FOLDER, in a data folder that has none.

    With --until, commits after that revision are left out for good.
    """
    if load_settings().ledger:
        raise NotAllowed("A ledger in PostgreSQL is restored with pg_restore.")
    if not (folder / DATABASE_NAME).is_file():
        raise NotFound(f"There is no backup of a ledger in {folder}.")
    kb = knowledge_base()
    with progress() as told:
        # A backup by another way than 'regiolink backup' does not say what it is of.
        begun = DataFolder(folder)
        kb.folder.make_ready(empty=begun.is_empty or kb.folder.is_empty, plain=begun.is_plain)
        verdict = restore_ledger(
            folder,
            kb.folder.ledger,
            kb.folder.patches,
            lambda done, total, _: told("Restoring", done, total),
            until,
        )
        # Opening it makes the engines, since there are none.
        with kb.writer(told):
            pass
    click.echo(f"Restored up to revision {verdict.head.revision:,}.")
