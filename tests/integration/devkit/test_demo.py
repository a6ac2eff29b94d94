"""The demo: an example in two languages, and a customer's mailbox that really talks to the hub."""

from pathlib import Path

import pytest

from hub.channels.contract import Accepted
from hub.conversations import listing
from hub.conversations.filters import Filter
from hub.conversations.search import search
from hub.crm.customers import queries
from hub.crm.customers.duplicates import duplicates
from hub.devkit.demo import demo_password, prepare
from hub.devkit.example import PEOPLE, TALKS
from hub.devkit.fill import fill, is_empty
from hub.devkit.mailbox import DemoMailbox
from hub.devkit.many import multiply
from tests.fixtures.desk import Desk, eventually, mail


@pytest.mark.covers("M-47")
async def test_the_example_has_both_channels_both_languages_customers_and_tickets(desk: Desk) -> None:
    password = demo_password(desk.hub.settings.data_dir)
    assert await is_empty(desk.hub)
    written = await fill(desk.hub, await prepare(desk.hub, password), password=password)

    assert written == len(TALKS)
    assert not await is_empty(desk.hub)
    agent = await desk.user("visitor.to.the.demo", "administrator")
    shown, _ = await listing.listed(desk.db, agent, Filter(view="all"), cursor=None, limit=50)
    assert {view.channel for view in shown} == {"email", "webchat"}
    assert all(view.customer is not None for view in shown)
    assert any(view.ticket_ids for view in shown)
    customers = await desk.db.fetch("SELECT name FROM customer WHERE kind = 'person'")
    assert {row["name"] for row in customers} == {person.name for person in PEOPLE}


@pytest.mark.covers("M-23")
async def test_the_example_has_a_customer_who_is_there_twice(desk: Desk) -> None:
    await fill(desk.hub, await prepare(desk.hub, "secret-password"), password="secret-password")

    twice = (await queries.listed(desk.db, q="Sofia Rossi")).items

    assert len(twice) == 2
    assert [one.customer.id for one in await duplicates(desk.db, twice[0])] == [twice[1].id]


async def test_the_demo_password_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = demo_password(tmp_path)
    assert demo_password(tmp_path) == first
    assert (tmp_path / "demo-password").stat().st_mode & 0o077 == 0


async def test_preparing_twice_changes_nothing(desk: Desk) -> None:
    first = await prepare(desk.hub, "secret-password")
    again = await prepare(desk.hub, "secret-password")
    assert first == again
    assert len(await desk.db.fetch("SELECT 1 FROM account")) == 2


async def test_the_mailbox_keeps_what_it_took_over_a_restart_and_shows_text_only(tmp_path: Path) -> None:
    from hub import clock
    from hub.channels.contract import Handover

    mailbox = DemoMailbox(tmp_path, hub_smtp=("127.0.0.1", 1))
    await mailbox.start("127.0.0.1", 0)
    raw = mail(sender="desk@camellia.example", subject="Re: 花", text="今晚送到。", Message_ID="<x@camellia.example>")
    answer = await mailbox.accept(Handover(key="k", raw=raw, received_at=clock.now()))
    await mailbox.stop()
    assert isinstance(answer, Accepted)

    again = DemoMailbox(tmp_path, hub_smtp=("127.0.0.1", 1))
    await again.start("127.0.0.1", 0)
    await again.stop()
    (letter,) = again.letters
    assert (letter.subject, letter.text, letter.message_id) == ("Re: 花", "今晚送到。", "<x@camellia.example>")


async def test_a_letter_from_the_mailbox_arrives_at_the_desk(desk: Desk, tmp_path: Path) -> None:
    from hub.channels.email.smtp_in import MailDoor
    from hub.ids import AccountId

    account = await desk.mailbox()

    async def everybody(_: str) -> AccountId:
        return account

    door = MailDoor(everybody, desk.hub.intake.sink_for)
    await door.start(smtp=("127.0.0.1", 0))
    mailbox = DemoMailbox(tmp_path / "letters", hub_smtp=("127.0.0.1", door.ports["smtp"]))
    await mailbox.write(sender="lin.xia@example.com", to="support@camellia.example", subject="订单", text="什么时候到？")

    async def arrived() -> None:
        (message,) = await desk.filed(1)
        assert (message["from_value"], message["subject"], message["text"]) == ("lin.xia@example.com", "订单", "什么时候到？")

    await eventually(arrived)
    await door.stop()


@pytest.mark.covers("M-47")
async def test_copies_of_the_example_are_conversations_like_others(desk: Desk) -> None:
    password = demo_password(desk.hub.settings.data_dir)
    accounts = await prepare(desk.hub, password)
    await fill(desk.hub, accounts, password=password)
    heard: list[int] = []

    await multiply(desk.hub, accounts.mailbox, count=250, told=heard.append)

    assert heard == [200, 250]
    agent = await desk.user("visitor.to.the.demo", "administrator")
    closed, _ = await listing.listed(desk.db, agent, Filter(view="closed"), cursor=None, limit=100)
    assert len(closed) == 100
    assert all(view.customer is not None and view.preview for view in closed)
    hits = await search(desk.db, agent, "(249)", before=None, limit=20)
    assert {hit.conversation.subject.rpartition("#")[2] for hit in hits.items} == {"249"}
