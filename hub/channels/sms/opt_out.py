"""Words by which people stop short messages, want them again, or ask what they are. Pure.

The English families are those carriers demand (CTIA Messaging Principles §5.1.3), the Chinese those in use with operators there.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

Wish = Literal["stop", "start", "help"]
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word that is the whole of a message: what it asks for, and in whose language to answer."""

    word: str
    wish: Wish
    language: Language


_WORDS: Final[dict[tuple[Wish, Language], str]] = {
    ("stop", "en"): "stop stopall unsubscribe cancel end quit revoke optout",
    ("stop", "zh"): "退订 td t n r 0000 取消订阅 拒收",
    ("start", "en"): "start unstop yes",
    ("start", "zh"): "恢复",
    ("help", "en"): "help info",
    ("help", "zh"): "帮助",
}
_MEANING: Final = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
_LONGEST: Final = 40  # characters; what is longer is no word
_AROUND: Final = " \t\r\n\f\v.!?,;:'\"。！？，；：、“”‘’「」【】[]()（）"


def word_of(text: str) -> Keyword | None:
    """The keyword `text` consists of, whatever its case, width and surrounding marks; None for everything else."""
    if len(text) > _LONGEST:
        return None
    word = unicodedata.normalize("NFKC", text).strip(_AROUND).casefold()
    meaning = _MEANING.get(word)
    return Keyword(word=word, wish=meaning[0], language=meaning[1]) if meaning else None
