"""The wheel carries everything that the product reads, and works away from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("kb", "server", "ontology", "shapes", "queries")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out], cwd=ROOT, check=True
    )
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_every_shipped_file_and_nothing_else(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", *SHIPPED], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    expected = {
        f"kb/_data/{name}" if name.startswith(("ontology/", "shapes/", "queries/")) else name
        for name in tracked
        if name
    }
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert inside == expected


def test_the_wheel_runs_away_from_the_checkout(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, 'site')\n"
        "import kb.resources, kb.schema\n"
        "assert kb.__file__.startswith(sys.argv[1]), kb.__file__\n"
        "assert kb.resources.shipped_files('queries', '.rq')\n"
        "assert kb.resources.shipped_files('datasets', '.trig')\n"
        "assert len(kb.schema.load_shapes()) and len(kb.schema.load_ontology())\n"
        "from server.cli import main; main(['--version'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("regiolink, version ")
