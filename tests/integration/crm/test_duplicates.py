"""Who may be the same customer."""

import pytest

from hub.api import customers as customers_api
from hub.api import session
from hub.auth import SYSTEM
from hub.crm.customers import Customer, CustomerKind, Customers, NewAddress, NewCustomer
from hub.db import Database
from hub.messages.address import AddressKind
from tests.fixtures.console import Serve


@pytest.fixture
def customers(database: Database) -> Customers:
    return Customers(database)


async def make(customers: Customers, name: str, *addresses: str, kind: CustomerKind = CustomerKind.PERSON) -> Customer:
    given = tuple(
        NewAddress(kind=AddressKind.EMAIL if "@" in address else AddressKind.PHONE, value=address) for address in addresses
    )
    return await customers.create(NewCustomer(name=name, kind=kind, addresses=given), by=SYSTEM)


async def said(customers: Customers, customer: Customer) -> dict[str, tuple[tuple[str, ...], int]]:
    return {one.customer.name: (tuple(map(str, one.reasons)), one.score) for one in await customers.duplicates(customer.id)}


@pytest.mark.covers("M-23")
async def test_the_likeliest_come_first_with_their_reasons(customers: Customers) -> None:
    wang = await make(customers, "王芳", "wang@example.com", "138 0013 8000")
    await make(customers, "Fang", "WANG@example.com", "+8613800138000")
    await make(customers, "芳", "13800138000")
    await make(customers, "王芳")
    await make(customers, "王芳芳", "other@example.com", "139 0013 8001")

    found = await said(customers, wang)

    assert list(found.items()) == [
        ("Fang", (("same_email", "same_phone"), 100)),
        ("芳", (("same_phone",), 60)),
        ("王芳", (("same_name",), 30)),
    ]


@pytest.mark.covers("M-23")
async def test_a_number_of_another_country_with_the_same_end_and_a_name_in_another_order_are_noticed(
    customers: Customers,
) -> None:
    one = await make(customers, "Ada Lovelace", "+442079460018")
    await make(customers, "ＬＯＶＥＬＡＣＥ, ada", "+12079460018")
    assert await said(customers, one) == {"LOVELACE, ada": (("same_phone_ending", "same_name"), 70)} or await said(
        customers, one
    ) == {"ＬＯＶＥＬＡＣＥ, ada": (("same_phone_ending", "same_name"), 70)}


async def test_an_organisation_is_no_person_and_nobody_their_own_double(customers: Customers) -> None:
    one = await make(customers, "Acme", "acme@example.com")
    await make(customers, "Acme", "acme@example.com", kind=CustomerKind.ORGANISATION)
    assert await said(customers, one) == {}


async def test_they_are_read_by_who_may_read_customers(serve: Serve, database: Database, customers: Customers) -> None:
    console = await serve(session.api, customers_api.api, services={"customers": customers})
    li = await console.signed_in("li", "agent")
    one, two = await make(customers, "A", "a@example.com"), await make(customers, "B", "a@example.com")
    answer = await li.get(f"/customers/{one.id}/duplicates")
    (found,) = await answer.json()
    assert (found["customer"]["id"], found["reasons"], found["score"]) == (str(two.id), ["same_email"], 60)
    assert (await li.get("/customers/0197a000-0000-7000-8000-000000000000/duplicates")).status == 404
    assert (await console.client().get(f"/customers/{one.id}/duplicates")).status == 401
