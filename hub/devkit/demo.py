"""`hub serve --demo`: an example to look at, and everything needed to write to it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.accounts import AccountChange, NewAccount
from hub.api.endpoint import Router
from hub.api.hub import Hub
from hub.auth import SYSTEM
from hub.auth.values import NewUser
from hub.devkit.example import ADMINISTRATOR, DESK
from hub.devkit.fill import Accounts, fill, is_empty
from hub.devkit.mailbox import DemoMailbox
from hub.devkit.phone import DemoPhone
from hub.devkit.phone_accounts import connect
from hub.devkit.site import demo_router
from hub.ids import AccountId
from hub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demo: its pages, and how to sign in."""

    router: Router
    password: str


@asynccontextmanager
async def demo(hub: Hub) -> AsyncIterator[Demo]:
    """Prepare and run it; idempotent over restarts."""
    settings = hub.settings
    password = demo_password(settings.data_dir)
    accounts = await prepare(hub, password)
    if await is_empty(hub):
        await fill(hub, accounts, password=password)
    mailbox = DemoMailbox(settings.data_dir / "demo-mailbox", hub_smtp=(settings.smtp_host, settings.smtp_port))
    phone = DemoPhone(settings.data_dir)
    await mailbox.start(settings.smtp_host, _mailbox_port(settings))
    await phone.start()
    try:
        await connect(hub, phone)
        yield Demo(router=demo_router(mailbox, phone, accounts.site), password=password)
    finally:
        await phone.stop()
        await mailbox.stop()


async def prepare(hub: Hub, password: str) -> Accounts:
    """An administrator, a mailbox that can send to the demo's customers, a site that may show the widget."""
    if await hub.db.fetch_one("SELECT 1 FROM auth_user LIMIT 1") is None:
        role = await hub.db.fetch_one("SELECT id FROM auth_role WHERE name = 'administrator'")
        assert role is not None
        new = NewUser(name=ADMINISTRATOR, password=password, display_name="管理员 Admin", role_ids=(role["id"],))
        await hub.auth.users.add(SYSTEM, new)
    return Accounts(mailbox=await _mailbox(hub), site=await _site(hub))


async def _mailbox(hub: Hub) -> AccountId:
    account = next(account for account in await hub.accounts.listed() if account.provider == "mail")
    wanted = {
        "address": DESK,
        "display_name": "山茶花房 Camellia House",
        "smtp_host": "127.0.0.1",
        "smtp_port": _mailbox_port(hub.settings),
        "smtp_security": "none",
    }
    if any(account.settings.get(name) != value for name, value in wanted.items()) and not account.settings.get("smtp_host"):
        await hub.accounts.change(account.id, AccountChange(settings=wanted), version=account.version, by=SYSTEM)
    return account.id


async def _site(hub: Hub) -> AccountId:
    for account in await hub.accounts.listed():
        if account.provider == "widget":
            return account.id
    origins = sorted({hub.settings.public_url, f"http://127.0.0.1:{hub.settings.http_port}"})
    settings = {
        "name": "山茶花房 Camellia House",
        "allowed_origins": origins,
        "color": "#0f766e",
        "invitations": ["45 | /demo | Looking for something special? We are glad to help. | 想找特别的花吗？我们很乐意帮忙。"],
    }
    new = NewAccount(name="Camellia shop", provider="widget", settings=settings)
    return (await hub.accounts.create(new, by=SYSTEM)).id


def _mailbox_port(settings: Settings) -> int:
    """Beside the hub's own SMTP port: the first one after it that the hub does not use itself."""
    used = {settings.lmtp_port, settings.http_port, settings.widget_port, settings.files_port}
    return next(port for port in range(settings.smtp_port + 1, settings.smtp_port + 6) if port not in used)


def demo_password(folder: Path) -> str:
    """Made at the first start, readable by its owner only, and shown at every start: a demo nobody can sign in to shows nothing."""
    path = folder / "demo-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    return path.read_text().strip()
