"""Lists of conversations: every view, by key set, within what the caller may see."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hub import clock
from hub.ids import UserId
from tests.fixtures.console import Client
from tests.fixtures.desk import Front
from tests.integration.conversations.conftest import ok, pages, place, queue, refused


async def many(front: Front, count: int, *, ties: int = 1) -> list[str]:
    """Conversations with times that come in groups of `ties`, the oldest first; in every state and holder."""
    await asyncio.gather(*(front.desk.receive(_raw(n), key=f"k{n}") for n in range(count)))
    rows = await front.desk.filed(count)
    ids = [str(row["conversation_id"]) for row in rows]
    start = clock.now() - timedelta(hours=1)
    async with front.hub.db.unit_of_work() as work:
        for place_, id in enumerate(ids):
            at = start + timedelta(seconds=place_ // ties)
            await work.execute("UPDATE conversation SET last_message_at = $2, waiting_since = $2 WHERE id = $1", UUID(id), at)
    return ids


def _raw(n: int) -> bytes:
    return f"From: c{n}@example.com\r\nTo: support@hub.test\r\nSubject: s{n}\r\n\r\nt{n}\r\n".encode()


@pytest.mark.covers("M-01")
@pytest.mark.parametrize("sort", ["newest", "waiting"])
async def test_pages_hold_every_conversation_once_in_order_whatever_ties_there_are(front: Front, anna: Client, sort: str) -> None:
    ids = await many(front, 23, ties=5)

    found = await pages(anna, "/conversations", sort=sort, limit=4)

    assert [len(page) for page in found] == [4, 4, 4, 4, 4, 3]
    shown = [item["id"] for page in found for item in page]
    assert sorted(shown) == sorted(ids)
    key, backwards = ("waiting_since", False) if sort == "waiting" else ("last_message_at", True)
    items = [(item[key], item["number"]) for page in found for item in page]
    assert items == sorted(items, reverse=backwards)


@pytest.mark.covers("M-01")
async def test_what_changes_while_one_turns_pages_moves_nothing_else(front: Front, anna: Client) -> None:
    ids = await many(front, 20)
    first = await ok(await anna.get("/conversations", params={"limit": "5"}))
    seen = [item["id"] for item in first["items"]]

    # One of those still to come is answered, one seen is closed, one new arrives.
    await anna.post(f"/conversations/{ids[3]}/messages", {"kind": "note", "text": "looked at"})
    await anna.patch(f"/conversations/{seen[0]}", {"state": "closed"})
    await front.desk.receive(_raw(99))
    await front.desk.filed(21)

    cursor = first["next_cursor"]
    while cursor:
        page = await ok(await anna.get("/conversations", params={"limit": "5", "cursor": cursor}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == list(reversed(ids))


@pytest.mark.covers("M-01")
async def test_each_view_and_filter_shows_what_its_name_says_and_the_counters_agree(front: Front, anna: Client) -> None:
    a, b, c, d, e = await many(front, 5)
    me = (await ok(await anna.get("/session")))["user"]["id"]
    other = await front.user("ben", "agent")
    desk_queue = await queue(front, "Sales")
    await ok(await anna.put(f"/conversations/{a}/assignee", {"agent_id": me}))
    await ok(await anna.put(f"/conversations/{b}/assignee", {"agent_id": str(other.id)}))
    await ok(await anna.patch(f"/conversations/{c}", {"state": "closed"}))
    later = (clock.now() + timedelta(days=1)).isoformat()
    await ok(await anna.patch(f"/conversations/{d}", {"state": "snoozed", "snoozed_until": later}))
    await ok(await anna.patch(f"/conversations/{e}", {"queue_id": str(desk_queue)}))

    async def shown(**query: str) -> set[str]:
        return {item["id"] for page in await pages(anna, "/conversations", **query) for item in page}

    assert await shown(view="mine") == {a}
    assert await shown(view="unassigned") == {e}
    assert await shown(view="all") == await shown() == {a, b, e}
    assert await shown(view="snoozed") == {d}
    assert await shown(view="closed") == {c}
    assert await shown(assignee_id=str(other.id)) == {b}
    assert await shown(queue_id=str(desk_queue)) == {e}
    assert await shown(channel="email", waiting_for="us") == {a, b, e}
    assert await shown(channel="webchat") == await shown(waiting_for="customer") == set()
    customer = (await ok(await anna.get(f"/conversations/{c}")))["customer"]["id"]
    assert await shown(customer_id=customer) == {c}  # closed ones too: the history
    assert await ok(await anna.get("/conversations/counts")) == {
        "mine": {"us": 1},
        "unassigned": {"us": 1},
        "all": {"us": 3},
        "snoozed": {"us": 1},
        "views": {},
    }


@pytest.mark.covers("M-01")
async def test_a_list_shows_what_has_changed_beside_the_conversation_too(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    first = (await pages(anna, "/conversations"))[0][0]
    assert (first["unread"], first["draft"], first["tags"]) == (True, False, [])
    customer = await ok(await anna.get(f"/customers/{first['customer']['id']}"))
    await ok(await anna.patch(f"/customers/{customer['id']}", {"version": customer["version"], "name": "Another Name"}))
    await ok(await anna.put(f"/conversations/{id}/drafts/reply", {"text": "Dear", "revision": 0}))
    await ok(await anna.post(f"/conversations/{id}/read", {"n": 10**9}), 204)
    await ok(await anna.post("/tags", {"name": "Vip"}), 201)
    await ok(await anna.put(f"/conversations/{id}/tags/vip"))

    item = (await pages(anna, "/conversations"))[0][0]
    assert (item["customer"]["name"], item["contact"]) == ("Another Name", "Another Name")
    assert (item["unread"], item["draft"], item["mentioned"], item["tags"]) == (False, True, False, ["Vip"])
    assert item == await ok(await anna.get(f"/conversations/{id}"))


async def test_a_token_has_lists_and_counters_too(front: Front, anna: Client) -> None:
    await many(front, 2)
    made = await ok(
        await anna.post("/tokens", {"name": "reader", "scopes": ["conversations.read_all", "conversations.read"]}), 201
    )
    program = front.client(made["token"])

    assert len((await pages(program, "/conversations"))[0]) == 2
    assert await pages(program, "/conversations", view="mine") == [[]]
    assert await ok(await program.get("/conversations/counts")) == {
        "mine": {}, "unassigned": {"us": 2}, "all": {"us": 2}, "snoozed": {}, "views": {},
    }  # fmt: skip


NO_CURSORS = [
    "x",
    "e30",
    "WzEsMl0",
    "WyIyMDI2LTExLTIxIiwxXQ",
    "WyIyMDI2LTExLTIxVDAwOjAwOjAwWiIsMWU0MDBd",
    "é",
    "=" * 50,
    "bnVsbA",
]


async def test_a_cursor_that_is_none_is_refused(anna: Client) -> None:
    for cursor in NO_CURSORS:
        await refused(await anna.get("/conversations", params={"cursor": cursor}), 422, "bad_cursor")


@pytest.mark.covers("M-34")
async def test_an_agent_sees_what_is_theirs_unassigned_to_a_queue_or_in_their_queues(front: Front, anna: Client) -> None:
    mine, theirs, nobodys, assigned = await many(front, 4)
    ben = await front.signed_in("ben", "agent")
    me = UserId(UUID((await ok(await ben.get("/session")))["user"]["id"]))
    own, foreign = await queue(front, "Own", [me]), await queue(front, "Foreign")
    await place(front, mine, own)
    await place(front, theirs, foreign)
    await place(front, nobodys, None)
    await place(front, assigned, foreign, me)

    ben = front.client()
    await ben.sign_in("ben")
    shown = {item["id"] for page in await pages(ben, "/conversations") for item in page}
    assert shown == {mine, nobodys, assigned}
    assert (await ok(await ben.get("/conversations/counts")))["all"] == {"us": 3}
    messages = {item["conversation_id"] for page in await pages(ben, "/messages") for item in page}
    assert messages == {mine, nobodys, assigned}

    message = next(item for page in await pages(anna, "/messages") for item in page if item["conversation_id"] == theirs)
    for method, path, body in HIDDEN:
        answer = await ben(method, "/api/v1" + path.format(c=theirs, m=message["id"], x=uuid4()), body)
        assert answer.status == 404, (method, path, answer.status, await answer.text())
        there = await ben(method, "/api/v1" + path.format(c=uuid4(), m=uuid4(), x=uuid4()), body)
        assert [(await answer.json())[k] for k in ("code", "detail")] == [(await there.json())[k] for k in ("code", "detail")]


HIDDEN: list[tuple[str, str, object]] = [
    ("GET", "/conversations/{c}", None),
    ("PATCH", "/conversations/{c}", {"state": "closed"}),
    ("PUT", "/conversations/{c}/assignee", {"agent_id": None}),
    ("GET", "/conversations/{c}/messages", None),
    ("POST", "/conversations/{c}/messages", {"text": "x"}),
    ("POST", "/conversations/{c}/messages", {"text": "x", "kind": "note"}),
    ("GET", "/conversations/{c}/reply-options", None),
    ("POST", "/conversations/{c}/read", {"n": 1}),
    ("PUT", "/conversations/{c}/customers/{x}", None),
    ("DELETE", "/conversations/{c}/customers/{x}", None),
    ("PUT", "/conversations/{c}/tickets/{x}", None),
    ("DELETE", "/conversations/{c}/tickets/{x}", None),
    ("GET", "/messages/{m}", None),
    ("GET", "/messages/{m}/raw", None),
    ("GET", "/messages/{m}/html", None),
    ("GET", "/messages/{m}/attachments/{x}", None),
    ("GET", "/messages/{m}/attachments/{x}/url", None),
    ("GET", "/messages/{m}/exchanges", None),
    ("POST", "/messages/{m}/retry", None),
]


async def test_messages_are_listed_oldest_first_each_once(front: Front, anna: Client) -> None:
    await many(front, 11)

    found = await pages(anna, "/messages", direction="in", channel="email", limit=3)

    assert [len(page) for page in found] == [3, 3, 3, 2]
    numbers = [item["n"] for page in found for item in page]
    assert numbers == sorted(set(numbers))
    assert {item["subject"] for page in found for item in page} == {f"s{n}" for n in range(11)}
    assert await pages(anna, "/messages", direction="out") == [[]]
