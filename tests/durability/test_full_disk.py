"""A disk that is full: changes are refused as 507, reading goes on, and room is all that is needed again."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import pytest
from rdflib import OWL

from bench.served import EX, PLACES, adding, region, served
from kb.terms import GRAPH

SIZE = 48 << 20


@contextlib.contextmanager
def small_disk(folder: Path):
    """A file system of a few megabytes at `folder`."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"A full disk is left out: only root can mount a small one ({made.stderr.strip()}).")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(ballast: Path, leaving: int = 0) -> None:
    """Fills the disk with a file, but for so many bytes."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        for piece in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(b"x" * piece) == piece:
                    pass
    if leaving:
        os.truncate(ballast, ballast.stat().st_size - leaving)


def large(name):
    """An update of half a megabyte."""
    return f'INSERT DATA {{ GRAPH <{PLACES}> {{ {region(name)} ; <{EX}note> "{"x" * 500_000}" }} }}'


def test_a_full_disk_refuses_changes_and_nothing_else(tmp_path):
    with small_disk(tmp_path / "data") as disk, served(tmp_path) as service:
        assert service.update(adding("first")).status == 204
        there, writer, refusals = service.assert_whole(), service.writer_pid(), 0
        for leaving in (0, 64 << 10, 1 << 20):
            fill(disk / "ballast", leaving)
            for turn in range(6):
                text = (adding, large)[turn % 2](f"{leaving}-{turn}")
                said = service.update(text)
                assert said.status in (204, 507), said.body
                if said.status == 204:
                    there.add(f"{leaving}-{turn}")
                else:
                    refusals += 1
                    assert said.detail.startswith("There is no room left on the disk of")
                    assert said.detail.endswith("; nothing was changed.")
                assert service.names("Region", PLACES) <= there
            new_class = (
                f"INSERT DATA {{ GRAPH <{GRAPH['ontology']}> {{ <urn:c{leaving}> a <{OWL.Class}> }} }}"
            )
            assert service.update(new_class, "root").status in (204, 507)
            (disk / "ballast").unlink()
            until = time.monotonic() + 30
            while (said := service.update(adding(f"room-{leaving}"))).status != 204:
                assert (said.status, time.monotonic() < until) == (507, True)
            assert service.assert_whole() == there | {f"room-{leaving}"}
            there.add(f"room-{leaving}")
        assert refusals >= 3
        assert service.writer_pid() == writer, "it never ended"
        found = service.command("verify")
        assert (found.returncode, found.stdout.startswith("Ledger and engines agree")) == (0, True)

        service.stop()
        fill(disk / "ballast")
        with pytest.raises(RuntimeError, match="There is no room left on the disk of"):
            service.start()
        (disk / "ballast").unlink()
        service.start()
        assert service.assert_whole() == there
