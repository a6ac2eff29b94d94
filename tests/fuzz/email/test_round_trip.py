"""What we write we read again: text, files and recipients."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.email.compose import compose
from hub.channels.email.inbound import parse
from hub.channels.email.mime import safe_filename
from hub.channels.email.settings import MailSettings
from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import OutboundMessage, StoredFile
from hub.messages.events import InboundMessage

MAILBOX = MailSettings(address="help@example.com")
# Everything a person can type: no lone surrogates, no controls but line breaks.
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
LINE = st.text(LETTERS, max_size=120)
TEXT = st.lists(LINE, max_size=12).map("\n".join)
NAME = st.text(LETTERS, max_size=40)
ADDRESS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}[a-z0-9]@[a-z]{1,10}\.(org|cn)", fullmatch=True)
PARTY = st.builds(lambda value, name: Address(kind=AddressKind.EMAIL, value=value, name=name), ADDRESS, NAME)
FILE = st.tuples(st.text(LETTERS, min_size=1, max_size=60), st.binary(max_size=300))


def words(text: str) -> list[str]:
    return text.replace("\ufeff", "").split()


@pytest.mark.covers("E-01", "M-26")
@settings(max_examples=300, deadline=None)
@given(
    text=TEXT,
    subject=LINE,
    to=st.lists(PARTY, min_size=1, max_size=4, unique_by=lambda party: party.value),
    files=st.lists(FILE, max_size=3),
)
def test_text_files_and_recipients_survive_the_way(
    text: str, subject: str, to: list[Address], files: list[tuple[str, bytes]]
) -> None:
    bodies = {sha256(content).hexdigest(): content for _, content in files}
    stored = tuple(
        StoredFile(filename=name, content_type="application/pdf", size=len(content), sha256=sha256(content).hexdigest())
        for name, content in files
    )
    message = OutboundMessage(
        id=MessageId(UUID(int=1)),
        account_id=AccountId(UUID(int=2)),
        conversation_id=ConversationId(UUID(int=3)),
        channel=ChannelKind.EMAIL,
        to=tuple(to),
        text=text,
        subject=subject,
        files=stored,
        token="a" * 40,
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    composed = compose(message, MAILBOX, bodies=bodies)
    read = parse(composed.raw, {"mail_from": composed.envelope_sender, "rcpt_tos": list(composed.recipients)})[0]

    assert isinstance(read, InboundMessage)
    assert composed.raw.isascii()
    assert max(map(len, composed.raw.split(b"\r\n"))) <= 998
    assert words(read.text) == words(text)
    assert words(read.subject) == words(subject)
    assert [address.value for address in read.to] == [address.value for address in to]
    assert [file.content for file in read.files] == [content for _, content in files]
    for file, (name, _) in zip(read.files, files, strict=True):
        assert (
            words(file.filename) == words(safe_filename(name))
            or file.filename.startswith("attachment-")
            or not words(safe_filename(name))
        )
