"""The widget as a channel. The socket is held elsewhere: here is only what every channel must be able to say."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Literal

from hub.channels.contract import AdapterContext, Check, SendReceipt, Sink
from hub.channels.webchat.protocol import MAX_FILES, MAX_TEXT
from hub.channels.webchat.settings import SiteSettings
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import OutboundMessage

_FEATURES = {
    Feature.TEXT: Level.FULL,
    Feature.FILES: Level.FULL,
    Feature.HTML: Level.DROPPED,  # what agents write is shown as text, never as mark-up
    Feature.SUBJECT: Level.DROPPED,
    Feature.CC: Level.UNSUPPORTED,
    Feature.BCC: Level.UNSUPPORTED,
    Feature.DELIVERED: Level.FULL,
    Feature.READ: Level.FULL,
    Feature.TYPING: Level.FULL,
}


class WidgetAdapter:
    """One site.

    A message to a visitor is in the event log the moment it is stored: whichever process holds the visitor's socket
    pushes it, now or when
    the visitor is back. So `send` has nothing to do, and the visitor's acknowledgement comes back as a report.
    """

    kind: ClassVar[ChannelKind] = ChannelKind.WEBCHAT
    provider: ClassVar[str] = "widget"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "shareable"
    carried_by_log: ClassVar[bool] = True

    def __init__(self, settings: SiteSettings, context: AdapterContext) -> None:
        self.settings = settings
        self._context = context

    def capabilities(self) -> Capabilities:
        """Text and files; says what was delivered and read."""
        return Capabilities(
            features=_FEATURES,
            max_length=MAX_TEXT,
            max_files=MAX_FILES,
            max_file_bytes=self.settings.max_file_bytes,
        )

    async def run(self, sink: Sink) -> None:
        """Wait: visitors come by socket."""
        self._context.state("connected", "")
        await asyncio.Event().wait()

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """Accepted at once."""
        return SendReceipt(provider_ids=(str(message.id),))

    async def check(self) -> Sequence[Check]:
        """Whether any page may show the widget, and whether identities can be proved where they are demanded."""
        settings = self.settings
        origins = ", ".join(settings.allowed_origins) or "name at least one site, or nobody can open the chat"
        checks = [Check(name="origins", ok=bool(settings.allowed_origins), detail=origins)]
        if settings.identified_only:
            known = bool(settings.identity_secrets())
            detail = "set" if known else "only signed-in visitors are let in, but there is no identity secret"
            checks.append(Check(name="identity", ok=known, detail=detail))
        return checks
