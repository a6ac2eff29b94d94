"""One account at a short message centre."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar

from hub.channels.contract import AdapterContext, SendError, Sink
from hub.channels.sms.link import Refused
from hub.channels.sms.operator import OperatorAdapter
from hub.channels.sms.smpp.receiving import SmppReceiver
from hub.channels.sms.smpp.sending import SmppSender
from hub.channels.sms.smpp.session import Centre, Session, Times, bound
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status, failure_of, name_of
from hub.channels.sms.smpp.wire import Bind, Command, ShortMessage
from hub.messages.content import OutboundMessage
from hub.messages.states import DeliveryState

_COMMANDS = {
    "transceiver": (Command.BIND_TRANSCEIVER,),
    "transmitter": (Command.BIND_TRANSMITTER,),
    "separate": (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
}


class SmppAdapter(OperatorAdapter[Session, SmppReceiver]):
    """See `OperatorAdapter`."""

    provider: ClassVar[str] = "smpp"
    _settings: SmppSettings
    _sender: SmppSender

    def __init__(self, settings: SmppSettings, context: AdapterContext) -> None:
        super().__init__(settings, context, SmppSender(settings))

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

    def _lacking(self) -> str:
        return "" if self._settings.host else "no server is set"

    def _receiver(self, sink: Sink) -> SmppReceiver:
        return SmppReceiver(self._settings, self._context, sink)

    @asynccontextmanager
    async def _signed_in(self, receiver: SmppReceiver | None) -> AsyncIterator[Sequence[Session]]:
        settings = self._settings
        commands = _COMMANDS[settings.bind if receiver else "transmitter"]
        deliver = receiver.take if receiver else _not_now
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

    def _sign_in_error(self, refused: Refused) -> SendError:
        why = f"the bind was refused: {refused}"
        return SendError(failure_of(refused.status), why, provider_code=name_of(refused.status))

    def _submitted(self) -> str:
        return f"submit_sm {self._settings.sender}"


async def _not_now(session: Session, message: ShortMessage, body: bytes) -> Status:
    return Status.RX_T_APPN
