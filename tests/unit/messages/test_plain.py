"""Text from outside becomes storable, and stays what people read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.messages.plain import block, line


@pytest.mark.parametrize(
    ("text", "one_line", "whole"),
    [
        ("  王芳 \r\n Bcc: x ", "王芳 Bcc: x", "王芳 \n Bcc: x"),
        ("a\x00b\x1b[31mc", "ab[31mc", "ab[31mc"),
        ("\ud800x\udfff", "x", "x"),
        ("\u202egnp.exe", "gnp.exe", "gnp.exe"),
        ("a\u2028b\tc", "a b c", "a\u2028b\tc"),
        ("👩\u200d💻", "👩\u200d💻", "👩\u200d💻"),
        ("\x00 \n", "", ""),
    ],
)
def test_control_characters_go_and_words_stay(text: str, one_line: str, whole: str) -> None:
    assert line(text, 100) == one_line
    assert block(text, 100) == whole


@given(st.text(), st.integers(min_value=0, max_value=20))
def test_what_comes_out_can_be_stored(text: str, limit: int) -> None:
    for plain in (line(text, limit), block(text, limit)):
        assert len(plain) <= limit
        assert "\x00" not in plain
        plain.encode()
    assert "\n" not in line(text, limit)
