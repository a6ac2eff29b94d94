"""Reading the journal anew, after the parser became better."""

import pytest

from hub import clock
from hub.conversations.search import search
from hub.intake import journal
from tests.fixtures.desk import Desk, eventually, mail


async def found(desk: Desk, text: str) -> list[str]:
    caller = await desk.user(f"u{clock.now().timestamp()}", "administrator")
    hits = await search(desk.db, caller, text, before=None, limit=10)
    return [str(hit.message.id) for hit in hits.items]


async def test_what_is_read_anew_is_found_by_its_new_words_and_answered_to_the_same_address(desk: Desk) -> None:
    await desk.receive(mail(text="as it is", Reply_To="desk@example.org"))
    (message,) = await desk.filed(1)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE message SET text = 'garbled', extra = $2 WHERE id = $1", message["id"], {})
        if work.dialect == "sqlite":
            await work.execute("UPDATE message_grams SET grams = 'garbled' WHERE rowid = $1", message["n"])
        else:
            await work.execute("UPDATE message SET grams = 'garbled'::tsvector WHERE id = $1", message["id"])

    await desk.hub.replay.again(message["journal_id"])

    (again,) = await desk.filed(1)
    assert (again["id"], again["text"]) == (message["id"], "as it is")
    assert again["extra"]["reply_to"] == [{"address": "desk@example.org", "name": ""}]
    assert await found(desk, "garbled") == []
    assert await found(desk, "as it is") == [str(message["id"])]


async def test_what_is_filed_while_somebody_asks_to_file_it_again_is_filed_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await _journalled(desk, monkeypatch)
    read = desk.db.fetch_one

    async def read_before_it_is_filed(sql: str, *args: object) -> object:
        row = await read(sql, *args)
        if "FROM journal" in sql:
            monkeypatch.undo()
            desk.parts.filer.wake()
            await desk.filed(1)
        return row

    monkeypatch.setattr(desk.db, "fetch_one", read_before_it_is_filed)
    await desk.hub.replay.again(entry)
    desk.parts.filer.wake()
    await desk.receive(mail(subject="another"))

    assert [m["subject"] for m in await desk.filed(2)] == ["Question", "another"]


async def _journalled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> object:
    """A mail that nobody files as long as the patch stands."""

    async def nothing(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(journal, "claim", nothing)
    await desk.receive(mail())

    async def there() -> object:
        row = await desk.db.fetch_one("SELECT id FROM journal WHERE state = 'pending'")
        assert row is not None
        return row["id"]

    return await eventually(there)


async def test_what_no_parser_could_read_is_outdated_until_one_can(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bad(_: object) -> tuple[str, int]:
        return "tests.fixtures.bad_parsers:fail", 1

    await desk.receive(mail(subject="good"))
    await desk.filed(1)
    with monkeypatch.context() as patched:
        patched.setattr(desk.hub.carriers, "parser_of", bad)
        await desk.receive(mail(subject="unread"))
        unread = (await desk.filed(2))[1]
    assert unread["notices"] == ["unreadable"]

    assert [id async for id in desk.hub.replay.outdated()] == [unread["journal_id"]]
    assert await desk.hub.replay.again(unread["journal_id"]) == "filed"

    assert [id async for id in desk.hub.replay.outdated()] == []
    assert [m["subject"] for m in await desk.filed(2)] == ["good", "unread"]
