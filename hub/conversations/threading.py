"""Which conversation does it belong to? Several signals, the strongest first; the reason is kept."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from hub.conversations.lifecycle import SUBJECT_MATCHES_FOR, Conversation, State
from hub.db import Work, as_time
from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.events import InboundMessage, ThreadKey

BY_PARTY = "party"
"""The reason of a signal that is nothing but the sender's address, which is a fact: what it wrote last may be closed, and older things open."""

ReadToken = Callable[[str], UUID | None]
"""The message a reply token names; None for a forged one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One conversation a message may belong to, and why."""

    conversation_id: ConversationId
    reason: str
    trusted: bool  # enough by itself; else the sender has to be a participant
    at: datetime | None = None  # when the key was last used


def subject_key(subject: str, party: str) -> str:
    """The thread key for "same subject, same party". Subjects come without "Re:" from the parser."""
    return f"s:{subject[:200].casefold()}|{party}"


def party_key(party: str) -> str:
    """The thread key for "this address, whatever it wrote", for channels on which nothing names what is answered."""
    return f"p:{party}"


# A Message-ID of ours: the token names the message it was, with a proof nobody else can make.
_OWN_MESSAGE_ID = re.compile(r"<([a-z2-7]{40})@", re.IGNORECASE)


def _token(key: ThreadKey) -> str | None:
    """The token a key carries."""
    if key.kind in ("reply_token", "verp"):
        return key.value
    found = _OWN_MESSAGE_ID.match(key.value) if key.kind == "message_id" else None
    return found[1] if found else None


# In which conversations each key was used last; of a key that is used without end (a Message-ID that a broken program always writes)
# no more than these.
_IS_OURS = f"""CASE WHEN k.key LIKE '{party_key("%")}' THEN 0
    WHEN (SELECT m.direction FROM message m WHERE m.id = k.message_id) = 'out' THEN 1 ELSE 0 END"""  # of a party nobody asks
_KEYS_POSTGRES = f"""
SELECT k.account_id, k.key, k.conversation_id, max(k.created_at) AS created_at,
    max({_IS_OURS}) AS is_ours
FROM unnest($1::uuid[], $2::text[]) AS wanted (account_id, key)
CROSS JOIN LATERAL (
    SELECT * FROM thread_key t WHERE t.account_id = wanted.account_id AND t.key = wanted.key ORDER BY t.n DESC LIMIT 20
) AS k GROUP BY k.account_id, k.key, k.conversation_id ORDER BY max(k.n) DESC
"""
_KEYS_SQLITE = f"""
SELECT k.account_id, k.key, k.conversation_id, max(k.created_at) AS created_at,
    max({_IS_OURS}) AS is_ours
FROM json_each($1) AS account JOIN json_each($2) AS wanted ON wanted.key = account.key
JOIN thread_key k ON k.n IN (
    SELECT t.n FROM thread_key t WHERE t.account_id = account.value AND t.key = wanted.value ORDER BY t.n DESC LIMIT 20
) GROUP BY k.account_id, k.key, k.conversation_id ORDER BY max(k.n) DESC
"""


class Signals:
    """Every signal that a batch of messages carries, looked up by a handful of statements."""

    def __init__(self, read_token: ReadToken) -> None:
        self._read_token = read_token
        self._by_key: dict[tuple[AccountId, str], list[Signal]] = {}  # the newest first
        self._by_message: dict[UUID, Signal] = {}
        self._by_visitor: dict[str, ConversationId] = {}
        self.visitors: set[UUID] = set()  # who go on with a conversation of theirs

    async def load(self, work: Work, messages: Sequence[tuple[AccountId, InboundMessage]]) -> None:
        """Look up all but the visitors' own, which are found as they are locked."""
        await self._load_keys(work, messages)
        await self._load_tokens(work, messages)
        keys = (key for _, message in messages for key in message.thread_keys)
        self.visitors = {UUID(key.value) for key in keys if key.kind == "visitor"}

    async def _load_keys(self, work: Work, messages: Sequence[tuple[AccountId, InboundMessage]]) -> None:
        wanted = sorted(
            {(id, text) for id, message in messages for key in message.thread_keys if (text := _stored(key, message))}
        )
        if not wanted:
            return
        accounts, keys = zip(*wanted, strict=True)
        rows = await work.fetch(work.sql(sqlite=_KEYS_SQLITE, postgres=_KEYS_POSTGRES), list(accounts), list(keys))
        for row in rows:
            signal = Signal(
                conversation_id=row["conversation_id"],
                reason=_reason(row["key"]),
                trusted=bool(row["is_ours"]) or _reason(row["key"]) == BY_PARTY,
                at=as_time(row["created_at"]),
            )
            self._by_key.setdefault((row["account_id"], row["key"]), []).append(signal)

    async def _load_tokens(self, work: Work, messages: Sequence[tuple[AccountId, InboundMessage]]) -> None:
        tokens = (token for _, message in messages for key in message.thread_keys if (token := _token(key)))
        named = {id for token in tokens if (id := self._read_token(token))}
        if not named:
            return
        # Of a merged conversation's message: by its alias, so that undoing the merge finds what came in for it.
        rows = await work.fetch(
            """
            SELECT m.id, m.conversation_id, v.from_id FROM message m
            LEFT JOIN moved_message w ON w.message_id = m.id
            LEFT JOIN conversation_move v ON v.id = w.move_id AND v.kind = 'merge' AND v.undone_at IS NULL
            WHERE m.id = ANY($1::uuid[]) ORDER BY v.n DESC
            """,
            sorted(named),
        )
        for row in rows:
            origin = row["from_id"] or row["conversation_id"]
            self._by_message[row["id"]] = Signal(conversation_id=origin, reason="our_message", trusted=True)

    def conversations(self) -> set[ConversationId]:
        """All that were found."""
        return {signal.conversation_id for signal in chain(*self._by_key.values(), self._by_message.values())}

    def found(self, conversations: Iterable[Conversation]) -> None:
        """These were locked, each visitor's own among them: the newest that is not closed, else the newest."""
        for one in sorted(conversations, key=lambda c: (c.state is not State.CLOSED, c.n)):
            if one.visitor_id in self.visitors:
                self._by_visitor[str(one.visitor_id)] = one.id

    def remember(
        self, account_id: AccountId, message_id: MessageId, conversation: Conversation, keys: Iterable[str], at: datetime
    ) -> None:
        """What a message of this same batch adds for those after it."""
        for key in keys:
            reason = _reason(key)
            signal = Signal(conversation_id=conversation.id, reason=reason, trusted=reason == BY_PARTY, at=at)
            self._by_key.setdefault((account_id, key), []).insert(0, signal)
        self._by_message[message_id] = Signal(conversation_id=conversation.id, reason="our_message", trusted=True)
        if conversation.visitor_id is not None:
            self._by_visitor[str(conversation.visitor_id)] = conversation.id

    def of(self, account_id: AccountId, message: InboundMessage, at: datetime) -> list[Signal]:
        """Where the message may belong, strongest first."""
        return [signal for key in message.thread_keys for signal in self._of_key(account_id, message, key, at)]

    def _of_key(self, account_id: AccountId, message: InboundMessage, key: ThreadKey, at: datetime) -> list[Signal]:
        token = _token(key)
        named = self._read_token(token) if token else None
        if named is not None and named in self._by_message:
            return [self._by_message[named]]
        match key.kind:
            case "reply_token" | "verp":
                return []
            case "visitor":
                found = self._by_visitor.get(key.value)
                return [Signal(conversation_id=found, reason="visitor", trusted=True)] if found else []
            case "message_id" | "subject" | "party":
                text = _stored(key, message)
                known = self._by_key.get((account_id, text), []) if text else []
                return [signal for signal in known if not _too_old(signal, at)]


def _reason(key: str) -> str:
    return {"s:": "subject", "p:": BY_PARTY}.get(key[:2], "message_id")


def _too_old(signal: Signal, at: datetime) -> bool:
    return signal.reason == "subject" and signal.at is not None and at - signal.at > SUBJECT_MATCHES_FOR


def _stored(key: ThreadKey, message: InboundMessage) -> str | None:
    match key.kind:
        case "message_id":
            return key.value[:500]
        case "subject":
            return subject_key(key.value, message.sender.value) if key.value else None
        case "party":
            return party_key(message.sender.value)
        case _:
            return None


def belongs(signal: Signal, conversation: Conversation, message: InboundMessage, ours: frozenset[str] = frozenset()) -> bool:
    """Whether the signal is believed: a Message-ID is public, so it counts only for one who is part of the conversation already.

    Nobody is part of it by writing under an address of ours.
    """
    return signal.trusted or (message.sender.value in conversation.participants and message.sender.value not in ours)
