"""Channel accounts over HTTP. No answer holds a secret."""

import html
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.accounts import Account, AccountChange, NewAccount, forms
from hub.accounts.errors import (
    AccountDisabled,
    BadAccountSettings,
    NoSuchAccount,
    RecipientTaken,
    SecretNeeded,
)
from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth.rights import Right
from hub.channels import catalog
from hub.channels.contract import AdapterEntry, Check, ReceivesWebhooks
from hub.errors import ClientKeyReused, Invalid, NameTaken, NotFound, Stale
from hub.ids import AccountId, QueueId
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities

api = Router(tag="accounts")

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Provider = Annotated[str, Meta(max_length=32)]


class AdapterView(msgspec.Struct):
    """One kind of account there can be; its form is drawn from the JSON schema (2020-12) of its settings."""

    provider: str
    channel: ChannelKind
    title_en: str
    title_zh: str
    settings_schema: dict[str, Any]


class AccountBrief(msgspec.Struct):
    """An account as everybody may know it."""

    id: AccountId
    name: str
    channel: ChannelKind
    provider: str
    enabled: bool


class AccountCreate(msgspec.Struct, forbid_unknown_fields=True):
    """A new account."""

    name: Name
    provider: Provider
    settings: dict[str, Any] = {}
    enabled: bool = True
    queue_id: QueueId | None = None
    client_key: UUID | None = None


class AccountPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Fields to change, and the version they were changed from. Settings left out stay, secrets too."""

    version: int
    name: Name | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    queue_id: QueueId | UnsetType | None = UNSET


class AccountTest(msgspec.Struct, forbid_unknown_fields=True):
    """Settings to try; those of `account_id` where they are left out."""

    provider: Provider
    settings: dict[str, Any] = {}
    account_id: AccountId | None = None


class TestResult(msgspec.Struct):
    """What was tried, in order."""

    checks: Sequence[Check]


class Snippet(msgspec.Struct):
    """What to paste into a page, before its `</body>`."""

    html: str


class HookAddress(msgspec.Struct):
    """What to enter at the provider: it calls this address, and may put more behind it. None: it does not call."""

    url: str | None


@api.get("/adapters", needs=(Right.ACCOUNTS_MANAGE, Right.AUDIT_READ))
async def adapters(request: Request) -> list[AdapterView]:
    """The kinds of account there can be, and what their settings are called: the audit log names those, too."""
    return [_adapter_view(entry) for entry in catalog.ENTRIES]


@api.get("/accounts", needs=Right.ACCOUNTS_MANAGE)
async def list_(request: Request) -> list[Account]:
    """All accounts by name, with how they fare."""
    return await request.hub.accounts.listed()


@api.get("/account-names", needs=SIGNED_IN)
async def names(request: Request) -> list[AccountBrief]:
    """The names of all accounts, for whoever reads or writes by them."""
    return [
        AccountBrief(id=one.id, name=one.name, channel=one.channel, provider=one.provider, enabled=one.enabled)
        for one in (await request.hub.accounts.briefs()).values()
    ]


@api.post(
    "/accounts",
    needs=Right.ACCOUNTS_MANAGE,
    status=201,
    raises=(NotFound, BadAccountSettings, NameTaken, RecipientTaken, Invalid, ClientKeyReused),
)
async def create(request: Request, body: AccountCreate) -> Account:
    """Make an account; if enabled it starts within two seconds."""
    given = {name: getattr(body, name) for name in body.__struct_fields__}
    return await request.hub.accounts.create(NewAccount(**given), by=request.caller)


@api.post("/accounts/test", needs=Right.ACCOUNTS_MANAGE, raises=(NotFound, NoSuchAccount, BadAccountSettings, SecretNeeded))
async def test(request: Request, body: AccountTest) -> TestResult:
    """Try settings without saving them; takes up to half a minute."""
    return TestResult(checks=await request.hub.accounts.test(body.provider, body.settings, body.account_id))


@api.get("/accounts/{account_id}", needs=Right.ACCOUNTS_MANAGE, raises=(NoSuchAccount,))
async def get(request: Request, account_id: AccountId) -> Account:
    """One account."""
    return await request.hub.accounts.get(account_id)


@api.patch(
    "/accounts/{account_id}",
    needs=Right.ACCOUNTS_MANAGE,
    raises=(NoSuchAccount, Stale, BadAccountSettings, SecretNeeded, NameTaken, RecipientTaken, Invalid),
)
async def change(request: Request, account_id: AccountId, body: AccountPatch) -> Account:
    """Change an account; it restarts with what is new within two seconds."""
    given = {name: getattr(body, name) for name in body.__struct_fields__ if name != "version"}
    return await request.hub.accounts.change(account_id, AccountChange(**given), version=body.version, by=request.caller)


@api.delete("/accounts/{account_id}", needs=Right.ACCOUNTS_MANAGE, raises=(NoSuchAccount,))
async def delete(request: Request, account_id: AccountId) -> None:
    """Stop an account for good and forget its secrets; what came and went by it stays."""
    await request.hub.accounts.delete(account_id, by=request.caller)


@api.get(
    "/accounts/{account_id}/capabilities",
    needs=SIGNED_IN,
    raises=(NoSuchAccount, AccountDisabled, BadAccountSettings),
)
async def capabilities(request: Request, account_id: AccountId) -> Capabilities:
    """What a message by this account can carry."""
    return await request.hub.accounts.capabilities(account_id)


@api.get("/accounts/{account_id}/snippet", needs=Right.ACCOUNTS_MANAGE, raises=(NoSuchAccount,))
async def snippet(request: Request, account_id: AccountId) -> Snippet:
    """The lines that put the widget of a site into its pages."""
    account = await request.hub.accounts.get(account_id)
    if account.channel is not ChannelKind.WEBCHAT:
        raise NoSuchAccount("only a web site has a snippet")
    loader = html.escape(f"{request.hub.settings.widget_url}/widget/v1/loader.js")
    return Snippet(html=f'<script async src="{loader}" data-site="{account.id}"></script>')


@api.get("/accounts/{account_id}/hook-address", needs=Right.ACCOUNTS_MANAGE, raises=(NoSuchAccount,))
async def hook_address(request: Request, account_id: AccountId) -> HookAddress:
    """Where the provider of an account is to call, if it does."""
    account = await request.hub.accounts.get(account_id)
    if not issubclass(catalog.adapter_class(account.provider), ReceivesWebhooks):
        return HookAddress(url=None)
    return HookAddress(url=request.hub.accounts.hook_address(account.id))


def _adapter_view(entry: AdapterEntry) -> AdapterView:
    return AdapterView(
        provider=entry.provider,
        channel=entry.channel,
        title_en=entry.title_en,
        title_zh=entry.title_zh,
        settings_schema=forms.schema(entry.provider),
    )
