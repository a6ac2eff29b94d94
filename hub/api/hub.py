"""The services a handler may use, one attribute each; put together by the composition root."""

from dataclasses import dataclass

from aiohttp import web

from hub.bus import Bus
from hub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything behind the HTTP edge."""

    settings: Settings
    bus: Bus


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
