"""Whether the service can work: `/healthz` says that the process answers, `/readyz` that each part does."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, json, jsonify

from kb import __version__
from kb.errors import KnowledgeBaseError

Probe = Callable[[], None]
"""Returns soon when a part can work, and raises a `KnowledgeBaseError` that says why not."""


class Readiness:
    """The parts that the service needs, each with a probe."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}
        self._remarks: dict[str, Callable[[], str]] = {}

    def add(self, part: str, probe: Probe) -> None:
        """Adds a part that the service is not ready without; one of the same name is replaced."""
        self._probes[part] = probe

    def add_remark(self, part: str, remark: Callable[[], str]) -> None:
        """Adds what an operator should know of a part that can work. remark: gives a sentence, or nothing."""
        self._remarks[part] = remark

    def remarks(self) -> dict[str, str]:
        """What there is to know of the parts now, by their names."""
        return {part: sentence for part, remark in self._remarks.items() if (sentence := remark())}

    def look(self) -> dict[str, str | None]:
        """Each part by name: None when it can work, else the sentence that says why not."""
        found: dict[str, str | None] = {}
        for part, probe in sorted(self._probes.items()):
            try:
                probe()
                found[part] = None
            except KnowledgeBaseError as error:
                found[part] = str(error)
        return found


def blueprint(readiness: Readiness, tells_why: Callable[[], bool]) -> Blueprint:
    """`/healthz` and `/readyz`.

    tells_why: whether the request at hand may read why a part cannot work, which names folders and such.
    """
    bp = Blueprint("readiness", __name__)

    @bp.get("/healthz")
    def healthz() -> Response:
        return _fresh(jsonify(status="ok", version=__version__))

    @bp.get("/readyz")
    def readyz() -> Response:
        found = readiness.look()
        ready = not any(found.values())
        parts = {
            part: {"ready": why is None} | ({"why": why} if why and tells_why() else {})
            for part, why in found.items()
        }
        for part, remark in readiness.remarks().items() if tells_why() else ():
            parts[part]["remark"] = remark
        body = json.dumps({"status": "ready" if ready else "not ready", "parts": parts}, sort_keys=False)
        answer = Response(f"{body}\n", 200 if ready else 503, mimetype="application/json")
        if not ready:
            answer.headers["Retry-After"] = "5"
        return _fresh(answer)

    return bp


def _fresh(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
