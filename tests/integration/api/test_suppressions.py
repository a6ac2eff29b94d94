"""Addresses that bounced, and using them again."""

from hub import clock
from hub.delivery.store import suppress
from hub.ids import new_id
from hub.messages.address import Address, AddressKind
from tests.fixtures.console import Console

LONG = "somebody.with.a.rather.long.name@department.example.org"


async def test_a_suppressed_address_is_listed_and_can_be_used_again(console: Console) -> None:
    root = await console.signed_in("root", "administrator")
    async with console.hub.db.unit_of_work() as work:
        for value in (LONG, "b@example.com"):
            address = Address(kind=AddressKind.EMAIL, value=value)
            await suppress(work, address, id=new_id(), reason="bounced", evidence="5.1.1", at=clock.now())

    newest = await (await root.get("/suppressions", params={"limit": "1"})).json()
    older = await (await root.get("/suppressions", params={"limit": "1", "cursor": newest["next_cursor"]})).json()
    (long,) = older["items"]
    lifted = await root.delete(f"/suppressions/{long['id']}")

    assert long["address_value"] == LONG
    assert lifted.status == 204
    assert [one["address_value"] for one in (await (await root.get("/suppressions")).json())["items"]] == ["b@example.com"]
    (noted,) = (await (await root.get("/audit", params={"action": "suppression.lift"})).json())["items"]
    assert (noted["subject"], noted["detail"]) == ({"kind": "suppression", "id": long["id"]}, {"address": LONG})
    assert (await root.delete(f"/suppressions/{long['id']}")).status == 404
