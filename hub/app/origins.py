"""The web side: three origins on three ports."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from hub.api.endpoint import Router
from hub.api.mail_pages import providers
from hub.api.routes import CONSOLE, DOCUMENTED
from hub.api.server import console_app, files_app
from hub.app.build import Parts


@asynccontextmanager
async def origins(parts: Parts, extra: Sequence[Router]) -> AsyncIterator[None]:
    """Listen while the block runs. `extra`: routers of the console's origin that no document names (the demo's)."""
    hub = parts.hub
    settings = hub.settings
    apps = (
        (console_app(hub, [*CONSOLE, *extra], documented=DOCUMENTED), settings.http_port),
        (files_app(hub, providers(hub.db, hub.media, hub.keys)), settings.files_port),
    )
    runners = []
    try:
        for app, port in apps:
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
            await runner.setup()
            runners.append(runner)
            await web.TCPSite(runner, settings.http_host, port, reuse_port=hub.db.dialect == "postgres").start()
        yield
    finally:
        for runner in runners:
            await runner.cleanup()
