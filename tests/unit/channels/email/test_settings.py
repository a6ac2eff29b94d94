"""What an administrator may set for a mailbox."""

from typing import Any

import msgspec
import pytest

from hub.channels.email.settings import MailSettings


def test_a_fresh_mailbox_takes_everything_and_sends_nothing() -> None:
    settings = MailSettings()
    assert settings.takes("anybody@anywhere.example")
    assert settings.takes_smtp
    assert not settings.reads_imap
    assert not settings.sends
    assert not settings.signs


@pytest.mark.covers("M-26")
@pytest.mark.parametrize(
    ("recipient", "taken"),
    [
        ("help@example.com", True),
        ("HELP@Example.Com", True),
        ("help+abc@example.com", True),
        ("info@example.com", True),
        ("anybody@example.org", True),
        ("other@example.com", False),
        ("help@example.net", False),
        ("", False),
    ],
)
def test_a_mailbox_takes_its_addresses_and_domains_only(recipient: str, taken: bool) -> None:
    settings = MailSettings(address="Help@example.com", addresses=("info@example.com", "@Example.org"))
    assert settings.takes(recipient) is taken


@pytest.mark.parametrize(
    "settings",
    [
        {"address": "no address"},
        {"inbound": "imap"},
        {"inbound": "imap", "imap_host": "mail.example.com"},
        {"smtp_host": "mail.example.com"},
        {"imap_port": 0},
        {"smtp_port": 65536},
        {"oauth_token_url": "https://login.example.com/token"},
        {"dkim_domain": "example.com"},
        {"unknown": 1},
        {"max_connections": 0},
    ],
)
def test_settings_that_can_never_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, MailSettings)


def test_secrets_are_marked_and_every_field_has_a_label_in_both_languages() -> None:
    schema = msgspec.json.schema(MailSettings)["$defs"]["MailSettings"]["properties"]
    secret = {name for name, field in schema.items() if field.get("writeOnly")}
    assert secret == {"imap_password", "smtp_password", "oauth_client_secret", "oauth_refresh_token", "dkim_private_key"}
    assert all(field["title"] and field["x-title-zh"] and field["x-group"] for field in schema.values())
