"""One account at a CMPP gateway: the connection that stays open, what comes over it, and what is sent through it."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Literal, NoReturn

from hub.channels.contract import AdapterContext, Check, Exchange, SendError, SendReceipt, Sink
from hub.channels.sms.cmpp.coding import source_of
from hub.channels.sms.cmpp.octets import V2, V3, BadPdu
from hub.channels.sms.cmpp.receiving import CmppReceiver
from hub.channels.sms.cmpp.sending import CmppSender
from hub.channels.sms.cmpp.session import Deliver, Gateway, Session, Times, signed_in
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import CHINA, sign_in_failure
from hub.channels.sms.common import sms_capabilities
from hub.channels.sms.link import LinkLost, Refused, stay_connected
from hub.channels.sms.sender import LateAnswers
from hub.errors import HubError
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities
from hub.messages.content import OutboundMessage
from hub.messages.states import SendFailure


class CmppAdapter:
    """Exclusive: the process that runs it holds the connection, and only that one sends."""

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str] = "cmpp"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "exclusive"

    def __init__(self, settings: CmppSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._late = LateAnswers()
        self._sender = CmppSender(settings, self._late.put)
        self._carried = 0  # messages, by the connection that was lost last

    def capabilities(self) -> Capabilities:
        """Text, counted in parts."""
        return sms_capabilities(self._settings)

    async def run(self, sink: Sink) -> None:
        """Keep the connection, and hand over what comes by it. Raises `SendError` where the gateway does not let us in."""
        if not self._settings.host or not self._settings.sp_id:
            raise SendError(SendFailure.BAD_SETTINGS, "no server or no enterprise code is set")
        receiver = CmppReceiver(self._settings, self._context, sink)
        self._sender.expect_link()
        await receiver.load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(receiver.tend())
                group.create_task(self._late.hand_over(sink, self._context.now))
                await stay_connected(lambda: self._live(receiver.take), carried=lambda: self._carried, lost=self._lost)
        finally:
            self._sender.expect_none()
            await receiver.land()

    def _lost(self, error: Exception) -> None:
        self._context.state("retrying", _why(error))

    async def _live(self, deliver: Deliver) -> NoReturn:
        """One life of the connection; raises what ended it: `SendError` for what a person has to mend."""
        self._carried = 0
        session: Session | None = None
        try:
            async with await self._signed_in(deliver) as session:
                self._sender.link_is(session)
                self._context.state("connected", "")
                try:
                    await session.ended()
                finally:
                    self._sender.expect_link()
                    self._carried = session.carried
            raise LinkLost("closed")
        except Refused as refused:
            failure, why = sign_in_failure(refused.status)
            if failure is not SendFailure.UNAVAILABLE:
                raise SendError(failure, why, provider_code=str(refused.status)) from refused
            raise
        finally:
            if session is None:
                self._sender.expect_none()

    async def _signed_in(self, deliver: Deliver) -> AbstractAsyncContextManager[Session]:
        settings = self._settings
        gateway = Gateway(
            address=await self._context.connect(settings.host, settings.port),
            port=settings.port,
            sp_id=settings.sp_id,
            secret=settings.shared_secret,
            version=V3 if settings.version == "3.0" else V2,
        )
        times = Times(response=settings.response_seconds, test=settings.test_seconds)
        return signed_in(gateway, self._context.now().astimezone(CHINA), deliver, window=settings.window, times=times)

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """Submit; raises `SendError` only."""
        started = time.monotonic()
        try:
            receipt = await self._sender.send(message)
        except SendError as error:
            self._record(message, str(error), started)
            raise
        self._record(message, f"taken as {', '.join(receipt.provider_ids)}", started)
        return receipt

    def _record(self, message: OutboundMessage, answer: str, started: float) -> None:
        settings = self._settings
        to = ", ".join(party.value for party in message.recipients)
        self._context.record(
            Exchange(
                at=self._context.now(),
                request=f"{settings.host}:{settings.port} SUBMIT {source_of(settings)} → {to}, {len(message.text)} characters",
                response=answer,
                duration=time.monotonic() - started,
                message_id=message.id,
            )
        )

    async def check(self) -> Sequence[Check]:
        """Connect and sign in. What the gateway delivers meanwhile stays unanswered, so that it comes again."""
        place = f"{self._settings.host}:{self._settings.port}"
        if not self._settings.host or not self._settings.sp_id:
            return [Check(name="cmpp", ok=False, detail="server and enterprise code have to be set")]
        try:
            async with await self._signed_in(_not_now):
                return [Check(name="cmpp", ok=True, detail=f"signed in at {place} as {self._settings.sp_id}")]
        except Refused as refused:
            return [Check(name="cmpp", ok=False, detail=f"{place}: {_why(refused)}")]
        except (OSError, HubError, BadPdu) as error:
            return [Check(name="cmpp", ok=False, detail=f"{place}: {_why(error)}")]


async def _not_now(body: bytes, version: int) -> None:
    return None


def _why(error: Exception) -> str:
    return sign_in_failure(error.status)[1] if isinstance(error, Refused) else str(error) or type(error).__name__
