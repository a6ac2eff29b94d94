"""One try: a parcel is made ready and handed to its adapter once. Whatever is raised meanwhile is an outcome of that parcel alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from logging import getLogger

from hub.channels.contract import ChannelAdapter, FetchesStatus, SendError, Withdraws
from hub.db import Database, DatabaseGone, Row
from hub.delivery.carriers import Carriers
from hub.delivery.claims import Parcel
from hub.delivery.compose import Composer
from hub.delivery.consent import Purpose
from hub.delivery.opt_outs import blocked
from hub.delivery.outcomes import Outcome, Sent, accepted, all_of, failed, held_up, lost, opted_out, spoiled
from hub.errors import HubError
from hub.ids import AccountId, MessageId
from hub.messages.address import ChannelKind
from hub.messages.content import OutboundMessage
from hub.messages.states import DeliveryState

log = getLogger(__name__)

SEND_TIMEOUT = 300.0  # seconds an adapter may take for one message (RFC 5321 §4.5.3.2 allows ten minutes for the last dot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What is needed of several parcels, read at once: their messages, and who of those addressed has said STOP."""

    messages: Mapping[MessageId, Row]
    stopped: frozenset[str]


class Sender:
    """Sends, and asks what became of what somebody else was sending."""

    def __init__(self, db: Database, carriers: Carriers, composer: Composer) -> None:
        self._db, self._carriers, self._composer = db, carriers, composer

    async def read(self, parcels: Sequence[Parcel]) -> Read:
        """For `send`, at the last moment: somebody may have said STOP after it was stored."""
        messages = await self._composer.read(parcel.message_id for parcel in parcels)
        texted = [d.address for parcel in parcels for d in parcel.deliveries if d.channel is ChannelKind.SMS]
        return Read(messages=messages, stopped=await blocked(self._db, ChannelKind.SMS, texted) if texted else frozenset())

    async def send(self, parcel: Parcel, read: Read | None) -> Sent:
        """Send it once; never raises. Without `read` that is done first."""
        try:
            read = read or await self.read([parcel])
            if _is_stopped(parcel, read.stopped):
                return all_of(parcel, opted_out())
            adapter = (await self._carriers.get(parcel.account_id)).adapter
            message = await self._composer.compose(parcel, read.messages)
        except SendError as error:
            return all_of(parcel, failed(error))
        except HubError as error:  # an account switched off, the database away
            return all_of(parcel, held_up(error))
        except Exception as error:  # noqa: BLE001 - the boundary of one message: it ends as failed, for a person to see
            return all_of(parcel, _spoiled(parcel, error, left=False))
        return await self._handed_over(parcel, adapter, message)

    async def _handed_over(self, parcel: Parcel, adapter: ChannelAdapter, message: OutboundMessage) -> Sent:
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                receipt = await adapter.send(message)
            return Sent(parcel=parcel, outcomes={d.id: accepted(d, receipt) for d in parcel.deliveries})
        except SendError as error:
            return all_of(parcel, failed(error))
        except TimeoutError:
            return all_of(parcel, lost(f"no answer within {SEND_TIMEOUT:g} s"))
        except HubError as error:  # before anything left
            return all_of(parcel, held_up(error))
        except Exception as error:  # noqa: BLE001 - the boundary of one message: nobody knows whether it left
            return all_of(parcel, _spoiled(parcel, error, left=True))

    async def withdraw(self, account_id: AccountId) -> None:
        """Let its adapter keep back what has not begun to leave."""
        adapter = (await self._carriers.get(account_id)).adapter
        if isinstance(adapter, Withdraws):
            adapter.withdraw()

    async def ask(self, parcel: Parcel) -> Sent:
        """What became of a parcel whose worker is gone: the provider's word, else unknown. Raises `DatabaseGone` only."""
        try:
            state = await self._state(parcel)
        except DatabaseGone:
            raise
        except (HubError, SendError) as error:  # its account is gone, say: nobody can be asked
            return all_of(parcel, lost(str(error)))
        except Exception as error:  # noqa: BLE001 - the boundary of one message
            return all_of(parcel, _spoiled(parcel, error, left=True))
        return all_of(parcel, lost("the hub was stopped while sending this") if state is None else Outcome(state=state))

    async def _state(self, parcel: Parcel) -> DeliveryState | None:
        adapter = (await self._carriers.get(parcel.account_id)).adapter
        if not isinstance(adapter, FetchesStatus):
            return None
        return await adapter.fetch_status(await self._composer.compose(parcel, await self._composer.read([parcel.message_id])))


def _is_stopped(parcel: Parcel, stopped: frozenset[str]) -> bool:
    """Who wrote STOP is not written to; the answer to that very word is."""
    first = parcel.deliveries[0]
    is_answer = first.consent.get("purpose") == Purpose.OPT_OUT.value
    return first.channel is ChannelKind.SMS and not is_answer and first.address.value in stopped


def _spoiled(parcel: Parcel, error: Exception, *, left: bool) -> Outcome:
    log.error("a message could not be sent", exc_info=error, extra={"message_id": str(parcel.message_id)})
    return spoiled(error, left=left)
