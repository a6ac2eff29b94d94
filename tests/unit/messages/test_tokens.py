"""The token in a reply address."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.messages.tokens import LENGTH, make_token, read_token

KEY, OLD = b"k" * 32, b"o" * 32
ID = UUID("01a1ffdb-b5d1-75d5-b895-37d92881018c")
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@given(st.uuids())
def test_a_token_names_its_id_whatever_mail_systems_do_to_its_case(id: UUID) -> None:
    token = make_token(id, KEY)

    assert len(token) == LENGTH == 40
    assert set(token) <= set(ALPHABET)
    assert read_token(token, [KEY]) == read_token(token.upper(), [KEY]) == read_token(token.title(), [OLD, KEY]) == id


def test_every_token_one_character_away_is_refused() -> None:
    token = make_token(ID, KEY)
    for place in range(LENGTH):
        for character in ALPHABET:
            if character != token[place]:
                assert read_token(token[:place] + character + token[place + 1 :], [KEY]) is None


@pytest.mark.parametrize("text", ["", "a" * 39, "a" * 40, "a" * 41, "0" * 40, "=" * 40, "ａ" * 40, "a" * 39 + "\n"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert read_token(text, [KEY]) is None


def test_a_token_of_another_key_is_refused() -> None:
    assert read_token(make_token(ID, OLD), [KEY]) is None
    assert read_token(make_token(ID, OLD), []) is None


@given(st.text(max_size=60))
def test_no_text_makes_reading_fail(text: str) -> None:
    assert read_token(text, [KEY]) is None
