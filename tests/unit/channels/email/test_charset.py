"""Text is read right whatever its label says."""

import pytest

from hub.channels.email.charset import clean, codec_of, decode

SIMPLIFIED = "您好，我想查询一下上周订购的打印机什么时候可以发货，谢谢。"
TRADITIONAL = "您好，我想查詢一下上週訂購的印表機什麼時候可以出貨，謝謝。"


@pytest.mark.covers("E-01", "M-26")
@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [
        (SIMPLIFIED, "gbk", "gb2312"),
        (SIMPLIFIED, "gbk", "GB_2312-80"),
        (SIMPLIFIED, "gbk", "cp-936"),
        (SIMPLIFIED, "gbk", ""),
        (SIMPLIFIED, "gbk", "us-ascii"),
        (SIMPLIFIED, "gbk", "utf-8"),
        (SIMPLIFIED, "gbk", "iso-8859-1"),
        (SIMPLIFIED, "gbk", "big5"),
        (SIMPLIFIED, "gbk", "x-unknown"),
        (SIMPLIFIED, "utf-8", "gb2312"),
        (SIMPLIFIED, "utf-8", "iso-8859-1"),
        (SIMPLIFIED, "utf-8", "rot13"),
        (SIMPLIFIED, "utf-7", "utf-7"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16", ""),
        (SIMPLIFIED, "hz", "hz-gb-2312"),
        ("朱镕基𠮷", "gb18030", "gb2312"),
        ("张三", "gbk", ""),
        ("王小明", "gbk", "iso-8859-1"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "big5", "gb2312"),
        (TRADITIONAL, "big5", ""),
        (TRADITIONAL, "big5", "utf-8"),
        (TRADITIONAL, "gbk", "gb2312"),
        ("嘅啲嚟", "big5hkscs", "big5"),
        ("Müller, Grüße aus Köln", "cp1252", ""),
        ("café déjà vu naïve", "cp1252", "iso-8859-1"),
        ("Señor Núñez, año", "cp1252", "utf-8"),
        ("€100 “quoted”", "cp1252", "iso-8859-1"),
        ("ÄÖÜäöü", "cp1252", "iso-8859-1"),
        ("Привет, как дела", "koi8-r", "koi8-r"),
        ("Привет", "cp1251", "windows-1251"),
        ("こんにちは世界", "cp932", "shift_jis"),
        ("こんにちは", "iso2022_jp", "iso-2022-jp"),
        ("こんにちは", "iso2022_jp", ""),
        ("안녕하세요", "cp949", "ks_c_5601-1987"),
        ("שלום", "iso8859_8", "iso-8859-8-i"),
        ("สวัสดี", "cp874", "windows-874"),
        ("Příliš žluťoučký", "cp1250", "cp-1250"),
    ],
)
def test_text_is_read_right_whatever_its_label_says(text: str, encoding: str, label: str) -> None:
    assert decode(text.encode(encoding), label).text == text


def test_a_useless_label_is_reported_and_a_good_one_is_not() -> None:
    assert decode(SIMPLIFIED.encode("gbk"), "").guessed
    assert not decode(SIMPLIFIED.encode("gbk"), "gb2312").guessed
    assert not decode(SIMPLIFIED.encode(), "").guessed


def test_text_cut_within_a_character_is_still_that_text() -> None:
    assert decode((SIMPLIFIED * 3).encode("gbk")[:-1], "gb2312").text.startswith(SIMPLIFIED)
    assert decode((SIMPLIFIED * 3).encode()[:-1], "utf-8").text.startswith(SIMPLIFIED)


def test_nuls_and_lone_surrogates_never_come_out() -> None:
    assert clean("a\0b") == "ab"
    assert clean("a\udcc4b") == "a?b"
    assert decode(b"a\0b", "").text == "ab"
    assert decode(b"+2AA-", "utf-7").text.encode()


def test_codecs_that_are_no_charsets_are_never_used() -> None:
    assert decode(b"\xff\\u0041", "unicode_escape").text != "ÿA"
    assert decode("é".encode("cp1252"), "base64").text == "é"
    assert codec_of(' "GB2312" ') == "gb18030"
