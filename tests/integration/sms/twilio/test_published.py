"""Our requests, and the simulator's answers, against what Twilio publishes (`tests/data/twilio/messages.json`)."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from twilio.rest.api.v2010.account.message import MessageInstance, MessageList

from hub.channels.sms.twilio import protocol
from hub.devkit.twilio import Asked, File, TwilioSimulator
from hub.messages.address import ChannelKind
from tests.fixtures.adapters import outbound
from tests.fixtures.mail import MemorySink
from tests.integration.sms.twilio.conftest import CUSTOMER, NUMBER, MakeAdapter

PUBLISHED: Any = json.loads((Path(__file__).parents[3] / "data/twilio/messages.json").read_text())
SERVICE = "MG" + "a" * 32


@pytest.fixture
async def asked(twilio: TwilioSimulator, make_adapter: MakeAdapter) -> list[Asked]:
    """Every request the adapter ever makes."""
    twilio.numbers[SERVICE] = ""
    for adapter in (make_adapter(), make_adapter(sender="", messaging_service_sid=SERVICE)):
        message = outbound(ChannelKind.SMS, CUSTOMER, text="你好 & more")
        await adapter.send(message)
        await adapter.fetch_status(message)
        await adapter.check()
        missed = await twilio.write(CUSTOMER, NUMBER, "", files=[File(content_type="image/png", content=b"x")], call=False)
        adapter._missed.late(missed.sid)
        await adapter._missed.round(MemorySink())
    return twilio.asked


def _kind(one: Asked) -> str:
    method = "create" if one.method == "POST" else None
    return method or next(kind for kind, path in PUBLISHED["paths"].items() if kind != "create" and re.search(path, one.path))


@pytest.mark.covers("S-01")
async def test_what_we_ask_is_what_twilio_takes(asked: list[Asked]) -> None:
    kinds = [_kind(one) for one in asked]

    assert set(kinds) == set(PUBLISHED["paths"])
    for kind, one in zip(kinds, asked, strict=True):
        assert re.search(PUBLISHED["paths"][kind], one.path)
        assert all(len(values) == 1 for values in one.form.values())
        if kind in ("create", "list"):
            Draft202012Validator(PUBLISHED[kind]).validate({name: values[0] for name, values in one.form.items()})
        if kind == "create":
            assert one.headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_what_the_simulator_says_is_what_twilio_says(asked: list[Asked], twilio: TwilioSimulator) -> None:
    await twilio.settled()
    await twilio.write(CUSTOMER, NUMBER, "STOP", call=False)
    url = f"{twilio.url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": asked[0].headers["Authorization"]}
        async with session.get(url, params={"PageSize": "100"}, headers=headers) as answer:
            listed = (await answer.json())["messages"]

    assert {message["direction"] for message in listed} == {"inbound", "outbound-api", "outbound-reply"}
    for message in listed:
        Draft202012Validator(PUBLISHED["message"]).validate(message)


def test_every_published_status_has_a_state_and_every_parameter_a_name_in_the_sdk() -> None:
    statuses = {value for name, value in vars(MessageInstance.Status).items() if not name.startswith("_")}
    source = inspect.getsource(MessageList)

    assert statuses == set(PUBLISHED["message"]["properties"]["status"]["enum"])
    assert statuses - set(protocol._STATES) == {"partially_delivered", "receiving", "received"}
    assert [name for name in PUBLISHED["create"]["properties"] if f'"{name}"' not in source] == []
