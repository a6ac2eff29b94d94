"""What every answer tells the browser to allow, per origin."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hub.api.clients import own_origins
from hub.settings import Settings

# ASVS 5.0 §3.4; `no-store` for everything that does not say otherwise (§14.3.2).
_ALWAYS = {
    "Server": "hub",  # without versions (§13.4.6)
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Permissions-Policy": "geolocation=(), camera=(), payment=(), usb=()",
}


def console_headers(settings: Settings) -> dict[str, str]:
    """The console never runs what did not come from it, and is framed by nobody.

    Pictures and mail come from the files origin, a site's preview from the widget's.
    """
    sockets = " ".join(f"ws{origin.removeprefix('http')}" for origin in _nameable(settings))
    files, widget = _with_local_twins(settings.files_url), _with_local_twins(settings.widget_url)
    policy = (
        "default-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        f"img-src 'self' data: blob: {files}; media-src 'self' blob: {files}; frame-src {files} {widget}; "
        f"connect-src 'self' {sockets}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        **_ALWAYS,
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        **_https_only(settings.public_url),
    }


def widget_headers(settings: Settings) -> dict[str, str]:
    """The widget's scripts are loaded by foreign pages; its frame says itself who may frame it."""
    return {
        **_ALWAYS,
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        **_https_only(settings.widget_url),
    }


def files_headers(settings: Settings) -> dict[str, str]:
    """Nothing here runs, and only the console shows it in a frame."""
    return {
        **_ALWAYS,
        "Content-Security-Policy": f"default-src 'none'; sandbox; frame-ancestors {' '.join(_nameable(settings))}",
        "Cross-Origin-Resource-Policy": "cross-origin",
        **_https_only(settings.files_url),
    }


def middleware(headers: Mapping[str, str]) -> Middleware:
    """Add `headers` to every answer that does not set them itself."""

    @web.middleware
    async def add(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if not answer.prepared:
            for name, value in headers.items():
                answer.headers.setdefault(name, value)
        return answer

    return add


def _nameable(settings: Settings) -> list[str]:
    """The console's origins that a policy can name: CSP has no form for an IPv6 address (CSP Level 3 §2.3.1)."""
    return [origin for origin in own_origins(settings) if "[" not in origin]


def _with_local_twins(url: str) -> str:
    """On this machine a page may be opened as `localhost` or `127.0.0.1`, and either may name the other."""
    parts = urlsplit(url)
    if parts.hostname not in ("localhost", "127.0.0.1"):
        return url
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://localhost{port} {parts.scheme}://127.0.0.1{port}"


def _https_only(url: str) -> dict[str, str]:
    return {"Strict-Transport-Security": "max-age=31536000"} if url.startswith("https://") else {}
