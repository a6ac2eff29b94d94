"""The command line. Each command imports only what it needs, so that `hub --help` answers at once."""

import argparse
import asyncio
import getpass
import importlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hub
from hub.errors import HubError, Invalid, NotFound
from hub.settings import BadSettings, Settings, load, options

if TYPE_CHECKING:
    from hub.auth import Auth, Right
    from hub.db import Database
    from hub.ids import RoleId

Command = Callable[[argparse.Namespace, Settings], int | None]

WRONG, BAD_SETTINGS = 1, 2  # exit codes


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        flags = {option.name: getattr(arguments, option.name) for option in options()}
        settings = load(flags, os.environ, arguments.config)
        return arguments.run(arguments, settings) or 0
    except BadSettings as error:
        for problem in error.problems:
            _complain(str(problem))
        return BAD_SETTINGS
    except HubError as error:
        _complain(error.detail or error.code)
        return WRONG
    except (KeyboardInterrupt, BrokenPipeError):
        return WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hub", description="One hub for a service desk.")
    parser.add_argument("--version", action="version", version=f"hub {hub.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    shared = _settings_parser()

    def add(name: str, about: str, run: Command, parent: Any = commands) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = parent.add_parser(name, help=about, description=about, parents=[shared])
        command.set_defaults(run=run)
        return command

    add("serve", "run everything in one process", _run_app("serve"))
    add("web", "run the web side only", _run_app("web"))
    add("worker", "run the jobs and the accounts only", _run_app("worker"))
    add("migrate", "bring the database to this release", _migrate)
    add("check", "look for what would go wrong", _check)
    add("openapi", "print the OpenAPI document", _openapi)
    demo = add("demo", "fill the database with an example", _demo)
    demo.add_argument("--size", type=int, default=1, metavar="N", help="how many times the example (default: 1)")
    replay = add("replay", "file again what came in, from the journal", _replay)
    replay.add_argument("journal_id", nargs="*", metavar="ID", help="journal entries (default: all that were set aside)")
    _add_user_commands(commands.add_parser("user", help="people who sign in").add_subparsers(required=True), add)
    _add_token_commands(commands.add_parser("token", help="API tokens").add_subparsers(required=True), add)
    return parser


def _settings_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, argument_default=None)
    group = parser.add_argument_group("settings (also as HUB_* variables and in hub.toml)")
    group.add_argument("--config", type=Path, default=None, metavar="FILE", help="settings file (default: hub.toml)")
    for option in options():
        about = option.about.replace("%", "%%")
        if option.is_switch:
            group.add_argument(option.flag, dest=option.name, action=argparse.BooleanOptionalAction, default=None, help=about)
        else:
            group.add_argument(option.flag, dest=option.name, default=None, metavar="X", help=about)
    return parser


def _add_user_commands(parent: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
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
    for name, about, run in ("disable", "lock a user out", _user_disable), ("enable", "let a user in again", _user_enable):
        add(name, about, run, parent).add_argument("name", metavar="NAME")


def _add_token_commands(parent: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    made = add("create", "make a token; it is the last word printed", _token_create, parent)
    made.add_argument("--name", required=True)
    made.add_argument("--scope", nargs="+", action="extend", required=True, metavar="S", help="rights, or '*' for all")
    made.add_argument("--days", type=int, default=None, help="how long it is good (default: until revoked)")
    add("list", "list the tokens", _token_list, parent)
    add("revoke", "end a token", _token_revoke, parent).add_argument("id", metavar="ID")


def _run_app(name: str) -> Command:
    def run(_: argparse.Namespace, settings: Settings) -> int | None:
        result: int | None = getattr(importlib.import_module("hub.app"), name)(settings)
        return result

    return run


def _demo(arguments: argparse.Namespace, settings: Settings) -> int | None:
    result: int | None = importlib.import_module("hub.app").demo(settings, size=arguments.size)
    return result


def _replay(arguments: argparse.Namespace, settings: Settings) -> int | None:
    result: int | None = importlib.import_module("hub.app").replay(settings, journal_ids=arguments.journal_id)
    return result


def _migrate(_: argparse.Namespace, settings: Settings) -> None:
    from hub.db import migrate

    applied = asyncio.run(migrate(settings.database_url))
    _say(f"the database is up to date ({len(applied)} new migrations)" if applied else "the database is up to date")


def _openapi(_: argparse.Namespace, __: Settings) -> None:
    from hub.api.openapi import encode
    from hub.api.routes import DOCUMENTED

    sys.stdout.write(encode(DOCUMENTED).decode())


def _check(_: argparse.Namespace, settings: Settings) -> int:
    from hub.checks import check

    found = asyncio.run(check(settings))
    for finding in found:
        _say(f"{finding.level:7} {finding.about}")
    return WRONG if any(finding.level == "error" for finding in found) else 0


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
        _say(f"user {user.name} added" + ("" if role_ids else "; give a role before they can sign in"))

    _with_auth(settings, add)


def _user_list(_: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import queries

    async def show(db: "Database", _: "Auth") -> None:
        names = {role.id: role.name for role in await queries.roles(db)}
        for user in await queries.users(db, limit=100_000):
            roles = ",".join(names[role_id] for role_id in user.role_ids) or "-"
            _say(f"{user.name}\t{roles}\t{'disabled' if user.disabled else 'enabled'}\t{user.display_name}")

    _with_auth(settings, show)


def _user_password(arguments: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import SYSTEM, queries

    password = _password(arguments)

    async def change(db: "Database", auth: "Auth") -> None:
        await auth.users.reset_password(SYSTEM, await queries.user_id_by_name(db, arguments.name), password)
        _say(f"user {arguments.name} has a new password and is signed out")

    _with_auth(settings, change)


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
        _say(f"user {user.name} is {'disabled' if disabled else 'enabled'}")

    _with_auth(settings, change)


def _token_create(arguments: argparse.Namespace, settings: Settings) -> None:
    from hub import clock
    from hub.auth import SYSTEM

    rights = _rights(arguments.scope)
    ends = None if arguments.days is None else clock.now() + timedelta(days=arguments.days)

    async def create(_: "Database", auth: "Auth") -> None:
        token, text = await auth.tokens.add(SYSTEM, name=arguments.name, rights=rights, expires_at=ends)
        _say(f"token {token.id} for {token.name}; keep it, it is not shown again:\n{text}")

    _with_auth(settings, create)


def _token_list(_: argparse.Namespace, settings: Settings) -> None:
    from hub.auth import queries

    async def show(db: "Database", _: "Auth") -> None:
        for token in await queries.tokens(db):
            _say(f"{token.id}\t{token.name}\t…{token.hint}\t{','.join(sorted(token.rights))}")

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
        _say(f"token {token_id} is revoked")

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
    from hub.db import Database, migrate

    if settings.database_url.startswith("sqlite"):
        await migrate(settings.database_url)
    db = await Database.open(settings.database_url)
    auth = Auth.build(db, LocalBus())
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


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"hub: {text}\n")
