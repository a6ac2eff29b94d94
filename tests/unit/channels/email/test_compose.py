"""Mails of ours: complete, in order, and with everything that brings their answers back."""

import email
import email.policy
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hub.channels.contract import SendError
from hub.channels.email.compose import Composed, compose
from hub.channels.email.dkim import sign
from hub.channels.email.inbound import parse
from hub.channels.email.quote_marks import OUR_FORWARD
from hub.channels.email.settings import MailSettings
from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import OutboundMessage, StoredFile
from hub.messages.events import InboundMessage
from hub.messages.states import SendFailure

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"
MAILBOX = MailSettings(address="help@example.com", display_name="客服中心", signature_text="客服部\n400-800")
PDF = StoredFile(filename="报价单 2026.pdf", content_type="application/pdf", size=9, sha256="aa")
PICTURE = StoredFile(filename="p.png", content_type="image/png", size=4, sha256="bb", content_id="pic1", inline=True)
BODIES = {"aa": b"%PDF\r\n\n\r.", "bb": b"\x89PNG"}


def to(value: str, name: str = "") -> Address:
    return Address(kind=AddressKind.EMAIL, value=value, name=name)


def outbound(**changes: Any) -> OutboundMessage:
    values: dict[str, Any] = {
        "id": MessageId(UUID(int=1)),
        "account_id": AccountId(UUID(int=2)),
        "conversation_id": ConversationId(UUID(int=3)),
        "channel": ChannelKind.EMAIL,
        "to": (to("jane@example.org", "Jane"),),
        "text": "您好\n第二行",
        "subject": "关于您的订单",
        "token": TOKEN,
        "created_at": datetime(2026, 1, 5, 7, 4, 5, tzinfo=UTC),
    }
    return OutboundMessage(**(values | changes))


def read(composed: Composed) -> InboundMessage:
    message = parse(composed.raw, {"mail_from": composed.envelope_sender, "rcpt_tos": list(composed.recipients)})[0]
    assert isinstance(message, InboundMessage)
    return message


def header(composed: Composed, name: str) -> str:
    return str(email.message_from_bytes(composed.raw, policy=email.policy.default)[name] or "")


@pytest.mark.covers("E-01", "M-26")
def test_a_mail_says_who_wrote_it_to_whom_and_comes_back_by_its_token() -> None:
    composed = compose(outbound(), MAILBOX, bodies={})
    assert composed.message_id == f"<{TOKEN}@example.com>"
    assert composed.envelope_sender == f"bounce+{TOKEN}@example.com"
    assert composed.recipients == ("jane@example.org",)
    assert header(composed, "From") == "客服中心 <help@example.com>"
    assert header(composed, "To") == "Jane <jane@example.org>"
    assert header(composed, "Reply-To") == f"客服中心 <help+{TOKEN}@example.com>"
    assert header(composed, "Subject") == "关于您的订单"
    assert header(composed, "Date") == "Mon, 05 Jan 2026 07:04:05 +0000"
    assert not header(composed, "Auto-Submitted")


@pytest.mark.covers("M-26")
def test_without_tokens_answers_come_to_the_mailbox_itself() -> None:
    composed = compose(outbound(), MailSettings(address="help@example.com", reply_tokens=False), bodies={})
    assert not header(composed, "Reply-To")
    plain = compose(outbound(token=""), MAILBOX, bodies={})
    assert (plain.envelope_sender, header(plain, "Reply-To")) == ("help@example.com", "")
    assert plain.message_id == f"<{UUID(int=1).hex}@example.com>"


@pytest.mark.covers("M-26")
def test_the_mailbox_signs_unless_the_agent_has_a_signature_of_his_own() -> None:
    assert read(compose(outbound(), MAILBOX, bodies={})).text == "您好\n第二行\n\n-- \n客服部\n400-800"
    own = compose(outbound(extra={"signature_text": "李四"}), MAILBOX, bodies={})
    assert read(own).text.endswith("-- \n李四")
    assert read(own).reply_text == "您好\n第二行"


@pytest.mark.covers("M-26")
def test_what_is_answered_is_quoted_below_and_cut_again_by_our_own_scanner() -> None:
    extra = {"quote": "Where is it?\n\nJane", "quote_intro": "On Mon, Jan 5, 2026 at 3:04 PM Jane wrote:"}
    message = read(compose(outbound(extra=extra, html="<p>您好</p>"), MAILBOX, bodies={}))
    assert message.text.endswith("wrote:\n> Where is it?\n>\n> Jane")
    assert message.reply_text == "您好\n第二行"
    assert message.html is not None
    assert "<blockquote" in message.html


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("said", ["Please look.\n\n", ""])
def test_whoever_passes_a_mail_on_signs_above_it(said: str) -> None:
    passed_on = f"{OUR_FORWARD}\nFrom: Jane <jane@example.org>\n\nWhere is it?\n\n{OUR_FORWARD}\nFrom: Bob\n\nNo idea"
    html = (f"<p>{said.strip()}</p>" if said else "") + f'<div style="white-space:pre-wrap">\n{passed_on}</div>'
    mail = compose(outbound(text=said + passed_on, html=html, extra={"forwarded": "yes"}), MAILBOX, bodies={})
    parts = email.message_from_bytes(mail.raw, policy=email.policy.default).iter_parts()
    plain, rich = (part.get_content().replace("\r\n", "\n") for part in parts)
    assert plain == f"{said}-- \n客服部\n400-800\n\n{passed_on}\n"
    assert rich.index("客服部") < rich.index(OUR_FORWARD)
    assert rich.count("<div") == rich.count("</div>") == 2
    assert read(mail).reply_text == f"{said}{passed_on}"  # folded away for nobody


def test_answers_name_the_first_and_the_last_mails_they_answer() -> None:
    ids = tuple(f"<{'x' * 90}{number}@example.com>" for number in range(80))
    composed = compose(outbound(message_ids=ids), MAILBOX, bodies={})
    assert header(composed, "In-Reply-To") == ids[-1]
    references = header(composed, "References").split()
    assert len(references) == 50
    assert (references[0], references[-1]) == (ids[0], ids[-1])


@pytest.mark.covers("M-26")
def test_machines_mark_their_mails() -> None:
    assert header(compose(outbound(automatic=True), MAILBOX, bodies={}), "Auto-Submitted") == "auto-generated"
    answer = compose(outbound(automatic=True, message_ids=("<a@b>",)), MAILBOX, bodies={})
    assert header(answer, "Auto-Submitted") == "auto-replied"
    assert header(answer, "X-Auto-Response-Suppress") == "All"
    assert read(answer).automatic


def test_blind_copies_are_in_the_envelope_only() -> None:
    composed = compose(outbound(cc=(to("c@example.org"),), bcc=(to("secret@example.org"),)), MAILBOX, bodies={})
    assert composed.recipients == ("jane@example.org", "c@example.org", "secret@example.org")
    assert b"secret" not in composed.raw
    hidden = compose(outbound(to=(), bcc=(to("secret@example.org"),)), MAILBOX, bodies={})
    assert header(hidden, "To") == "undisclosed-recipients:;"


@pytest.mark.covers("E-01")
def test_text_html_pictures_and_files_arrive_as_they_left() -> None:
    composed = compose(outbound(html='<p>您好<img src="cid:pic1"></p>', files=(PDF, PICTURE)), MAILBOX, bodies=BODIES)
    message = read(composed)
    assert message.html is not None
    assert 'src="cid:pic1"' in message.html
    assert {file.filename: file.content for file in message.files} == {"报价单 2026.pdf": BODIES["aa"], "p.png": BODIES["bb"]}
    tree = email.message_from_bytes(composed.raw, policy=email.policy.default)
    assert [part.get_content_type() for part in tree.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert [part.get_filename() for part in tree.iter_attachments()] == ["报价单 2026.pdf"]


@pytest.mark.parametrize(
    "text", ["plain words", "x" * 5000, "您好" * 2000, "mostly ascii – but not all, " * 40, ".\n..\n.", "a\r\nb\rc", "From me"]
)
def test_every_line_is_short_enough_and_ends_as_mail_wants(text: str) -> None:
    composed = compose(outbound(text=text, subject=text.split("\n")[0][:500].replace("\r", "")), MAILBOX, bodies={})
    assert composed.raw.isascii()
    assert b"\n" not in composed.raw.replace(b"\r\n", b"")
    assert b"\r" not in composed.raw.replace(b"\r\n", b"")
    assert max(map(len, composed.raw.split(b"\r\n"))) <= 998
    assert read(composed).reply_text == text.replace("\r\n", "\n").replace("\r", "\n").strip()


@pytest.mark.covers("M-26")
@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: evil@example.net"},
        {"subject": "a\nb"},
        {"subject": "a\u2028b"},
        {"to": (to("jane@example.org", "a\r\nBcc: evil@example.net"),)},
        {"author_name": "a\nb"},
        {"message_ids": ("<a@b>\r\nBcc: evil@example.net",)},
        {"message_ids": ("no id",)},
        {"files": (StoredFile(filename="a\r\nX: y", content_type="a/b", size=1, sha256="aa"),)},
        {"files": (StoredFile(filename="a", content_type="a/b", size=1, sha256="zz"),)},
    ],
)
def test_whoever_tries_to_write_headers_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SendError) as refused:
        compose(outbound(**changes), MAILBOX, bodies=BODIES)
    assert refused.value.failure is SendFailure.BAD_CONTENT


@pytest.mark.parametrize(
    ("changes", "settings", "failure"),
    [
        ({"to": ()}, MAILBOX, SendFailure.BAD_RECIPIENT),
        ({"to": (to("nobody"),)}, MAILBOX, SendFailure.BAD_RECIPIENT),
        ({"to": (to("a@b.c>\r\nRCPT TO:<x@y.z"),)}, MAILBOX, SendFailure.BAD_RECIPIENT),
        ({"to": (to("张三@example.org"),)}, MAILBOX, SendFailure.UNSUPPORTED),
        ({}, MailSettings(), SendFailure.BAD_SETTINGS),
    ],
)
def test_what_can_never_be_sent_says_why(changes: dict[str, Any], settings: MailSettings, failure: SendFailure) -> None:
    with pytest.raises(SendError) as refused:
        compose(outbound(**changes), settings, bodies={})
    assert refused.value.failure is failure


def test_domains_in_other_scripts_go_out_in_ascii() -> None:
    assert compose(outbound(to=(to("a@例子.中国"),)), MAILBOX, bodies={}).recipients == ("a@xn--fsqu00a.xn--fiqs8s",)


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_signed_mails_verify_and_changed_ones_do_not(kind: str) -> None:
    import base64

    key: Any = generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()
    public = (
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if kind == "rsa"
        else key.public_key().public_bytes_raw()
    )
    record = f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}".encode()
    settings = MailSettings(address="help@example.com", dkim_domain="example.com", dkim_selector="s1", dkim_private_key=pem(key))
    signed = sign(compose(outbound(), settings, bodies={}).raw, settings)

    assert dkim.verify(signed, dnsfunc=lambda *_, **__: record)
    assert not dkim.verify(signed.replace(b"jane@", b"jana@"), dnsfunc=lambda *_, **__: record)


def test_a_mailbox_without_a_key_does_not_sign_and_a_broken_key_is_told() -> None:
    assert sign(b"From: a@b.c\r\n\r\n", MAILBOX) == b"From: a@b.c\r\n\r\n"
    broken = MailSettings(dkim_domain="example.com", dkim_selector="s1", dkim_private_key="no key")
    with pytest.raises(SendError) as refused:
        sign(b"From: a@b.c\r\n\r\n", broken)
    assert refused.value.failure is SendFailure.BAD_SETTINGS
