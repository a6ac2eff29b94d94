"""Customers: made, changed, reached, refused, joined, found; by two at once, and by people who mean harm."""

import asyncio
from uuid import uuid4

import pytest

from hub.auth import Caller
from hub.crm.customers import (
    Change,
    Customer,
    CustomerKind,
    Customers,
    Level,
    NewAddress,
    NewCustomer,
    Sex,
)
from hub.crm.customers.errors import NoSuchAddress, NoSuchCustomer, WrongKind
from hub.db import Database
from hub.db.keyset import BadCursor
from hub.delivery.store import known_of
from hub.errors import ClientKeyReused, Invalid, Stale
from hub.ids import CustomerId
from hub.messages.address import Address, AddressKind, BadAddress, ChannelKind
from tests.integration.crm.conftest import events

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE customer; --",
    '" OR 1=1 --',
    "{{7*7}}",
    "=cmd|'/c calc'!A0",
    "a\x00b",
    "line\r\nbreak: injected",
    "half a pair \ud800",
    "\u202egnp.exe",
    "%_\\",
    "NEAR(a, b)",
]


def phone(value: str, **more: bool) -> NewAddress:
    return NewAddress(kind=AddressKind.PHONE, value=value, **more)  # type: ignore[arg-type]


def email(value: str, **more: bool) -> NewAddress:
    return NewAddress(kind=AddressKind.EMAIL, value=value, **more)  # type: ignore[arg-type]


async def found(customers: Customers, q: str) -> set[str]:
    return {one.name for one in (await customers.listed(q=q)).items}


@pytest.mark.covers("C-01", "C-03", "C-08", "C-11")
async def test_a_customer_has_a_number_of_its_own(customers: Customers, agent: Caller) -> None:
    first = await customers.create(NewCustomer(name="王芳", addresses=(phone("138 0013 8000"),)), by=agent)
    second = await customers.create(NewCustomer(name="Acme", kind=CustomerKind.ORGANISATION), by=agent)

    assert (first.number, second.number) == ("C000001", "C000002")
    assert first == await customers.get(first.id)
    assert second.kind is CustomerKind.ORGANISATION


@pytest.mark.covers("C-06", "C-07", "M-23")
async def test_addresses_take_their_normal_form_and_show_the_national_one(customers: Customers, agent: Caller) -> None:
    made = await customers.create(
        NewCustomer(name="Li", addresses=(phone("010-8888 8888"), phone("+44 20 7946 0958"), email(" Li@Example.COM "))),
        by=agent,
    )
    assert [one.value for one in made.addresses] == ["+861088888888", "+442079460958", "li@example.com"]
    assert made.addresses[0].display == "010 8888 8888"
    assert [one.primary for one in made.addresses] == [True, False, True]


async def test_an_address_given_twice_is_one_with_the_newer_label(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li", addresses=(email("li@example.com"),)), by=agent)
    again = NewAddress(kind=AddressKind.EMAIL, value="LI@example.com", label="office", verified=True)
    changed = await customers.add_address(made.id, again)
    assert [(one.id, one.label, one.verified) for one in changed.addresses] == [(made.addresses[0].id, "office", True)]


async def test_the_primary_address_is_handed_on_when_it_goes(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li", addresses=(email("a@x.com"), email("b@x.com"))), by=agent)
    moved = await customers.add_address(made.id, email("b@x.com", primary=True))
    assert [one.primary for one in moved.addresses] == [False, True]
    left = await customers.remove_address(made.id, moved.addresses[1].id)
    assert [(one.value, one.primary) for one in left.addresses] == [("a@x.com", True)]


async def test_who_has_all_addresses_he_may_have_can_still_change_one(customers: Customers, agent: Caller) -> None:
    many = tuple(NewAddress(kind=AddressKind.EMAIL, value=f"a{n}@example.com") for n in range(100))
    made = await customers.create(NewCustomer(name="Li", addresses=many), by=agent)

    changed = await customers.add_address(
        made.id, NewAddress(kind=AddressKind.EMAIL, value="A7@example.com", label="office", primary=True)
    )

    assert [(one.value, one.label) for one in changed.addresses if one.primary] == [("a7@example.com", "office")]
    with pytest.raises(Invalid):
        await customers.add_address(made.id, NewAddress(kind=AddressKind.EMAIL, value="one.more@example.com"))


async def test_verifying_marks_one_address(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li", addresses=(email("a@x.com"), email("b@x.com"))), by=agent)
    changed = await customers.verify_address(made.id, made.addresses[0].id)
    assert [one.verified for one in changed.addresses] == [True, False]


async def test_an_address_of_another_customer_is_not_there(customers: Customers, agent: Caller) -> None:
    one = await customers.create(NewCustomer(name="A", addresses=(email("a@x.com"),)), by=agent)
    other = await customers.create(NewCustomer(name="B"), by=agent)
    with pytest.raises(NoSuchAddress):
        await customers.remove_address(other.id, one.addresses[0].id)
    with pytest.raises(NoSuchAddress):
        await customers.verify_address(other.id, one.addresses[0].id)
    assert await customers.get(one.id) == one
    assert await customers.get(other.id) == other


@pytest.mark.parametrize("bad", [phone("12"), phone("no number"), email("nobody"), email("a@b c"), email("")])
async def test_what_is_no_address_is_refused_and_changes_nothing(customers: Customers, agent: Caller, bad: NewAddress) -> None:
    made = await customers.create(NewCustomer(name="Li"), by=agent)
    with pytest.raises(BadAddress):
        await customers.add_address(made.id, bad)
    assert await customers.get(made.id) == made


@pytest.mark.covers("C-04", "C-05")
async def test_a_person_belongs_to_several_organisations(customers: Customers, agent: Caller) -> None:
    person = await customers.create(NewCustomer(name="Li"), by=agent)
    one = await customers.create(NewCustomer(name="One", kind=CustomerKind.ORGANISATION), by=agent)
    two = await customers.create(NewCustomer(name="Two", kind=CustomerKind.ORGANISATION), by=agent)
    await customers.join(person.id, one.id, title="Buyer")
    joined = await customers.join(person.id, two.id, title="Director")

    assert [(of.name, of.title) for of in joined.organisations] == [("One", "Buyer"), ("Two", "Director")]
    assert [member.id for member in (await customers.get(one.id)).members] == [person.id]
    left = await customers.leave(person.id, one.id)
    assert [of.id for of in left.organisations] == [two.id]


async def test_only_a_person_joins_and_only_an_organisation_is_joined(customers: Customers, agent: Caller) -> None:
    person = await customers.create(NewCustomer(name="Li"), by=agent)
    other = await customers.create(NewCustomer(name="Wang"), by=agent)
    house = await customers.create(NewCustomer(name="One", kind=CustomerKind.ORGANISATION), by=agent)
    for one, organisation in ((person, other), (house, house), (house, person), (person, person)):
        with pytest.raises(WrongKind):
            await customers.join(one.id, organisation.id)
    await customers.join(person.id, house.id)
    with pytest.raises(WrongKind):
        await customers.change(house.id, Change(kind=CustomerKind.PERSON), version=2)


@pytest.mark.covers("C-14", "A-24")
async def test_a_refused_channel_is_refused_until_it_is_allowed_again(
    customers: Customers, agent: Caller, database: Database
) -> None:
    mail = Address(kind=AddressKind.EMAIL, value="li@example.com")
    made = await customers.create(NewCustomer(name="Li", addresses=(email("li@example.com"),)), by=agent)
    changed = await customers.refuse(made.id, ChannelKind.EMAIL, reason="asked on the phone", by=agent)

    assert [(one.channel, one.reason, one.by_name) for one in changed.refusals] == [
        (ChannelKind.EMAIL, "asked on the phone", "Mei")
    ]
    assert await refusal(database, mail) == "asked on the phone"
    assert await refusal(database, mail, ChannelKind.SMS) is None
    assert (await customers.allow(made.id, ChannelKind.EMAIL, by=agent)).refusals == ()
    assert await refusal(database, mail) is None


async def refusal(database: Database, address: Address, channel: ChannelKind = ChannelKind.EMAIL) -> str | None:
    """What the consent gate hears about it."""
    known = (await known_of(database, [address])).get((address, channel))
    return known.refused if known else None


async def test_a_refusal_without_a_reason_is_still_one(customers: Customers, agent: Caller, database: Database) -> None:
    mail = Address(kind=AddressKind.EMAIL, value="li@example.com")
    made = await customers.create(NewCustomer(name="Li", addresses=(email("li@example.com"),)), by=agent)
    await customers.refuse(made.id, ChannelKind.EMAIL, reason="", by=agent)
    assert await refusal(database, mail) == "refused"


async def test_an_ended_refusal_stays_on_record(
    customers: Customers, agent: Caller, colleague: Caller, database: Database
) -> None:
    made = await customers.create(NewCustomer(name="Li"), by=agent)
    await customers.refuse(made.id, ChannelKind.EMAIL, reason="once", by=agent)
    await customers.allow(made.id, ChannelKind.EMAIL, by=colleague)
    await customers.refuse(made.id, ChannelKind.EMAIL, reason="twice", by=agent)
    rows = await database.fetch("SELECT reason, by_name, ended_by_name FROM customer_refusal ORDER BY n")
    assert [tuple(row.values()) for row in rows] == [("once", "Mei", "Tom"), ("twice", "Mei", None)]


async def test_a_second_refusal_does_not_overwrite_the_proof(customers: Customers, agent: Caller, colleague: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li"), by=agent)
    await customers.refuse(made.id, ChannelKind.EMAIL, reason="asked", by=agent)
    changed = await customers.refuse(made.id, ChannelKind.EMAIL, reason="me too", by=colleague)
    assert [(one.reason, one.by_name) for one in changed.refusals] == [("asked", "Mei")]


@pytest.mark.covers("C-02")
async def test_only_the_fields_given_are_changed(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li", note="likes tea", sex=Sex.FEMALE), by=agent)
    changed = await customers.change(made.id, Change(level=Level.VIP, sex=None), version=made.version)
    assert (changed.name, changed.note, changed.level, changed.sex) == ("Li", "likes tea", Level.VIP, None)
    assert changed.version == made.version + 1


async def test_of_two_agents_at_once_one_is_told(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li"), by=agent)
    results = await asyncio.gather(
        *(customers.change(made.id, Change(note=f"note {n}"), version=made.version) for n in range(8)),
        return_exceptions=True,
    )
    won = [result for result in results if isinstance(result, Customer)]
    lost = [result for result in results if isinstance(result, Stale)]
    assert (len(won), len(lost)) == (1, 7)
    assert lost[0].extra["version"] == 2
    assert (await customers.get(made.id)).note == won[0].note


async def test_different_parts_changed_at_once_are_all_kept(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="Li"), by=agent)
    await asyncio.gather(*(customers.add_address(made.id, email(f"a{n}@x.com")) for n in range(10)))
    after = await customers.get(made.id)
    assert len(after.addresses) == 10
    assert sum(one.primary for one in after.addresses) == 1
    assert after.version == 11


async def test_the_same_client_key_makes_one_customer(customers: Customers, agent: Caller) -> None:
    new = NewCustomer(name="Li", addresses=(email("li@x.com"),), client_key=uuid4())
    made = await asyncio.gather(*(customers.create(new, by=agent) for _ in range(5)))
    assert {one.id for one in made} == {made[0].id}
    assert len((await customers.listed()).items) == 1


async def test_the_same_client_key_with_another_body_is_refused(customers: Customers, agent: Caller, colleague: Caller) -> None:
    key = uuid4()
    await customers.create(NewCustomer(name="Li", client_key=key), by=agent)
    with pytest.raises(ClientKeyReused):
        await customers.create(NewCustomer(name="Wang", client_key=key), by=agent)
    other = await customers.create(NewCustomer(name="Wang", client_key=key), by=colleague)
    assert other.name == "Wang"


@pytest.mark.covers("C-12", "A-16")
async def test_a_customer_is_found_by_piece_of_name_number_phone_and_mail(customers: Customers, agent: Caller) -> None:
    people = [
        NewCustomer(name="欧阳娜娜", addresses=(phone("138 0013 8000"),)),
        NewCustomer(name="王芳", company="锂电池公司", addresses=(email("wang.fang@example.com"),)),
        NewCustomer(name="Jürgen Müller", addresses=(phone("010-8888 7777"),)),
    ]
    for one in people:
        await customers.create(one, by=agent)
    wanted = {
        "欧阳": "欧阳娜娜",
        "娜": "欧阳娜娜",
        "王芳": "王芳",
        "电池": "王芳",
        "wang.fang@exam": "王芳",
        "C000003": "Jürgen Müller",
        "muller": "Jürgen Müller",
        "MÜLL jür": "Jürgen Müller",
        "138 0013": "欧阳娜娜",
        "13800138000": "欧阳娜娜",
        "+86 138-0013-8000": "欧阳娜娜",
        "0013 8": "欧阳娜娜",
        "01088887777": "Jürgen Müller",
        "88 77": "Jürgen Müller",
    }
    assert {q: await found(customers, q) for q in wanted} == {q: {name} for q, name in wanted.items()}


async def test_a_customer_is_not_found_by_what_it_was(customers: Customers, agent: Caller) -> None:
    made = await customers.create(NewCustomer(name="王芳", addresses=(phone("138 0013 8000"),)), by=agent)
    await customers.change(made.id, Change(name="李雷"), version=made.version)
    await customers.remove_address(made.id, made.addresses[0].id)
    assert await found(customers, "王芳") == set()
    assert await found(customers, "0013") == set()
    assert await found(customers, "李雷") == {"李雷"}


async def test_a_list_is_walked_by_its_cursor_while_others_write(customers: Customers, agent: Caller) -> None:
    for n in range(7):
        await customers.create(NewCustomer(name=f"Li {n}"), by=agent)
    names, cursor = [], None
    while True:
        page = await customers.listed(q="li", cursor=cursor, limit=3)
        names += [one.name for one in page.items]
        await customers.create(NewCustomer(name="Li later"), by=agent)
        if (cursor := page.next_cursor) is None:
            break
    assert names == [f"Li {n}" for n in reversed(range(7))]


@pytest.mark.parametrize("cursor", ["x", "-1", "1;--", "9" * 30, "１"])
async def test_a_cursor_that_is_none_is_refused(customers: Customers, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await customers.listed(cursor=cursor)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_kept_as_text(customers: Customers, agent: Caller, text: str) -> None:
    made = await customers.create(NewCustomer(name=f"x{text}", note=text, company=text), by=agent)
    changed = await customers.refuse(made.id, ChannelKind.SMS, reason=text, by=agent)
    assert "\n" not in changed.name
    assert "\r" not in changed.name
    assert not {"\x00", "\ud800", "\u202e"} & set(changed.name + changed.note + changed.refusals[0].reason)
    assert len((await customers.listed(q=text)).items) <= 1
    await customers.create(NewCustomer(name="still here"), by=agent)


async def test_a_name_of_nothing_is_refused(customers: Customers, agent: Caller) -> None:
    for name in ("", "  ", "\x00\x01", "\u202e"):
        with pytest.raises(Invalid):
            await customers.create(NewCustomer(name=name), by=agent)


async def test_everything_on_a_customer_who_is_not_there_is_not_found(customers: Customers, agent: Caller) -> None:
    nobody = CustomerId(uuid4())
    house = await customers.create(NewCustomer(name="One", kind=CustomerKind.ORGANISATION), by=agent)
    for act in (
        customers.get(nobody),
        customers.change(nobody, Change(name="x"), version=1),
        customers.add_address(nobody, email("a@x.com")),
        customers.refuse(nobody, ChannelKind.SMS, reason="", by=agent),
        customers.allow(nobody, ChannelKind.SMS, by=agent),
        customers.join(nobody, house.id),
        customers.leave(nobody, house.id),
    ):
        with pytest.raises(NoSuchCustomer):
            await act


async def test_every_change_is_announced_with_all_a_page_shows(customers: Customers, agent: Caller, database: Database) -> None:
    made = await customers.create(NewCustomer(name="Li"), by=agent)
    await customers.add_address(made.id, email("li@x.com"))
    told = await events(database, "customer.changed")
    assert [event.data["customer"]["version"] for event in told] == [1, 2]
    assert told[1].data["customer"]["addresses"][0]["value"] == "li@x.com"
    assert told[1].audience.right == "customers.read"
