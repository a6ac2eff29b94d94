"""Settings between a form and an adapter: checked, secrets apart, and a stored secret bound to its server."""

from typing import Any

import pytest

from hub.accounts import forms
from hub.accounts.errors import BadAccountSettings, SecretNeeded
from hub.accounts.forms import Form
from hub.ids import AccountId, new_id
from hub.secrets import BrokenSeal, SecretKeys

KEYS = SecretKeys(b"k" * 32)
STORED = forms.read(
    "mail",
    {
        "address": "help@example.com",
        "smtp_host": "mail.example.com",
        "smtp_password": "s3cret",
        "inbound": "imap",
        "imap_host": "mail.example.com",
        "imap_user": "help",
        "imap_password": "imap-s3cret",
    },
)


def test_secrets_are_kept_apart() -> None:
    assert STORED.set_names() == ["imap_password", "smtp_password"]
    assert "s3cret" not in repr(STORED)
    assert not STORED.public.keys() & STORED.secrets.keys()


def test_what_is_sealed_opens_for_its_own_account_only() -> None:
    account_id = AccountId(new_id())
    sealed = forms.seal(STORED, KEYS, account_id)
    assert sealed is not None
    assert b"s3cret" not in sealed
    opened = forms.opened(STORED.public, sealed, KEYS, account_id)
    assert opened.secrets == {"smtp_password": "s3cret", "imap_password": "imap-s3cret"}
    assert forms.typed("mail", opened) == forms.typed("mail", STORED)
    with pytest.raises(BrokenSeal):
        forms.opened(STORED.public, sealed, KEYS, AccountId(new_id()))


def test_nothing_secret_is_nothing_sealed() -> None:
    assert forms.seal(forms.read("mail", {}), KEYS, AccountId(new_id())) is None


def test_a_site_clears_its_secret_with_null() -> None:
    site = forms.read("widget", {"identity_secret": "x" * 32})
    assert site.set_names() == ["identity_secret"]
    assert forms.read("widget", {"identity_secret": None}, site).set_names() == []
    assert forms.read("widget", {"color": "#000000"}, site).set_names() == ["identity_secret"]


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({"smtp_host": "evil.test"}, "smtp_password"),
        ({"imap_host": "evil.test"}, "imap_password"),
        ({"smtp_host": "evil.test", "smtp_password": {"set": True}}, "smtp_password"),
        ({"smtp_host": ""}, "smtp_password"),
    ],
)
def test_another_server_needs_its_secret_again(change: dict[str, Any], needed: str) -> None:
    with pytest.raises(SecretNeeded) as refused:
        forms.read("mail", change, STORED)
    assert refused.value.extra["errors"] == [{"path": f"$.settings.{needed}", "message": "enter it again for the new server"}]


@pytest.mark.parametrize(
    "change",
    [
        {"smtp_host": "mail.example.com"},
        {"smtp_port": 25},
        {"smtp_host": "other.test", "smtp_password": "new"},
        {"smtp_host": "other.test", "smtp_password": ""},
    ],
)
def test_the_same_server_or_a_new_secret_is_taken(change: dict[str, Any]) -> None:
    assert forms.read("mail", change, STORED).public["smtp_host"] == change.get("smtp_host", "mail.example.com")


def test_what_an_earlier_release_stored_is_refused_with_its_place() -> None:
    with pytest.raises(BadAccountSettings) as refused:
        forms.typed("mail", Form({"smtp_port": "many"}, {"smtp_password": "s3cret"}))
    assert refused.value.extra["errors"][0]["path"] == "$.settings.smtp_port"
    assert "s3cret" not in str(refused.value)
