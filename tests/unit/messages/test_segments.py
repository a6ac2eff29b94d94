"""How texts become short messages, by the cases the console's counter is held to as well."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import Draft
from hub.messages.render import Refusal, render
from hub.messages.segments import TooManyParts, count_parts, decode_gsm7, encode_gsm7, segment, udh

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data/sms/segments.json").read_text())
GSM = "".join(decode_gsm7(bytes([octet])) for octet in range(128) if octet != 0x1B) + "^{}\\[~]|€\f"


def text_of(case: dict[str, Any]) -> str:
    return "".join(piece * times for piece, times in case["text"])


@pytest.mark.covers("M-27")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_text_is_cut_as_the_case_says(case: dict[str, Any]) -> None:
    text = text_of(case)

    assert count_parts(text) == case["parts"]
    if case.get("too_long"):
        with pytest.raises(TooManyParts):
            segment(text)
        return
    cut = segment(text)
    width = 1 if cut.encoding == "gsm7" else 2
    assert (cut.encoding, cut.units, cut.per_part, cut.left) == (case["encoding"], case["units"], case["per_part"], case["left"])
    assert [len(part) // width for part in cut.parts] == case.get("part_units", [len(part) // width for part in cut.parts])


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


@given(st.text(st.sampled_from(GSM + "€€[[")))
def test_text_of_the_basic_alphabet_comes_back_from_its_parts(text: str) -> None:
    cut = segment(text)

    assert cut.encoding == "gsm7"
    assert "".join(map(decode_gsm7, cut.parts)) == text  # each part by itself: no escape pair is split
    assert b"".join(cut.parts) == encode_gsm7(text)
    assert all(len(part) <= cut.per_part for part in cut.parts)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 200))
def test_every_part_of_any_text_can_be_read_by_itself(text: str, before: int) -> None:
    whole = "中" * before + text
    cut = segment(whole)

    if cut.encoding == "ucs2":
        assert "".join(part.decode("utf-16-be") for part in cut.parts) == whole
        assert all(len(part) <= 2 * cut.per_part for part in cut.parts)
        assert cut.left == cut.per_part - len(cut.parts[-1]) // 2


def test_a_reference_of_sixteen_bits_costs_a_septet_or_a_character_a_part() -> None:
    assert [len(part) for part in segment("a" * 305, reference=0x1234).parts] == [152, 152, 1]
    assert [len(part) // 2 for part in segment("中" * 133, reference=0x1234).parts] == [66, 66, 1]
    assert [len(part) for part in segment("a" * 160, reference=0x1234).parts] == [160]
    assert [len(part) for part in segment("a" * 306, reference=0xFF).parts] == [153, 153]


def test_headers_say_which_part_of_which_message() -> None:
    assert udh(0x2A, 3, 2) == bytes.fromhex("0500032a0302")
    assert udh(0x1234, 3, 2) == bytes.fromhex("06080412340302")


def test_half_a_surrogate_pair_is_no_reason_to_fail() -> None:
    cut = segment("中\ud83d")

    assert (cut.units, cut.parts) == (2, ("中?".encode("utf-16-be"),))


def test_what_is_not_gsm_is_read_without_failing() -> None:
    assert decode_gsm7(b"a\x1b\x41b") == "aAb"  # an escape to nowhere shows the basic character
    assert decode_gsm7(b"a\x1b\x1bb") == "a b"
    assert decode_gsm7(b"a\x1b") == "a"
    assert decode_gsm7(b"\xff\x80") == "\ufffd\ufffd"
    assert encode_gsm7("中") is None


@pytest.mark.covers("M-27")
def test_more_parts_than_the_account_sends_are_refused_and_no_text_is_shortened() -> None:
    account = Capabilities(features={Feature.TEXT: Level.FULL}, length_unit="gsm7", max_segments=2)

    assert render(Draft(text="a" * 306), account).refused == ()
    assert render(Draft(text="a" * 307), account).refused == (Refusal.TOO_LONG,)
    assert render(Draft(text="中" * 135), account).refused == (Refusal.TOO_LONG,)
    unbounded = Capabilities(features={Feature.TEXT: Level.FULL}, length_unit="gsm7")
    assert render(Draft(text="中" * 17_085), unbounded).refused == ()
    assert render(Draft(text="中" * 17_086), unbounded).refused == (Refusal.TOO_LONG,)
