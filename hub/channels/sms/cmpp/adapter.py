"""One account at a CMPP gateway."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from hub.channels.contract import AdapterContext, SendError, Sink
from hub.channels.sms.cmpp.coding import source_of
from hub.channels.sms.cmpp.octets import V2, V3
from hub.channels.sms.cmpp.receiving import CmppReceiver
from hub.channels.sms.cmpp.sending import CmppSender
from hub.channels.sms.cmpp.session import Gateway, Session, Times, signed_in
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import CHINA, sign_in_failure
from hub.channels.sms.link import Refused
from hub.channels.sms.operator import OperatorAdapter


class CmppAdapter(OperatorAdapter[Session, CmppReceiver]):
    """See `OperatorAdapter`."""

    provider: ClassVar[str] = "cmpp"
    _settings: CmppSettings

    def __init__(self, settings: CmppSettings, context: AdapterContext) -> None:
        super().__init__(settings, context, CmppSender(settings))

    def _lacking(self) -> str:
        return "" if self._settings.host and self._settings.sp_id else "no server or no enterprise code is set"

    def _receiver(self, sink: Sink) -> CmppReceiver:
        return CmppReceiver(self._settings, self._context, sink)

    @asynccontextmanager
    async def _signed_in(self, receiver: CmppReceiver | None) -> AsyncIterator[Sequence[Session]]:
        settings = self._settings
        gateway = Gateway(
            address=await self._context.connect(settings.host, settings.port),
            port=settings.port,
            sp_id=settings.sp_id,
            secret=settings.shared_secret,
            version=V3 if settings.version == "3.0" else V2,
        )
        at = self._context.now().astimezone(CHINA)
        times = Times(response=settings.response_seconds, test=settings.test_seconds)
        deliver = receiver.take if receiver else _not_now
        async with signed_in(gateway, at, deliver, window=settings.window, times=times) as session:
            yield [session]

    def _sign_in_error(self, refused: Refused) -> SendError:
        failure, why = sign_in_failure(refused.status)
        return SendError(failure, why, provider_code=str(refused.status))

    def _submitted(self) -> str:
        return f"SUBMIT {source_of(self._settings)}"


async def _not_now(body: bytes, version: int) -> None:
    return None
