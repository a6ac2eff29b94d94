"""The desk's two numbers of the demo: an account at each simulated network."""

from collections.abc import Mapping
from typing import Any

from hub.accounts import AccountChange, NewAccount
from hub.api.hub import Hub
from hub.auth import SYSTEM
from hub.devkit.example import LONG_NUMBER, SHORT_CODE
from hub.devkit.phone import PASSWORD, DemoPhone
from hub.ids import AccountId


async def connect(hub: Hub, phone: DemoPhone) -> None:
    """Make the accounts, or tell them where the networks are this time; and tell Twilio where the hub is."""
    twilio = phone.twilio
    account_id = await _account(
        hub,
        "SMS (Twilio)",
        "twilio",
        {
            "sender": LONG_NUMBER,
            "account_sid": twilio.account_sid,
            "base_url": twilio.url,
            "help_text": "Camellia House 山茶花房: support@camellia.example",
        },
        {"auth_token": twilio.tokens[0]},
    )
    centre = {"sender": SHORT_CODE, "host": "127.0.0.1", "port": phone.centre.port, "system_id": phone.centre.system_id}
    await _account(hub, "短信 SMS (10690000)", "smpp", {**centre, "help_text": "山茶花房 Camellia House"}, {"password": PASSWORD})
    settings = hub.settings
    twilio.way = (settings.hooks_url, f"http://{_here(settings.http_host)}:{settings.http_port}")
    twilio.numbers[LONG_NUMBER] = hub.accounts.hook_address(account_id)


async def _account(hub: Hub, name: str, provider: str, wanted: Mapping[str, Any], secrets: Mapping[str, str]) -> AccountId:
    for account in await hub.accounts.listed():
        if account.provider == provider and account.settings.get("sender") == wanted["sender"]:
            if any(account.settings.get(key) != value for key, value in wanted.items()):
                change = AccountChange(settings={**wanted, **secrets})
                await hub.accounts.change(account.id, change, version=account.version, by=SYSTEM)
            return account.id
    return (await hub.accounts.create(NewAccount(name=name, provider=provider, settings={**wanted, **secrets}), by=SYSTEM)).id


def _here(host: str) -> str:
    """Where a server that listens on `host` is reached from this machine; all of its addresses are written with noughts."""
    if not host.strip("0.:"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
