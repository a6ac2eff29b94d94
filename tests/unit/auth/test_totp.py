"""One-time codes, against the vectors of RFC 6238, appendix B."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.auth import totp

SECRET = b"12345678901234567890"


@pytest.mark.covers("M-35")
@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds // totp.STEP) == code
    assert totp.step_of(SECRET, code, at=datetime.fromtimestamp(seconds, UTC), after=0) == seconds // totp.STEP


def test_a_device_may_be_one_step_off_and_no_more() -> None:
    at = datetime.fromtimestamp(1_800_000_010, UTC)
    step = 1_800_000_010 // totp.STEP
    found = [totp.step_of(SECRET, totp.code_at(SECRET, step + off), at=at, after=0) for off in (-2, -1, 0, 1, 2)]
    assert found == [None, step - 1, step, step + 1, None]


def test_a_code_is_good_once_and_no_earlier_one_after_it() -> None:
    at = datetime.fromtimestamp(1_800_000_010, UTC)
    step = 1_800_000_010 // totp.STEP
    for off in (-1, 0):
        assert totp.step_of(SECRET, totp.code_at(SECRET, step + off), at=at, after=step) is None
    assert totp.step_of(SECRET, totp.code_at(SECRET, step + 1), at=at, after=step) == step + 1


@pytest.mark.parametrize("code", ["", "28708", "2870820", "abcdef", "２８７０８２", "\ud800", "0" * 10_000])
def test_what_is_no_code_is_wrong_and_breaks_nothing(code: str) -> None:
    assert totp.step_of(SECRET, code, at=datetime.fromtimestamp(59, UTC), after=0) is None


def test_the_address_names_who_and_where_and_carries_the_secret() -> None:
    address = urlsplit(totp.address(SECRET, name="王 mei@desk", issuer="Switchboard"))
    asked = parse_qs(address.query)
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert base64.b32decode(asked["secret"][0]) == SECRET
    assert asked["issuer"] == ["Switchboard"]


def test_recovery_codes_differ_and_are_read_however_they_are_typed() -> None:
    codes = totp.new_recovery_codes()
    assert len({*codes}) == totp.RECOVERY_CODES
    assert all(len(totp.normal(code)) == 24 for code in codes)
    assert totp.normal(f"  {codes[0].upper().replace('-', ' ')} ") == totp.normal(codes[0])
