"""Fixtures and rules for all tests."""

import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With REGIOLINK_STRICT, a skipped test is a failed test: where main is guarded, nothing is left out."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("REGIOLINK_STRICT"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {call.excinfo.value if call.excinfo else ''}"


@pytest.fixture(scope="session")
def knowledge_base(tmp_path_factory):
    """The shipped knowledge base, built once for all tests that only read it."""
    from kb.store import KnowledgeBase

    kb = KnowledgeBase(tmp_path_factory.mktemp("shipped") / "data")
    with kb.writing():
        kb.build()
    return kb


@pytest.fixture(scope="session")
def client(knowledge_base):
    """A test client of the application over the shipped knowledge base."""
    from server.app import create_app

    return create_app(knowledge_base).test_client()
