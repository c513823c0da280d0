"""Headers that every answer has, which keep browsers from making more of it than it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CONTENT_SECURITY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

GUARD: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": _CONTENT_SECURITY,
    "Referrer-Policy": "no-referrer",
}
