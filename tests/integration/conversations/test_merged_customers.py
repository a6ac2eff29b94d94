"""Everything of a merged customer is found under the kept one, and goes back to whose it is, whatever came in meanwhile."""

from typing import Any

import pytest

from hub.auth import SYSTEM
from hub.crm.customers import identify
from hub.db import read_events
from hub.delivery.consent import Purpose
from hub.delivery.errors import Refused
from hub.delivery.service import Send
from hub.ids import AccountId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from tests.fixtures.console import Client
from tests.fixtures.desk import Front
from tests.fixtures.sms import PaperDesk
from tests.integration.conversations.conftest import Json, Talks, ok, pages, refused

pytestmark = pytest.mark.covers("M-15", "B-16")
ALICE, ALICE_TOO, PHONE, NEW_PHONE = "alice@example.com", "a.smith@example.net", "+8613800138000", "+8613900139000"


class Room:
    """Alice, whom the hub knows twice: by her first mail, and by another with a telephone."""

    def __init__(self, anna: Client, talks: Talks, sms: PaperDesk) -> None:
        self.anna, self.talks, self.sms = anna, talks, sms
        self.kept = self.gone = ""

    async def begin(self) -> "Room":
        await self.mail(ALICE), await self.mail(ALICE_TOO)
        by_name = {one["name"]: one["id"] for one in await self.customers()}
        self.kept, self.gone = by_name[ALICE], by_name[ALICE_TOO]
        await ok(await self.anna.post(f"/customers/{self.gone}/addresses", {"kind": "phone", "value": PHONE}), 201)
        return self

    async def mail(self, sender: str) -> str:
        return (await self.talks.began(sender, subject=f"Question {self.talks._count}"))[0]

    async def text(self, sender: str) -> str:
        accepted = await self.sms.receive("hello", sender=sender)
        return str(accepted.conversation_id)

    async def write(self, to: str, **more: Any) -> str:
        body = {"account_id": str(self.sms.account_id), "to": [{"kind": "phone", "address": to}], "text": "hello", **more}
        return str((await ok(await self.anna.post("/conversations", body), 201))["conversation"]["id"])

    async def customers(self) -> list[Json]:
        return [one for page in await pages(self.anna, "/customers") for one in page]

    async def customer(self, id: str) -> Json:
        found: Json = await ok(await self.anna.get(f"/customers/{id}"))
        return found

    async def merge(self, **more: Any) -> Json:
        gone, kept = await self.customer(self.gone), await self.customer(self.kept)
        body = {"into_id": self.kept, "version": gone["version"], "into_version": kept["version"], **more}
        merged: Json = await ok(await self.anna.post(f"/customers/{self.gone}/merge", body))
        return merged

    async def unmerge(self) -> Json:
        alone: Json = await ok(await self.anna.post(f"/customers/{self.gone}/unmerge"))
        return alone

    async def of(self, customer: str) -> set[str]:
        """The conversations of a customer; each says in every list that it is his."""
        found = [
            one for page in await pages(self.anna, "/conversations", view="all", customer_id=customer, limit=5) for one in page
        ]
        shown = (await self.customer(customer))["id"]
        for one in found:
            assert one["customer"]["id"] == shown
            assert await ok(await self.anna.get(f"/conversations/{one['id']}")) == one
        return {one["id"] for one in found}

    async def ticket(self, **more: Any) -> str:
        return str((await ok(await self.anna.post("/tickets", {"title": "Broken", **more}), 201))["id"])

    async def tickets(self, customer: str) -> set[str]:
        found = await ok(await self.anna.get("/tickets", params={"customer_id": customer}))
        shown = (await self.customer(customer))["id"]
        assert {one["customer_id"] for one in found["items"]} <= {shown}
        return {one["id"] for one in found["items"]}


@pytest.fixture
async def room(anna: Client, talks: Talks, sms: PaperDesk) -> Room:
    return await Room(anna, talks, sms).begin()


async def test_after_ten_later_contacts_every_entry_returns_to_its_owner(room: Room) -> None:
    kept, gone = await room.of(room.kept), await room.of(room.gone)
    assert (len(kept), len(gone)) == (1, 1)
    mine, theirs = await room.ticket(customer_id=room.kept), await room.ticket(customer_id=room.gone)

    await room.merge()
    assert await room.of(room.kept) == await room.of(room.gone) == kept | gone
    assert await room.tickets(room.kept) == await room.tickets(room.gone) == {mine, theirs}

    await ok(await room.anna.post(f"/customers/{room.kept}/addresses", {"kind": "phone", "value": NEW_PHONE}), 201)
    for _ in range(3):
        kept.add(await room.mail(ALICE))
        gone.add(await room.mail(ALICE_TOO))
    gone.add(await room.text(PHONE))
    gone.add(await room.text(PHONE))
    kept.add(await room.text(NEW_PHONE))
    gone.add(await room.write(PHONE, customer_id=room.kept))
    mine_later = await room.ticket(customer_id=room.kept)
    from_conversation = await room.ticket(conversation_id=next(iter(gone)))
    assert await room.of(room.kept) == kept | gone
    assert await room.tickets(room.kept) == {mine, theirs, mine_later, from_conversation}
    assert len(await room.customers()) == 1

    await room.unmerge()

    assert (await room.of(room.kept), await room.of(room.gone)) == (kept, gone)
    assert await room.tickets(room.kept) == {mine, mine_later}
    assert await room.tickets(room.gone) == {theirs, from_conversation}
    addresses = [[to["value"] for to in (await room.customer(id))["addresses"]] for id in (room.kept, room.gone)]
    assert addresses == [[ALICE, NEW_PHONE], [ALICE_TOO, PHONE]]


async def test_lists_links_and_unlinks_know_the_customer_by_all_ids(room: Room) -> None:
    (talk,) = await room.of(room.gone)
    merged = await room.merge(fields={"name": "Alice Smith"})
    listed = await ok(await room.anna.get("/conversations", params={"view": "all"}))
    assert {one["customer"]["name"] for one in listed["items"]} == {"Alice Smith"}
    assert {one["contact"] for one in listed["items"]} == {"Alice Smith"}
    left = await ok(await room.anna.delete(f"/conversations/{talk}/customers/{merged['id']}"))
    assert left["customer"] is None
    linked = await ok(await room.anna.put(f"/conversations/{talk}/customers/{room.gone}"))
    assert linked["customer"]["id"] == room.kept
    await room.unmerge()
    assert (await ok(await room.anna.get(f"/conversations/{talk}")))["customer"]["name"] == ALICE_TOO


async def test_a_ticket_made_from_a_conversation_is_of_whom_it_is_with_however_he_is_called_meanwhile(room: Room) -> None:
    talk = await room.mail(ALICE_TOO)
    await room.merge()
    shown = (await ok(await room.anna.get(f"/conversations/{talk}")))["customer"]["id"]
    assert shown == room.kept
    made = await room.ticket(conversation_id=talk, customer_id=shown)
    other = await room.ticket(customer_id=shown)
    await room.unmerge()
    assert (await room.tickets(room.gone), await room.tickets(room.kept)) == ({made}, {other})


async def test_two_of_one_name_do_not_keep_each_others_place_in_a_list(room: Room) -> None:
    """Rows of lists are kept as JSON for as long as they say the truth: by whose they are, not by what he is called."""
    (talk,) = await room.of(room.gone)
    gone = await room.customer(room.gone)
    await ok(await room.anna.patch(f"/customers/{room.gone}", {"version": gone["version"], "name": ALICE}))
    for act, expected in ((room.merge, room.kept), (room.unmerge, room.gone)):
        await act()
        items = (await ok(await room.anna.get("/conversations", params={"view": "all"})))["items"]
        assert {one["id"]: one["customer"]["id"] for one in items}[talk] == expected


async def test_who_sees_their_conversations_is_told_whose_they_are_now(room: Room) -> None:
    (talk,), (other,) = await room.of(room.gone), await room.of(room.kept)
    await ok(await room.anna.patch(f"/conversations/{talk}", {"state": "closed"}))
    await room.sms.jobs()

    async def told(since: int) -> list[tuple[str, str]]:
        await room.sms.jobs()
        changed = [event for event in (await all_events(room))[since:] if event.type == "conversation.changed"]
        return [(event.data["conversation"]["id"], event.data["conversation"]["contact"]) for event in changed]

    before = len(await all_events(room))
    await room.merge()
    assert await told(before) == [(talk, ALICE)]
    before = len(await all_events(room))
    await room.unmerge()
    assert sorted(await told(before)) == sorted([(talk, ALICE_TOO), (other, ALICE)])
    before = len(await all_events(room))
    version = (await room.customer(room.kept))["version"]
    await ok(await room.anna.patch(f"/customers/{room.kept}", {"version": version, "name": "Alice Smith"}))
    assert await told(before) == [(other, "Alice Smith")]


async def all_events(room: Room) -> Any:
    return await read_events(room.sms.desk.db, None, 10_000)


async def test_what_one_refused_or_stopped_holds_for_all_their_addresses(room: Room) -> None:
    async def write(to: str) -> None:
        draft = Draft(text="hello", to=(Address(kind=AddressKind.PHONE, value=to),))
        await room.sms.desk.hub.delivery.send(
            Send(account_id=AccountId(room.sms.account_id), draft=draft, purpose=Purpose.SERVICE), by=SYSTEM
        )

    await ok(await room.anna.post(f"/customers/{room.kept}/addresses", {"kind": "phone", "value": NEW_PHONE}), 201)
    await ok(await room.anna.put(f"/customers/{room.kept}/refusals/sms", {"reason": "asked"}))
    await write(PHONE)
    await room.merge()
    for number in (PHONE, NEW_PHONE):
        with pytest.raises(Refused):
            await write(number)
    reach = await ok(await room.anna.get(f"/accounts/{room.sms.account_id}/reach", params={"address": PHONE}))
    assert (reach["allowed"], reach["customer"]["id"]) == (False, room.kept)
    await room.unmerge()
    await write(PHONE)
    with pytest.raises(Refused):
        await write(NEW_PHONE)

    await room.merge()
    await room.sms.receive("STOP", sender=PHONE)
    stopped = await ok(await room.anna.get("/opt-outs", params={"customer_id": room.kept}))
    assert [one["address"] for one in stopped["items"]] == [PHONE]


async def test_an_answer_goes_to_the_owners_own_address_first(room: Room) -> None:
    (talk,) = await room.of(room.gone)
    await ok(await room.anna.post(f"/customers/{room.kept}/addresses", {"kind": "phone", "value": NEW_PHONE}), 201)
    await room.merge()
    options = await ok(await room.anna.get(f"/conversations/{talk}/reply-options"))
    (sms,) = [one for one in options if one["channel"] == "sms"]
    assert [to["address"] for to in sms["to"]] == [PHONE]


async def test_an_address_both_have_is_filed_with_the_kept_one(room: Room, front: Front) -> None:
    await ok(await room.anna.post(f"/customers/{room.kept}/addresses", {"kind": "phone", "value": PHONE}), 201)
    unsure = await room.text(PHONE)
    asked = await ok(await room.anna.get(f"/conversations/{unsure}"))
    assert (asked["customer"], asked["candidates"]) == (None, 2)
    listed = {one["id"]: one for one in (await ok(await room.anna.get("/conversations")))["items"]}
    assert listed[unsure]["candidates"] == 2
    await room.merge()
    # They are one now, wherever the conversation is shown, and two again when they are separated.
    await _candidates(room, unsure, 1)
    noted = await ok(await room.anna.patch(f"/conversations/{unsure}", {"priority": "high"}))
    assert noted["candidates"] == 1
    await room.unmerge()
    await _candidates(room, unsure, 2)
    await room.merge()
    async with front.hub.db.unit_of_work() as work:
        found = await identify(work, Address(kind=AddressKind.PHONE, value=PHONE))
    assert str(found.customer_id) == room.kept


async def _candidates(room: Room, id: str, count: int) -> None:
    listed = {one["id"]: one["candidates"] for one in (await ok(await room.anna.get("/conversations")))["items"]}
    assert (listed[id], (await ok(await room.anna.get(f"/conversations/{id}")))["candidates"]) == (count, count)


async def test_refusals_have_stable_codes_and_need_the_right(room: Room, front: Front) -> None:
    body = {"into_id": room.kept, "version": 1, "into_version": 1}
    await refused(await room.anna.post(f"/customers/{room.gone}/merge", body), 409, "stale")
    await refused(await room.anna.post(f"/customers/{room.kept}/merge", body), 409, "not_mergeable")
    await refused(await room.anna.post(f"/customers/{room.gone}/unmerge"), 409, "not_mergeable")
    await refused(await room.anna.post(f"/customers/{room.gone}/merge", body | {"fields": {"kind": "person"}}), 422, "invalid")
    for customer in (room.kept, room.gone):
        at = f"/customers/{customer}"
        reached = {to["kind"]: to["id"] for to in (await room.customer(customer))["addresses"]}
        await ok(await room.anna.post(f"{at}/addresses/{reached['email']}/verify"))
    versions = {
        "version": (await room.customer(room.gone))["version"],
        "into_version": (await room.customer(room.kept))["version"],
    }
    said = await refused(await room.anna.post(f"/customers/{room.gone}/merge", body | versions), 409, "different_identities")
    assert said["kinds"] == ["email"]
    await room.merge(despite_verified=True)
    said = await refused(await room.anna.patch(f"/customers/{room.gone}", {"version": 1, "note": "x"}), 409, "merged")
    assert said["into_id"] == room.kept
    await refused(await room.anna.post(f"/customers/{room.gone}/merge", body | versions), 409, "merged")
    _, token = await front.hub.auth.tokens.add(SYSTEM, name="reader", rights={"customers.read"})  # type: ignore[arg-type]
    for verb, sent in (("merge", body), ("unmerge", None)):
        assert (await front.client(token).post(f"/customers/{room.gone}/{verb}", sent)).status == 403
