"""What an account adds to what is written, for whoever is about to write."""

import pytest

from hub.ids import new_id
from tests.fixtures.desk import Front
from tests.integration.conversations.conftest import ok, refused


@pytest.mark.covers("M-26")
async def test_a_mailbox_shows_its_signature_to_who_answers_by_it_and_a_site_has_none(front: Front) -> None:
    anna, ben = await front.signed_in("anna", "administrator"), await front.signed_in("ben", "agent")
    mailbox = await front.desk.mailbox()
    settings = {"address": "help@hub.test", "signature_text": "Camellia\n400-800", "signature_html": "<b>Camellia</b>"}
    version = (await ok(await anna.get(f"/accounts/{mailbox}")))["version"]
    await ok(await anna.patch(f"/accounts/{mailbox}", {"settings": settings, "version": version}))
    site = {"name": "Site", "provider": "widget", "settings": {"allowed_origins": ["https://x.example"]}}
    site_id = (await ok(await anna.post("/accounts", site), 201))["id"]

    assert await ok(await ben.get(f"/accounts/{mailbox}/signature")) == {
        "plain": "-- \nCamellia\n400-800",
        "rich": "--\nCamellia",
    }
    assert await ok(await ben.get(f"/accounts/{site_id}/signature")) == {"plain": "", "rich": ""}
    await refused(await ben.get(f"/accounts/{new_id()}/signature"), 404, "not_found")
