"""The reasons a mail gives for belonging somewhere."""

import pytest

from hub.channels.email.headers import split_head
from hub.channels.email.loops import automation
from hub.channels.email.threading import answered_ids, own_keys, plain_subject, thread_keys, token_in

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"


def headers(text: str):  # type: ignore[no-untyped-def]
    return split_head(text.encode() + b"\n\n")[0]


@pytest.mark.covers("M-26", "B-17")
def test_tokens_are_found_in_any_recipient_and_in_any_case() -> None:
    assert token_in(f"Help+{TOKEN.upper()}@example.com") == ("reply_token", TOKEN)
    assert token_in(f"bounce+{TOKEN}@example.com") == ("verp", TOKEN)
    assert token_in(f"help+{TOKEN[:-1]}@example.com") is None
    assert token_in("help+detail@example.com") is None
    for field in ("To", "Cc", "Delivered-To", "X-Original-To"):
        keys = thread_keys(headers(f"{field}: Help <help+{TOKEN}@example.com>"), [], "")
        assert [(key.kind, key.value) for key in keys] == [("reply_token", TOKEN)]
    assert thread_keys(headers("To: x@y.z"), [f"help+{TOKEN}@example.com"], "")[0].value == TOKEN


@pytest.mark.covers("B-17")
def test_the_strongest_reason_comes_first() -> None:
    mail = headers(f"To: bounce+{TOKEN}@x.com, help+{TOKEN}@x.com\nReferences: <a@b>\nIn-Reply-To: <c@d>")
    assert [key.kind for key in thread_keys(mail, [], "Re: Hello")] == [
        "reply_token",
        "verp",
        "message_id",
        "message_id",
        "subject",
    ]


def test_of_endless_references_the_last_fifty_count() -> None:
    ids = answered_ids(headers("References: " + " ".join(f"<{n}@x>" for n in range(200))))
    assert len(ids) == 50
    assert (ids[0], ids[-1]) == ("<199@x>", "<150@x>")


def test_message_ids_with_blanks_or_without_brackets_are_found() -> None:
    assert answered_ids(headers("In-Reply-To: Your mail <a b@x> of Monday")) == ["<ab@x>"]
    assert answered_ids(headers("In-Reply-To: a@x")) == ["<a@x>"]
    assert own_keys(headers("Message-ID: <a@x> <b@x>")) == ("<a@x>",)
    assert own_keys(headers("Subject: none")) == ()


@pytest.mark.parametrize(
    ("subject", "plain"),
    [
        ("Re: Fwd: hello", "hello"),
        ("回复：答复: 转发：你好", "你好"),
        ("回覆: 轉寄: 你好", "你好"),
        ("RE[2]: x", "x"),
        ("Re:Re:Re: A  B", "a b"),
        ("[External] Re: x", "x"),
        ("AW: WG: Drucker", "drucker"),
        ("Response: x", "response: x"),
        ("Invoice: 3", "invoice: 3"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_subjects_are_compared_without_their_prefixes(subject: str, plain: str) -> None:
    assert plain_subject(subject) == plain


@pytest.mark.covers("M-26")
@pytest.mark.parametrize(
    ("fields", "automatic", "answer"),
    [
        ("From: jane@x.org", False, False),
        ("Auto-Submitted: no", False, False),
        ("Auto-Submitted: auto-replied", True, True),
        ("Auto-Submitted: auto-generated", True, False),
        ("Precedence: bulk", True, False),
        ("Precedence: auto_reply", True, True),
        ("List-Id: <x>", True, False),
        ("List-Unsubscribe: <https://x>", True, False),
        ("X-Auto-Response-Suppress: All", True, False),
        ("X-Auto-Response-Suppress: None", False, False),
        ("X-Autoreply: yes", True, True),
    ],
)
def test_mail_of_machines_is_known_by_its_marks(fields: str, automatic: bool, answer: bool) -> None:
    found = automation(headers(fields), subject="hello", sender="jane@x.org", null_sender=False, content_type="text/plain")
    assert (found.automatic, found.answer) == (automatic, answer)


@pytest.mark.parametrize(
    "sender", ["mailer-daemon@x.org", "no-reply@x.org", "noreply@x.org", "postmaster@x.org", "bounces+1@x.org"]
)
def test_machines_are_known_by_their_names(sender: str) -> None:
    assert automation(headers("A: b"), subject="", sender=sender, null_sender=False, content_type="text/plain").automatic


@pytest.mark.parametrize("subject", ["Automatic reply: x", "自动回复：您好", "Out of Office: x", "Abwesenheitsnotiz"])
def test_absence_notes_are_known_by_their_subjects(subject: str) -> None:
    assert automation(headers("A: b"), subject=subject, sender="jane@x.org", null_sender=False, content_type="text/plain").answer


def test_the_null_sender_is_a_machine() -> None:
    assert automation(headers("A: b"), subject="", sender="jane@x.org", null_sender=True, content_type="text/plain").automatic
