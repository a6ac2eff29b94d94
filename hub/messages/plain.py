"""Text from outside made storable: neither database takes NUL or half a surrogate pair, and no field is endless."""

import re

# Control characters say nothing to people; U+2028/2029 break lines where none is wanted; bidi overrides make text lie.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_BREAKS = re.compile("[\\s\u2028\u2029]+")


def line(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` characters, blanks folded, without control characters."""
    return _BREAKS.sub(" ", _UNSEEN.sub("", text[: limit * 4])).strip()[:limit].rstrip()


def block(text: str, limit: int) -> str:
    """`text` of at most `limit` characters, its line breaks kept as `\\n`, without control characters."""
    return _UNSEEN.sub("", text[: limit * 2].replace("\r\n", "\n").replace("\r", "\n")).strip()[:limit]


def file_name(text: str, limit: int = 200) -> str:
    """A file's name for showing: no folders, no control characters, at most `limit` characters with the ending kept."""
    bare = line(text.replace("\\", "/").rsplit("/", 1)[-1], 4 * limit).strip(". ") or "file"
    if len(bare) <= limit:
        return bare
    stem, dot, ending = bare.rpartition(".")
    return f"{(stem or ending)[: limit - 10]}{dot}{ending[:9] if stem else ''}"
