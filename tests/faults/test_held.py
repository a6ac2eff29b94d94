"""The hub is killed while answers wait to leave and are taken back: each does one of the two, never both, never neither."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.faults.test_kills import DRAINED_WITHIN, came_in, numbered
from tests.faults.traffic import Killer, insist_on_mail, mail, send_through
from tests.fixtures.desk import eventually
from tests.fixtures.next_hop import NextHop
from tests.fixtures.program import Api, Program

ANSWERS = 30
LEFT, CAME_BACK = 409, {200, 404}  # 404: it came back before, and the answer that said so got lost

pytestmark = pytest.mark.timeout(150)


async def take_back(api: Api, message_id: str) -> int:
    while True:
        try:
            status, _ = await api.ask("DELETE", f"/messages/{message_id}")
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            continue
        finally:
            await asyncio.sleep(0.05)
        if status < 500:
            return status


@pytest.mark.covers("M-11")
async def test_a_held_answer_leaves_or_comes_back_whatever_is_killed(program: Program, api: Api) -> None:
    hop = NextHop()
    await hop.start()
    await send_through(api, hop.port)
    await insist_on_mail(program, mail(1), sender="c1@example.com")
    [asked] = await eventually(lambda: came_in(api, "email", 1))
    chance = random.Random(11)
    killing = asyncio.create_task(Killer(program, seed=2).run())

    async def answer(number: int) -> tuple[str, int | None]:
        await asyncio.sleep(chance.uniform(0, 4))
        at = datetime.now(UTC) + timedelta(seconds=chance.uniform(1, 3))
        body = {"text": f"answer {number}", "send_at": at.isoformat(), "client_key": f"00000000-0000-4000-8000-{number:012d}"}
        path = f"/conversations/{asked['conversation_id']}/messages"
        said = await api.insist("POST", path, body)
        if number % 3 == 0:
            return body["text"], None
        await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds() + chance.uniform(-0.3, 0.1)))
        return body["text"], await take_back(api, said["id"])

    fates = dict(await asyncio.gather(*map(answer, range(ANSWERS))))
    await killing

    async def settled() -> list[Any]:
        messages = await api.all("/messages", direction="out")
        assert not [m["status"] for m in messages if m["status"] not in ("accepted", "unknown")]
        assert len(messages) == sum(fate not in CAME_BACK for fate in fates.values())
        return messages

    stored = await eventually(settled, within=DRAINED_WITHIN)
    program.stop()
    await hop.stop()
    arrived = Counter(numbered(taken.raw) for taken in hop.taken)
    left = {text for text, fate in fates.items() if fate not in CAME_BACK}
    unknown = {message["text"] for message in stored if message["status"] == "unknown"}
    assert {message["text"] for message in stored} == left
    assert left - unknown <= arrived.keys() <= left
    assert max(arrived.values()) == 1
    assert set(fates.values()) > {None}
