"""Messages Twilio took and could not hand to us: it calls once, so what came while nobody answered is asked for."""

import contextlib
import json
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Set
from dataclasses import replace
from datetime import datetime, timedelta
from logging import getLogger
from typing import Any, Final

from hub.channels.contract import AdapterContext, Handover, Sink
from hub.channels.sms.twilio.client import Twilio
from hub.channels.sms.twilio.media import MediaLate
from hub.channels.sms.twilio.protocol import Incoming, Media, time_of
from hub.channels.sms.twilio.settings import TwilioSettings

log = getLogger(__name__)

GRACE: Final = timedelta(minutes=2)
"""How long Twilio has for calling us before a message counts as missed."""

_CURSOR: Final = "listed"
_FIRST: Final = timedelta(hours=1)  # of an account that never listed
_OLDEST: Final = timedelta(days=7)
_OVERLAP: Final = timedelta(minutes=1)  # Twilio's times have whole seconds, and its lists lag
_PAGE: Final = 1000  # messages in one answer
_REMEMBERED: Final = 5000
_PATIENCE: Final = 3  # rounds for files that do not come,
_GONE: Final = 60  # and for a message that is not listed, though we were called for it: its writer may have deleted it

MakeHandover = Callable[..., Awaitable[Handover]]


class Missed:
    """Lists what arrived at Twilio and hands over what we were not called for. The journal knows what it has already."""

    def __init__(self, settings: TwilioSettings, context: AdapterContext, twilio: Twilio, handover: MakeHandover) -> None:
        self._settings, self._context, self._twilio, self._handover = settings, context, twilio, handover
        self._known: OrderedDict[str, None] = OrderedDict()
        self._late: dict[str, int] = {}
        self._unlisted: Counter[str] = Counter()  # rounds in which they were late and not there
        self._until: datetime | None = None

    def seen(self, sid: str) -> None:
        """It is durable: nobody needs to ask for it."""
        self._known[sid] = None
        self._late.pop(sid, None)
        del self._unlisted[sid]
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def late(self, sid: str) -> None:
        """We were called and could not take it."""
        self._late.setdefault(sid, 0)

    @property
    def cursor(self) -> tuple[str, str] | None:
        """To be stored with whatever is handed over: nothing before it is missing."""
        return (_CURSOR, self._until.isoformat()) if self._until else None

    async def round(self, sink: Sink) -> bool:
        """One look; whether something is still to come.

        Raises `SendError` where Twilio cannot be asked, `Unavailable` where nothing can be stored.
        """
        now = self._context.now()
        since = await self._since(now)
        listed = await self._twilio.ask(lambda client: self._list(client, since - _OVERLAP))
        self._forget_gone({message.sid for message in listed})
        for message in reversed(listed):
            sent_at = time_of(message.date_sent) or time_of(message.date_created) or now
            if self._is_missed(message, sent_at, since - _OVERLAP, now - GRACE):
                with contextlib.suppress(MediaLate):  # it stays late
                    await self._take(message, sent_at, sink)
        if not self._late:
            self._until = max(since, now - GRACE)
        return bool(self._late)

    def _forget_gone(self, listed: Set[str]) -> None:
        for sid in self._late.keys() - listed:
            self._unlisted[sid] += 1
            if self._unlisted[sid] >= _GONE:
                log.warning("a message was never taken and is not at Twilio any more", extra={"sid": sid})
                del self._late[sid], self._unlisted[sid]

    async def _since(self, now: datetime) -> datetime:
        if self._until is not None:
            return self._until
        stored = await self._context.cursor(_CURSOR)
        return max(datetime.fromisoformat(stored), now - _OLDEST) if stored else now - _FIRST

    async def _list(self, client: Any, since: datetime) -> list[Any]:
        """All that came in since then, the newest first: page after page, for what a service sent stands between."""
        service = self._settings.messaging_service_sid
        which = {} if service else {"to": self._settings.sender}
        listed = await client.messages.stream_async(date_sent_after=since, page_size=_PAGE, **which)
        came = [message async for message in listed if message.direction == "inbound"]
        return [message for message in came if not service or message.messaging_service_sid == service]

    def _is_missed(self, message: Any, sent_at: datetime, since: datetime, before: datetime) -> bool:
        return message.sid not in self._known and (message.sid in self._late or since <= sent_at < before)

    async def _take(self, message: Any, sent_at: datetime, sink: Sink) -> None:
        tries = self._late[message.sid] = self._late.get(message.sid, 0) + 1
        incoming = Incoming(
            sid=message.sid,
            sender=message.from_ or "",
            to=message.to or self._settings.sender,
            text=message.body or "",
            media=await self._media(message) if int(message.num_media or 0) else (),
            opt_out_type="",
            sent_at=sent_at,
        )
        raw = json.dumps(
            {
                "sid": incoming.sid,
                "from": incoming.sender,
                "to": incoming.to,
                "body": incoming.text,
                "date_sent": sent_at.isoformat(),
            }
        )
        handover = await self._handover(incoming, raw.encode(), patient=tries < _PATIENCE)
        has_all_before = self._late.keys() <= {incoming.sid}  # else whoever goes on after us has to find what is late
        await sink.accept(replace(handover, cursor=(_CURSOR, sent_at.isoformat()) if has_all_before else self.cursor))
        self.seen(incoming.sid)

    async def _media(self, message: Any) -> tuple[Media, ...]:
        listed = await self._twilio.ask(lambda client: client.messages(message.sid).media.list_async())
        return tuple(
            Media(url=self._settings.base_url + one.uri.removesuffix(".json"), content_type=one.content_type or "")
            for one in listed
        )
