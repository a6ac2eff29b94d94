"""Short messages over HTTP: first messages, ways to answer, tests of an account."""

from typing import Any

import pytest

from tests.fixtures.desk import Front, eventually
from tests.fixtures.sms import PaperDesk


async def begin(
    front: Front, sms: PaperDesk, to: str, text: str = "Your parcel is here", **more: Any
) -> tuple[int, dict[str, Any]]:
    client = await front.signed_in("anna", "administrator")
    body = {"account_id": str(sms.account_id), "to": [{"kind": "phone", "address": to}], "text": text, **more}
    answer = await client.post("/conversations", body)
    return answer.status, await answer.json()


@pytest.mark.covers("S-01", "U-05")
async def test_a_first_message_makes_a_customer_of_an_unknown_number(front: Front, sms: PaperDesk) -> None:
    status, begun = await begin(front, sms, "138 0013 8000")

    assert status == 201, begun
    customer = begun["conversation"]["customer"]
    assert customer is not None
    assert [d["address"] for d in begun["message"]["deliveries"]] == ["+8613800138000"]


@pytest.mark.covers("S-01", "U-05")
async def test_a_first_message_to_a_known_number_is_to_its_customer(front: Front, sms: PaperDesk) -> None:
    client = await front.signed_in("bert", "administrator")
    new = {"name": "Wang Li", "addresses": [{"kind": "phone", "value": "13800138000"}]}
    customer = await (await client.post("/customers", new)).json()

    _, begun = await begin(front, sms, "+86 138-0013-8000")

    assert begun["conversation"]["customer"]["id"] == customer["id"]


async def test_a_short_code_is_written_to_as_it_is_and_a_name_is_no_recipient(front: Front, sms: PaperDesk) -> None:
    status, begun = await begin(front, sms, "95588")
    client = await front.signed_in("bert", "administrator")
    body = {"account_id": str(sms.account_id), "to": [{"kind": "phone", "address": "Bank"}], "text": "?"}
    refused = await client.post("/conversations", body)

    assert (status, begun["message"]["deliveries"][0]["address"]) == (201, "95588")
    assert (refused.status, (await refused.json())["code"]) == (422, "bad_address")


@pytest.mark.covers("M-27")
async def test_what_takes_more_parts_than_the_account_sends_is_refused(front: Front, sms: PaperDesk) -> None:
    status, problem = await begin(front, sms, "13800138000", "中" * 671)

    assert (status, problem["code"], problem["refusals"]) == (422, "refused", ["too_long"])


@pytest.mark.covers("S-02")
async def test_an_answer_goes_back_by_the_number_it_came_to_and_says_how_it_is_counted(front: Front, sms: PaperDesk) -> None:
    await sms.account("10691111")
    received = await sms.receive("您好")
    client = await front.signed_in("anna", "administrator")
    path = f"/conversations/{received.conversation_id}"

    options = await (await client.get(f"{path}/reply-options")).json()
    said = await client.post(f"{path}/messages", {"text": "您好，请问有什么可以帮您？"})

    assert [(o["channel"], o["default"], o["subject"], o["to"][0]["address"]) for o in options] == [
        ("sms", True, "", "+8613800138000"),
        ("sms", False, "", "+8613800138000"),
    ]
    assert (options[0]["capabilities"]["length_unit"], options[0]["capabilities"]["max_segments"]) == ("gsm7", 10)
    assert said.status == 201, await said.text()

    async def sent() -> None:
        assert sms.paper.texts() == [("+8613800138000", "您好，请问有什么可以帮您？")]

    await eventually(sent)


@pytest.mark.covers("S-04")
async def test_an_account_is_tried_by_a_message_whose_fate_is_told(front: Front, sms: PaperDesk) -> None:
    client = await front.signed_in("anna", "administrator")
    path = f"/accounts/{sms.account_id}/test-message"
    sent = await client.post(path, {"to": "138 0013 8000", "text": "Test"})
    message = await sent.json()
    assert sent.status == 201, message

    async def accepted() -> None:
        now = await (await client.get(f"{path}/{message['id']}")).json()
        assert (now["status"], now["deliveries"][0]["address"]) == ("accepted", "+8613800138000")

    await eventually(accepted)
    (row,) = await sms.desk.db.fetch("SELECT state, customer_id FROM conversation")
    assert (row["state"], row["customer_id"]) == ("closed", None)
    audit = await sms.desk.db.fetch("SELECT detail FROM auth_audit WHERE action = 'account.test_message'")
    assert [entry["detail"]["to"] for entry in audit] == ["138 0013 8000"]


async def test_only_who_manages_accounts_tries_them_and_only_tests_are_shown_so(front: Front, sms: PaperDesk) -> None:
    agent = await front.signed_in("bert", "agent")
    path = f"/accounts/{sms.account_id}/test-message"
    _, begun = await begin(front, sms, "13800138000")
    admin = await front.signed_in("carl", "administrator")

    assert (await agent.post(path, {"to": "13800138000", "text": "Test"})).status == 403
    assert (await admin.get(f"{path}/{begun['message']['id']}")).status == 404
    assert (await admin.post(f"/accounts/{await sms.desk.mailbox()}/test-message", {"to": "nobody", "text": "x"})).status == 422


@pytest.mark.covers("M-27")
async def test_opt_outs_are_listed_by_customer_and_lifted_with_a_reason(front: Front, sms: PaperDesk) -> None:
    received = await sms.receive("STOP")
    await sms.receive("STOP", sender="+8613900139000")
    client = await front.signed_in("dora", "administrator")
    conversation = await (await client.get(f"/conversations/{received.conversation_id}")).json()

    every = (await (await client.get("/opt-outs")).json())["items"]
    params = {"customer_id": conversation["customer"]["id"]}
    (mine,) = (await (await client.get("/opt-outs", params=params)).json())["items"]
    lifted = await client.post(f"/opt-outs/{mine['id']}/lift", {"reason": "asked for it on the phone"})
    again = await client.post(f"/opt-outs/{mine['id']}/lift", {"reason": "twice"})

    assert len(every) == 2
    assert (mine["address"], mine["sender"], mine["word"], mine["channel"]) == ("+8613800138000", "10690000", "stop", "sms")
    assert (lifted.status, again.status) == (204, 404)
    (left,) = (await (await client.get("/opt-outs", params={"address": "+8613900139000"})).json())["items"]
    assert left["address"] == "+8613900139000"
    status, problem = await begin(front, sms, "13900139000")
    assert (status, problem["refusals"]) == (422, ["opted_out"])
