"""Parsers run in processes of their own: whatever one does, the next message is read, and nobody gets another's answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.intake.errors import ParserFailed
from hub.intake.parsing import ParserPool
from hub.messages.events import InboundMessage

HERE = "tests.fixtures.bad_parsers"


@pytest.fixture
async def pool() -> AsyncIterator[ParserPool]:
    made = ParserPool(2, time=5)
    yield made
    await made.close()


async def read(pool: ParserPool, text: str, parser: str = "echo") -> str:
    (event,) = await pool.parse(f"{HERE}:{parser}", text.encode(), {})
    assert isinstance(event, InboundMessage)
    return event.text


async def test_many_at_once_each_get_their_own(pool: ParserPool) -> None:
    texts = [str(n) for n in range(50)]
    assert await asyncio.gather(*(read(pool, text) for text in texts)) == texts


@pytest.mark.parametrize("parser", ["die", "fail", "babble", "grab", "not_there"])
async def test_after_a_parser_that_misbehaves_the_next_message_is_read(pool: ParserPool, parser: str) -> None:
    with pytest.raises(ParserFailed):
        await read(pool, "x", parser)
    assert [await read(pool, str(n)) for n in range(4)] == ["0", "1", "2", "3"]


async def test_a_parser_that_hangs_is_ended_in_time() -> None:
    pool = ParserPool(1, time=0.5)
    try:
        async with asyncio.timeout(5):
            with pytest.raises(ParserFailed):
                await read(pool, "x", "hang")
            pool._time = 5  # starting an interpreter takes a while
            assert await read(pool, "next") == "next"
    finally:
        await pool.close()


async def test_an_answer_nobody_waits_for_any_more_is_given_to_nobody(pool: ParserPool) -> None:
    for n in range(4):
        given_up = asyncio.create_task(read(pool, f"old {n}", "slow"))
        await asyncio.sleep(0.1)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await read(pool, f"new {n}") == f"new {n}"
