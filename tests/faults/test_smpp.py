"""An operator's short message centre that refuses, forgets to answer, reports too early and loses the link, again and again."""

import asyncio
from collections import Counter
from time import monotonic
from uuid import uuid4

import pytest

from hub.db import DatabaseGone
from hub.ids import MessageId
from tests.faults.traffic import MESSAGES
from tests.fixtures.desk import eventually
from tests.fixtures.smsc import SmppDesk

CUTS = 10 if MESSAGES > 200 else 4
SENDERS = 32
SHARE = 0.05

pytestmark = pytest.mark.timeout(60 if MESSAGES <= 200 else 120 + MESSAGES // 10)


@pytest.mark.covers("S-01")
async def test_every_message_ends_in_one_state_and_none_is_handed_over_twice(
    smpp: SmppDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    smsc = smpp.smsc
    smsc.throttled = smsc.early_receipts = smsc.lost_answers = SHARE
    began = monotonic()
    cutting = asyncio.create_task(cut_again_and_again(smpp))
    texts = await queue_all(smpp)
    queued = monotonic() - began

    rows = await eventually(lambda: all_settled(smpp), within=30 + MESSAGES / 50)
    took = monotonic() - began
    await cutting

    taken = Counter(one.text for one in smsc.taken)
    assert {text: times for text, times in taken.items() if times > 1} == {}
    assert len(rows) == len({row["message_id"] for row in rows}) == MESSAGES
    state = {texts[row["message_id"]]: row["state"] for row in rows}
    assert set(state.values()) <= {"delivered", "unknown"}
    assert {text for text, word in state.items() if word == "delivered"} <= taken.keys()
    unknown = [text for text, word in state.items() if word == "unknown"]
    with capsys.disabled():
        print(
            f"\n  {MESSAGES} short messages in {took:.1f} s (queued within {queued:.1f} s): {smsc.refusals} refusals, {CUTS} cuts; "
            f"{Counter(state.values())}, {len(taken.keys() & set(unknown))} of the unknown had been taken; none twice"
        )


async def queue_all(smpp: SmppDesk) -> dict[MessageId, str]:
    """Their texts by their ids; each in a conversation of its own."""
    texts, waiting = {}, iter(range(MESSAGES))

    async def work() -> None:
        for one in waiting:
            texts[await insist(smpp, one)] = f"message {one}"

    await asyncio.gather(*(work() for _ in range(SENDERS)))
    return texts


async def insist(smpp: SmppDesk, one: int) -> MessageId:
    key = uuid4()
    while True:
        try:
            return await smpp.send(number(one), f"message {one}", key=key)
        except DatabaseGone:  # more is stored than it can take at the moment
            await asyncio.sleep(0.2)


async def cut_again_and_again(smpp: SmppDesk) -> None:
    """At even shares of what was taken, in the middle of sending."""
    for one in range(1, CUTS + 1):
        while len(smpp.smsc.taken) < one * MESSAGES * 0.85 / (CUTS + 1):
            await asyncio.sleep(0.005)
        smpp.smsc.cut()


async def all_settled(smpp: SmppDesk) -> list[object]:
    waiting = await smpp.desk.db.fetch(
        """
        SELECT state, count(*) AS total FROM delivery
        WHERE account_id = $1 AND state NOT IN ('delivered', 'failed', 'unknown') GROUP BY state
        """,
        smpp.account_id,
    )
    assert not waiting, {row["state"]: row["total"] for row in waiting}
    assert smpp.smsc.undelivered == 0
    rows = await smpp.deliveries()
    assert len(rows) == MESSAGES
    return rows


def number(one: int) -> str:
    """A customer's."""
    return f"+86138{one:05}000"
