"""What stands in the way of writing to somebody first is said before anybody writes."""

import pytest

from tests.fixtures.desk import Front


@pytest.mark.covers("C-14")
async def test_an_address_is_understood_and_what_stands_in_the_way_is_named(front: Front) -> None:
    client = await front.signed_in("anna", "administrator")
    account = await front.desk.mailbox()
    new = {"name": "Wang Li", "addresses": [{"kind": "email", "value": "wang@example.cn"}]}
    customer = await (await client.post("/customers", new)).json()

    async def reach(address: str) -> dict[str, object]:
        answer = await client.get(f"/accounts/{account}/reach", params={"address": address})
        assert answer.status == 200, await answer.text()
        found: dict[str, object] = await answer.json()
        return found

    assert await reach(" Wang@Example.CN ") == {
        "address": "wang@example.cn",
        "display": "wang@example.cn",
        "allowed": True,
        "refusals": [],
        "customer": {"id": customer["id"], "number": customer["number"], "name": "Wang Li"},
    }
    assert (await reach("nobody@example.cn"))["customer"] is None

    await client.put(f"/customers/{customer['id']}/refusals/email", {"reason": "never again"})
    refused = await reach("wang@example.cn")
    assert (refused["allowed"], refused["refusals"]) == (False, ["customer_refused"])


async def test_what_is_no_address_is_said(front: Front) -> None:
    client = await front.signed_in("anna", "administrator")
    account = await front.desk.mailbox()

    answer = await client.get(f"/accounts/{account}/reach", params={"address": "wang"})

    assert (answer.status, (await answer.json())["code"]) == (422, "bad_address")
