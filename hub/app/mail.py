"""The mail doors of this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from hub.accounts.routes import Routes
from hub.app.build import Parts
from hub.channels.email.smtp_in import DoorLimits, MailDoor, NoRoute, Route
from hub.db import DatabaseGone


@asynccontextmanager
async def mail_doors(parts: Parts) -> AsyncIterator[MailDoor]:
    """SMTP and LMTP, open while the block runs."""
    hub = parts.hub
    routes = Routes(hub.db, hub.bus)

    async def resolve(recipient: str) -> Route:
        try:
            return await routes.of(recipient) or NoRoute.UNKNOWN
        except DatabaseGone:
            return NoRoute.LATER

    settings = hub.settings
    limits = DoorLimits(message_bytes=settings.mail_max_bytes, bytes_in_flight=settings.mail_memory_bytes)
    hostname = urlsplit(settings.public_url).hostname or "localhost"
    door = MailDoor(resolve, hub.intake.sink_for, limits=limits, hostname=hostname)
    await door.start(smtp=(settings.smtp_host, settings.smtp_port), lmtp=(settings.lmtp_host, settings.lmtp_port))
    try:
        yield door
    finally:
        await door.stop()
