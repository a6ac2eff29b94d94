"""The rows of the ledger: written many at a time, read back as values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.conversations.values import DeliveryView
from hub.db import Reads, Row, Work
from hub.delivery.consent import Known
from hub.ids import AccountId, ConversationId, DeliveryId, MessageId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.states import DeliveryState, SendFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way to one address. `role` is to, cc or bcc; `fence` rises with every claim.

    `lease_until` is set from a claim until what the attempt came to is written down, whatever was reported meanwhile.
    """

    n: int = 0
    id: DeliveryId
    message_id: MessageId
    conversation_id: ConversationId
    account_id: AccountId
    channel: ChannelKind
    address: Address
    role: str = "to"
    state: DeliveryState = DeliveryState.QUEUED
    failure: SendFailure | None = None
    detail: str = ""
    warning: str = ""
    attempts: int = 0
    due_at: datetime
    give_up_at: datetime
    lease_until: datetime | None = None
    fence: int = 0
    provider_ids: tuple[str, ...] = ()
    consent: dict[str, Any]
    created_at: datetime


_COLUMNS = {
    "id": "uuid", "message_id": "uuid", "conversation_id": "uuid", "account_id": "uuid", "channel": "text", "address_kind": "text",
    "address_value": "text", "address_name": "text", "role": "text", "state": "text", "failure": "text", "detail": "text", "warning": "text",
    "attempts": "integer", "due_at": "timestamptz", "give_up_at": "timestamptz", "fence": "bigint", "provider_ids": "jsonb",
    "consent": "jsonb", "created_at": "timestamptz", "updated_at": "timestamptz",
}  # fmt: skip


def delivery_of(row: Row) -> Delivery:
    """A delivery from its row."""
    return Delivery(
        n=row["n"],
        id=row["id"],
        message_id=row["message_id"],
        conversation_id=row["conversation_id"],
        account_id=row["account_id"],
        channel=ChannelKind(row["channel"]),
        address=Address(kind=AddressKind(row["address_kind"]), value=row["address_value"], name=row["address_name"]),
        role=row["role"],
        state=DeliveryState(row["state"]),
        failure=SendFailure(row["failure"]) if row["failure"] else None,
        detail=row["detail"],
        warning=row["warning"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        give_up_at=row["give_up_at"],
        lease_until=row["lease_until"],
        fence=row["fence"],
        provider_ids=tuple(row["provider_ids"]),
        consent=row["consent"],
        created_at=row["created_at"],
    )


async def insert_deliveries(work: Work, deliveries: Sequence[Delivery]) -> None:
    """Store new ones."""
    rows = [
        (d.id, d.message_id, d.conversation_id, d.account_id, d.channel.value, d.address.kind.value, d.address.value[:330],
         d.address.name[:300], d.role, d.state.value, d.failure.value if d.failure else None, d.detail, d.warning,
         d.attempts, d.due_at, d.give_up_at, d.fence,
         list(d.provider_ids), d.consent, d.created_at, d.created_at)
        for d in deliveries
    ]  # fmt: skip
    await work.insert_many("delivery", _COLUMNS, rows)


async def deliveries_of(reads: Reads, message_ids: Iterable[MessageId]) -> dict[MessageId, list[Delivery]]:
    """All deliveries of some messages, in the order of the recipients."""
    wanted = list(message_ids)
    found: dict[MessageId, list[Delivery]] = {}
    if wanted:
        for row in await reads.fetch("SELECT * FROM delivery WHERE message_id = ANY($1::uuid[]) ORDER BY n", wanted):
            found.setdefault(row["message_id"], []).append(delivery_of(row))
    return found


def newest(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The newest delivery to each address: what was sent again by hand stands for what failed before."""
    return list({d.address: d for d in deliveries}.values())


async def latest(reads: Reads, id: MessageId) -> list[Delivery]:
    """The newest delivery of a message to each address."""
    return newest((await deliveries_of(reads, [id])).get(id, []))


def view_of(delivery: Delivery) -> DeliveryView:
    """A delivery as people see it."""
    return DeliveryView(
        id=delivery.id,
        address=delivery.address.value,
        state=delivery.state,
        failure=delivery.failure,
        detail=delivery.detail,
        warning=delivery.warning,
        attempts=delivery.attempts,
        next_try_at=delivery.due_at if delivery.state is DeliveryState.DEFERRED else None,
    )


async def known_of(reads: Reads, addresses: Iterable[Address]) -> dict[tuple[Address, ChannelKind], Known]:
    """What the hub knows of each of these addresses on each channel where that is anything, in one statement."""
    values = sorted({address.value for address in addresses})
    rows = await reads.fetch(
        """
        SELECT 'refused' AS what, a.kind, a.value, r.channel, r.reason
        FROM customer_address a JOIN customer o ON o.id = a.customer_id
        JOIN customer_refusal r ON r.customer_id = coalesce(o.kept_id, o.id)
        WHERE a.value = ANY($1::text[]) AND r.ended_at IS NULL
        UNION ALL SELECT 'refused', a.kind, a.value, r.channel, r.reason
        FROM customer_address a JOIN customer o ON o.id = a.customer_id
        JOIN customer merged ON merged.kept_id = coalesce(o.kept_id, o.id) JOIN customer_refusal r ON r.customer_id = merged.id
        WHERE a.value = ANY($1::text[]) AND r.ended_at IS NULL
        UNION ALL SELECT 'opted_out', address_kind, address_value, channel, sender
        FROM opt_out WHERE address_value = ANY($1::text[]) AND ended_at IS NULL
        UNION ALL SELECT 'suppressed', address_kind, address_value, NULL, reason FROM suppression WHERE address_value = ANY($1::text[])
        """,
        values,
    )
    found: dict[tuple[Address, ChannelKind], Known] = {}
    for row in rows:
        address = Address(kind=AddressKind(row["kind"]), value=row["value"])
        for channel in ChannelKind if row["channel"] is None else (ChannelKind(row["channel"]),):
            known = found.get((address, channel), Known())
            match row["what"]:
                case "suppressed":
                    found[address, channel] = replace(known, suppressed=row["reason"])
                case "opted_out":
                    found[address, channel] = replace(known, opted_out=row["reason"])
                case _:
                    found[address, channel] = replace(known, refused=row["reason"] or "refused")
    return found


async def suppress(work: Work, address: Address, *, id: UUID, reason: str, evidence: str, at: datetime) -> None:
    """Use this address no more; the first reason stays."""
    await work.execute(
        """
        INSERT INTO suppression (id, address_kind, address_value, reason, evidence, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (address_kind, address_value) DO NOTHING
        """,
        id,
        address.kind.value,
        address.value,
        reason,
        evidence,
        at,
    )
