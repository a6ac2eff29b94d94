"""Sealing, and keys by purpose."""

import stat
from pathlib import Path

import pytest

from hub.secrets import BrokenSeal, SecretKeys

KEYS = SecretKeys(b"s" * 32)


def test_what_is_sealed_opens_only_for_its_purpose_and_context() -> None:
    sealed = KEYS.seal("accounts", b"hunter2", context=b"account 1")

    assert b"hunter2" not in sealed
    assert KEYS.open("accounts", sealed, context=b"account 1") == b"hunter2"
    for purpose, context, keys in (
        ("accounts", b"account 2", KEYS),
        ("files", b"account 1", KEYS),
        ("accounts", b"account 1", SecretKeys(b"t" * 32)),
    ):
        with pytest.raises(BrokenSeal):
            keys.open(purpose, sealed, context=context)


def test_a_seal_with_any_bit_turned_is_broken() -> None:
    sealed = KEYS.seal("accounts", b"hunter2")
    for place in range(len(sealed)):
        turned = bytearray(sealed)
        turned[place] ^= 1
        with pytest.raises(BrokenSeal):
            KEYS.open("accounts", bytes(turned))
    for short in (b"", b"\x01", sealed[:12], sealed[:-1]):
        with pytest.raises(BrokenSeal):
            KEYS.open("accounts", short)


def test_the_same_plain_text_is_sealed_differently_each_time() -> None:
    assert KEYS.seal("accounts", b"x") != KEYS.seal("accounts", b"x")


def test_keys_of_two_purposes_have_nothing_in_common_and_never_show() -> None:
    assert len({KEYS.key("accounts"), KEYS.key("files"), KEYS.key("session"), KEYS.key("reply-token"), KEYS.secret}) == 5
    assert KEYS.mac("files", b"x") != KEYS.mac("session", b"x")
    assert "s" * 32 not in repr(KEYS)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    first = SecretKeys.load(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SecretKeys.load(path) == first
    assert SecretKeys.load(tmp_path / "other") != first
