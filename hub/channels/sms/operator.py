"""One account at an operator: the connection that stays open, what comes over it, and what is sent through it."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Generic, Literal, NoReturn, TypeVar

from hub.channels.contract import AdapterContext, Check, SendError, SendReceipt, Sink
from hub.channels.sms.common import record, sms_capabilities
from hub.channels.sms.framing import BadPdu
from hub.channels.sms.link import LinkLost, Refused, stay_connected
from hub.channels.sms.operator_settings import OperatorSettings
from hub.channels.sms.receiving import Receiver
from hub.channels.sms.sender import Sender
from hub.channels.sms.session import OperatorSession
from hub.errors import HubError
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities
from hub.messages.content import OutboundMessage
from hub.messages.states import NEEDS_PERSON, SendFailure

S = TypeVar("S", bound=OperatorSession[Any])
R = TypeVar("R", bound=Receiver[Any])


class OperatorAdapter(ABC, Generic[S, R]):
    """Exclusive: the process that runs it holds the connection, and only that one sends.

    A protocol says what its settings lack, how to sign in, and what a refusal of that means.
    """

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str]
    connection: ClassVar[Literal["exclusive", "shareable"]] = "exclusive"

    def __init__(self, settings: OperatorSettings, context: AdapterContext, sender: Sender[S, Any]) -> None:
        self._settings = settings
        self._context = context
        self._sender = sender
        self._carried = 0  # messages, by the connection that was lost last

    @abstractmethod
    def _lacking(self) -> str:
        """What has to be set before anybody can connect; empty where nothing is missing."""

    @abstractmethod
    def _receiver(self, sink: Sink) -> R:
        """A way in for one run."""

    @abstractmethod
    def _signed_in(self, receiver: R | None) -> AbstractAsyncContextManager[Sequence[S]]:
        """The connections, the one to send through first. Without a receiver nothing is acknowledged: it comes again, to others.

        Raises `Refused`, `OSError`, `HubError`, and `BadPdu` for what cannot be encoded.
        """

    @abstractmethod
    def _sign_in_error(self, refused: Refused) -> SendError:
        """What a refused sign-in means."""

    @abstractmethod
    def _submitted(self) -> str:
        """The request that takes a message, and who it says it is from: for the record."""

    def capabilities(self) -> Capabilities:
        """Text, counted in parts."""
        return sms_capabilities(self._settings)

    async def run(self, sink: Sink) -> None:
        """Keep the connection, and hand over what comes by it. Raises `SendError` where the operator does not let us in."""
        if lacking := self._lacking():
            raise SendError(SendFailure.BAD_SETTINGS, lacking)
        receiver = self._receiver(sink)
        self._sender.expect_link()
        await receiver.load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(receiver.tend())
                group.create_task(self._sender.late.hand_over(sink, self._context.now))
                await stay_connected(lambda: self._live(receiver), carried=lambda: self._carried, lost=self._lost)
        finally:
            self._sender.expect_none()
            await receiver.land()

    async def _live(self, receiver: R) -> NoReturn:
        """One life of the connection; raises what ended it: `SendError` for what a person has to mend."""
        self._carried = 0
        sessions: Sequence[S] = ()
        try:
            async with self._signed_in(receiver) as sessions:
                self._sender.link_is(sessions[0])
                self._context.state("connected", "")
                try:
                    await asyncio.gather(*(session.ended() for session in sessions))
                finally:
                    self._sender.expect_link()
                    self._carried = sum(session.carried for session in sessions)
            raise LinkLost("closed")
        except Refused as refused:
            error = self._sign_in_error(refused)
            if error.failure in NEEDS_PERSON:
                raise error from refused
            raise
        finally:
            if not sessions:
                self._sender.expect_none()

    def _lost(self, error: Exception) -> None:
        self._context.state("retrying", self._why(error))

    def _why(self, error: Exception) -> str:
        return self._sign_in_error(error).detail if isinstance(error, Refused) else str(error) or type(error).__name__

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

    def withdraw(self) -> None:
        """See `Withdraws`."""
        self._sender.withdraw()

    def _record(self, message: OutboundMessage, answer: str, started: float) -> None:
        to = ", ".join(party.value for party in message.recipients)
        request = f"{self._settings.place} {self._submitted()} → {to}, {len(message.text)} characters"
        record(self._context, request, answer, started=started, message_id=message.id)

    async def check(self) -> Sequence[Check]:
        """Connect and sign in."""
        wrong = self._lacking() or await self._tried()
        return [Check(name=self.provider, ok=not wrong, detail=wrong or f"signed in at {self._settings.place}")]

    async def _tried(self) -> str:
        """What is wrong with signing in; empty where nothing is."""
        try:
            async with self._signed_in(None):
                return ""
        except (Refused, OSError, HubError, BadPdu) as error:
            return f"{self._settings.place}: {self._why(error)}"
