"""Who said STOP: one list for all accounts and providers of a channel.

A row says to which of our numbers it was said; as long as one stands, nobody of ours writes to that address on that channel. START,
said to any of them, or a person with the right lifts all of it.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from hub import clock
from hub.auth import Caller, Right, audit
from hub.crm.customers.queries import everybody_of
from hub.db import Audience, Database, Event, Reads, Work
from hub.errors import NotFound
from hub.ids import AccountId, ConversationId, CustomerId, JournalId, new_id
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import OptOut
from hub.messages.jobs import ANSWER_OPT_OUT
from hub.messages.plain import line

RULE = "opted_out"
"""What the consent gate calls it."""

_COLUMNS = "id, channel, address_kind, address_value AS address, sender, account_id, word, created_at"


class OptOutView(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants nothing more from us on a channel, since when. `sender` is the number of ours it was said to, `word` what was said; both
    are empty where only the provider knew."""

    id: UUID
    channel: ChannelKind
    address_kind: AddressKind
    address: str
    sender: str
    account_id: AccountId
    word: str
    created_at: datetime


async def note(
    work: Work,
    account_id: AccountId,
    said: OptOut,
    *,
    journal_id: JournalId | None,
    conversation_id: ConversationId | None,
    at: datetime,
) -> None:
    """Block or lift, in the transaction that files the message; what is to be answered and cancelled follows as a job."""
    if said.wish == "stop":
        is_news = await _block(work, account_id, said, journal_id=journal_id, at=at)
    elif said.wish == "start":
        is_news = bool(await _end(work, said.channel, said.sender, why=said.word, by=None, at=at))
    else:
        is_news = True
    if not is_news:
        return
    work.enqueue(
        ANSWER_OPT_OUT,
        key=f"{ANSWER_OPT_OUT} {journal_id}",
        lock=f"{ANSWER_OPT_OUT} {said.sender.value}",
        message_id=new_id(),
        account_id=account_id,
        conversation_id=conversation_id,
        channel=said.channel.value,
        address_kind=said.sender.kind.value,
        address=said.sender.value,
        wish=said.wish,
        language=said.language,
        answered=said.answered,
    )


async def block(work: Work, account_id: AccountId, channel: ChannelKind, address: Address, *, at: datetime) -> None:
    """The provider would not take a message since the other side has opted out: so be it, for all."""
    await _block(work, account_id, OptOut(channel=channel, sender=address, word=""), journal_id=None, at=at)


async def blocked(reads: Reads, channel: ChannelKind, addresses: Iterable[Address]) -> frozenset[str]:
    """Those of them that have opted out."""
    sql = "SELECT DISTINCT address_value FROM opt_out WHERE address_value = ANY($1::text[]) AND channel = $2 AND ended_at IS NULL"
    rows = await reads.fetch(sql, sorted({address.value for address in addresses}), channel.value)
    return frozenset(row["address_value"] for row in rows)


async def listed(
    db: Database, *, customer_id: CustomerId | None = None, address: str | None = None, before: UUID | None = None, limit: int
) -> list[OptOutView]:
    """Those that stand, the newest first: all, or those of a customer's addresses or of one address."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS} FROM opt_out o WHERE ended_at IS NULL AND id < $1 AND ($2::text IS NULL OR address_value = $2)
        AND ($3::uuid IS NULL OR EXISTS (
            SELECT 1 FROM customer_address a WHERE a.customer_id IN ({everybody_of("$3")})
            AND a.value = o.address_value AND a.kind = o.address_kind))
        ORDER BY id DESC LIMIT $4
        """,
        before or UUID(int=2**128 - 1),
        address,
        customer_id,
        limit,
    )
    return [
        OptOutView(**dict(r.items()) | {"channel": ChannelKind(r["channel"]), "address_kind": AddressKind(r["address_kind"])})
        for r in rows
    ]


async def lift(db: Database, id: UUID, *, why: str, by: Caller) -> None:
    """The other side has told a person of ours that it wants our messages again: all of its blocks on the channel end. Raises `NotFound`."""
    async with db.unit_of_work() as work:
        row = await work.fetch_one(
            "SELECT channel, address_kind, address_value FROM opt_out WHERE id = $1 AND ended_at IS NULL", id
        )
        if row is None:
            raise NotFound("nobody has opted out here")
        address = Address(kind=AddressKind(row["address_kind"]), value=row["address_value"])
        await _end(work, ChannelKind(row["channel"]), address, why=why, by=by, at=clock.now())
        detail = {"channel": row["channel"], "address": address.value, "why": why}
        await audit.record(work, by, "opt_out.lift", subject=("opt_out", id), detail=detail)


async def _block(work: Work, account_id: AccountId, said: OptOut, *, journal_id: JournalId | None, at: datetime) -> bool:
    sql = """
    INSERT INTO opt_out (id, channel, address_kind, address_value, sender, account_id, word, journal_id, created_at, ended_by_name, ended_why)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '') ON CONFLICT (address_value, channel, sender) WHERE ended_at IS NULL DO NOTHING
    """
    sender = said.to.value if said.to else ""
    address = said.sender
    place = (said.channel.value, address.kind.value, address.value[:330], sender[:330])
    is_news = bool(await work.execute(sql, new_id(), *place, account_id, line(said.word, 100), journal_id, at))
    if is_news:
        work.announce(_changed(said.channel, address))
    return is_news


def _changed(channel: ChannelKind, address: Address) -> Event:
    """`opt_out.changed`: somebody wants nothing more there, or wants it again. Which it is, is asked for."""
    data = {"channel": channel.value, "address_kind": address.kind.value, "address": address.value}
    return Event(type="opt_out.changed", data=data, audience=Audience(right=Right.CUSTOMERS_READ))


async def _end(work: Work, channel: ChannelKind, address: Address, *, why: str, by: Caller | None, at: datetime) -> int:
    ended = await work.execute(
        """
        UPDATE opt_out SET ended_at = $3, ended_by = $4, ended_by_name = $5, ended_why = $6
        WHERE address_value = $1 AND channel = $2 AND ended_at IS NULL
        """,
        address.value,
        channel.value,
        at,
        by.author_id if by else None,
        line(by.name, 200) if by else "",
        line(why, 500),
    )
    if ended:
        work.announce(_changed(channel, address))
    return ended
