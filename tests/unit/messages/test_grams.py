"""Grams find Chinese of any length and English words, and nothing a person types breaks a query."""

import re
import sqlite3
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.messages.grams import MAX_GRAMS, document, grams, query


def _index(*texts: str) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE doc USING fts5(grams, tokenize='ascii')")
    db.executemany("INSERT INTO doc (grams) VALUES (?)", [(document(text, "sqlite"),) for text in texts])
    return db


def _finds(text: str, typed: str) -> bool:
    db = _index(text)
    asked = query(typed, "sqlite")
    try:
        return asked is not None and bool(db.execute("SELECT 1 FROM doc WHERE doc MATCH ?", (asked,)).fetchall())
    finally:
        db.close()


def test_chinese_becomes_pairs_and_its_last_letter() -> None:
    assert grams("退款失败") == ["退款", "款失", "失败", "败"]


def test_a_single_chinese_letter_stays_alone() -> None:
    assert grams("王") == ["王"]


def test_words_are_folded_in_case_width_and_accents() -> None:
    assert grams("Ｒefund MÜLLER café straße") == ["refund", "muller", "cafe", "strasse"]


def test_mixed_text_keeps_its_order() -> None:
    assert grams("订单ABC-123 退") == ["订单", "单", "abc", "123", "退"]


def test_korean_and_kana_are_paired_too() -> None:
    assert grams("안녕하세요") == ["안녕", "녕하", "하세", "세요", "요"]
    assert grams("カタログ")[:2] == ["カタ", "タロ"]


@pytest.mark.covers("M-02")
@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("锂电池坏了", "电池"),
        ("锂电池坏了", "锂电池"),
        ("锂电池坏了", "池"),
        ("锂电池坏了", "了"),
        ("欧阳娜娜", "娜"),
        ("王芳", "王芳"),
        ("你的订单A100已发货", "订单a100已"),
        ("Refunds are slow", "refund"),
        ("Refunds are slow", "slow REF"),
        ("Jürgen Müller", "muller jur"),
        ("mail li.lei@example.com please", "li.lei@exam"),
        ("退款 失败", "失败 退款"),
    ],
)
def test_what_is_there_is_found(text: str, typed: str) -> None:
    assert _finds(text, typed)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("电话和水池", "电池"),
        ("退款成功，失败重试", "退款失败"),
        ("refund", "refunds"),
        ("slow refund", "fund"),
        ("锂电池", "锂电池坏"),
        ("anything", "，。!?"),
        ("anything", ""),
    ],
)
def test_what_is_not_there_is_not_found(text: str, typed: str) -> None:
    assert not _finds(text, typed)


def test_a_query_reads_as_a_phrase_of_pairs() -> None:
    assert query("订单号 refu 订", "sqlite") == '"订单 单号" AND "refu" * AND "订" *'
    assert query("订单号 refu 订", "postgres") == "('订单' <-> '单号') & ('refu':*) & ('订':*)"


def test_a_tsvector_literal_carries_positions() -> None:
    assert document("订单 ok", "postgres") == "'订单':1 '单':2 'ok':3"


HOSTILE = ["'", '"', "a' | 'b", 'x" OR "y', "NEAR(a b)", "a*b", "\\", "a:b", "-x", "^x", "(((", "\x00", "\ud800"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_query_operators_have_no_meaning(typed: str) -> None:
    built = query(typed, "sqlite") or ""
    assert re.fullmatch(r'("[a-z ]+"( \*)?( AND )?)*', built)
    assert not _finds("some text", typed)


@given(st.text(max_size=16))
@settings(max_examples=300, deadline=None)
def test_every_text_is_found_by_itself(text: str) -> None:
    assert query(text, "sqlite") is None or _finds(text, text)


@given(st.text(alphabet="退款失败订单电池", min_size=1, max_size=12), st.data())
@settings(max_examples=200, deadline=None)
def test_chinese_search_equals_a_search_for_the_letters(text: str, data: st.DataObject) -> None:
    typed = data.draw(st.text(alphabet="退款失败订单电池", min_size=1, max_size=4))
    assert _finds(text, typed) == (typed in text)


def test_grams_are_letters_and_digits_only() -> None:
    every = "".join(map(chr, [*range(0x3000), *range(0x3000, 0xD800, 7), *range(0xE000, 0x32000, 11)]))
    assert all(letter.isalnum() or not letter.isascii() for gram in grams(every) for letter in gram)


@pytest.mark.parametrize("text", ["字" * 1_000_000, "a" * 1_000_000, "a " * 500_000, "ﷺ" * 300_000, "字a" * 500_000])
def test_a_huge_text_is_bounded_in_time_and_size(text: str) -> None:
    began = time.perf_counter()
    found = grams(text)
    assert time.perf_counter() - began < 2
    assert len(found) <= MAX_GRAMS
    assert len(document(text, "postgres").encode()) < 2_000_000
