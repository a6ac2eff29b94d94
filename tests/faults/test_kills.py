"""The hub is killed again and again in the middle of its work: nothing acknowledged is lost, nothing is done twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.channels.contract import Accepted, Duplicate, Handover
from hub.db import Database
from tests.faults.traffic import MESSAGES, Killer, Visitor, insist_on_mail, mail, make_site, send_through, spread
from tests.fixtures.desk import eventually
from tests.fixtures.next_hop import NextHop
from tests.fixtures.program import Api, Program

DRAINED_WITHIN = 45.0 + MESSAGES / 40  # seconds: the longest lease of a killed process, and the work that stood behind it

pytestmark = pytest.mark.timeout(180 if MESSAGES <= 200 else 120 + MESSAGES // 2)


@pytest.mark.covers("E-01", "W-01")
async def test_no_message_that_came_in_is_lost_or_doubled_by_kills(
    program: Program, api: Api, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site = await make_site(api)
    visitors = [Visitor(program, site) for _ in range(10)]
    killer = Killer(program)
    killing = asyncio.create_task(killer.run())

    async def write(_: int, number: int) -> None:
        await insist_on_mail(program, mail(number), sender=f"c{number}@example.com")

    async def chat(sender: int, number: int) -> None:
        await visitors[sender].send(f"chat {number}")

    mails, chats = await asyncio.gather(
        spread(write, during=killing, senders=8, at_least=MESSAGES, pause=0.1),
        spread(chat, during=killing, senders=10, at_least=MESSAGES, pause=0.3),
    )
    for visitor in visitors:
        await visitor.leave()

    stored = await eventually(lambda: came_in(api, "email", mails), within=DRAINED_WITHIN)
    said = await eventually(lambda: came_in(api, "webchat", chats), within=DRAINED_WITHIN)
    raws = [(await api.ask("GET", f"/messages/{m['id']}/raw"))[1] for m in stored]
    program.stop()

    assert Counter(raws) == Counter(mail(number) for number in range(mails))
    assert len({m["journal_id"] for m in stored}) == mails
    told = [(UUID(m["client_key"]), m["text"]) for m in said]
    assert Counter(told) == Counter(pair for visitor in visitors for pair in visitor.sent.items())
    assert all([pair for pair in told if pair[0] in visitor.sent] == list(visitor.sent.items()) for visitor in visitors)
    assert await journal(database_url) == {"filed": mails + chats}
    report(capsys, f"{program.kills} kills, {mails} mails and {chats} chats: none lost, doubled or altered", killer.starts)


async def came_in(api: Api, channel: str, count: int) -> list[Any]:
    messages = await api.all("/messages", direction="in", channel=channel)
    assert len(messages) >= count, f"{len(messages)} of {count} filed"
    return messages


async def journal(database_url: str) -> dict[str, int]:
    """Entries by state; every one has a key of its own (a constraint of the table)."""
    db = await Database.open(database_url)
    rows = await db.fetch("SELECT state, count(*) AS total FROM journal GROUP BY state")
    await db.close()
    return {row["state"]: row["total"] for row in rows}


def report(capsys: pytest.CaptureFixture[str], text: str, starts: Sequence[float]) -> None:
    with capsys.disabled():
        print(f"\n  {text}; ready again after {max(starts):.1f} s at most")


class SlowHop(NextHop):
    """Takes its time with the last answer, so that kills fall into it."""

    async def accept(self, handover: Handover) -> Accepted | Duplicate:
        await asyncio.sleep(0.02)
        return await super().accept(handover)


@pytest.mark.covers("M-03")
async def test_no_answer_is_lost_or_sent_twice_by_kills(program: Program, api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    hop = SlowHop()
    await hop.start()
    await send_through(api, hop.port)
    for number in range(10):
        await insist_on_mail(program, mail(number), sender=f"c{number}@example.com")
    talks = [m["conversation_id"] for m in await eventually(lambda: came_in(api, "email", 10))]
    killer = Killer(program, seed=1)
    killing = asyncio.create_task(killer.run())
    wanted: dict[str, tuple[str, str]] = {}

    async def answer(sender: int, number: int) -> None:
        key, text = str(uuid4()), f"answer {number}"
        wanted[key] = (talks[sender], text)
        await api.insist("POST", f"/conversations/{talks[sender]}/messages", {"client_key": key, "text": text})

    answers = await spread(answer, during=killing, senders=10, at_least=MESSAGES, pause=0.2)
    stored = await eventually(lambda: all_settled(api), within=DRAINED_WITHIN)
    program.stop()
    await hop.stop()

    assert {m["client_key"]: (m["conversation_id"], m["text"]) for m in stored} == wanted
    assert len(stored) == answers
    arrived = Counter(numbered(taken.raw) for taken in hop.taken)
    assert [text for text, times in arrived.items() if times > 1] == []
    unknown = {m["text"] for m in stored if m["status"] == "unknown"}
    assert {m["text"] for m in stored} - arrived.keys() <= unknown
    assert arrived.keys() <= {m["text"] for m in stored}
    report(
        capsys,
        f"{program.kills} kills, {answers} answers: none lost, none sent twice; {len(unknown)} shown as unknown, "
        f"{len(unknown & arrived.keys())} of them had arrived",
        killer.starts,
    )


async def all_settled(api: Api) -> list[Any]:
    messages = await api.all("/messages", direction="out")
    open_ones = [m["status"] for m in messages if m["status"] not in ("accepted", "delivered", "unknown")]
    assert not open_ones, Counter(open_ones)
    return messages


def numbered(raw: bytes) -> str:
    """The text of an answer."""
    return next(line.decode() for line in raw.splitlines() if line.startswith(b"answer "))
