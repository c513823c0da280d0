"""The data folder: which one is taken, which one is refused, and by how many at once."""

import json
import subprocess
import sys

import pytest

from kb.errors import FolderUnusable, NotAllowed
from kb.folder import FORMAT, DataFolder, FolderInUse


def test_a_new_folder_is_made_and_is_not_empty_or_plain(tmp_path):
    folder = DataFolder(tmp_path / "a" / "b")
    assert not folder.exists()
    folder.make_ready()
    assert (folder.exists(), folder.is_empty, folder.is_plain) == (True, False, False)


def test_what_it_was_begun_as_it_stays(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.make_ready(empty=True, plain=True)
    folder.make_ready(empty=True, plain=True)
    with pytest.raises(NotAllowed, match="set default_graph to stored"):
        folder.make_ready(empty=True)
    other = DataFolder(tmp_path / "other")
    other.make_ready()
    with pytest.raises(NotAllowed, match="was not begun empty"):
        other.make_ready(empty=True)
    with pytest.raises(NotAllowed, match="begun empty, with --empty"):
        DataFolder(tmp_path / "third").make_ready(plain=True)


def test_a_folder_that_has_only_users_may_still_begin_empty(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.make_for_people()
    folder.make_ready(empty=True)
    assert folder.is_empty


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        (json.dumps({"format": FORMAT + 1}), "written by a newer Regiolink"),
        (json.dumps({"format": 1}), "trial version"),
        ("{", "is damaged"),
        ("{}", "is damaged"),
    ],
)
def test_a_folder_of_another_layout_is_left_alone(tmp_path, marker, sentence):
    (tmp_path / "format.json").write_text(marker)
    with pytest.raises(FolderUnusable, match=sentence):
        DataFolder(tmp_path).make_ready()
    assert [path.name for path in tmp_path.iterdir()] == ["format.json"]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(FolderUnusable, match="holds other files"):
        DataFolder(tmp_path).make_ready()


@pytest.mark.parametrize("below", [False, True])
def test_a_file_is_no_folder(tmp_path, below):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(FolderUnusable):
        DataFolder(file / "x" if below else file).make_ready()


def test_one_process_at_a_time_may_change_it(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.make_ready()
    program = (
        "import sys\nfrom pathlib import Path\nfrom kb.folder import DataFolder\n"
        "with DataFolder(Path(sys.argv[1])).writing(): pass\n"
    )
    command = [sys.executable, "-c", program, str(folder.path)]
    with folder.writing():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert FolderInUse.__name__ in done.stderr
    assert subprocess.run(command, check=False).returncode == 0
