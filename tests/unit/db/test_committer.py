"""The committer alone: a transaction that only remembers, so that hundreds of splits stay quick."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.db import DatabaseGone, DatabaseLocked
from hub.db.committer import GroupCommitter


@settings(max_examples=30, deadline=None)
@given(bad=st.sets(st.integers(0, 59), max_size=12))
def test_splitting_finds_exactly_the_bad_ones_and_keeps_the_order(bad: set[int]) -> None:
    results, stored = asyncio.run(_store(60, {number: ValueError(number) for number in bad}))
    assert {number for number, result in enumerate(results) if isinstance(result, ValueError)} == bad
    assert stored == [number for number in range(60) if number not in bad]


def test_a_lost_database_fails_all_that_were_tried_at_once() -> None:
    results, stored = asyncio.run(_store(60, {7: DatabaseGone("away")}))
    assert stored == []
    assert all(isinstance(result, DatabaseGone) for result in results)


def test_a_locked_row_is_waited_for_without_its_neighbours_waiting_long() -> None:
    errors: dict[int, Exception] = {7: DatabaseLocked("locked")}
    results, stored = asyncio.run(_store(60, errors, forget=3))
    assert results == list(range(60))
    assert sorted(stored) == list(range(60))


async def _store(count: int, errors: dict[int, Exception], forget: int | None = None) -> tuple[list[Any], list[int]]:
    stored: list[int] = []
    raised = 0

    @asynccontextmanager
    async def transaction(lock_wait: float) -> AsyncIterator[Any]:
        part: list[int] = []
        yield part
        stored.extend(part)

    async def write(part: Any, items: Sequence[int]) -> list[int]:
        nonlocal raised
        for item in items:
            if item in errors and (forget is None or raised < forget):
                raised += 1
                raise errors[item]
            part.append(item)
        return list(items)

    committer = GroupCommitter(transaction)
    committer.register("t", write)
    results = await asyncio.gather(*(committer.submit("t", number) for number in range(count)), return_exceptions=True)
    await committer.close()
    return results, stored
