"""Verbs on a conversation over HTTP: what is wrong with a request is said, not stumbled over."""

import pytest

from tests.fixtures.console import Serve
from tests.fixtures.desk import Desk, mail


@pytest.mark.parametrize("until", ["2030-01-01T08:00:00", "tomorrow"])
async def test_a_time_to_come_back_at_needs_its_zone(desk: Desk, serve: Serve, until: str) -> None:
    console = await serve(services={"conversations": desk.hub.conversations})
    client = await console.signed_in("anna", "administrator")
    await desk.receive(mail())
    (message,) = await desk.filed(1)

    body = {"state": "snoozed", "snoozed_until": until}
    refused = await client.patch(f"/conversations/{message['conversation_id']}", body)

    assert refused.status == 422
    assert (await refused.json())["errors"][0]["path"] == "$.snoozed_until"
