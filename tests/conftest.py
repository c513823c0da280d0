"""Fixtures and rules for all tests."""

import os
import shutil
import threading
from contextlib import contextmanager, nullcontext

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With REGIOLINK_STRICT, a skipped test is a failed test: where main is guarded, nothing is left out."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("REGIOLINK_STRICT"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {call.excinfo.value if call.excinfo else ''}"


@contextmanager
def writer_at_work(kb, **begun):
    """Takes changes of a knowledge base at its socket, in a thread of this process."""
    from server.writer_process import WriterService
    from server.writer_wire import listen

    with kb.writer(**begun) as writer, listen(kb.folder.socket) as listener:
        service = WriterService(writer, listener, lambda _seconds: nullcontext())
        thread = threading.Thread(target=service.run)
        thread.start()
        try:
            yield writer
        finally:
            service.stop()
            thread.join()


@pytest.fixture(scope="session")
def knowledge_base(tmp_path_factory):
    """The shipped knowledge base, built once for all tests that only read it."""
    from kb.knowledge_base import KnowledgeBase

    kb = KnowledgeBase(tmp_path_factory.mktemp("shipped") / "data")
    with kb.writer() as writer:
        writer.stated()
    return kb


@pytest.fixture(scope="session")
def client(knowledge_base, tmp_path_factory):
    """A test client of the application over a copy of the shipped knowledge base."""
    from kb.knowledge_base import KnowledgeBase
    from server.app import create_app
    from server.settings import load_settings

    folder = shutil.copytree(knowledge_base.folder.path, tmp_path_factory.mktemp("client") / "data")
    with writer_at_work(KnowledgeBase(folder)):
        app = create_app(load_settings({"REGIOLINK_DATA_DIR": str(folder)}))
        yield app.test_client()
        app.extensions["services"].close()
