"""Tests of kb/resources.py."""

import pytest

from kb.errors import NotFound
from kb.resources import folder, shipped_files


def test_every_shipped_folder_is_found():
    assert all(folder(name).is_dir() for name in ("ontology", "shapes", "queries", "datasets"))


def test_a_folder_that_is_not_shipped_is_named_in_the_error():
    with pytest.raises(NotFound, match="'secrets'"):
        folder("secrets")


def test_files_come_sorted_with_their_path_inside_the_folder():
    names = [name for name, _ in shipped_files("ontology", ".ttl")]
    assert names == sorted(names)
