"""What `hub check` finds before it goes wrong."""

import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from hub.errors import HubError
from hub.secrets import read_secret
from hub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. An error keeps the hub from working; a warning is for a person to weigh."""

    level: Literal["ok", "warning", "error"]
    about: str


async def check(settings: Settings) -> list[Finding]:
    """Look at the settings, the secret, the database and the pages. (What is wrong with single settings was refused before.)"""
    return [
        _address(settings),
        _secret(settings),
        *[finding async for finding in _database(settings)],
        *await _sign_on(settings),
        _pages(),
    ]


def _address(settings: Settings) -> Finding:
    parts = urlsplit(settings.public_url)
    if parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return Finding(level="ok", about=f"public address {settings.public_url}")
    about = f"{settings.public_url} is plain http: passwords and messages can be read on the way; put a TLS proxy in front"
    return Finding(level="warning", about=about)


def _secret(settings: Settings) -> Finding:
    read_secret(settings.secret_file)
    mode = stat.S_IMODE(settings.secret_file.stat().st_mode)
    if mode & 0o077:
        return Finding(level="warning", about=f"{settings.secret_file} can be read by others: chmod 600 {settings.secret_file}")
    return Finding(level="ok", about=f"secret {settings.secret_file}; keep a copy of it with your backups")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    from hub.auth import queries
    from hub.db import Database, unapplied

    shown = urlsplit(settings.database_url)._replace(netloc=urlsplit(settings.database_url).netloc.rpartition("@")[2]).geturl()
    try:
        db = await Database.open(settings.database_url)
    except HubError as error:
        yield Finding(level="error", about=f"database {shown}: {error.detail or error.code}")
        return
    try:
        if waiting := await unapplied(db):
            yield Finding(level="error", about=f"database {shown}: {len(waiting)} migrations are missing, run `hub migrate`")
            return
        users = await queries.enabled_users(db)
        yield Finding(level="ok", about=f"database {shown}")
        if not users:
            yield Finding(
                level="warning", about="nobody can sign in yet: open the console, or `hub user add NAME --role administrator`"
            )
    except HubError as error:
        yield Finding(level="error", about=f"database {shown}: {error.detail or error.code}")
    finally:
        await db.close()


async def _sign_on(settings: Settings) -> list[Finding]:
    """Is the provider there, and does it go by the name it was given?"""
    from hub.auth.oidc import Provider
    from hub.auth.sign_on import metadata_of
    from hub.egress import AllowList, Egress

    if (provider := Provider.of(settings)) is None:
        return []
    try:
        await metadata_of(provider, Egress(AllowList.of(settings.egress_allow, loopback=settings.demo)))
    except HubError as error:
        return [Finding(level="warning", about=f"sign-in by {provider.issuer}: {error.detail or error.code}")]
    return [Finding(level="ok", about=f"sign-in by {provider.issuer}")]


def _pages() -> Finding:
    from hub.api.static import STATIC

    if (STATIC / "console" / "index.html").exists():
        return Finding(level="ok", about="the console's pages are built")
    return Finding(level="warning", about="the console's pages are not built: run `make pages`, or install a released wheel")
