"""One user of a Kannel: messages out by sendsms, messages and delivery reports in by its calls."""

import asyncio
import time
from collections.abc import Sequence
from secrets import token_hex
from typing import ClassVar, Literal

import aiohttp
from yarl import URL

from hub.channels.contract import AdapterContext, Check, SendError, SendReceipt, Sink, Webhook, WebhookReply
from hub.channels.sms.common import encoded, recipient_of, record, sms_capabilities
from hub.channels.sms.kannel import protocol
from hub.channels.sms.kannel.settings import KannelSettings
from hub.errors import Forbidden, HubError
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities
from hub.messages.content import OutboundMessage
from hub.messages.states import SendFailure

LOOK = 60.0  # seconds between two looks whether Kannel is there
LOOK_AGAIN = 5.0  # and after one that failed
CONNECT = 5.0  # seconds; what fails before there is a connection failed for certain
_MOST_SAID = 2_000  # octets of an answer read; Kannel says one line
_NO_RECIPIENT = "Missing receiver"


class KannelAdapter:
    """HTTP both ways: any process may send, any process with a web side is called."""

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str] = "kannel"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "shareable"

    def __init__(self, settings: KannelSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._url = URL(settings.sendsms_url)

    def capabilities(self) -> Capabilities:
        """Text; Kannel cuts it as we count it."""
        return sms_capabilities(self._settings)

    async def run(self, sink: Sink) -> None:
        """Nothing to stay connected to: look from time to time whether Kannel is there and knows us."""
        while True:
            state, said = await self._look()
            self._context.state(state, said)
            await asyncio.sleep(LOOK if state == "connected" else LOOK_AGAIN)

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """One request. Kannel gives no id: reports name what is sent by one of ours, which is in the address they come to."""
        recipient, attempt = recipient_of(message), token_hex(8)
        headers = protocol.headers(message, recipient, attempt, self._settings, self._context.hooks_url)
        started, said = time.monotonic(), "no answer"
        try:
            status, text = await self._post(headers, encoded(message.text))
            said = f"{status} {text}"
        except SendError as error:
            said, error.provider_ids = str(error), (attempt,)
            raise
        finally:
            self._record(message, recipient, said, started)
        if (failure := protocol.failure_of(status, text)) is not None:
            failure.provider_ids = (attempt,)
            raise failure
        return SendReceipt(provider_ids=(attempt,), detail=text[:200])

    async def _post(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Status and first line. Raises `SendError`: what fails before the request was written failed for certain.

        A connection of its own for each: on one that was kept open, a request may meet Kannel's closing it, and nobody could say
        whether it was read.
        """
        timeout = aiohttp.ClientTimeout(
            total=CONNECT + self._settings.answer_seconds + 5, sock_connect=CONNECT, sock_read=self._settings.answer_seconds
        )
        asked = self._context.http().post(
            self._url, data=body, headers={**headers, "Connection": "close"}, allow_redirects=False, timeout=timeout
        )
        try:
            async with asked as answer:
                return answer.status, (await answer.content.read(_MOST_SAID)).decode("utf-8", "replace").strip()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise SendError(SendFailure.UNAVAILABLE, f"Kannel cannot be reached: {_word(error)}") from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise SendError(SendFailure.BAD_SETTINGS, "this cannot be asked of Kannel") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendError(SendFailure.OUTCOME_UNKNOWN, f"Kannel gave no answer: {_word(error)}") from error
        except Forbidden as error:
            raise SendError(SendFailure.BAD_SETTINGS, error.detail) from error
        except HubError as error:
            raise SendError(SendFailure.UNAVAILABLE, error.detail) from error

    def _record(self, message: OutboundMessage, recipient: str, said: str, started: float) -> None:
        request = f"POST {self._url.host}:{self._url.port}{self._url.path} to {recipient}, {len(message.text)} characters"
        record(self._context, request, said, started=started, message_id=message.id)

    async def receive(self, hook: Webhook, sink: Sink) -> WebhookReply:
        """A message or a report. The answer is empty: Kannel would send a text as an answer to the customer."""
        query = hook.target.partition("?")[2]
        await sink.accept(protocol.handover(hook.path_rest, query, self._settings, self._context.now()))
        return WebhookReply()

    async def check(self) -> Sequence[Check]:
        """Ask for sendsms with our password and without a recipient."""
        state, said = await self._look()
        return [Check(name="sendsms", ok=state == "connected", detail=said or "Kannel answers and knows the user")]

    async def _look(self) -> tuple[str, str]:
        """How the account stands, and what is wrong."""
        try:
            status, said = await self._post(protocol.sign_in(self._settings), b"")
        except SendError as error:
            return ("needs_person" if error.failure is SendFailure.BAD_SETTINGS else "retrying"), error.detail
        if status == 400 and _NO_RECIPIENT in said:
            return "connected", ""
        if status in (401, 403):
            return "needs_person", f"Kannel refuses the user: {said[:200]}"
        return ("retrying" if status >= 500 else "needs_person"), f"this is not Kannel's sendsms: HTTP {status}"


def _word(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__
