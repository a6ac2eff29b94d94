"""Customers over HTTP."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.api.endpoint import Page, Request, Router
from hub.auth.rights import Right
from hub.crm.customers import Change, Customer, CustomerKind, Level, Merge, NewAddress, NewCustomer, Sex
from hub.crm.customers.duplicates import Likeness
from hub.crm.customers.errors import DifferentIdentities, Merged, NoSuchAddress, NoSuchCustomer, NotMergeable, WrongKind
from hub.db.keyset import BadCursor
from hub.errors import ClientKeyReused, Invalid, Stale
from hub.ids import CustomerId
from hub.messages.address import AddressKind, BadAddress, ChannelKind

api = Router(tag="customers")

Name = Annotated[str, Meta(min_length=1, max_length=300)]
Line = Annotated[str, Meta(max_length=300)]
Short = Annotated[str, Meta(max_length=200)]
Locale = Annotated[str, Meta(max_length=16)]
Postal = Annotated[str, Meta(max_length=2_000)]
Note = Annotated[str, Meta(max_length=20_000)]


class CustomerQuery(msgspec.Struct):
    """Which customers: found by name, company, number, e-mail address or a piece of a telephone number."""

    q: Annotated[str, Meta(max_length=200)] = ""
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class AddressCreate(msgspec.Struct, forbid_unknown_fields=True):
    """An address as somebody typed it; the answer shows its normal form."""

    kind: AddressKind
    value: Annotated[str, Meta(min_length=1, max_length=330)]
    label: Annotated[str, Meta(max_length=100)] = ""
    verified: bool = False
    primary: bool = False

    def new(self) -> NewAddress:
        """As the service takes it."""
        return NewAddress(kind=self.kind, value=self.value, label=self.label, verified=self.verified, primary=self.primary)


class CustomerCreate(msgspec.Struct, forbid_unknown_fields=True):
    """A new customer."""

    name: Name
    kind: CustomerKind = CustomerKind.PERSON
    level: Level = Level.ORDINARY
    sex: Sex | None = None
    company: Line = ""
    title: Short = ""
    postal_address: Postal = ""
    locale: Locale = ""
    note: Note = ""
    addresses: Annotated[list[AddressCreate], Meta(max_length=100)] = msgspec.field(default_factory=list)
    client_key: UUID | None = None


class CustomerPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Fields to change, and the version they were changed from."""

    version: int
    name: Name | UnsetType = UNSET
    kind: CustomerKind | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    sex: Sex | UnsetType | None = UNSET
    company: Line | UnsetType = UNSET
    title: Short | UnsetType = UNSET
    postal_address: Postal | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    note: Note | UnsetType = UNSET
    unconfirmed: bool | UnsetType = UNSET


class DuplicateView(msgspec.Struct):
    """Somebody who may be the same customer, and why; `score` is 1 to 100."""

    customer: Customer
    reasons: list[Likeness]
    score: int


class MergeFields(msgspec.Struct, forbid_unknown_fields=True):
    """Fields the kept customer gets by the merge; what is left out stays."""

    name: Name | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    sex: Sex | UnsetType | None = UNSET
    company: Line | UnsetType = UNSET
    title: Short | UnsetType = UNSET
    postal_address: Postal | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class MergeIntoCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """Into whom, and the versions in which both were compared. `despite_verified`: somebody made sure that two with different
    verified addresses are one."""

    into_id: CustomerId
    version: int
    into_version: int
    fields: MergeFields = msgspec.field(default_factory=MergeFields)
    despite_verified: bool = False


class RefusalPut(msgspec.Struct, forbid_unknown_fields=True):
    """Why the customer wants nothing on a channel."""

    reason: Annotated[str, Meta(max_length=1_000)] = ""


class MembershipPut(msgspec.Struct, forbid_unknown_fields=True):
    """What the person is in the organisation."""

    title: Short = ""


@api.get("/customers", needs=Right.CUSTOMERS_READ, raises=(BadCursor,))
async def list_(request: Request, query: CustomerQuery) -> Page[Customer]:
    """Customers, newest first."""
    found = await request.hub.customers.listed(q=query.q, cursor=query.cursor, limit=query.limit)
    return Page(items=found.items, next_cursor=found.next_cursor)


@api.post("/customers", needs=Right.CUSTOMERS_WRITE, status=201, raises=(BadAddress, Invalid, ClientKeyReused))
async def create(request: Request, body: CustomerCreate) -> Customer:
    """Make a customer."""
    given = {name: getattr(body, name) for name in body.__struct_fields__ if name != "addresses"}
    new = NewCustomer(**given, addresses=tuple(address.new() for address in body.addresses))
    return await request.hub.customers.create(new, by=request.caller)


@api.get("/customers/{customer_id}", needs=Right.CUSTOMERS_READ, raises=(NoSuchCustomer,))
async def get(request: Request, customer_id: CustomerId) -> Customer:
    """One customer; of one who was merged, the one he is part of now."""
    return await request.hub.customers.get(customer_id)


@api.get("/customers/{customer_id}/duplicates", needs=Right.CUSTOMERS_READ, raises=(NoSuchCustomer,))
async def duplicates(request: Request, customer_id: CustomerId) -> list[DuplicateView]:
    """Who may be the same customer, likeliest first, at most twenty."""
    found = await request.hub.customers.duplicates(customer_id)
    return [DuplicateView(customer=one.customer, reasons=list(one.reasons), score=one.score) for one in found]


@api.patch("/customers/{customer_id}", needs=Right.CUSTOMERS_WRITE, raises=(NoSuchCustomer, Merged, Stale, WrongKind, Invalid))
async def change(request: Request, customer_id: CustomerId, body: CustomerPatch) -> Customer:
    """Change some fields of a customer."""
    given = {name: getattr(body, name) for name in body.__struct_fields__ if name != "version"}
    return await request.hub.customers.change(customer_id, Change(**given), version=body.version)


@api.post(
    "/customers/{customer_id}/merge",
    needs=Right.CUSTOMERS_WRITE,
    raises=(NoSuchCustomer, Merged, Stale, NotMergeable, DifferentIdentities, Invalid),
)
async def merge(request: Request, customer_id: CustomerId, body: MergeIntoCustomer) -> Customer:
    """Let a customer be found under another, who is returned; everything of both is shown there. Can be undone at any time."""
    wanted = Merge(
        into_id=body.into_id,
        version=body.version,
        into_version=body.into_version,
        fields=Change(**{name: getattr(body.fields, name) for name in body.fields.__struct_fields__}),
        despite_verified=body.despite_verified,
    )
    return await request.hub.customers.merge(customer_id, wanted, by=request.caller)


@api.post("/customers/{customer_id}/unmerge", needs=Right.CUSTOMERS_WRITE, raises=(NoSuchCustomer, NotMergeable))
async def unmerge(request: Request, customer_id: CustomerId) -> Customer:
    """Separate a customer who was merged into another; he is returned, with everything that is his, also what came in meanwhile."""
    return await request.hub.customers.unmerge(customer_id, by=request.caller)


@api.post(
    "/customers/{customer_id}/addresses",
    needs=Right.CUSTOMERS_WRITE,
    status=201,
    raises=(NoSuchCustomer, Merged, BadAddress, Invalid),
)
async def add_address(request: Request, customer_id: CustomerId, body: AddressCreate) -> Customer:
    """Add an address, or change the label and marks of the same one."""
    return await request.hub.customers.add_address(customer_id, body.new())


@api.delete(
    "/customers/{customer_id}/addresses/{address_id}",
    needs=Right.CUSTOMERS_WRITE,
    status=200,
    raises=(NoSuchCustomer, Merged, NoSuchAddress),
)
async def remove_address(request: Request, customer_id: CustomerId, address_id: UUID) -> Customer:
    """Take an address away."""
    return await request.hub.customers.remove_address(customer_id, address_id)


@api.post(
    "/customers/{customer_id}/addresses/{address_id}/verify",
    needs=Right.CUSTOMERS_WRITE,
    raises=(NoSuchCustomer, Merged, NoSuchAddress),
)
async def verify_address(request: Request, customer_id: CustomerId, address_id: UUID) -> Customer:
    """Note that an address is theirs for sure."""
    return await request.hub.customers.verify_address(customer_id, address_id)


@api.put("/customers/{customer_id}/refusals/{channel}", needs=Right.CUSTOMERS_WRITE, raises=(NoSuchCustomer, Merged))
async def refuse(request: Request, customer_id: CustomerId, channel: ChannelKind, body: RefusalPut) -> Customer:
    """Note that the customer wants nothing on this channel: nobody can write to them there any more."""
    return await request.hub.customers.refuse(customer_id, channel, reason=body.reason, by=request.caller)


@api.delete(
    "/customers/{customer_id}/refusals/{channel}",
    needs=Right.CUSTOMERS_WRITE,
    status=200,
    raises=(NoSuchCustomer, Merged),
)
async def allow(request: Request, customer_id: CustomerId, channel: ChannelKind) -> Customer:
    """Note that the customer may be written to on this channel again."""
    return await request.hub.customers.allow(customer_id, channel, by=request.caller)


@api.put(
    "/customers/{customer_id}/organisations/{organisation_id}",
    needs=Right.CUSTOMERS_WRITE,
    raises=(NoSuchCustomer, Merged, WrongKind),
)
async def join(request: Request, customer_id: CustomerId, organisation_id: CustomerId, body: MembershipPut) -> Customer:
    """Make a person a member of an organisation, or change what they are there."""
    return await request.hub.customers.join(customer_id, organisation_id, title=body.title)


@api.delete(
    "/customers/{customer_id}/organisations/{organisation_id}",
    needs=Right.CUSTOMERS_WRITE,
    status=200,
    raises=(NoSuchCustomer, Merged),
)
async def leave(request: Request, customer_id: CustomerId, organisation_id: CustomerId) -> Customer:
    """End a membership."""
    return await request.hub.customers.leave(customer_id, organisation_id)
