"""Two customers become one, and two again: nothing is lost, and everything finds back to whose it was."""

import asyncio
import itertools
import random
from typing import Any

import pytest

from hub.auth import Caller
from hub.crm.customers import (
    Change,
    Customer,
    CustomerKind,
    Customers,
    Level,
    Merge,
    NewAddress,
    NewCustomer,
    identify,
)
from hub.crm.customers.errors import DifferentIdentities, Merged, NoSuchCustomer, NotMergeable
from hub.crm.customers.queries import names, owner
from hub.db import Database
from hub.errors import Stale
from hub.ids import CustomerId, new_id
from hub.messages.address import Address, AddressKind, ChannelKind
from tests.integration.crm.conftest import events

pytestmark = pytest.mark.covers("M-15", "B-16")
MOBILE, OFFICE = "+8613800138000", "+861088880000"


def address(value: str, **more: Any) -> NewAddress:
    return NewAddress(kind=AddressKind.EMAIL if "@" in value else AddressKind.PHONE, value=value, **more)


class People:
    """Customers, and short ways to make one of two."""

    def __init__(self, customers: Customers, by: Caller) -> None:
        self.customers, self.by = customers, by

    async def make(self, name: str, *reached: str | NewAddress, **fields: Any) -> Customer:
        given = tuple(address(one) if isinstance(one, str) else one for one in reached)
        return await self.customers.create(NewCustomer(name=name, addresses=given, **fields), by=self.by)

    async def merge(self, gone: Customer, into: Customer, *, sure: bool = False, **fields: Any) -> Customer:
        now, other = await self.own(gone), await self.own(into)
        wanted = Merge(
            into_id=into.id,
            version=now.version,
            into_version=other.version,
            fields=Change(**fields),
            despite_verified=sure,
        )
        return await self.customers.merge(gone.id, wanted, by=self.by)

    async def own(self, one: Customer) -> Customer:
        return await self.customers.get(one.id)

    async def separate(self, gone: Customer) -> Customer:
        return await self.customers.unmerge(gone.id, by=self.by)

    async def found(self, text: str) -> list[str]:
        return [one.name for one in (await self.customers.listed(q=text)).items]

    async def reached(self, one: Customer) -> list[str]:
        return [to.value for to in (await self.own(one)).addresses]


@pytest.fixture
def people(customers: Customers, agent: Caller) -> People:
    return People(customers, agent)


def plain(one: Customer) -> dict[str, Any]:
    """A customer but for what every change counts."""
    return {name: getattr(one, name) for name in Customer.__dataclass_fields__ if name not in ("version", "updated_at")}


async def test_who_was_merged_is_found_under_the_other_and_each_address_once(people: People) -> None:
    wang = await people.make("王芳", "wang@example.com", MOBILE)
    fang = await people.make("Fang", "fang@example.com", address(MOBILE, verified=True, label="home"))
    before = plain(wang), plain(fang)

    kept = await people.merge(fang, wang)

    assert (await people.own(fang)).id == wang.id
    assert await people.own(fang) == await people.own(wang) == kept
    assert [(to.value, to.verified, to.primary, to.label) for to in kept.addresses] == [
        ("wang@example.com", False, True, ""),
        (MOBILE, True, True, "home"),
        ("fang@example.com", False, False, ""),
    ]
    (record,) = kept.merged
    assert (record.id, record.number, record.name, record.into_id, record.by_name) == (
        fang.id,
        fang.number,
        "Fang",
        wang.id,
        "Mei",
    )
    for text in ("Fang", "王芳", fang.number, "fang@example.com", "wang@example.com", "138 0013 8000"):
        assert await people.found(text) == ["王芳"], text
    assert [one.name for one in (await people.customers.listed()).items] == ["王芳"]
    assert await people.customers.duplicates(wang.id) == []

    alone = await people.separate(fang)

    assert (plain(await people.own(wang)), plain(alone)) == before
    assert await people.found("Fang") == ["Fang"]
    assert await people.found("王芳") == ["王芳"]
    assert await people.found("138 0013 8000") == ["Fang", "王芳"]


async def test_what_is_added_to_the_kept_one_later_stays_with_it(people: People, database: Database) -> None:
    wang, fang = await people.make("王芳", "wang@example.com"), await people.make("Fang", "fang@example.com")
    await people.merge(fang, wang)
    await people.customers.add_address(wang.id, address(OFFICE))
    await people.customers.add_address(wang.id, address("fang@example.com", label="private", primary=True))
    theirs = {to.value: to for to in (await people.own(wang)).addresses}
    assert [value for value, to in theirs.items() if to.primary and to.kind is AddressKind.EMAIL] == ["fang@example.com"]
    await people.customers.verify_address(wang.id, theirs["fang@example.com"].id)

    alone = await people.separate(fang)

    assert [(to.value, to.label, to.verified, to.primary) for to in alone.addresses] == [
        ("fang@example.com", "private", True, True)
    ]
    assert [(to.value, to.primary) for to in (await people.own(wang)).addresses] == [("wang@example.com", True), (OFFICE, True)]


async def test_an_address_of_both_is_taken_away_from_both(people: People) -> None:
    wang, fang = await people.make("王芳", MOBILE, OFFICE), await people.make("Fang", MOBILE)
    kept = await people.merge(fang, wang)
    left = await people.customers.remove_address(wang.id, kept.addresses[0].id)
    assert [(to.value, to.primary) for to in left.addresses] == [(OFFICE, True)]
    assert (await people.separate(fang)).addresses == ()


async def test_an_address_says_who_it_is_by_its_owner_and_shared_ones_are_no_riddle_any_more(
    people: People, database: Database
) -> None:
    wang = await people.make("王芳", MOBILE, "wang@example.com")
    fang = await people.make("Fang", MOBILE, "fang@example.com")
    other = await people.make("Li", OFFICE)
    phone = Address(kind=AddressKind.PHONE, value=MOBILE)
    mail = Address(kind=AddressKind.EMAIL, value="fang@example.com")

    async def who(to: Address) -> tuple[CustomerId | None, tuple[CustomerId, ...]]:
        async with database.unit_of_work() as work:
            found = await identify(work, to)
        return found.customer_id, found.candidates

    assert await who(phone) == (None, (wang.id, fang.id))
    await people.merge(fang, wang)
    assert await who(phone) == (wang.id, ())
    assert await who(mail) == (fang.id, ())
    assert await owner(database, mail) == await owner(database, mail, among=wang.id) == fang.id
    assert await owner(database, mail, among=other.id) is None
    assert await names(database, [fang.id]) == {fang.id: ("王芳", wang.number)}
    await people.separate(fang)
    assert await who(phone) == (None, (wang.id, fang.id))


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
async def test_a_chain_is_undone_in_any_order(people: People, database: Database, order: tuple[str, ...]) -> None:
    """A into B, B into C, C into D, then each separated."""
    made = {name: await people.make(name.upper(), f"{name}@example.com") for name in "abcd"}
    before = {name: plain(one) for name, one in made.items()}
    for gone, into in ("ab", "bc", "cd"):
        await people.merge(made[gone], made[into])
    assert await people.reached(made["a"]) == [f"{name}@example.com" for name in "dabc"]

    standing = {"a": "b", "b": "c", "c": "d"}
    for name in order:
        await people.separate(made[name])
        del standing[name]
        for one in "abcd":
            kept = one
            while kept in standing:
                kept = standing[kept]
            assert (await people.own(made[one])).id == made[kept].id, (name, one)

    assert {name: plain(await people.own(one)) for name, one in made.items()} == before
    assert await database.fetch("SELECT 1 FROM customer WHERE kept_id IS NOT NULL") == []


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_merged_and_separated_in_whatever_order_ends_as_it_began(people: People, seed: int) -> None:
    chance = random.Random(seed)
    made = [await people.make(f"P{n}", f"p{n}@example.com") for n in range(6)]
    before = {one.id: plain(one) for one in made}
    standing: dict[CustomerId, CustomerId] = {}

    def kept(id_: CustomerId) -> CustomerId:
        return kept(standing[id_]) if id_ in standing else id_

    async def separate() -> None:
        gone = chance.choice(list(standing))
        del standing[gone]
        assert (await people.customers.unmerge(gone, by=people.by)).id == gone

    for _ in range(25):
        free = [one for one in made if one.id not in standing]
        if standing and (len(free) == 1 or chance.random() < 0.4):
            await separate()
        else:
            gone, into = chance.sample(free, 2)
            name = chance.choice([None, (await people.own(gone)).name, "P0"])
            await people.merge(gone, into, **({"name": name} if name else {}))
            standing[gone.id] = into.id
        for one in made:
            assert (await people.own(one)).id == kept(one.id)
            assert {to.value for to in (await people.own(one)).addresses} == {
                other.addresses[0].value for other in made if kept(other.id) == kept(one.id)
            }
    while standing:
        await separate()

    assert {one.id: plain(await people.own(one)) for one in made} == before
    for one in made:
        assert await people.found(one.name) == [one.name]


async def test_fields_of_the_other_are_taken_over_and_given_back(people: People) -> None:
    wang = await people.make("王芳", company="Acme", note="likes tea")
    fang = await people.make("Fang", company="Acme Ltd", level=Level.VIP, note="calls on Mondays")

    kept = await people.merge(fang, wang, name="Fang", level=Level.VIP, company="Acme", note="likes tea\ncalls on Mondays")
    assert (kept.name, kept.level, kept.company, kept.note) == ("Fang", Level.VIP, "Acme", "likes tea\ncalls on Mondays")
    await people.customers.change(wang.id, Change(note="likes coffee"), version=kept.version)
    await people.separate(fang)

    now = await people.own(wang)
    assert (now.name, now.level, now.company, now.note) == ("王芳", Level.ORDINARY, "Acme", "likes coffee")


@pytest.mark.parametrize("order", ["12", "21"])
async def test_two_merges_that_named_one_customer_give_back_its_own_name(people: People, order: str) -> None:
    wang, fang, third = [await people.make(name) for name in ("王芳", "Fang", "Wang Fang")]
    await people.merge(fang, wang, name="Fang")
    await people.merge(third, wang, name="Wang Fang")
    named = {"1": (fang, "Wang Fang"), "2": (third, "Fang")}
    first, last = order
    await people.separate(named[first][0])
    assert (await people.own(wang)).name == named[first][1]
    await people.separate(named[last][0])
    assert (await people.own(wang)).name == "王芳"


async def test_an_unknown_sender_is_confirmed_by_being_merged_and_unconfirmed_again_after(
    people: People, database: Database
) -> None:
    async with database.unit_of_work() as work:
        stranger = await identify(work, Address(kind=AddressKind.EMAIL, value="x@example.com"))
    assert stranger.customer_id is not None
    known, unknown = await people.make("王芳"), await people.customers.get(stranger.customer_id)
    assert unknown.unconfirmed
    assert not (await people.merge(known, unknown)).unconfirmed
    await people.separate(known)
    assert (await people.own(unknown)).unconfirmed


async def test_a_refusal_of_either_holds_for_both_and_ends_for_both(people: People, agent: Caller) -> None:
    wang, fang = await people.make("王芳"), await people.make("Fang")
    await people.customers.refuse(fang.id, ChannelKind.SMS, reason="asked", by=agent)
    kept = await people.merge(fang, wang)
    assert [(one.channel, one.reason) for one in kept.refusals] == [(ChannelKind.SMS, "asked")]
    again = await people.customers.refuse(wang.id, ChannelKind.SMS, reason="again", by=agent)
    assert [one.reason for one in again.refusals] == ["asked"]
    await people.customers.refuse(wang.id, ChannelKind.FAX, reason="paper", by=agent)
    assert [one.channel for one in (await people.separate(fang)).refusals] == [ChannelKind.SMS]
    assert [one.channel for one in (await people.own(wang)).refusals] == [ChannelKind.FAX]
    await people.merge(fang, wang)
    assert [one.channel for one in (await people.customers.allow(wang.id, ChannelKind.SMS, by=agent)).refusals] == [
        ChannelKind.FAX
    ]
    assert (await people.separate(fang)).refusals == ()


async def test_memberships_of_both_are_those_of_the_kept_one(people: People) -> None:
    wang, fang = await people.make("王芳"), await people.make("Fang")
    acme, acme2 = [await people.make(name, kind=CustomerKind.ORGANISATION) for name in ("Acme", "Acme Ltd")]
    await people.customers.join(wang.id, acme.id, title="Buyer")
    await people.customers.join(fang.id, acme2.id, title="Head")
    await people.merge(fang, wang)
    await people.merge(acme2, acme)
    assert [(one.id, one.name, one.title) for one in (await people.own(wang)).organisations] == [(acme.id, "Acme", "Buyer")]
    assert [(one.id, one.name) for one in (await people.own(acme)).members] == [(wang.id, "王芳")]
    await people.customers.join(wang.id, acme.id, title="Owner")
    await people.separate(acme2)
    assert [(one.name, one.title) for one in (await people.own(wang)).organisations] == [("Acme", "Owner"), ("Acme Ltd", "Owner")]
    await people.separate(fang)
    assert [one.name for one in (await people.own(fang)).organisations] == ["Acme Ltd"]
    assert [one.name for one in (await people.own(acme2)).members] == ["Fang"]


async def test_an_alias_is_not_changed_and_says_whom_to_change(people: People, agent: Caller) -> None:
    wang, fang = await people.make("王芳", "w@example.com"), await people.make("Fang", "f@example.com")
    kept = await people.merge(fang, wang)
    acme = await people.make("Acme", kind=CustomerKind.ORGANISATION)
    customers = people.customers
    for attempt in (
        customers.change(fang.id, Change(name="x"), version=kept.version),
        customers.add_address(fang.id, address("x@example.com")),
        customers.remove_address(fang.id, fang.addresses[0].id),
        customers.verify_address(fang.id, fang.addresses[0].id),
        customers.refuse(fang.id, ChannelKind.SMS, reason="", by=agent),
        customers.allow(fang.id, ChannelKind.SMS, by=agent),
        customers.join(fang.id, acme.id),
        customers.leave(fang.id, acme.id),
    ):
        with pytest.raises(Merged) as caught:
            await attempt
        assert caught.value.extra == {"into_id": str(wang.id)}
    assert await people.own(wang) == kept


async def test_what_cannot_be_merged_is_refused(people: People) -> None:
    wang, fang, acme = (
        await people.make("王芳"),
        await people.make("Fang"),
        await people.make("A", kind=CustomerKind.ORGANISATION),
    )
    nobody = Merge(into_id=CustomerId(new_id()), version=1, into_version=1)
    with pytest.raises(NotMergeable):
        await people.merge(wang, wang)
    with pytest.raises(NotMergeable):
        await people.merge(wang, acme)
    with pytest.raises(NotMergeable):
        await people.merge(wang, fang, unconfirmed=True)
    with pytest.raises(NoSuchCustomer):
        await people.customers.merge(wang.id, nobody, by=people.by)
    with pytest.raises(NoSuchCustomer):
        await people.customers.unmerge(CustomerId(new_id()), by=people.by)
    with pytest.raises(NotMergeable):
        await people.separate(wang)
    for versions in ({"version": 2, "into_version": 1}, {"version": 1, "into_version": 2}):
        with pytest.raises(Stale):
            await people.customers.merge(wang.id, Merge(into_id=fang.id, **versions), by=people.by)
    assert [one.merged for one in (await people.customers.listed()).items] == [(), (), ()]

    third = await people.make("Third")
    await people.merge(fang, wang)
    for gone, into in ((fang, third), (third, fang)):
        with pytest.raises(Merged) as caught:
            await people.merge(gone, into)
        assert caught.value.extra == {"into_id": str(wang.id)}
    await people.separate(fang)
    with pytest.raises(NotMergeable):
        await people.separate(fang)


async def test_two_with_different_verified_addresses_are_merged_only_by_somebody_who_is_sure(people: People) -> None:
    wang = await people.make("王芳", address("w@example.com", verified=True), MOBILE)
    fang = await people.make("Fang", address("f@example.com", verified=True), MOBILE)
    with pytest.raises(DifferentIdentities) as caught:
        await people.merge(fang, wang)
    assert caught.value.extra == {"kinds": ["email"]}
    assert (await people.own(wang)).merged == ()
    await people.merge(fang, wang, sure=True)
    await people.separate(fang)
    await people.customers.add_address(fang.id, address("w@example.com", verified=True))
    await people.merge(fang, wang)  # one in common says that they are one


async def test_of_many_who_merge_at_once_each_customer_ends_in_one_place(people: People, database: Database) -> None:
    made = [await people.make(f"P{n}", f"p{n}@example.com") for n in range(5)]
    pairs = [(gone, into) for gone, into in itertools.permutations(made, 2)]

    async def attempt(gone: Customer, into: Customer) -> bool:
        try:
            await people.customers.merge(gone.id, Merge(into_id=into.id, version=1, into_version=1), by=people.by)
        except (Stale, Merged):
            return False
        return True

    done = await asyncio.gather(*(attempt(*pair) for pair in pairs))

    assert sum(done) == 2  # of five, each at its first version: two pairs
    kept = (await people.customers.listed()).items
    assert sorted(len(one.addresses) for one in kept) == [1, 2, 2]
    rows = await database.fetch("SELECT id, kept_id FROM customer")
    assert not {row["id"] for row in rows if row["kept_id"]} & {row["kept_id"] for row in rows}
    gone = [one.id for customer in kept for one in customer.merged]
    back = await asyncio.gather(
        *(people.customers.unmerge(one, by=people.by) for one in gone for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, Customer) for one in back) == len(gone)
    assert {type(one) for one in back} == {Customer, NotMergeable}


async def test_pages_and_the_audit_log_are_told_who_did_it(people: People, database: Database) -> None:
    wang, fang = await people.make("王芳"), await people.make("Fang")
    count = len(await events(database, "customer.changed"))
    await people.merge(fang, wang)
    await people.separate(fang)
    told = [event.data["customer"] for event in (await events(database, "customer.changed"))[count:]]
    assert [(one["id"], [alias["id"] for alias in one["merged"]]) for one in told] == [
        (str(wang.id), [str(fang.id)]),
        (str(wang.id), []),
        (str(fang.id), []),
    ]
    rows = await database.fetch(
        "SELECT action, actor_name, subject_id, detail FROM auth_audit WHERE action LIKE 'customer.%' ORDER BY n"
    )
    assert [(row["action"], row["actor_name"], row["subject_id"]) for row in rows] == [
        ("customer.merge", "Mei", fang.id),
        ("customer.unmerge", "Mei", fang.id),
    ]
    assert rows[0]["detail"]["into_number"] == rows[1]["detail"]["from_number"] == wang.number
