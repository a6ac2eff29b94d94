"""Twilio's SDK over the hub's own HTTP session: gated, timed, and every failure sorted by whether a message may have been made."""

import base64
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from hub.channels.contract import AdapterContext, SendError
from hub.channels.sms.common import record
from hub.channels.sms.twilio import protocol
from hub.channels.sms.twilio.settings import TwilioSettings
from hub.egress import Refused, Unreachable
from hub.ids import MessageId
from hub.messages.states import SendFailure

CONNECT_SECONDS: Final = 8.0
ANSWER_SECONDS: Final = 20.0
T = TypeVar("T")

_MAX_ANSWER: Final = 8 * 2**20  # bytes: a page of 1,000 messages has 1 to 2 million


class Twilio:
    """The API of one account, by the sign-in that worked last."""

    def __init__(self, settings: TwilioSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._sign_in = 0

    async def ask(self, question: Callable[[Any], Awaitable[T]], *, message_id: MessageId | None = None) -> T:
        """What `question` gets from the SDK's client. Raises `SendError` only.

        While tokens are changed at Twilio one of two is refused: then the other is tried. Nothing was made by a request that was refused so.
        """
        sign_ins = self._settings.sign_ins
        for attempt in range(len(sign_ins)):
            transport = _Transport(self._settings, self._context, message_id)
            name, password = sign_ins[self._sign_in % len(sign_ins)]
            client = Client(name, password, account_sid=self._settings.account_sid, http_client=transport)
            try:
                return await question(client)
            except SendError as error:
                if error.failure is not SendFailure.BAD_CREDENTIALS or attempt + 1 == len(sign_ins):
                    raise
                self._sign_in += 1
            except (TwilioException, LookupError, TypeError, ValueError) as error:  # an answer the SDK cannot read
                failure = SendFailure.OUTCOME_UNKNOWN if transport.has_created else SendFailure.UNAVAILABLE
                raise SendError(failure, f"Twilio's answer cannot be read ({type(error).__name__})") from error
        raise AssertionError("there is always a sign-in")


class _Transport:
    """The SDK's HTTP client (`twilio.http.AsyncHttpClient`) for one question.

    The SDK's own one opens a session of its own, past the gate, has no timeout unless told, and signs in by a class aiohttp has deprecated.
    """

    is_async = True

    def __init__(self, settings: TwilioSettings, context: AdapterContext, message_id: MessageId | None) -> None:
        self._base_url = settings.base_url
        self._context = context
        self._message_id = message_id
        self.has_created = False

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request to the configured address, whatever host the SDK meant."""
        target = urlsplit(uri)
        query = f"?{target.query}" if target.query else ""
        started = time.monotonic()
        try:
            status, body = await self._request(
                method,
                f"{self._base_url}{target.path}{query}",
                params=_texts(params),
                data=_texts(data) if method == "POST" else None,
                headers={**(headers or {}), **basic(auth)},
                timeout=aiohttp.ClientTimeout(total=timeout or ANSWER_SECONDS, connect=CONNECT_SECONDS),
            )
        except SendError as error:
            self._record(f"{method} {target.path}", f"{error.provider_code} {error.detail}".strip(), started)
            raise
        self._record(f"{method} {target.path}", f"{status} {_summary(body)}".strip(), started)
        return Response(status, body)

    async def _request(self, method: str, url: str, **how: Any) -> tuple[int, str]:
        creates = method == "POST"
        try:
            async with self._context.http().request(method, url, allow_redirects=False, **how) as answer:
                status, retry_after = answer.status, answer.headers.get("Retry-After", "")
                body = (await _read(answer)).decode(errors="replace")
        except (Refused, aiohttp.InvalidURL) as error:
            raise SendError(SendFailure.BAD_SETTINGS, f"the address of the API: {error}") from error
        except (Unreachable, aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise SendError(SendFailure.UNAVAILABLE, "Twilio cannot be reached") from error
        except (aiohttp.ClientError, TimeoutError) as error:  # the request was on its way
            failure = SendFailure.OUTCOME_UNKNOWN if creates else SendFailure.UNAVAILABLE
            raise SendError(failure, f"no answer from Twilio ({type(error).__name__})") from error
        if status >= 300:
            raise protocol.refused(status, body, retry_after=retry_after, created=creates)
        if not _is_object(body):
            failure = SendFailure.OUTCOME_UNKNOWN if creates else SendFailure.UNAVAILABLE
            raise SendError(failure, "Twilio's answer cannot be read", provider_code=str(status))
        self.has_created = creates
        return status, body

    def _record(self, request: str, response: str, started: float) -> None:
        record(self._context, request, response[:500], started=started, message_id=self._message_id)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise aiohttp.ClientPayloadError("too long")
    return bytes(body)


def _texts(values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """As a form has them: a list is its name repeated."""
    listed = ((name, value if isinstance(value, list) else [value]) for name, value in (values or {}).items())
    return [(name, _text(one)) for name, many in listed for one in many]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def basic(auth: tuple[str, str] | None) -> dict[str, str]:
    """The header that signs in with a name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()} if auth else {}


def _is_object(body: str) -> bool:
    with contextlib.suppress(ValueError):
        return isinstance(json.loads(body), dict)
    return False


def _summary(body: str) -> str:
    """The id and state in an answer: never its text."""
    answer = json.loads(body)
    return " ".join(str(answer[name]) for name in ("sid", "status") if answer.get(name))
