"""Takes secrets and addresses out of what is logged or shown to operators."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)?$|pwd|secret|token|api_?key|private_?key|authori[sz]ation|cookie|credential|signature|session|otp|^auth$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"""(?ix)
    (?P<url> ://[^\s/:@]*:)[^\s/@]+(?=@)                                                    # user:password@ of a URL
    | (?P<scheme> \b(?:bearer|basic|xoauth2|plain|login)\s+)[a-z0-9+/=._~-]{8,}             # HTTP and SMTP credentials
    | (?P<pair> \b(?:pass(?:word|wd)?|pwd|secret|token|api_?key|signature|cookie|sid|session)
        ["']?\s*[=:]\s*["']?) [^\s"'&,;}]+
    """
)
# A mailbox keeps its first character and its domain, so that an operator can tell two apart and read where mail goes.
_MAILBOX = re.compile(r"(?<![\w.+%-])([\w+%-])[\w.+%-]*@((?:[\w-]+\.)*[\w-]+)")
_NUMBER = re.compile(r"(?<![\w.:-])(\+?\d{2})[\d ()-]{4,}(\d{2})(?![\w:-])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def redact(value: Any, name: str = "") -> Any:
    """`value` with secrets and addresses masked, at any depth; what is under a secret's name is masked whole."""
    if name and _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {str(key): redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else redact_text(str(value))


def redact_text(text: str) -> str:
    """`text` with passwords, tokens, mailboxes and telephone numbers masked. Linear in its length."""
    text = _SECRET_TEXT.sub(lambda found: (found["url"] or found["scheme"] or found["pair"]) + MASK, text)
    text = _MAILBOX.sub(rf"\1{MASK}@\2", text)
    return _NUMBER.sub(_mask_number, text)


def _mask_number(found: re.Match[str]) -> str:
    """Seven digits and more are a telephone number; dates and short counts stay."""
    text = found.group()
    if sum(character.isdigit() for character in text) < 7 or _DATE.match(text):
        return text
    return f"{found.group(1)}{MASK}{found.group(2)}"
