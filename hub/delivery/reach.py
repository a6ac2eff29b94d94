"""What is known of an address before anybody writes to it."""

import msgspec

from hub.conversations.values import CustomerBrief
from hub.crm.customers.queries import everybody, names, owner
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.consent import Known, Purpose, decide
from hub.delivery.store import known_of
from hub.ids import AccountId
from hub.messages.address import Address, AddressKind, international_phone, recipient


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """An address as it was understood. `refusals` name the rules against a first message to it by this account.

    `customer`: whose it is, where it is one customer's only.
    """

    address: str
    display: str
    allowed: bool
    refusals: tuple[str, ...]
    customer: CustomerBrief | None


async def reach(db: Database, carriers: Carriers, account_id: AccountId, text: str, *, region: str) -> Reach:
    """What writing first to what somebody typed would meet. Raises `NoSuchAccount`, `AccountDisabled`, `BadAddress`."""
    carrier = await carriers.get(account_id)
    address = recipient(carrier.channel, text, region=region)
    known = (await known_of(db, [address])).get((address, carrier.channel), Known())
    decision = decide(Purpose.SERVICE, known)
    return Reach(
        address=address.value,
        display=international_phone(address.value) if address.kind is AddressKind.PHONE else address.value,
        allowed=decision.allowed,
        refusals=() if decision.allowed else (decision.rule,),
        customer=await _customer(db, address),
    )


async def _customer(db: Database, address: Address) -> CustomerBrief | None:
    id = await owner(db, address)
    if id is None:
        return None
    kept_id = (await everybody(db, id))[0]
    name, number = (await names(db, [id]))[id]
    return CustomerBrief(id=kept_id, number=number, name=name)
