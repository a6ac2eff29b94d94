"""Health and figures, for those who run the hub."""

import msgspec
from aiohttp import web

from hub.api.endpoint import PUBLIC, Request, Router
from hub.ops import metrics

api = Router(tag="system", prefix="")


class Health(msgspec.Struct, kw_only=True):
    """The process lives; how far its event loop lags behind, in milliseconds."""

    loop_lag_ms: float


class CheckView(msgspec.Struct, kw_only=True):
    """One thing the hub stands on."""

    name: str
    ok: bool
    detail: str


@api.get("/healthz", needs=PUBLIC)
async def health(request: Request) -> Health:
    """Is the process alive?"""
    return Health(loop_lag_ms=round(request.hub.lag.current * 1000, 1))


@api.get("/readyz", needs=PUBLIC)
async def ready(request: Request) -> web.Response:
    """Can it serve (200), or not now (503); either way what every probe said."""
    readiness = await request.hub.probes.ask()
    checks = [CheckView(name=check.name, ok=check.ok, detail=check.detail) for check in readiness.checks]
    body = msgspec.json.encode({"ok": readiness.ok, "checks": checks})
    return web.Response(status=200 if readiness.ok else 503, body=body, content_type="application/json")


@api.get("/metrics", needs=PUBLIC, produces="text/plain")
async def figures(request: Request) -> web.Response:
    """Figures for Prometheus."""
    return web.Response(body=metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
