"""The signature that is shown before sending."""

import email
import email.policy
from datetime import UTC, datetime
from uuid import UUID

import pytest

from hub.channels.email.compose import compose
from hub.channels.email.html import read_html
from hub.channels.email.settings import MailSettings
from hub.delivery.signatures import Signature, of_mailbox
from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import OutboundMessage

HTML = '<p><b>Camellia</b> support</p><p><a href="https://camellia.example">Open <i>daily</i></a> 9–18</p>'


def _sent(settings: MailSettings, html: str | None) -> dict[str, str]:
    """The parts of a mail as people read them."""
    message = OutboundMessage(
        id=MessageId(UUID(int=1)),
        account_id=AccountId(UUID(int=2)),
        conversation_id=ConversationId(UUID(int=3)),
        channel=ChannelKind.EMAIL,
        to=(Address(kind=AddressKind.EMAIL, value="jane@example.org"),),
        text="Hello Jane",
        html=html,
        subject="Hi",
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    mail = email.message_from_bytes(compose(message, settings, bodies={}).raw, policy=email.policy.default)
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    read = {kind: read_html(text)[0] if kind == "text/html" else text for kind, text in parts.items()}
    return {kind: text.replace("\r\n", "\n").strip() for kind, text in read.items()}


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("html", ["", HTML])
@pytest.mark.parametrize("text", ["", "Camellia <support>\n  400-800\n"])
def test_what_is_shown_is_what_stands_below_the_text(text: str, html: str) -> None:
    settings = MailSettings(address="help@example.com", signature_text=text, signature_html=html)
    shown = of_mailbox(settings)

    assert _sent(settings, None) == {"text/plain": f"Hello Jane\n\n{shown.plain}".strip()}
    rich = _sent(settings, "<p>Hello Jane</p>")["text/html"]
    assert rich.split() == f"Hello Jane {shown.rich}".split()
    assert bool(shown.plain) == bool(text)
    assert bool(shown.rich) == bool(text or html)


def test_a_mailbox_without_a_signature_shows_none() -> None:
    assert of_mailbox(MailSettings(address="help@example.com")) == Signature(plain="", rich="")
