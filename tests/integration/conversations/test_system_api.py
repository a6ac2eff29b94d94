"""The journal, suppressions and a database that is away, over HTTP."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from hub import clock
from hub.delivery.store import suppress
from hub.ids import new_id
from hub.messages.address import Address, AddressKind
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, eventually, mail
from tests.fixtures.next_hop import NextHop
from tests.integration.conversations.conftest import Talks, chat, ok, pages, refused


async def test_what_cannot_be_filed_is_listed_shown_and_filed_once_it_can_be(
    front: Front, anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.conversations import filing

    async def refusing(*_: object) -> None:
        raise ValueError("cannot be stored")

    raw = mail(text="kept")
    with monkeypatch.context() as patched:
        patched.setattr(filing, "file", refusing)
        patched.setattr("hub.intake.filer.AGAIN_AFTER", timedelta(milliseconds=10))
        await front.desk.receive(raw, mail_from="alice@example.com")

        async def aside() -> dict[str, str]:
            items = (await pages(anna, "/journal"))[0]
            assert len(items) == 1
            return items[0]

        entry = await eventually(aside)
    assert (entry["state"], entry["sender"], entry["error"]) == ("poison", "alice@example.com", "ValueError: cannot be stored")
    assert await (await anna.get(f"/journal/{entry['id']}/raw")).read() == raw

    assert await ok(await anna.post(f"/journal/{entry['id']}/replay")) == {"state": "pending"}
    (message,) = await front.desk.filed(1)
    assert message["text"] == "kept"
    assert await pages(anna, "/journal") == [[]]
    assert await ok(await anna.post(f"/journal/{entry['id']}/replay")) == {"state": "filed"}
    assert len(await front.desk.filed(1)) == 1
    actions = [item["action"] for item in (await ok(await anna.get("/audit")))["items"]]
    assert actions.count("journal.replay") == 2


async def test_the_journal_is_listed_by_state_and_page(front: Front, anna: Client) -> None:
    for n in range(5):
        await front.desk.receive(mail(subject=f"s{n}"))
    await front.desk.filed(5)
    found = await pages(anna, "/journal", state="filed", limit=2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert len({item["id"] for page in found for item in page}) == 5
    await refused(await anna.post(f"/journal/{uuid4()}/replay"), 404, "no_such_journal_entry")
    await refused(await anna.get(f"/journal/{uuid4()}/raw"), 404, "no_such_journal_entry")


async def test_what_had_no_parser_cannot_be_read_anew(front: Front, anna: Client) -> None:
    """A chat line is filed as it comes: there is nothing a newer parser could read better."""
    message = await chat(front, anna, "hello")

    answer = await anna.post(f"/journal/{message['journal_id']}/replay")
    assert answer.status == 422, await answer.text()
    assert (await front.desk.filed(1))[0]["text"] == "hello"


@pytest.mark.covers("B-04")
async def test_suppressed_addresses_are_listed_bind_and_are_lifted(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    async with front.hub.db.unit_of_work() as work:
        for value in ("alice@example.com", "b@example.com", "c@example.com"):
            address = Address(kind=AddressKind.EMAIL, value=value)
            await suppress(work, address, id=new_id(), reason="bounced", evidence="5.1.1 no such user", at=clock.now())

    found = await pages(anna, "/suppressions", limit=2)
    assert [item["address_value"] for page in found for item in page] == ["c@example.com", "b@example.com", "alice@example.com"]
    problem = await refused(await anna.post(f"/conversations/{id}/messages", {"text": "x"}), 422, "refused")
    assert problem["refusals"] == ["suppressed"]
    (option,) = await ok(await anna.get(f"/conversations/{id}/reply-options"))
    assert (option["allowed"], option["refusals"]) == (False, ["suppressed"])

    alice = found[-1][-1]
    await ok(await anna.delete(f"/suppressions/{alice['id']}"), 204)
    assert (await anna.delete(f"/suppressions/{alice['id']}")).status == 404
    await ok(await anna.post(f"/conversations/{id}/messages", {"text": "x"}), 201)
    actions = [item["action"] for item in (await ok(await anna.get("/audit")))["items"]]
    assert "suppression.lift" in actions


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Somebody else writes to the file and does not finish."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


async def test_a_database_that_is_away_is_503_and_then_all_goes_on(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop, tmp_path: Path, dialect: str
) -> None:
    if dialect != "sqlite":
        pytest.skip("on PostgreSQL see tests/faults")
    (id,) = await talks.began("alice@example.com")
    body = {"text": "x", "client_key": str(uuid4())}
    with held(tmp_path / "hub.sqlite3"):
        for method, path, sent in (
            ("POST", f"/conversations/{id}/messages", body),
            ("POST", f"/conversations/{id}/messages", {"kind": "note", "text": "x"}),
            ("PATCH", f"/conversations/{id}", {"state": "closed"}),
            ("PUT", f"/conversations/{id}/assignee", {"agent_id": None}),
        ):
            answer = await anna(method, "/api/v1" + path, sent)
            assert answer.status == 503, (method, path, await answer.text())
            assert answer.headers["Retry-After"]
    said = await ok(await anna.post(f"/conversations/{id}/messages", body), 201)
    assert said["text"] == "x"
    assert (await ok(await anna.get(f"/conversations/{id}")))["state"] == "open"
    assert len(await front.hub.db.fetch("SELECT 1 FROM message WHERE direction <> 'in'")) == 1
