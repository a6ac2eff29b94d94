"""Users, as administrators and they themselves change them."""

import asyncio

import pytest

from hub.auth import SYSTEM, Auth, Caller, Right, audit, queries
from hub.auth.errors import (
    Escalation,
    LastAdministrator,
    NoRights,
    SetupDone,
    WeakPassword,
    WorkNumberTaken,
    WrongOldPassword,
    WrongPassword,
)
from hub.auth.values import NewUser, User, UserChange
from hub.db import Database, as_json
from hub.errors import NameTaken, Stale, Unauthorised
from tests.integration.auth.conftest import PASSWORD, add


async def signed_in(auth: Auth, name: str) -> Caller:
    session = await auth.sessions.sign_in(name, PASSWORD, ip="127.0.0.1")
    return await auth.callers.by_session(session.secret)


async def test_the_first_run_door_closes_at_first_use_even_when_ten_press_at_once(auth: Auth, database: Database) -> None:
    tries = [auth.users.set_up(NewUser(name=f"first{n}", password=PASSWORD), ip="127.0.0.1") for n in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, SetupDone) for result in results) == 9
    assert len(await queries.users(database)) == 1
    assert not await auth.users.needs_setup()


async def test_a_user_added_on_the_command_line_closes_the_first_run_door_too(auth: Auth, database: Database) -> None:
    await add(auth, database, "root", "administrator")

    with pytest.raises(SetupDone):
        await auth.users.set_up(NewUser(name="late", password=PASSWORD), ip="127.0.0.1")


@pytest.mark.covers("P-01")
async def test_user_names_are_unique_whatever_their_case_and_width(auth: Auth, administrator: User) -> None:
    await auth.users.add(SYSTEM, NewUser(name="Wang", password=PASSWORD))

    for other in ("wang", "ＷＡＮＧ", " WANG "):
        with pytest.raises(NameTaken):
            await auth.users.add(SYSTEM, NewUser(name=other, password=PASSWORD))


async def test_two_users_never_share_a_work_number(auth: Auth, administrator: User) -> None:
    await auth.users.add(SYSTEM, NewUser(name="a1", password=PASSWORD, work_number="8001"))

    with pytest.raises(WorkNumberTaken):
        await auth.users.add(SYSTEM, NewUser(name="b1", password=PASSWORD, work_number=" 8001 "))


@pytest.mark.covers("P-03")
async def test_a_user_without_a_role_cannot_sign_in(auth: Auth, administrator: User, database: Database) -> None:
    await add(auth, database, "fresh")

    with pytest.raises(NoRights):
        await auth.sessions.sign_in("fresh", PASSWORD, ip="127.0.0.1")


@pytest.mark.covers("P-09")
async def test_a_disabled_user_is_signed_out_and_told_nothing(auth: Auth, administrator: User, database: Database) -> None:
    agent = await add(auth, database, "li", "agent")
    caller = await signed_in(auth, "li")

    await auth.users.change(SYSTEM, agent.id, UserChange(disabled=True), version=agent.version)

    with pytest.raises(Unauthorised):
        await auth.callers.again(caller)
    with pytest.raises(WrongPassword):
        await auth.sessions.sign_in("li", PASSWORD, ip="127.0.0.1")


@pytest.mark.covers("P-05")
async def test_an_administrator_resets_a_password_and_ends_the_sessions(
    auth: Auth, administrator: User, database: Database
) -> None:
    agent = await add(auth, database, "li", "agent")
    caller = await signed_in(auth, "li")

    await auth.users.reset_password(SYSTEM, agent.id, "another good one")

    with pytest.raises(Unauthorised):
        await auth.callers.again(caller)
    assert await auth.sessions.sign_in("li", "another good one", ip="127.0.0.1")


@pytest.mark.covers("P-06")
async def test_changing_ones_own_password_keeps_this_session_and_ends_the_others(
    auth: Auth, administrator: User, database: Database
) -> None:
    await add(auth, database, "li", "agent")
    here, there = await signed_in(auth, "li"), await signed_in(auth, "li")

    with pytest.raises(WrongOldPassword):
        await auth.users.change_password(here, old="guess", new="another good one")
    await auth.users.change_password(here, old=PASSWORD, new="another good one")

    assert (await auth.callers.again(here)).user_id == here.user_id
    with pytest.raises(Unauthorised):
        await auth.callers.again(there)


@pytest.mark.parametrize("password", ["short", "12345678", "aaaaaaaaaaaa", "li-is-my-name" * 30, "wang8888"])
async def test_a_password_that_is_easy_to_guess_is_refused(auth: Auth, password: str) -> None:
    with pytest.raises(WeakPassword):
        await auth.users.add(SYSTEM, NewUser(name="wang", password=password))


async def test_nobody_gives_a_role_with_rights_they_do_not_have(auth: Auth, administrator: User, database: Database) -> None:
    agent = await add(auth, database, "li", "agent")
    helper = Caller(
        kind="user", name="helper", rights=frozenset({Right.USERS_MANAGE, *_agent_rights(await queries.roles(database))})
    )
    roles = {role.name: role.id for role in await queries.roles(database)}

    with pytest.raises(Escalation):
        await auth.users.change(helper, agent.id, UserChange(role_ids=(roles["administrator"],)), version=agent.version)
    with pytest.raises(Escalation):
        await auth.users.add(helper, NewUser(name="two", password=PASSWORD, role_ids=(roles["supervisor"],)))
    with pytest.raises(Escalation):
        await auth.users.reset_password(helper, administrator.id, "another good one")
    assert (await queries.user(database, agent.id)).role_ids == (roles["agent"],)
    assert len(await queries.users(database)) == 2


def _agent_rights(roles: list) -> frozenset[Right]:
    return next(role.rights for role in roles if role.name == "agent")


async def test_somebody_who_can_manage_users_always_remains(auth: Auth, administrator: User, database: Database) -> None:
    with pytest.raises(LastAdministrator):
        await auth.users.change(SYSTEM, administrator.id, UserChange(disabled=True), version=1)
    with pytest.raises(LastAdministrator):
        await auth.users.change(SYSTEM, administrator.id, UserChange(role_ids=()), version=1)
    assert await signed_in(auth, "root")


async def test_two_administrators_who_remove_each_other_at_once_leave_one(
    auth: Auth, administrator: User, database: Database
) -> None:
    other = await add(auth, database, "other", "administrator")

    results = await asyncio.gather(
        auth.users.change(SYSTEM, administrator.id, UserChange(disabled=True), version=1),
        auth.users.change(SYSTEM, other.id, UserChange(disabled=True), version=1),
        return_exceptions=True,
    )

    assert sum(isinstance(result, LastAdministrator) for result in results) == 1
    assert len(await queries.enabled_users(database)) == 1


async def test_a_change_based_on_an_old_reading_is_refused(auth: Auth, administrator: User) -> None:
    await auth.users.change(SYSTEM, administrator.id, UserChange(display_name="Chief"), version=1)

    with pytest.raises(Stale):
        await auth.users.change(SYSTEM, administrator.id, UserChange(display_name="Boss"), version=1)


async def test_users_are_found_by_a_part_of_their_name_in_pages(auth: Auth, administrator: User, database: Database) -> None:
    for name, shown in ("anna", "Anna"), ("bert", "Bert"), ("王芳", "王芳"), ("percent", "100%"):
        await auth.users.add(SYSTEM, NewUser(name=name, password=PASSWORD, display_name=shown))

    assert [user.name for user in await queries.users(database, text="ERT")] == ["bert"]
    assert [user.name for user in await queries.users(database, text="芳")] == ["王芳"]
    assert [user.name for user in await queries.users(database, text="%")] == ["percent"]
    first = await queries.users(database, limit=2)
    rest = await queries.users(database, after=first[-1].name, limit=10)
    assert [user.name for user in (*first, *rest)] == ["anna", "bert", "percent", "root", "王芳"]


@pytest.mark.covers("M-36")
async def test_every_act_is_in_the_audit_log_and_an_act_that_failed_is_not(
    auth: Auth, administrator: User, database: Database
) -> None:
    by = await signed_in(auth, "root")
    await auth.users.change(by.at("192.0.2.7"), administrator.id, UserChange(display_name="Chief"), version=1)
    with pytest.raises(Stale):
        await auth.users.change(by, administrator.id, UserChange(display_name="Boss"), version=1)

    entries = await audit.entries(database, before_n=None, action=None, actor_id=None, limit=10)

    assert [entry.action for entry in entries] == ["user.change", "session.open", "user.add"]
    assert (entries[0].actor_id, entries[0].ip, entries[0].subject_id) == (by.user_id, "192.0.2.7", administrator.id)
    assert entries[0].detail == {"name": "root", "display_name": "Chief"}
    assert PASSWORD not in str([as_json(row["detail"]) for row in await database.fetch("SELECT detail FROM auth_audit")])
