"""What an account adds to the end of a message, for whoever is about to write one."""

import msgspec

from hub.channels.email.compose import signed_html, signed_plain
from hub.channels.email.html import read_html
from hub.channels.email.settings import MailSettings
from hub.delivery.carriers import Carriers
from hub.ids import AccountId


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """As a person reads it, with the line above it: below a `plain` message, and below a formatted (`rich`) one. Empty: nothing is added."""

    plain: str = ""
    rich: str = ""


def of_mailbox(settings: MailSettings) -> Signature:
    """What `compose` puts below a text, between it and what is quoted."""
    html = signed_html(settings.signature_html, settings.signature_text)
    return Signature(plain=signed_plain(settings.signature_text), rich=read_html(html)[0] if html else "")


async def signature(carriers: Carriers, account_id: AccountId) -> Signature:
    """Only mail is signed. Raises `NoSuchAccount`, `AccountDisabled`."""
    settings = (await carriers.get(account_id)).settings
    return of_mailbox(settings) if isinstance(settings, MailSettings) else Signature()
