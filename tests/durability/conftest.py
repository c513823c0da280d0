"""One service for all tests of a module that leave it whole, and its folder for those that do not."""

import pytest

from bench.served import Served, adding, served


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with served(tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def stopped(tmp_path):
    """A service that has three regions and does not run."""
    made = Served(tmp_path / "service")
    made.start()
    for name in ("a", "b", "c"):
        assert made.update(adding(name)).status == 204
    assert made.stop() == 0
    yield made
    if made._process is not None:
        made.stop()
