"""Two services that clients ask."""

from contextlib import ExitStack

import pytest

from tests.real_service import free_port, served


@pytest.fixture(scope="session")
def services(tmp_path_factory):
    """Two empty services, for tests that each use names of their own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(served(tmp_path_factory.mktemp(name), free_port()))
            for name in ("here", "there")
        ]


@pytest.fixture(scope="session")
def service(services):
    """One of them."""
    return services[0]
