"""The services a handler may use, one attribute each; put together by the composition root."""

from dataclasses import dataclass

from aiohttp import web

from hub.auth import Auth
from hub.bus import Bus
from hub.db import Database
from hub.ops.health import LoopLag, Probes
from hub.secrets import SecretKeys
from hub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything behind the HTTP edge."""

    settings: Settings
    keys: SecretKeys
    db: Database
    bus: Bus
    probes: Probes
    lag: LoopLag
    auth: Auth


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
