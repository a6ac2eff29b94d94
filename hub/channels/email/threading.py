"""Which conversation a mail may belong to: the reasons it gives, strongest first. Nothing is believed here, only found."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from hub.channels.email.headers import Headers
from hub.messages.events import ThreadKey

MAX_REFERENCES: Final = 50
VERP_LOCAL_PART: Final = "bounce"

_TOKEN: Final = re.compile(r"([^\s<>@,;+]{1,64})\+([a-z2-7]{40})@", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"<[^<>\r\n]{1,500}>")
_BARE_ID: Final = re.compile(r"[^\s<>,;]{1,250}@[^\s<>,;]{1,250}")
_SPACES: Final = re.compile(r"\s+")

# "Re:" in the languages of the mail programs people use, with Outlook's `[2]` and a full-width colon.
_PREFIX: Final = re.compile(
    r"^(?:re|fwd?|fw|aw|wg|sv|vs|antw|doorst|rv|res|enc|tr|rif|i|r|odp|pd|ynt|ilt|vl|vb|ang|ha|اعادة|"
    r"回复|回覆|回信|答复|答覆|转发|轉寄|轉發|返信|転送|자동|회신|전달|на|отв|пересл)"
    r"(?:\s?[\[(]\d{1,3}[\])]|\^\d{1,3}|\d{1,2})?\s?[:：]\s*",
    re.IGNORECASE,
)
_TAG: Final = re.compile(
    r"^(?:\[(?:external|ext|spam|suspected spam|外部邮件|外部|垃圾邮件)\]|\*{2,5}\s?spam\s?\*{2,5}|【外部邮件】|"
    r"自动回复[:：])\s*",
    re.IGNORECASE,
)
_RECIPIENT_FIELDS: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc", "resent-to")


def token_in(address: str) -> tuple[Literal["reply_token", "verp"], str] | None:
    """The token in `anything+TOKEN@…` (`verp` for `bounce+TOKEN@…`), in lower case; None if the address holds none."""
    found = _TOKEN.search(address)
    if found is None:
        return None
    return ("verp" if found[1].lower() == VERP_LOCAL_PART else "reply_token"), found[2].lower()


def thread_keys(headers: Headers, recipients: Iterable[str], subject: str) -> tuple[ThreadKey, ...]:
    """Tokens of reply addresses, tokens of envelope senders, then what it answers from the newest back, then the subject."""
    tokens = [found for address in _all_recipients(headers, recipients) if (found := token_in(address))]
    keys = [ThreadKey(kind="reply_token", value=token) for kind, token in tokens if kind == "reply_token"]
    keys += [ThreadKey(kind="verp", value=token) for kind, token in tokens if kind == "verp"]
    keys += [ThreadKey(kind="message_id", value=message_id) for message_id in answered_ids(headers)]
    if plain := plain_subject(subject):
        keys.append(ThreadKey(kind="subject", value=plain))
    return tuple(dict.fromkeys(keys))


def _all_recipients(headers: Headers, recipients: Iterable[str]) -> Iterator[str]:
    yield from recipients
    for name in _RECIPIENT_FIELDS:
        for value in headers.all(name):
            for found in _TOKEN.finditer(value.decode("ascii", "replace")):
                yield found[0]


def answered_ids(headers: Headers) -> list[str]:
    """Message-IDs of References (the last 50, newest first), then of In-Reply-To."""
    references = [message_id for value in headers.all("references") for message_id in message_ids(value)]
    answered = [message_id for value in headers.all("in-reply-to") for message_id in message_ids(value)]
    return list(dict.fromkeys([*reversed(references[-MAX_REFERENCES:]), *answered[:MAX_REFERENCES]]))


def message_ids(value: bytes) -> list[str]:
    """Every `<…>` in a field, as it stands: some programs write spaces into them. Without brackets: what has an @."""
    text = value.decode("utf-8", "replace")
    found = ["".join(_SPACES.split(match)) if "@" in match else match for match in _MESSAGE_ID.findall(text)]
    return [message_id for message_id in found if message_id != "<>"] or [f"<{bare}>" for bare in _BARE_ID.findall(text)]


def own_keys(headers: Headers) -> tuple[str, ...]:
    """The Message-IDs by which an answer to this mail will refer to it. Not an identity: many mails share one or have none."""
    return tuple(
        dict.fromkeys(
            message_ids(headers.raw("message-id"))[:1] + message_ids(headers.raw("x-microsoft-original-message-id"))[:1]
        )
    )


def plain_subject(subject: str) -> str:
    """The subject without "Re:", "回复：" and their like, in lower case, for comparing; at most 200 characters."""
    text = _SPACES.sub(" ", subject[:1000]).strip()
    for _ in range(30):
        shorter = _TAG.sub("", _PREFIX.sub("", text, count=1), count=1).strip()
        if shorter == text:
            break
        text = shorter
    return text.casefold()[:200]
