"""What a reader found damaged is told to the writer, once for all readers that meet it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from kb.errors import KnowledgeBaseError

_BETWEEN: Final = 3.0
_LOG = logging.getLogger(__name__)


class Mending:
    """Has damage put right in the background, while others go on."""

    def __init__(self, mend: Callable[[], None]) -> None:
        """mend: says to the writer that there is damage, and returns when it is put right."""
        self._mend = mend
        self._lock = threading.Lock()
        self._told = float("-inf")

    def doubt(self) -> None:
        """A reader found its state damaged. Returns at once; heeded every three seconds."""
        with self._lock:
            if time.monotonic() - self._told < _BETWEEN:
                return
            self._told = time.monotonic()
        threading.Thread(target=self._tell, name="mending", daemon=True).start()

    def _tell(self) -> None:
        try:
            self._mend()
        except KnowledgeBaseError as error:
            _LOG.error("What a reader found damaged could not be put right: %s", error)
        else:
            _LOG.warning("A reader found its state damaged; it was left for a new one.")
