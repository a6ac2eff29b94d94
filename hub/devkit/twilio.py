"""Twilio as far as short messages go, as a real server: keeps state, signs its calls, throttles, and fails on demand (see `FATES`)."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from hub.devkit.twilio_messages import API, Fate, File, Message, signature
from hub.devkit.twilio_rules import ANSWERS, Refusal, Rules

ACCOUNT_SID: Final = "AC" + "0" * 30 + "42"
AUTH_TOKEN: Final = "simulated-twilio-token"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of ours to a hook, and what was answered; 0: nobody was there."""

    url: str
    form: Mapping[str, str]
    status: int


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request to the API."""

    method: str
    path: str
    form: Mapping[str, Sequence[str]]
    headers: Mapping[str, str] = field(repr=False)


class TwilioSimulator:
    """One account. `numbers` are its numbers (or Messaging Service SIDs), each with the address that is called when a message comes in.

    `pace` is the time between two status reports, in seconds. `tokens`: the first signs, all of them sign in. `on_change` is called
    whenever a message is new or another word about it is known. `way`: a public address, and where it is reached from here.
    """

    def __init__(
        self,
        *,
        numbers: Mapping[str, str] | None = None,
        account_sid: str = ACCOUNT_SID,
        tokens: Sequence[str] = (AUTH_TOKEN,),
        pace: float = 0.0,
        answers_stop: bool = True,
    ) -> None:
        self.account_sid, self.tokens, self.pace, self.answers_stop = account_sid, list(tokens), pace, answers_stop
        self.numbers = dict(numbers or {})
        self.rules = Rules(numbers=self.numbers)
        self.messages: dict[str, Message] = {}
        self.asked: list[Asked] = []
        self.calls: list[Call] = []
        self.way = ("", "")
        self.on_change: Callable[[Message], None] = lambda message: None
        self.media_hangs = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; returns the address of the API."""
        app = web.Application(middlewares=[self._note])
        account = f"{API}/Accounts/{{account}}"
        app.router.add_get(f"{account}.json", self._show_account)
        app.router.add_post(f"{account}/Messages.json", self._create)
        app.router.add_get(f"{account}/Messages.json", self._list)
        app.router.add_get(f"{account}/Messages/{{sid}}.json", self._show)
        app.router.add_get(f"{account}/Messages/{{sid}}/Media.json", self._list_media)
        app.router.add_get(f"{account}/Messages/{{sid}}/Media/{{media}}", self._point_to_store)
        app.router.add_get(f"{account}/IncomingPhoneNumbers.json", self._list_numbers)
        app.router.add_get("/store/{sid}/{media}", self._store)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        return self.url

    async def stop(self) -> None:
        """Listen no more, report no more."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()
        await self._runner.cleanup()

    async def settled(self) -> None:
        """Wait until all reports are made."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def write(self, sender: str, to: str, text: str, *, files: Sequence[File] = (), call: bool = True) -> Message:
        """A customer writes to one of our numbers; without `call` nobody is told (a call that got lost)."""
        service = to if to.startswith("MG") else None
        message = Message(
            account_sid=self.account_sid,
            sender=sender,
            to=to,
            body=text,
            direction="inbound",
            status="received",
            files=files,
            service=service,
        )
        message.sent_at = message.at
        self._keep(message)
        word = self._obey(message)
        if call:
            await self.hand_over(message, word)
        return message

    async def hand_over(self, message: Message, opt_out_type: str = "") -> Call:
        """Call the number's hook about a message that came in."""
        return await self.call(self.numbers[message.to], message.handed_over(self.url, opt_out_type))

    def _obey(self, message: Message) -> str:
        """STOP and its like, as Twilio's Advanced Opt-Out does it: blocked, answered, and told in the call."""
        wish = self.rules.obey(message) if self.answers_stop else None
        if wish is None:
            return ""
        answer = Message(
            account_sid=self.account_sid,
            sender=message.to,
            to=message.sender,
            body=ANSWERS[wish],
            direction="outbound-reply",
            status="delivered",
        )
        answer.sent_at = answer.at
        self._keep(answer)
        return wish.upper()

    async def call(self, url: str, form: Mapping[str, str], *, token: str = "") -> Call:
        """A signed POST, as Twilio makes it."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature(token or self.tokens[0], url, form),
            "User-Agent": "TwilioProxy/1.1",
        }
        status = 0
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.post(
                self._reached(url), data=urlencode(form), headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        call = Call(url=url, form=form, status=status)
        self.calls.append(call)
        return call

    def _reached(self, url: str) -> URL:
        public, local = self.way
        return URL(local + url.removeprefix(public) if public and url.startswith(public) else url, encoded=True)

    def _keep(self, message: Message) -> None:
        self.messages[message.sid] = message
        self.on_change(message)

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.startswith("/store/"):
            form = parse_qs((await request.read()).decode() or request.query_string, keep_blank_values=True)
            self.asked.append(Asked(method=request.method, path=request.path, form=form, headers=dict(request.headers)))
            self._sign_in(request)
        answer: web.StreamResponse = await handler(request)
        return answer

    def _sign_in(self, request: web.Request) -> None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(secret).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = password = ""
        if scheme != "Basic" or name != self.account_sid or password not in self.tokens:
            raise Refusal(401, 20003, "Authenticate")
        if request.match_info["account"] != self.account_sid:
            raise Refusal(404, 20404, f"The requested resource {request.path} was not found")

    async def _show_account(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"sid": self.account_sid, "friendly_name": "Simulated account", "status": "active", "type": "Full"}
        )

    async def _list_numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("PhoneNumber", "")
        found = [{"phone_number": n, "sms_url": url, "sid": "PN" + "0" * 32} for n, url in self.numbers.items() if wanted in n]
        return web.json_response({"incoming_phone_numbers": found, "page": 0, "page_size": 50})

    async def _create(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode(), keep_blank_values=True)
        one = {name: values[0] for name, values in form.items()}
        fate = self.rules.judge(one, form)
        service = one.get("MessagingServiceSid")
        message = Message(
            account_sid=self.account_sid,
            sender=one.get("From", "") or next((number for number in self.numbers if not number.startswith("MG")), ""),
            to=one["To"],
            body=one.get("Body", ""),
            direction="outbound-api",
            status="accepted" if service else "queued",
            service=service,
            call_back=one.get("StatusCallback", ""),
            error=fate if fate.code else None,
        )
        self._keep(message)
        return await self._take(message, fate)

    async def _take(self, message: Message, fate: Fate) -> web.Response:
        last = message.to[-4:]
        answer = message.shown() | {"error_code": None, "error_message": None}
        if last == "0099":
            await self._report(message, fate)
            return web.json_response(answer, status=201)
        task = asyncio.create_task(self._report(message, fate))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if last == "0408":
            await self._stopping.wait()
        return web.json_response(answer, status=201)

    async def _report(self, message: Message, fate: Fate) -> None:
        for status in ("queued", *fate.end):
            await asyncio.sleep(self.pace)
            message.status = status
            if status == "sent":
                message.sent_at = datetime.now(UTC)
            self.on_change(message)
            if message.call_back:
                await self.call(message.call_back, message.reported(status))

    async def _list(self, request: web.Request) -> web.Response:
        query = request.query
        found = [message for message in reversed(self.messages.values()) if _matches(message, query)]
        page, size = int(query.get("Page", 0)), int(query.get("PageSize", 50))
        end = (page + 1) * size
        more = str(request.rel_url.update_query(Page=page + 1)) if len(found) > end else None
        shown = [message.shown() for message in found[end - size : end]]
        return web.json_response({"messages": shown, "page": page, "page_size": size, "next_page_uri": more})

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response(self._message(request).shown())

    async def _list_media(self, request: web.Request) -> web.Response:
        message = self._message(request)
        path = f"{API}/Accounts/{self.account_sid}/Messages/{message.sid}/Media"
        listed = [{"sid": f.sid, "content_type": f.content_type, "uri": f"{path}/{f.sid}.json"} for f in message.files]
        return web.json_response({"media_list": listed, "page": 0, "page_size": 50, "next_page_uri": None})

    async def _point_to_store(self, request: web.Request) -> web.Response:
        if self.media_hangs:
            await self._stopping.wait()
        message = self._message(request)
        raise web.HTTPTemporaryRedirect(f"{self.url}/store/{message.sid}/{request.match_info['media']}")

    async def _store(self, request: web.Request) -> web.Response:
        for file in self.messages[request.match_info["sid"]].files:
            if file.sid == request.match_info["media"]:
                return web.Response(body=file.content, content_type=file.content_type)
        raise web.HTTPNotFound

    def _message(self, request: web.Request) -> Message:
        try:
            return self.messages[request.match_info["sid"]]
        except KeyError:
            raise Refusal(404, 20404, "The requested resource was not found") from None


def _matches(message: Message, query: Mapping[str, str]) -> bool:
    since = query.get("DateSent>")
    return (
        query.get("To", message.to) == message.to
        and query.get("From", message.sender) == message.sender
        and (
            not since or (message.sent_at is not None and message.sent_at.replace(microsecond=0) >= datetime.fromisoformat(since))
        )
    )


@asynccontextmanager
async def simulator(**options: Any) -> AsyncIterator[TwilioSimulator]:
    """A running one."""
    made = TwilioSimulator(**options)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
