"""What the tests of importers share."""

from pathlib import Path

import pytest
from rdflib import Dataset

from kb.terms import PREFIXES


@pytest.fixture
def silent():
    """Progress that nobody looks at."""
    return lambda *_: None


@pytest.fixture
def quads():
    """The quads of a dataset, or of TriG text without its prefix lines, as a set that can be compared."""

    def of(source):
        if isinstance(source, Dataset):
            return set(source.quads())
        prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
        return set(Dataset().parse(data=prefixes + source, format="trig").quads())

    return of


@pytest.fixture
def reference():
    """Gives the reference files with these paths; the test is left out where they are missing."""

    def files(*paths):
        shared = Path(__file__).resolve().parents[4] / "shared" / "data"
        found = [shared / path for path in paths]
        if not all(path.exists() for path in found):
            pytest.skip("Left out: put the reference data into the folder shared/data beside the checkout.")
        return found

    return files
