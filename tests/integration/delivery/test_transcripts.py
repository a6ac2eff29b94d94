"""A chat sent to the visitor by mail."""

from uuid import UUID

import pytest

from hub import clock
from hub.accounts.values import NewAccount
from hub.auth import SYSTEM
from hub.channels.contract import Handover
from hub.conversations.merging import Merging
from hub.conversations.store import conversation_of
from hub.db import Row
from hub.delivery.errors import NothingToSend
from hub.delivery.queries import reply_options
from hub.delivery.service import Send
from hub.delivery.transcripts import Transcripts
from hub.ids import AccountId, ConversationId, new_id
from hub.intake.forgetting import Forgetting
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import Draft
from hub.messages.events import InboundMessage, ThreadKey
from tests.fixtures.desk import Desk, mail


async def _chat(desk: Desk, text: str, **extra: str) -> tuple[Address, Row]:
    """A visitor who wrote to a new site: who he is, and his conversation."""
    settings = {"allowed_origins": ["https://x.example"]}
    site = await desk.hub.accounts.create(NewAccount(name=f"Site {new_id()}", provider="widget", settings=settings), by=SYSTEM)
    visitor = Address(kind=AddressKind.VISITOR, value=str(new_id()))
    said = InboundMessage(
        channel=ChannelKind.WEBCHAT,
        sender=visitor,
        text=text,
        thread_keys=(ThreadKey(kind="visitor", value=visitor.value),),
        extra=extra,
    )
    handover = Handover(key="k", raw=b'{"text": "secret"}', events=[said], received_at=clock.now())
    await desk.hub.intake.sink_for(AccountId(site.id)).accept(handover)
    row = await desk.db.fetch_one("SELECT * FROM conversation WHERE visitor_id = $1", UUID(visitor.value))
    assert row is not None
    return visitor, row


async def _answer(desk: Desk, visitor: Address, talk: Row, text: str) -> None:
    draft = Draft(text=text, to=(visitor,))
    send = Send(account_id=talk["account_id"], draft=draft, conversation_id=talk["id"])
    await desk.hub.delivery.send(send, by=SYSTEM)


@pytest.mark.covers("M-30")
async def test_a_transcript_is_a_mail_that_leaves_the_chat_as_it_is(desk: Desk) -> None:
    visitor, talk = await _chat(desk, "Are roses red?")
    await _answer(desk, visitor, talk, "They are.")
    before = await desk.db.fetch_one("SELECT state, waiting_for, preview FROM conversation WHERE id = $1", talk["id"])

    transcripts = Transcripts(desk.db, desk.hub.delivery)
    await transcripts.send(ConversationId(talk["id"]), to="ann@example.com", site="Shop", locale="en")

    mail = await desk.db.fetch_one("SELECT * FROM message WHERE channel = 'email'")
    after = await desk.db.fetch_one("SELECT state, waiting_for, preview FROM conversation WHERE id = $1", talk["id"])
    assert mail is not None
    assert (mail["subject"], mail["kind"], mail["conversation_id"]) == ("Shop: your chat", "auto_reply", talk["id"])
    assert mail["text"].index("You\nAre roses red?") < mail["text"].index("They are.")
    assert before is not None
    assert after is not None
    assert dict(before.items()) == dict(after.items())


async def test_nothing_is_sent_before_anybody_answered(desk: Desk) -> None:
    _, talk = await _chat(desk, "Buy my pills")

    with pytest.raises(NothingToSend):
        await Transcripts(desk.db, desk.hub.delivery).send(
            ConversationId(talk["id"]), to="victim@example.com", site="Shop", locale="en"
        )


async def test_the_journal_forgets_what_the_visitor_said_but_not_that_it_came(desk: Desk) -> None:
    visitor, talk = await _chat(desk, "my secret")

    await Forgetting(desk.db).forget(UUID(visitor.value))  # type: ignore[arg-type]

    [entry] = await desk.db.fetch("SELECT key, raw FROM journal WHERE conversation_id = $1", talk["id"])
    assert (entry["key"], entry["raw"]) == ("k", b"")
    again = await desk.db.fetch("SELECT id FROM message WHERE text LIKE '%secret%'")
    assert again == []


async def test_what_was_merged_into_another_conversation_is_forgotten_there(desk: Desk) -> None:
    visitor, talk = await _chat(desk, "my secret")
    await desk.receive(mail(text="a mail that stays"), mail_from="alice@example.com")
    [other] = [row["conversation_id"] for row in await desk.filed(2) if row["channel"] == "email"]
    await Merging(desk.db).merge(ConversationId(talk["id"]), other, by=SYSTEM)

    await Forgetting(desk.db).forget(UUID(visitor.value))  # type: ignore[arg-type]

    said = await desk.db.fetch(
        "SELECT channel, text FROM message WHERE conversation_id = $1 AND direction = 'in' ORDER BY n", other
    )
    assert [(row["channel"], row["text"].strip()) for row in said] == [("webchat", ""), ("email", "a mail that stays")]


@pytest.mark.covers("M-30")
@pytest.mark.parametrize("given", [{"email": "ann@example.com"}, {}], ids=["with", "without"])
async def test_who_left_an_address_can_be_answered_by_mail_when_he_is_gone(desk: Desk, given: dict[str, str]) -> None:
    _, talk = await _chat(desk, "Call me back", **given)

    options = await reply_options(desk.db, desk.hub.carriers, conversation_of(talk))

    mails = {address["address"] for option in options if option.channel is ChannelKind.EMAIL for address in option.to}
    assert mails == set(given.values())
