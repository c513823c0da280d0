"""One service for all tests that leave it whole."""

import pytest

from bench.served import served


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    with served(tmp_path_factory.mktemp("service")) as made:
        yield made
