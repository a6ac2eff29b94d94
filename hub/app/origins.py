"""The web side: three origins on three ports, and the sockets on two of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from hub.api.endpoint import Router
from hub.api.mail_pages import providers
from hub.api.routes import CONSOLE
from hub.api.server import console_app, files_app, widget_app
from hub.app.build import Parts
from hub.realtime import Realtime
from hub.realtime.frames import AGENT, VISITOR


@asynccontextmanager
async def origins(parts: Parts, live: Realtime, extra: Sequence[Router]) -> AsyncIterator[None]:
    """Listen while the block runs. `extra`: routers of the console's origin that no document names (the demo's)."""
    hub = parts.hub
    settings = hub.settings
    console = console_app(hub, [*CONSOLE, *extra])
    widget = widget_app(hub, visitors=hub.visitors, sites=parts.sites)
    live.attach(console, AGENT)
    live.attach(widget, VISITOR)
    files = files_app(hub, providers(hub.db, hub.keys))
    runners: list[web.AppRunner] = []
    try:
        for app, port in (console, settings.http_port), (widget, settings.widget_port), (files, settings.files_port):
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
            await runner.setup()
            runners.append(runner)
            await web.TCPSite(runner, settings.http_host, port, reuse_port=hub.db.dialect == "postgres").start()
        yield
    finally:
        for runner in runners:
            await runner.cleanup()
