"""Reading the ledger: what became of messages, how an account may answer, what was said to providers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.conversations.lifecycle import Conversation
from hub.conversations.values import MessageView
from hub.crm.customers.queries import everybody_of
from hub.db import Database, Row
from hub.delivery.carriers import Carrier, Carriers
from hub.delivery.consent import Known, Purpose, decide
from hub.delivery.overall import worst
from hub.delivery.store import Delivery, deliveries_of, known_of, newest, view_of
from hub.ids import AccountId, MessageId
from hub.messages.address import ADDRESS_KIND_OF, Address, AddressKind, ChannelKind, gets_sms
from hub.messages.capabilities import Capabilities
from hub.messages.content import Direction


class ReplyOption(msgspec.Struct, frozen=True, kw_only=True):
    """One way to answer, and what it would refuse. `capabilities` by feature name; numbers under their own names.

    `suggested_cc`: whom an answer to all would reach as well; nobody is copied unless asked for.
    """

    channel: ChannelKind
    account_id: AccountId
    account_name: str
    to: tuple[dict[str, str], ...]
    cc: tuple[dict[str, str], ...]
    suggested_cc: tuple[dict[str, str], ...]
    subject: str
    allowed: bool
    refusals: tuple[str, ...]
    capabilities: Mapping[str, Any]
    default: bool

    @property
    def recipients(self) -> tuple[Address, ...]:
        """`to`, to be sent to."""
        return tuple(Address(kind=AddressKind(p["kind"]), value=p["address"], name=p["name"]) for p in self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the newest inbound message on a channel says about answering it."""

    to: tuple[Address, ...]
    others: tuple[Address, ...]  # named beside us in what is answered
    subject: str
    account_id: AccountId | None


ASKED = """
m.from_value AS asked_by, m.from_name AS asked_name, m.recipients AS asked_of, m.subject AS asked_about,
m.account_id AS asked_account, m.extra AS asked_extra"""
"""What `asked_of` reads of the newest inbound message."""


async def with_deliveries(db: Database, messages: Sequence[MessageView]) -> list[MessageView]:
    """The same messages, the outbound ones with the fate at each address and the status that follows from it."""
    found = await deliveries_of(db, [m.id for m in messages if m.direction is Direction.OUT])
    return [_with_fate(m, newest(found[m.id])) if m.id in found else m for m in messages]


def _with_fate(message: MessageView, deliveries: Sequence[Delivery]) -> MessageView:
    shown = worst(deliveries)
    return msgspec.structs.replace(
        message,
        status=shown.state,
        status_detail=shown.detail,
        failure=shown.failure,
        deliveries=tuple(map(view_of, deliveries)),
    )


async def reply_options(db: Database, carriers: Carriers, conversation: Conversation) -> list[ReplyOption]:
    """Every account that could carry an answer to this conversation, the one it came by first."""
    options = []
    for channel in (ChannelKind.WEBCHAT, ChannelKind.EMAIL, ChannelKind.SMS):
        asked = await _asked(db, conversation, channel)
        for carrier in await carriers.of_channel(channel) if asked.to else []:
            if _fits(carrier, conversation, asked):
                options.append(await _option(db, carriers, carrier, conversation, asked))
    return sorted(options, key=lambda option: not option.default)


def _fits(carrier: Carrier, conversation: Conversation, asked: Asked) -> bool:
    """A visitor is reached by the site they came from only; mail and short messages may leave by any account."""
    return carrier.channel is not ChannelKind.WEBCHAT or carrier.account_id in (asked.account_id, conversation.account_id)


async def _option(db: Database, carriers: Carriers, carrier: Carrier, conversation: Conversation, asked: Asked) -> ReplyOption:
    known = await known_of(db, asked.to)
    decisions = [decide(Purpose.REPLY, known.get((address, carrier.channel), Known())) for address in asked.to]
    refusals = sorted({d.rule for d in decisions if not d.allowed} | _unreachable(carrier.channel, asked.to))
    ours = await carriers.ours(asked.others)
    others = (a for a in asked.others if a.value not in ours and a not in asked.to)
    is_default = carrier.channel is conversation.channel and carrier.account_id in (asked.account_id, conversation.account_id)
    return ReplyOption(
        channel=carrier.channel,
        account_id=carrier.account_id,
        account_name=carrier.name,
        to=tuple(map(_plain, asked.to)),
        cc=(),
        suggested_cc=tuple(map(_plain, others)),
        subject=asked.subject,
        allowed=not refusals,
        refusals=tuple(refusals),
        capabilities=describe(carrier.adapter.capabilities()),
        default=is_default,
    )


def _unreachable(channel: ChannelKind, addresses: Sequence[Address]) -> set[str]:
    """A short message may come from a name, but goes to a number."""
    return {"wrong_address"} if channel is ChannelKind.SMS and not all(gets_sms(a.value) for a in addresses) else set()


async def _asked(db: Database, conversation: Conversation, channel: ChannelKind) -> Asked:
    """Whom an answer on `channel` goes to: who wrote last on it, else what the customer's card says."""
    row = await db.fetch_one(
        f"""
        SELECT {ASKED} FROM message m
        WHERE m.conversation_id = $1 AND m.channel = $2 AND m.direction = 'in' AND m.kind <> 'bounce' ORDER BY m.n DESC LIMIT 1
        """,
        conversation.id,
        channel.value,
    )
    asked = asked_of(row, conversation, channel)
    if asked is not None:
        return asked
    kind = ADDRESS_KIND_OF[channel]
    to = await _known_addresses(db, conversation, kind) or await _given_in_chat(db, conversation, kind)
    return Asked(to=to, others=(), subject=_re(conversation.subject, channel), account_id=None)


async def _given_in_chat(db: Database, conversation: Conversation, kind: AddressKind) -> tuple[Address, ...]:
    """The e-mail address a visitor left so that he can be answered when he is gone. Nobody has verified it."""
    if conversation.visitor_id is None or kind is not AddressKind.EMAIL:
        return ()
    row = await db.fetch_one(
        "SELECT extra, from_name FROM message WHERE conversation_id = $1 AND channel = 'webchat' AND direction = 'in'"
        " ORDER BY n DESC LIMIT 1",
        conversation.id,
    )
    email = row["extra"].get("email") if row is not None else None
    return (Address(kind=kind, value=email, name=row["from_name"]),) if row is not None and email else ()


def asked_of(row: Row | None, conversation: Conversation, channel: ChannelKind) -> Asked | None:
    """What the newest inbound message on a channel says; None where only the customer's card can tell."""
    kind = ADDRESS_KIND_OF[channel]
    if row is not None and row["asked_by"]:
        to = _reply_to(row["asked_extra"]) or (Address(kind=kind, value=row["asked_by"], name=row["asked_name"]),)
        return Asked(
            to=to,
            others=_others(row["asked_of"], kind) if channel is ChannelKind.EMAIL else (),
            subject=_re(row["asked_about"] or conversation.subject, channel),
            account_id=row["asked_account"],
        )
    if kind is not AddressKind.VISITOR:
        return None
    to = (Address(kind=kind, value=str(conversation.visitor_id)),) if conversation.visitor_id else ()
    return Asked(to=to, others=(), subject="", account_id=conversation.account_id)


def _others(recipients: Mapping[str, Any], kind: AddressKind) -> tuple[Address, ...]:
    named = (*recipients.get("to", ()), *recipients.get("cc", ()))
    return tuple(dict.fromkeys(Address(kind=kind, value=p["address"], name=p["name"]) for p in named if p["kind"] == kind.value))


def _reply_to(extra: Mapping[str, Any]) -> tuple[Address, ...]:
    named = extra.get("reply_to") or ()
    return tuple(Address(kind=AddressKind.EMAIL, value=str(a["address"]), name=str(a.get("name", ""))) for a in named)


async def _known_addresses(db: Database, conversation: Conversation, kind: AddressKind) -> tuple[Address, ...]:
    if conversation.customer_id is None:
        return ()
    rows = await db.fetch(
        f"SELECT value FROM customer_address WHERE customer_id IN ({everybody_of('$1')}) AND kind = $2"
        " ORDER BY CASE customer_id WHEN $1 THEN 0 ELSE 1 END, is_primary DESC, n LIMIT 1",
        conversation.customer_id,
        kind.value,
    )
    return tuple(Address(kind=kind, value=row["value"]) for row in rows)


def _re(subject: str, channel: ChannelKind) -> str:
    """Only letters have subjects: in front of a short text it would be part of it."""
    if channel is not ChannelKind.EMAIL:
        return ""
    return subject if not subject or subject[:3].lower() == "re:" or subject.startswith("回复") else f"Re: {subject}"


def _plain(address: Address) -> dict[str, str]:
    return {"kind": address.kind.value, "address": address.value, "name": address.name}


def describe(capabilities: Capabilities) -> dict[str, Any]:
    """Capabilities as the console reads them."""
    return {
        "features": {feature.value: level.value for feature, level in capabilities.features.items()},
        "length_unit": capabilities.length_unit,
        "max_length": capabilities.max_length,
        "max_segments": capabilities.max_segments,
        "max_files": capabilities.max_files,
        "max_file_bytes": capabilities.max_file_bytes,
        "max_total_bytes": capabilities.max_total_bytes,
    }


class ExchangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One redacted exchange with a provider."""

    id: UUID
    at: datetime
    duration: float
    request: str
    response: str


async def exchanges(db: Database, message_id: MessageId) -> list[ExchangeView]:
    """What was said with the provider about a message whose sight has been checked, oldest first."""
    rows = await db.fetch(
        "SELECT id, at, duration, request, response FROM exchange WHERE message_id = $1 ORDER BY at, id LIMIT 100", message_id
    )
    return [ExchangeView(**dict(row.items())) for row in rows]
