"""Alerts: short messages to our own staff."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub import clock
from hub.auth import Caller
from hub.auth.preferences import PreferencesChange, QuietHours
from hub.db import Row
from hub.errors import Invalid
from hub.messages.address import Address, AddressKind
from hub.messages.states import DeliveryState
from hub.notifications.alerts import MOST_AN_HOUR, send_alert
from tests.fixtures.desk import eventually
from tests.fixtures.sms import PaperDesk


@pytest.fixture
async def anna(sms: PaperDesk) -> Caller:
    """An agent with a number for alerts."""
    caller = await sms.desk.user("anna", "agent")
    await prefer(sms, caller, alert_number="139 0013 9000")
    return caller


async def prefer(sms: PaperDesk, user: Caller, **wishes: Any) -> None:
    await sms.desk.hub.auth.preferences.change(user, PreferencesChange(**wishes))


async def alert(sms: PaperDesk, user: Caller, text: str, *, key: str = "", urgent: bool = False) -> None:
    async with sms.desk.db.unit_of_work() as work:
        await send_alert(work, user.person, text, dedup_key=key or text, urgent=urgent)
    await sms.jobs()


async def alerts(sms: PaperDesk) -> list[Row]:
    return await sms.desk.db.fetch("SELECT * FROM alert ORDER BY created_at, id")


async def told(sms: PaperDesk, *texts: str) -> None:
    async def check() -> None:
        assert sms.paper.texts() == [("+8613900139000", text) for text in texts]

    await eventually(check)


async def test_a_user_is_told_once_for_each_happening(sms: PaperDesk, anna: Caller) -> None:
    await alert(sms, anna, "Voicemail from +86 21 6123 4567", key="voicemail 1")
    await alert(sms, anna, "Voicemail from +86 21 6123 4567", key="voicemail 1")
    await alert(sms, anna, "A fax came", key="fax 1")

    await told(sms, "Voicemail from +86 21 6123 4567", "A fax came")
    assert [row["state"] for row in await alerts(sms)] == ["sent", "sent"]


async def test_alerts_stand_in_one_closed_conversation_of_no_customer_and_have_a_fate(sms: PaperDesk, anna: Caller) -> None:
    await alert(sms, anna, "One")
    await alert(sms, anna, "Two")
    await told(sms, "One", "Two")
    await sms.report(sms.paper.ids["One"][0], DeliveryState.DELIVERED)

    (conversation,) = await sms.desk.db.fetch("SELECT state, customer_id, assignee_id FROM conversation")
    assert (conversation["state"], conversation["customer_id"], conversation["assignee_id"]) == ("closed", None, None)
    rows = await sms.desk.db.fetch("SELECT text, status FROM message WHERE direction = 'out' ORDER BY n")
    assert rows[0]["status"] == "delivered"
    assert await sms.desk.db.fetch("SELECT id FROM customer") == []


async def test_in_quiet_hours_an_alert_waits_for_their_end_unless_it_is_urgent(sms: PaperDesk, anna: Caller) -> None:
    now = clock.now()
    await prefer(sms, anna, quiet_hours=quiet(now - timedelta(hours=1), now + timedelta(hours=1)))
    await alert(sms, anna, "Not urgent")
    await alert(sms, anna, "Urgent", urgent=True)
    await told(sms, "Urgent")
    (waits, _) = await alerts(sms)
    assert (waits["state"], waits["due_at"] > now) == ("waiting", True)

    await prefer(sms, anna, quiet_hours=None)
    async with sms.desk.db.unit_of_work() as work:
        await work.execute("UPDATE job SET due_at = $1 WHERE name = 'delivery.send_alert'", clock.now())
    await sms.jobs()

    await told(sms, "Urgent", "Not urgent")


def quiet(begin: datetime, end: datetime) -> QuietHours:
    return QuietHours(from_=f"{begin:%H:%M}", to=f"{end:%H:%M}", timezone="UTC")


async def test_nobody_gets_more_than_so_many_an_hour(sms: PaperDesk, anna: Caller) -> None:
    async with sms.desk.db.unit_of_work() as work:
        for n in range(MOST_AN_HOUR + 2):
            await send_alert(work, anna.person, f"{n}", dedup_key=f"{n}")
    await sms.jobs()

    states = [(row["state"], row["reason"]) for row in await alerts(sms)]
    assert states.count(("sent", "")) == MOST_AN_HOUR
    assert states.count(("dropped", "too_many")) == 2


async def test_who_has_no_number_is_told_nothing_and_it_is_kept_why(sms: PaperDesk) -> None:
    bert = await sms.desk.user("bert", "agent")
    await alert(sms, bert, "Hello")

    (row,) = await alerts(sms)
    assert (row["state"], row["reason"], sms.paper.sent) == ("dropped", "no_number", [])


async def test_a_number_that_said_stop_gets_no_alerts(sms: PaperDesk, anna: Caller) -> None:
    await sms.receive("STOP", sender="+8613900139000")
    await alert(sms, anna, "Hello")

    (row,) = await alerts(sms)
    assert (row["state"], row["reason"]) == ("dropped", "opted_out")


async def test_two_processes_that_send_the_same_alert_send_one(sms: PaperDesk, anna: Caller) -> None:
    async with sms.desk.db.unit_of_work() as work:
        await send_alert(work, anna.person, "Hello", dedup_key="1")
    (row,) = await alerts(sms)
    await sms.jobs()
    async with sms.desk.db.unit_of_work() as work:  # it died before it could say that it was done
        await work.execute("UPDATE alert SET state = 'waiting', done_at = NULL")
        work.enqueue("delivery.send_alert", alert_id=row["id"])
    await sms.jobs()

    await told(sms, "Hello")
    assert [row["state"] for row in await alerts(sms)] == ["sent"]


async def test_a_number_for_alerts_is_a_telephone_number(sms: PaperDesk, anna: Caller) -> None:
    with pytest.raises(Invalid):
        await prefer(sms, anna, alert_number="at home")
    wishes = await sms.desk.hub.auth.preferences.of(anna.person)

    assert wishes.alert_number == Address(kind=AddressKind.PHONE, value="+8613900139000").value
    await prefer(sms, anna, alert_number="")
    assert (await sms.desk.hub.auth.preferences.of(anna.person)).alert_number is None
