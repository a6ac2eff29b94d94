"""Words that stop, start and ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.opt_out import word_of


@pytest.mark.parametrize(
    ("text", "wish", "language"),
    [
        ("STOP", "stop", "en"),
        (" stop.\n", "stop", "en"),
        ("Unsubscribe!", "stop", "en"),
        ("STOPALL", "stop", "en"),
        ("“Stop”", "stop", "en"),
        ("退订", "stop", "zh"),
        ("【退订】", "stop", "zh"),
        ("TD", "stop", "zh"),
        ("ＴＤ", "stop", "zh"),
        ("t", "stop", "zh"),
        ("R", "stop", "zh"),
        ("0000", "stop", "zh"),
        ("取消订阅。", "stop", "zh"),
        ("拒收", "stop", "zh"),
        ("start", "start", "en"),
        ("Yes", "start", "en"),
        ("恢复", "start", "zh"),
        ("HELP", "help", "en"),
        ("info", "help", "en"),
        ("帮助", "help", "zh"),
    ],
)
def test_a_word_by_itself_is_understood_in_any_case_and_width(text: str, wish: str, language: str) -> None:
    word = word_of(text)

    assert word is not None
    assert (word.wish, word.language) == (wish, language)


@pytest.mark.parametrize(
    "text", ["", " ", "...", "please stop", "stop it", "我要退订套餐", "00000", "yes please", "nope", "stop" + " " * 60]
)
def test_a_word_within_a_sentence_is_conversation(text: str) -> None:
    assert word_of(text) is None


@given(st.text())
def test_any_text_may_be_asked_about(text: str) -> None:
    assert word_of(text) is None or len(text) <= 40
