"""Words for full-text search that serve Chinese and English alike, on SQLite (FTS5) and PostgreSQL (`tsvector`).

A run of Chinese, Japanese or Korean letters becomes its overlapping pairs and its last letter, any other run of
letters and digits one folded word: `退款失败 Refund` → `退款 款失 失败 败 refund`. A search for letters in a row
is then a search for a phrase of pairs, and a single letter is found by the beginning of a pair wherever it stands.
A gram holds only letters and digits, so it can stand in a query without any quoting.

FTS5 tables are made with `tokenize='ascii'` (splits at blanks only, since all else here is a letter) and filled
with `document(text, "sqlite")`; PostgreSQL columns of type `tsvector` with `document(text, "postgres")::tsvector`,
which asks no text search configuration and no locale.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

Dialect = Literal["sqlite", "postgres"]

MAX_GRAMS = 16_000
"""Grams kept of one text: PostgreSQL counts positions up to 16,383 only, and phrases need positions."""

_MAX_CHARACTERS = 200_000  # of one text that are looked at: below the 1 MiB of a tsvector whatever they are
_MAX_WORD = 64  # characters of a word; what is longer is no word (base64, URLs) and is cut
_MAX_TERMS = 16  # of a query

# Han with its extensions and compatibility forms, kana, bopomofo, hangul.
_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|[^\W_{_CJK}]+")
_ASCII_RUN = re.compile(r"[a-z0-9]+")


def grams(text: str) -> list[str]:
    """The words of `text` in order, at most `MAX_GRAMS`; none where it has no letter and no digit. Linear in time."""
    if text.isascii():  # most of it is; letter for letter what is said below
        return [word[:_MAX_WORD] for word in _ASCII_RUN.findall(text[:_MAX_CHARACTERS].lower())[:MAX_GRAMS]]
    found: list[str] = []
    for run in _runs(text):
        found.extend(_grams_of(run))
        if len(found) >= MAX_GRAMS:
            return found[:MAX_GRAMS]
    return found


def document(text: str | Iterable[str], dialect: Dialect) -> str:
    """What to store in the search column; `text` may be grams already."""
    words = grams(text) if isinstance(text, str) else list(text)[:MAX_GRAMS]
    if dialect == "sqlite":
        return " ".join(words)
    places: dict[str, list[str]] = {}
    for position, word in enumerate(words, start=1):
        places.setdefault(word, []).append(str(position))
    return " ".join(f"'{word}':{','.join(positions)}" for word, positions in places.items())


def query(text: str, dialect: Dialect) -> str | None:
    """A query for texts that hold every blank-separated term of `text`: its letters in a row, its last word begun.

    For `MATCH $1` of FTS5, or `@@ $1::tsquery`. None where there is nothing to look for.
    `订单 refu` → `"订单" AND "refu" *`.
    """
    terms = [words for term in text[:_MAX_CHARACTERS].split()[:_MAX_TERMS] if (words := _asked(term))]
    if not terms:
        return None
    build = _fts5_term if dialect == "sqlite" else _tsquery_term
    return (" AND " if dialect == "sqlite" else " & ").join(build(words) for words in terms)


def _runs(text: str) -> Iterator[re.Match[str]]:
    plain = unicodedata.normalize("NFKC", text[:_MAX_CHARACTERS]).casefold()[:_MAX_CHARACTERS]
    return _RUN.finditer(plain)


def _grams_of(run: re.Match[str]) -> list[str]:
    letters = run.group()
    if run["cjk"]:
        return [*map("".join, itertools.pairwise(letters)), letters[-1]]
    return [_without_accents(letters)[:_MAX_WORD]]


def _without_accents(word: str) -> str:
    """`müller` → `muller`: people type names of other languages as their keyboard allows."""
    if word.isascii():
        return word
    bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare) or word


def _asked(term: str) -> list[str]:
    """The grams that must follow one another for `term` to be there.

    Without the lone letter at its end: in the text that run may go on.
    """
    words = grams(term)
    runs = list(_runs(term))
    return words[:-1] if runs and runs[-1]["cjk"] and len(runs[-1].group()) > 1 else words


def _is_open(word: str) -> bool:
    """A pair is whole; a word or a single letter may be the beginning of a longer one."""
    return not (len(word) == 2 and _RUN.match(word)["cjk"])  # type: ignore[index]


def _fts5_term(words: list[str]) -> str:
    return f'"{" ".join(words)}"' + (" *" if _is_open(words[-1]) else "")


def _tsquery_term(words: list[str]) -> str:
    phrase = " <-> ".join(f"'{word}'" for word in words)
    return f"({phrase}:*)" if _is_open(words[-1]) else f"({phrase})"
