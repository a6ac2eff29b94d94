"""Users and tokens on the command line, beside a hub that may be running."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub.cli.speech import say
from hub.errors import Invalid, NotFound
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.auth import Auth, Right
    from hub.db import Database
    from hub.ids import RoleId


def add_user_commands(parent: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """`hub user …`; `add` makes a command under `parent`."""
    made = add("add", "make a user", _user_add, parent)
    made.add_argument("name", metavar="NAME")
    made.add_argument("--role", action="append", default=[], help="administrator, supervisor, agent or your own; may be repeated")
    made.add_argument("--display-name", dest="shown", default="")
    made.add_argument("--email", default="")
    add("list", "list the users", _user_list, parent)
    password = add("password", "set a user's password and sign them out", _user_password, parent)
    password.add_argument("name", metavar="NAME")
    for command in (made, password):
        command.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    factor = add("reset-factor", "take away the second factor of a user who lost it", _user_reset_factor, parent)
    factor.add_argument("name", metavar="NAME")
    for name, about, run in ("disable", "lock a user out", _user_disable), ("enable", "let a user in again", _user_enable):
        add(name, about, run, parent).add_argument("name", metavar="NAME")


def add_token_commands(parent: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """`hub token …`."""
    made = add("create", "make a token; it is the last word printed", _token_create, parent)
    made.add_argument("--name", required=True)
    made.add_argument("--scope", nargs="+", action="extend", required=True, metavar="S", help="rights, or '*' for all")
    made.add_argument("--days", type=int, default=None, help="how long it is good (default: until revoked)")
    add("list", "list the tokens", _token_list, parent)
    add("revoke", "end a token", _token_revoke, parent).add_argument("id", metavar="ID")


def _user_add(arguments: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import SYSTEM
    from hub.auth.values import NewUser

    password = _password(arguments)

    async def add(db: "Database", auth: "Auth") -> None:
        role_ids = await _role_ids(db, arguments.role)
        new = NewUser(
            name=arguments.name, password=password, display_name=arguments.shown, email=arguments.email, role_ids=role_ids
        )
        user = await auth.users.add(SYSTEM, new)
        say(f"user {user.name} added" + ("" if role_ids else "; give a role before they can sign in"))

    _with_auth(settings, add)


def _user_list(_: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import queries

    async def show(db: "Database", _: "Auth") -> None:
        names = {role.id: role.name for role in await queries.roles(db)}
        for user in await queries.users(db, limit=100_000):
            roles = ",".join(names[role_id] for role_id in user.role_ids) or "-"
            say(f"{user.name}\t{roles}\t{'disabled' if user.disabled else 'enabled'}\t{user.display_name}")

    _with_auth(settings, show)


def _user_password(arguments: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import SYSTEM, queries

    password = _password(arguments)

    async def change(db: "Database", auth: "Auth") -> None:
        await auth.users.reset_password(SYSTEM, await queries.user_id_by_name(db, arguments.name), password)
        say(f"user {arguments.name} has a new password and is signed out")

    _with_auth(settings, change)


def _user_reset_factor(arguments: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import SYSTEM, queries

    async def reset(db: "Database", auth: "Auth") -> None:
        await auth.factors.reset(SYSTEM, await queries.user_id_by_name(db, arguments.name))
        say(f"user {arguments.name} signs in by password alone")

    _with_auth(settings, reset)


def _user_disable(arguments: argparse.Namespace, settings: Settings) -> None:
    _set_disabled(arguments, settings, disabled=True)


def _user_enable(arguments: argparse.Namespace, settings: Settings) -> None:
    _set_disabled(arguments, settings, disabled=False)


def _set_disabled(arguments: argparse.Namespace, settings: Settings, *, disabled: bool) -> None:
    from hub.auth import SYSTEM, queries
    from hub.auth.values import UserChange

    async def change(db: "Database", auth: "Auth") -> None:
        user = await queries.user(db, await queries.user_id_by_name(db, arguments.name))
        await auth.users.change(SYSTEM, user.id, UserChange(disabled=disabled), version=user.version)
        say(f"user {user.name} is {'disabled' if disabled else 'enabled'}")

    _with_auth(settings, change)


def _token_create(arguments: argparse.Namespace, settings: Settings) -> None:
    from hub import clock
    from hub.auth import SYSTEM

    rights = _rights(arguments.scope)
    ends = None if arguments.days is None else clock.now() + timedelta(days=arguments.days)

    async def create(_: "Database", auth: "Auth") -> None:
        token, text = await auth.tokens.add(SYSTEM, name=arguments.name, rights=rights, expires_at=ends)
        say(f"token {token.id} for {token.name}; keep it, it is not shown again:\n{text}")

    _with_auth(settings, create)


def _token_list(_: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import queries

    async def show(db: "Database", _: "Auth") -> None:
        for token in await queries.tokens(db):
            say(f"{token.id}\t{token.name}\t…{token.hint}\t{','.join(sorted(token.rights))}")

    _with_auth(settings, show)


def _token_revoke(arguments: argparse.Namespace, settings: Settings) -> None:
    from uuid import UUID

    from hub.auth import SYSTEM

    try:
        token_id = UUID(arguments.id)
    except ValueError as error:
        raise NotFound(f"{arguments.id!r} is not the id of a token; see `hub token list`") from error

    async def revoke(_: "Database", auth: "Auth") -> None:
        await auth.tokens.revoke(SYSTEM, token_id)
        say(f"token {token_id} is revoked")

    _with_auth(settings, revoke)


def _with_auth(settings: Settings, act: Callable[["Database", "Auth"], Any]) -> None:
    async def run() -> None:
        async with _open_auth(settings) as (db, auth):
            await act(db, auth)

    asyncio.run(run())


@asynccontextmanager
async def _open_auth(settings: Settings) -> AsyncIterator[tuple["Database", "Auth"]]:
    """The database beside a hub that may be running: short transactions, and the hub sees what they announce."""
    from hub.auth import Auth
    from hub.bus import LocalBus
    from hub.db import open_migrated
    from hub.secrets import SecretKeys

    db = await open_migrated(settings.database_url)
    auth = Auth.build(db, LocalBus(), keys=SecretKeys.load(settings.secret_file))
    try:
        yield db, auth
    finally:
        auth.close()
        await db.close()


async def _role_ids(db: "Database", names: Sequence[str]) -> tuple["RoleId", ...]:
    from hub.auth import queries

    known = {role.name: role.id for role in await queries.roles(db)}
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"there is no role {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(known[name] for name in names)


def _rights(scopes: Sequence[str]) -> "frozenset[Right]":
    from hub.auth.rights import EVERYTHING, Right, expand

    if unknown := set(scopes) - {*Right, EVERYTHING}:
        raise Invalid(f"there is no scope {min(unknown)!r}; there are '*', {', '.join(Right)}")
    return expand(scopes)


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("give --password-stdin, or run this in a terminal")
    first, second = getpass.getpass(), getpass.getpass("Again: ")
    if first != second:
        raise Invalid("the two are not the same")
    return first
