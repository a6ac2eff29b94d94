"""A centre that says what no centre should."""

import asyncio
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from hub.channels.sms import link
from hub.channels.sms.link import LinkLost, Refused, Unanswered
from hub.channels.sms.smpp import session as sessions
from hub.channels.sms.smpp.session import Centre, Session, Times, bound
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import RESPONSE, Bind, Command, Pdu, ShortMessage, frames

Script = Callable[["Far"], Awaitable[None]]
MESSAGE = ShortMessage(source="1", destination="2", message=b"x")


class Far:
    """The centre's end: says and hears PDUs, or just octets."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader, self.writer, self._frames, self._heard = reader, writer, frames(), list[Pdu]()

    async def hear(self) -> Pdu:
        while not self._heard:
            octets = await self._reader.read(65536)
            if not octets:
                raise EOFError
            self._heard += self._frames.feed(octets)
        return self._heard.pop(0)

    def say(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        self.writer.write(Pdu(command=command, sequence=sequence, body=body, status=status).encode())


@asynccontextmanager
async def against(script: Script, *, deliver: sessions.Deliver | None = None, **times: float) -> AsyncIterator[Session]:
    """A session with a centre that lets us in and then follows its script."""
    running: list[asyncio.Task[None]] = []

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        running.append(asyncio.current_task())  # type: ignore[arg-type]
        far = Far(reader, writer)
        try:
            bind = await far.hear()
            far.say(bind.command | RESPONSE, bind.sequence, b"far\0")
            await script(far)
            await far.hear()
        except (EOFError, ConnectionError):
            pass
        finally:
            writer.close()

    async def take(session: Session, message: ShortMessage, body: bytes) -> Status:
        return Status.ROK

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    centre = Centre(host="localhost", address="127.0.0.1", port=server.sockets[0].getsockname()[1])
    bind = Bind(system_id="x", password="")
    wanted = Times(**{"response": 0.5, "enquire": 30.0, **times})
    try:
        async with bound(centre, Command.BIND_TRANSCEIVER, bind, deliver or take, window=5, times=wanted) as session:
            yield session
    finally:
        server.close()
        await asyncio.wait(running)


async def ends(session: Session) -> str:
    with pytest.raises(LinkLost) as lost:
        async with asyncio.timeout(3):
            await session.ended()
    return str(lost.value)


@pytest.mark.parametrize("length", [0, 15, 65_537, 0xFFFF_FFFF])
async def test_a_length_no_pdu_has_ends_the_link_with_a_word_about_it(length: int) -> None:
    answers: list[Pdu] = []

    async def script(far: Far) -> None:
        far.writer.write(struct.pack("!IIII", length, Command.DELIVER_SM, 0, 1))
        answers.append(await far.hear())

    async with against(script) as session:
        assert "out of step" in await ends(session)
    assert [(one.command, one.status) for one in answers] == [(Command.NACK, Status.RINVCMDLEN)]


async def test_what_is_unknown_or_malformed_is_refused_and_the_link_goes_on() -> None:
    answers: list[Pdu] = []

    async def script(far: Far) -> None:
        far.say(0x0103, 1, b"data_sm")
        far.say(Command.DELIVER_SM, 2, b"\0\0")
        far.say(Command.DELIVER_SM, 3, MESSAGE.encode() + b"\0\x1e\0\x09x")
        far.say(Command.ALERT_NOTIFICATION, 4)
        far.say(Command.DELIVER_SM | RESPONSE, 99)  # nobody asked
        far.say(Command.NACK, 98, status=Status.RINVCMDID)
        far.say(Command.ENQUIRE_LINK, 5)
        far.say(Command.DELIVER_SM, 6, MESSAGE.encode())
        answers.extend([await far.hear() for _ in range(5)])
        submit = await far.hear()
        far.say(submit.command | RESPONSE, submit.sequence, b"id")

    async with against(script) as session:
        async with asyncio.timeout(3):
            while len(answers) < 5:
                await asyncio.sleep(0.01)
        assert await session.submit(MESSAGE) == "id"
    assert [(one.command, one.sequence, one.status) for one in answers] == [
        (Command.NACK, 1, Status.RINVCMDID),
        (Command.DELIVER_SM | RESPONSE, 2, Status.RINVMSGLEN),
        (Command.DELIVER_SM | RESPONSE, 3, Status.RINVTLVSTREAM),
        (Command.ENQUIRE_LINK | RESPONSE, 5, 0),
        (Command.DELIVER_SM | RESPONSE, 6, 0),
    ]


async def test_a_nack_is_an_answer_and_one_to_nothing_ends_the_link() -> None:
    async def script(far: Far) -> None:
        first = await far.hear()
        far.say(Command.NACK, first.sequence, status=Status.RINVCMDID)
        second = await far.hear()
        far.say(Command.NACK, second.sequence)
        await far.hear()
        far.say(Command.NACK, 0, status=Status.RINVCMDLEN)

    async with against(script) as session:
        with pytest.raises(Refused, match="ESME_RINVCMDID"):
            await session.submit(MESSAGE)
        with pytest.raises(Refused, match="ESME_RUNKNOWNERR"):
            await session.submit(MESSAGE)
        with pytest.raises(Unanswered):
            await session.submit(MESSAGE)
        assert "could not read" in await ends(session)


async def test_a_centre_may_end_the_session() -> None:
    answers: list[Pdu] = []

    async def script(far: Far) -> None:
        far.say(Command.UNBIND, 9)
        answers.append(await far.hear())

    async with against(script) as session:
        assert "ended the session" in await ends(session)
    assert (answers[0].command, answers[0].sequence) == (Command.UNBIND | RESPONSE, 9)


async def test_a_centre_that_does_not_answer_is_gone() -> None:
    async def script(far: Far) -> None:
        while True:
            await far.hear()

    async with against(script, response=0.2, enquire=0.1) as session:
        assert await ends(session) == "no answer to enquire_link"


async def test_a_centre_that_asks_without_reading_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = asyncio.Event()

    async def script(far: Far) -> None:
        await begin.wait()
        far.say(Command.ENQUIRE_LINK, 1)

    async with against(script) as session:
        monkeypatch.setattr(link, "_UNREAD", -1)  # else megabytes go into the buffers of the kernel first
        begin.set()
        assert "does not read" in await ends(session)


async def test_more_than_can_be_under_way_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_DELIVERING", 2)
    answers: list[Pdu] = []
    go_on = asyncio.Event()

    async def deliver(session: Session, message: ShortMessage, body: bytes) -> Status:
        await go_on.wait()
        return Status.ROK

    async def script(far: Far) -> None:
        for sequence in (1, 2, 3):
            far.say(Command.DELIVER_SM, sequence, MESSAGE.encode())
        answers.append(await far.hear())
        go_on.set()
        answers.extend([await far.hear() for _ in range(2)])

    async with against(script, deliver=deliver):
        async with asyncio.timeout(3):
            while len(answers) < 3:
                await asyncio.sleep(0.01)
    assert [(one.sequence, one.status) for one in answers] == [(3, Status.RMSGQFUL), (1, 0), (2, 0)]
