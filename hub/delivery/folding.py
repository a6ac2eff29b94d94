"""What was said about deliveries, folded into an open ledger; and the ids by which providers name them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from hub.db import Work
from hub.delivery.ledger import Ledger
from hub.delivery.parts import Word, stand
from hub.delivery.store import Delivery
from hub.ids import AccountId, DeliveryId
from hub.messages import plain
from hub.messages.address import ChannelKind
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure, fold, is_warning

NAMED_BY_ID = frozenset({ChannelKind.SMS, ChannelKind.FAX, ChannelKind.VOICE})
"""Channels whose reports name what they are about by the provider's ids."""


async def hold_ids(work: Work, named: Iterable[tuple[AccountId, str | None]]) -> None:
    """Let nobody else say or learn meanwhile what these are about: a report and the answer it is about may come at once.

    To be called before anything is locked.
    """
    await work.hold(*(f"report {account_id} {known_as(id)}" for account_id, id in named if id))


def known_as(provider_id: str) -> str:
    """A provider's id as it is stored and looked for."""
    return plain.line(provider_id, 255)


@dataclass(frozen=True, slots=True)
class Learned:
    """Ids of providers', and what they turned out to name."""

    by_account: dict[AccountId, dict[str, DeliveryId]] = field(default_factory=dict)

    def add(self, delivery: Delivery, provider_ids: Sequence[str]) -> None:
        """The provider knows this delivery, or parts of it, by these; an empty one was lost."""
        ids = self.by_account.setdefault(delivery.account_id, {})
        ids.update((known_as(id), delivery.id) for id in provider_ids if id)

    def get(self, account_id: AccountId, id: str) -> DeliveryId | None:
        """What it names."""
        return self.by_account.get(account_id, {}).get(id)


async def learn(work: Work, ledger: Ledger, learned: Learned, *, at: datetime) -> None:
    """Later reports may name these ids, and earlier ones are folded in now. The ids are held by the caller."""
    columns = {"account_id": "uuid", "provider_id": "text", "delivery_id": "uuid"}
    named = [(account_id, id, of) for account_id, ids in learned.by_account.items() for id, of in ids.items()]
    await work.insert_many("delivery_part", columns, named)
    early: list[tuple[DeliveryId, DeliveryReport]] = []
    for account_id, ids in learned.by_account.items():
        early += [(ids[id], report) for id, report in await _taken_early(work, account_id, ids)]
    await hear_parts(ledger, (id for id, _ in early))
    for id, report in early:
        fold_in(ledger, id, report, at)


async def _taken_early(work: Work, account_id: AccountId, ids: Mapping[str, DeliveryId]) -> list[tuple[str, DeliveryReport]]:
    """What came about these before anybody knew what they name, in the order it came."""
    rows = await work.fetch(
        "DELETE FROM early_report WHERE account_id = $1 AND provider_id = ANY($2::text[]) RETURNING id, provider_id, report",
        account_id,
        list(ids),
    )
    return [
        (row["provider_id"], msgspec.convert(row["report"], DeliveryReport)) for row in sorted(rows, key=lambda row: row["id"])
    ]


async def hear_parts(ledger: Ledger, ids: Iterable[DeliveryId]) -> None:
    """To be called before anything is folded into these: of several parts no report alone can tell."""
    await ledger.hear({id for id in ids if (delivery := ledger.get(id)) is not None and len(delivery.provider_ids) > 1})


def fold_in(ledger: Ledger, id: DeliveryId, report: DeliveryReport, at: datetime) -> None:
    """Keep the report beside its delivery and fold its word in; the order they come in does not matter."""
    delivery = ledger.get(id)
    if delivery is None:
        return
    failure = report.failure.value if report.failure else None
    word = Word(provider_id=known_as(report.provider_id or ""), state=report.state)
    ledger.keep_report(
        id, word, at=report.at or at, source=report.source, failure=failure, code=report.provider_code, detail=report.detail
    )
    state = _stands(ledger, delivery, report)
    if state is not delivery.state:
        ledger.put(replace(delivery, state=state, failure=report.failure, detail=report.detail), at=at)
    elif is_warning(delivery.state, report.state) and report.detail != delivery.warning:
        ledger.put(replace(delivery, warning=report.detail), at=at)
    if state is DeliveryState.FAILED and _is_hopeless(report):
        ledger.give_up_on(delivery.address, f"{report.provider_code} {report.detail}", at=at)


def _stands(ledger: Ledger, delivery: Delivery, report: DeliveryReport) -> DeliveryState:
    if len(delivery.provider_ids) < 2:
        return fold(delivery.state, report.state)
    return stand(delivery.provider_ids, ledger.words(delivery.id))


def _is_hopeless(report: DeliveryReport) -> bool:
    """RFC 3463 §3.2: 5.1.x says that the address itself is wrong. One such word is enough; others may be the message's fault."""
    return report.failure is SendFailure.BAD_RECIPIENT and report.provider_code.startswith("5.1.")
