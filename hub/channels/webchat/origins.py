"""Which pages may show the widget of a site."""

from collections.abc import Iterable
from urllib.parse import urlsplit


def origin_allowed(origin: str, allowed: Iterable[str]) -> bool:
    """Whether `origin` (RFC 6454 §6.2: scheme, host, port) is on the list: exactly, or below an explicit `https://*.host`.

    Nothing on the list allows nothing. `null` (an opaque origin) is never allowed.
    """
    shown = origin.strip().lower()
    return any(_matches(shown, entry.strip().lower().rstrip("/")) for entry in allowed)


def _matches(origin: str, entry: str) -> bool:
    if "*" not in entry:
        return origin == entry and origin.startswith(("http://", "https://"))
    scheme, _, pattern = entry.partition("://*.")
    if not pattern or "*" in pattern:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == scheme and parts.netloc.endswith("." + pattern) and "@" not in parts.netloc


def frame_ancestors(allowed: Iterable[str]) -> str:
    """The value of the CSP directive `frame-ancestors` (CSP Level 3 §6.4.2) for a site: who may embed its frame."""
    return " ".join(entry.strip().lower().rstrip("/") for entry in allowed) or "'none'"
