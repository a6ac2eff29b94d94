"""One account at a short message centre: the connection that stays open, what comes over it, and what is sent through it."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar, Literal, NoReturn

from hub.channels.contract import AdapterContext, Check, Exchange, SendError, SendReceipt, Sink
from hub.channels.sms.common import sms_capabilities
from hub.channels.sms.link import LinkLost, Refused, stay_connected
from hub.channels.sms.sender import LateAnswers
from hub.channels.sms.smpp.receiving import SmppReceiver
from hub.channels.sms.smpp.sending import SmppSender
from hub.channels.sms.smpp.session import Centre, Deliver, Session, Times, bound
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status, failure_of, name_of
from hub.channels.sms.smpp.wire import BadPdu, Bind, Command, ShortMessage
from hub.errors import HubError
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities
from hub.messages.content import OutboundMessage
from hub.messages.states import DeliveryState, SendFailure

_PERSON = frozenset({SendFailure.BAD_SETTINGS, SendFailure.BAD_CREDENTIALS})
_COMMANDS = {
    "transceiver": (Command.BIND_TRANSCEIVER,),
    "separate": (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
}


class SmppAdapter:
    """Exclusive: the process that runs it holds the connection, and only that one sends."""

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str] = "smpp"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "exclusive"

    def __init__(self, settings: SmppSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._late = LateAnswers()
        self._sender = SmppSender(settings, self._late.put)
        self._carried = 0  # messages, by the connection that was lost last

    def capabilities(self) -> Capabilities:
        """Text, counted in parts."""
        return sms_capabilities(self._settings)

    async def run(self, sink: Sink) -> None:
        """Keep the connection, and hand over what comes by it. Raises `SendError` where the centre does not let us in."""
        if not self._settings.host:
            raise SendError(SendFailure.BAD_SETTINGS, "no server is set")
        receiver = SmppReceiver(self._settings, self._context, sink)
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
        sessions: list[Session] = []
        try:
            async with self._bound(_COMMANDS[self._settings.bind], deliver) as sessions:
                self._sender.link_is(sessions[0])
                self._context.state("connected", "")
                try:
                    await asyncio.gather(*(session.ended() for session in sessions))
                finally:
                    self._sender.expect_link()
                    self._carried = sum(session.carried for session in sessions)
            raise LinkLost("closed")
        except Refused as refused:
            if (failure := failure_of(refused.status)) in _PERSON:
                raise SendError(failure, _why(refused), provider_code=name_of(refused.status)) from refused
            raise
        finally:
            if not sessions:
                self._sender.expect_none()

    @asynccontextmanager
    async def _bound(self, commands: Sequence[Command], deliver: Deliver) -> AsyncIterator[list[Session]]:
        settings = self._settings
        bind = Bind(system_id=settings.system_id, password=settings.password, system_type=settings.system_type)
        times = Times(response=settings.response_seconds, enquire=settings.enquire_seconds)
        centre = await self._centre()
        async with AsyncExitStack() as stack:
            opening = [bound(centre, command, bind, deliver, window=settings.window, times=times) for command in commands]
            yield [await stack.enter_async_context(one) for one in opening]

    async def _centre(self) -> Centre:
        settings = self._settings
        return Centre(
            host=settings.host,
            address=await self._context.connect(settings.host, settings.port),
            port=settings.port,
            tls=None if settings.security == "none" else await asyncio.to_thread(ssl.create_default_context),
        )

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

    async def fetch_status(self, message: OutboundMessage) -> DeliveryState | None:
        """By query_sm, which knows a message by its id alone: where the answer to one part is lost nobody can be asked."""
        if not message.provider_ids or not all(message.provider_ids):
            return None
        states = [await self._sender.state_of(id) for id in message.provider_ids]
        if DeliveryState.FAILED in states:
            return DeliveryState.FAILED
        if None in states:
            return None
        return DeliveryState.DELIVERED if set(states) == {DeliveryState.DELIVERED} else DeliveryState.ACCEPTED

    def _record(self, message: OutboundMessage, answer: str, started: float) -> None:
        settings = self._settings
        to = ", ".join(party.value for party in message.recipients)
        self._context.record(
            Exchange(
                at=self._context.now(),
                request=f"{settings.host}:{settings.port} submit_sm {settings.sender} → {to}, {len(message.text)} characters",
                response=answer,
                duration=time.monotonic() - started,
                message_id=message.id,
            )
        )

    async def check(self) -> Sequence[Check]:
        """Connect and sign in, as a transmitter: then the centre delivers nothing to us."""
        place = f"{self._settings.host}:{self._settings.port}"
        try:
            async with self._bound([Command.BIND_TRANSMITTER], _not_now):
                return [Check(name="smpp", ok=True, detail=f"signed in at {place}")]
        except Refused as refused:
            return [Check(name="smpp", ok=False, detail=f"{place} refused the bind: {refused}")]
        except (OSError, HubError, BadPdu) as error:
            return [Check(name="smpp", ok=False, detail=f"{place}: {error or type(error).__name__}")]


async def _not_now(session: Session, message: ShortMessage, body: bytes) -> Status:
    return Status.RX_T_APPN


def _why(error: Exception) -> str:
    return f"the bind was refused: {error}" if isinstance(error, Refused) else str(error) or type(error).__name__
