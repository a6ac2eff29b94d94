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


_ANSWERS: Final[dict[tuple[Wish, Language], str]] = {
    ("stop", "en"): "You will get no more messages from us. Reply START to get them again.",
    ("stop", "zh"): "您已退订，我们不会再给您发送短信。回复“恢复”可重新接收。",
    ("start", "en"): "You will get our messages again. Reply STOP to stop them.",
    ("start", "zh"): "您已恢复接收短信。回复“退订”可随时退订。",
}


def answer(wish: Wish, language: Language, *, signature: str, help_text: str) -> str:
    """The one message that answers a keyword, with the account's signature; empty where there is nothing to say."""
    text = help_text.strip() if wish == "help" else _ANSWERS[wish, language]
    return signed(text, signature) if text else ""


def signed(text: str, signature: str) -> str:
    """`text` with the sender's name before it, as operators in China demand; not twice."""
    mark = f"【{signature}】"
    return text if not signature or text.startswith(mark) else f"{mark}{text}"
