"""Where a party is reached, in normal form."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers

from hub.errors import Invalid
from hub.messages.plain import line


class ChannelKind(StrEnum):
    """The medium."""

    VOICE = "voice"
    FAX = "fax"
    SMS = "sms"
    EMAIL = "email"
    WEBCHAT = "webchat"


class AddressKind(StrEnum):
    """What an address is: one telephone number serves voice, fax and SMS."""

    EMAIL = "email"
    PHONE = "phone"
    VISITOR = "visitor"


ADDRESS_KIND_OF = {
    ChannelKind.VOICE: AddressKind.PHONE,
    ChannelKind.FAX: AddressKind.PHONE,
    ChannelKind.SMS: AddressKind.PHONE,
    ChannelKind.EMAIL: AddressKind.EMAIL,
    ChannelKind.WEBCHAT: AddressKind.VISITOR,
}


class BadAddress(Invalid):
    """No normal form: not an address of its kind."""

    code = "bad_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address in normal form. `name` is what the other side calls itself: shown, never believed, and not part of equality."""

    kind: AddressKind
    value: str
    name: str = field(default="", compare=False)


MAX_PARTY: Final = 40  # characters of a short message's sender: E.164 has 16, a name 11
_MIN_INTERNATIONAL: Final = 10  # digits: what is shorter is a short code, not a number whose plus sign was left out
_SHORTEST_CODE, _LONGEST_CODE = 3, 8  # digits
_ACCESS_NUMBERS: Final = ("106",)  # of services in China, up to 20 digits
_MARKS: Final = str.maketrans("", "", " \t-.()/\u00a0\u2011")

# RFC 5321 §4.5.3.1: 64 octets before the @, 255 after. Kept loose inside: RFC 6531 allows any letter.
_EMAIL = re.compile(r"^[^\s@<>\"(),;:\\\x00-\x1f]{1,64}@[^\s@<>\"(),;:\\\x00-\x1f]{1,255}$")


def normal_email(text: str) -> str:
    """Lower case without surrounding blanks.

    RFC 5321 §2.4 lets local parts differ by case; no mail system of today uses that, and people type what they like.
    """
    value = text.strip().lower()
    if not _EMAIL.match(value):
        raise BadAddress("not an e-mail address")
    return value


def normal_phone(text: str, *, region: str = "CN") -> str:
    """E.164 (`+8613800138000`); a number without a country code is read as one of `region` (ISO 3166)."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise BadAddress("not a telephone number") from error
    if not phonenumbers.is_possible_number(number):
        raise BadAddress("not a telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)  # our own number stands in every message, and who writes once writes again
def sms_party(text: str, *, region: str = "CN") -> str:
    """Who sends or gets a short message, in normal form: E.164 where it is a telephone number, else as it is.

    Short codes (`10690000`), operators' access numbers and names (`Bank`) stay what they are; a number without its plus sign
    (`8613800138000`, usual with gateways) gets it. Total: no text is refused, an empty one is `anonymous`.
    """
    plain = line(text, MAX_PARTY)
    number = plain.translate(_MARKS)
    number = f"+{number[2:]}" if number.startswith("00") else number
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return plain or "anonymous"
    if number.startswith("+"):
        return _possible(number) or number
    if _is_valid(number, region):
        return normal_phone(number, region=region)
    return f"+{number}" if len(number) >= _MIN_INTERNATIONAL and _is_valid(f"+{number}", region) else number


def normal_sms(text: str, *, region: str = "CN") -> str:
    """To whom somebody means to write a short message: a telephone number, or a service's short code (`95588`, `10690000`).

    Raises `BadAddress` for a name, which can only send.
    """
    value = sms_party(text, region=region)
    if not gets_sms(value):
        raise BadAddress("not a telephone number")
    is_code = _SHORTEST_CODE <= len(value) <= _LONGEST_CODE or value.startswith(_ACCESS_NUMBERS)
    return value if value.startswith("+") or is_code else normal_phone(value, region=region)


def gets_sms(value: str) -> bool:
    """Whether this is a number or short code: senders may have names, to which nobody can write."""
    digits = value.removeprefix("+")
    return digits.isascii() and digits.isdigit()


def _possible(number: str) -> str | None:
    try:
        return normal_phone(number)
    except BadAddress:
        return None


def _is_valid(number: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


def national_phone(e164: str) -> str:
    """How people write the number inside its own country; the input itself where it cannot be read."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.NATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def international_phone(e164: str) -> str:
    """How people write the number anywhere (`+86 138 0013 8000`); the input itself where it cannot be read."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def normal(kind: AddressKind, text: str, *, region: str = "CN") -> str:
    """The normal form of an address of any kind; raises `BadAddress`."""
    match kind:
        case AddressKind.EMAIL:
            return normal_email(text)
        case AddressKind.PHONE:
            return normal_phone(text, region=region)
        case AddressKind.VISITOR:
            return text.strip()


def recipient(channel: ChannelKind, text: str, *, region: str = "CN", name: str = "") -> Address:
    """Whom somebody means to write to on a channel: by short message also a service's short code. Raises `BadAddress`."""
    kind = ADDRESS_KIND_OF[channel]
    value = normal_sms(text, region=region) if channel is ChannelKind.SMS else normal(kind, text, region=region)
    return Address(kind=kind, value=value, name=name)
