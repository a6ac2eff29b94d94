"""The customer's telephone of the demo: writes short messages to the desk's two numbers and shows what comes back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from hub import clock
from hub.devkit.example import LONG_NUMBER, SHORT_CODE
from hub.devkit.smsc import Arrived, Smsc
from hub.devkit.twilio import TwilioSimulator
from hub.devkit.twilio_messages import Message
from hub.errors import Invalid, Unavailable
from hub.ids import new_id
from hub.messages.address import sms_party

PASSWORD: Final = "demo-sms"  # noqa: S105

_PACE: Final = 0.7  # seconds between two reports: slow enough to be seen
_KEPT: Final = 200
_TAKE_SECONDS: Final = 10.0
_ENDS: Final = {2: "delivered", 3: "undelivered", 5: "undelivered"}  # states of a centre's message, SMPP 3.4 §5.2.28

State = Literal["waiting", "taken", "missed", "queued", "sent", "delivered", "undelivered"]


@dataclass(slots=True, kw_only=True)
class Text:
    """One message as its reader sees it; `mine` is the customer's number, `desk` the desk's."""

    id: str
    at: datetime
    is_mine: bool  # written on this telephone
    mine: str
    desk: str
    text: str
    state: State


class DemoPhone:
    """Both networks of the demo, and what went through them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "demo-phone.json"
        self._texts: list[Text] = []
        self._centre_ids: dict[str, tuple[str, ...]] = {}
        self.twilio = TwilioSimulator(pace=_PACE)
        self.twilio.on_change = self._hear_twilio
        self.centre = Smsc(password=PASSWORD, report_after=2 * _PACE, heard=self._hear_centre)

    async def start(self) -> None:
        """Read what was kept, and put both networks on the air, on free ports."""
        if self._file.exists():
            self._texts = msgspec.json.decode(await asyncio.to_thread(self._file.read_bytes), type=list[Text])
        await self.twilio.start()
        await self.centre.start()

    async def stop(self) -> None:
        """Off the air; what was said is kept."""
        await self.centre.stop()
        await self.twilio.stop()
        await asyncio.to_thread(self._file.write_bytes, msgspec.json.encode(self._texts[-_KEPT:]))

    @property
    def texts(self) -> Sequence[Text]:
        """The oldest first."""
        for text in self._texts:
            if (ids := self._centre_ids.get(text.id)) is not None:
                text.state = self._centre_state(ids)
        return tuple(self._texts[-_KEPT:])

    async def write(self, *, sender: str, to: str, text: str) -> None:
        """Send one to the desk. Raises `Unavailable` where the hub does not take it."""
        mine = sms_party(sender)
        if not mine.startswith("+"):
            raise Invalid("a telephone number is needed, such as +8613800138001")
        if to == LONG_NUMBER:
            await self._by_twilio(mine, text)
        else:
            await self._by_centre(mine, text)

    async def _by_twilio(self, mine: str, text: str) -> None:
        message = await self.twilio.write(mine, LONG_NUMBER, text)
        called = [call for call in self.twilio.calls if call.form.get("MessageSid") == message.sid]
        if not any(200 <= call.status < 300 for call in called):
            next(text for text in self._texts if text.id == message.sid).state = "missed"  # the hub asks for it, later

    async def _by_centre(self, mine: str, text: str) -> None:
        said = Text(id=str(new_id()), at=clock.now(), is_mine=True, mine=mine, desk=SHORT_CODE, text=text, state="waiting")
        self._texts.append(said)
        try:
            async with asyncio.timeout(_TAKE_SECONDS):
                await self.centre.inject(mine.removeprefix("+"), SHORT_CODE, text)
        except TimeoutError as error:
            raise Unavailable("the hub is not connected to this network yet; the message waits there") from error
        said.state = "taken"

    def _hear_twilio(self, message: Message) -> None:
        mine, desk = (message.sender, message.to) if message.is_inbound else (message.to, message.sender)
        known = next((text for text in self._texts if text.id == message.sid), None)
        if known is None:
            known = Text(
                id=message.sid, at=message.at, is_mine=message.is_inbound, mine=mine, desk=desk, text=message.body, state="queued"
            )
            self._texts.append(known)
        known.state = _state(message)

    def _hear_centre(self, arrived: Arrived) -> None:
        text = Text(
            id=arrived.ids[0],
            at=clock.now(),
            is_mine=False,
            mine=sms_party(arrived.destination),
            desk=arrived.source,
            text=arrived.text,
            state="sent",
        )
        self._centre_ids[text.id] = arrived.ids
        self._texts.append(text)

    def _centre_state(self, ids: Sequence[str]) -> State:
        ends = {_ENDS.get(self.centre.state_of(id) or 1, "sent") for id in ids}
        if "undelivered" in ends:
            return "undelivered"
        return "delivered" if ends == {"delivered"} else "sent"


def _state(message: Message) -> State:
    match message.status:
        case "received":
            return "taken"
        case "delivered" | "undelivered" | "sent" as state:
            return state
        case "failed":
            return "undelivered"
        case _:
            return "queued"
