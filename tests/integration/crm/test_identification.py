"""Who is it? By the address alone; an unknown one becomes a person to be confirmed, a shared one nobody."""

import asyncio

import pytest

from hub.auth import Caller
from hub.crm.customers import Customers, Identified, NewAddress, NewCustomer, identify, identify_many
from hub.db import Database
from hub.messages.address import Address, AddressKind, ChannelKind
from tests.integration.crm.conftest import events


def mail(value: str, name: str = "") -> Address:
    return Address(kind=AddressKind.EMAIL, value=value, name=name)


async def known(customers: Customers, agent: Caller, name: str, value: str) -> object:
    address = NewAddress(kind=AddressKind.EMAIL, value=value)
    return (await customers.create(NewCustomer(name=name, addresses=(address,)), by=agent)).id


async def test_an_unknown_address_makes_an_unconfirmed_person(customers: Customers, database: Database) -> None:
    async with database.unit_of_work() as work:
        who = await identify(work, mail("li@example.com", "李雷"), channel=ChannelKind.EMAIL)

    assert who.created
    assert who.customer_id is not None
    made = await customers.get(who.customer_id)
    assert (made.name, made.unconfirmed, made.number) == ("李雷", True, "C000001")
    assert [one.value for one in made.addresses] == ["li@example.com"]
    assert [one.id for one in (await customers.listed(q="li@example")).items] == [who.customer_id]
    told = await events(database, "customer.changed")
    assert told[0].data["customer"]["number"] == "C000001"


async def test_a_known_address_is_its_customer_whatever_the_name_says(
    customers: Customers, agent: Caller, database: Database
) -> None:
    li = await known(customers, agent, "Li", "li@example.com")
    await known(customers, agent, "The Boss", "boss@example.com")
    async with database.unit_of_work() as work:
        who = await identify(work, mail("li@example.com", "The Boss"))
    assert who == Identified(customer_id=li)  # type: ignore[arg-type]


async def test_an_address_of_several_links_none_and_offers_all(customers: Customers, agent: Caller, database: Database) -> None:
    one = await known(customers, agent, "Mother", "home@example.com")
    two = await known(customers, agent, "Father", "home@example.com")
    async with database.unit_of_work() as work:
        who = await identify(work, mail("home@example.com"))
    assert (who.customer_id, who.candidates, who.created) == (None, (one, two), False)


async def test_the_same_text_of_another_kind_is_another_address(customers: Customers, agent: Caller, database: Database) -> None:
    li = await known(customers, agent, "Li", "li@example.com")
    async with database.unit_of_work() as work:
        who = await identify(work, Address(kind=AddressKind.VISITOR, value="li@example.com"))
    assert who.created
    assert who.customer_id != li


async def test_a_batch_of_known_unknown_and_repeated_addresses_is_told_apart(
    customers: Customers, agent: Caller, database: Database
) -> None:
    li = await known(customers, agent, "Li", "li@example.com")
    batch = [mail("li@example.com"), mail("new@example.com"), mail("new@example.com", "New One"), mail("x@example.com")]
    async with database.unit_of_work() as work:
        who = await identify_many(work, batch)
        again = await identify_many(work, batch)

    assert len(who) == 3
    assert who[mail("li@example.com")].customer_id == li
    made = who[mail("new@example.com")].customer_id
    assert made is not None
    assert (await customers.get(made)).name == "New One"
    assert {at: one.customer_id for at, one in again.items()} == {at: one.customer_id for at, one in who.items()}
    assert not any(one.created for one in again.values())


async def test_nobody_asked_is_nobody_made(database: Database) -> None:
    async with database.unit_of_work() as work:
        assert await identify_many(work, []) == {}


async def test_transactions_that_meet_one_new_address_make_one_customer(customers: Customers, database: Database) -> None:
    async def meet(n: int) -> object:
        async with database.unit_of_work() as work:
            found = await identify_many(work, [mail(f"a{(n + at) % 7}@example.com") for at in range(7)])
            await asyncio.sleep(0.005)
            return found[mail("a3@example.com")].customer_id

    made = await asyncio.gather(*(meet(n) for n in range(6)))
    assert len(set(made)) == 1
    assert len((await customers.listed()).items) == 7


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (mail("li@example.com"), "li@example.com"),
        (mail("li@example.com", "  \x00\r\n "), "li@example.com"),
        (mail("li@example.com", "Li\r\nBcc: x"), "Li Bcc: x"),
        (mail("li@example.com", "n" * 5_000), "n" * 300),
        (Address(kind=AddressKind.PHONE, value="+8613800138000"), "138 0013 8000"),
        (Address(kind=AddressKind.VISITOR, value="0197-abcdef"), "Visitor ABCDEF"),
    ],
)
async def test_a_person_is_called_as_they_call_themselves_or_by_their_address(
    customers: Customers, database: Database, address: Address, name: str
) -> None:
    async with database.unit_of_work() as work:
        who = await identify(work, address, channel=ChannelKind.SMS)
    assert who.customer_id is not None
    assert (await customers.get(who.customer_id)).name == name
