"""From bytes to text, for labels that lie.

Half of the mail in Chinese is labelled with another charset than it is in. Strict UTF-8 comes first because nothing else passes
for it by chance; then the label, read as what senders mean by it; then what the bytes look like.
"""

import re
from dataclasses import dataclass
from typing import Final

# What a label means in practice: the superset that its senders really use.
_ALIASES: Final = {
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "euc-cn": "gb18030",
    "chinese": "gb18030",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cp950": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "x-windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "utf8": "utf-8",
    "unknown-8bit": "",
    "x-unknown": "",
    "default": "",
    "binary": "",
}
# Every byte of these may be below 0x80, so that they pass for ASCII: the label comes before UTF-8.
_SEVEN_BIT: Final = ("utf-7", "iso2022", "iso-2022", "hz", "utf-16", "utf16", "utf-32", "utf32")
_WESTERN: Final = {"cp1252", "iso8859-15", "iso-8859-15", "utf-8", "mac_roman", ""}
_CHINESE: Final = {"gb18030", "big5hkscs"}
# Python's codecs that are no charsets (`rot13`, `base64`, …) or that run code of their own: never chosen by a sender.
_NO_CHARSET: Final = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_CODE_PAGE: Final = re.compile(r"^(?:cp|ibm|windows)[-_ ]?(\d{3,5})$")
_ISO_2022_JP: Final = re.compile(rb"\x1b(?:\$[@B]|\([BIJ])")
_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")
_SAMPLE: Final = 4000  # bytes looked at for a guess
_ENOUGH_TO_GUESS: Final = 12  # bytes above 0x7F; with fewer, statistics find any language


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The text, free of NULs and lone surrogates, and whether the label was of no use."""

    text: str
    guessed: bool = False


def decode(payload: bytes, label: str = "") -> Decoded:
    """Decode text whose charset is said to be `label`. Never raises; linear."""
    codec = codec_of(label)
    if codec.startswith(_SEVEN_BIT) and (text := _try(payload, codec)) is not None:
        return Decoded(text=clean(text))
    if _ISO_2022_JP.search(payload, 0, _SAMPLE) and (text := _try(payload, "iso2022_jp_ext")) is not None:
        return Decoded(text=clean(text), guessed=True)
    if payload.startswith((b"\xff\xfe", b"\xfe\xff")) and (text := _try(payload, "utf-16")) is not None:
        return Decoded(text=clean(text), guessed=True)
    if (text := _try(payload, "utf-8")) is not None:
        return Decoded(text=clean(text.removeprefix("\ufeff")))
    return _decode_legacy(payload, codec)


def clean(text: str) -> str:
    """Without NULs (PostgreSQL refuses them) and lone surrogates (every strict encoder does)."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def codec_of(label: str) -> str:
    """Python's name for what a label means; empty for one that says nothing."""
    name = label.strip().strip("\"'").lower()[:40]
    if page := _CODE_PAGE.match(name):
        name = f"cp{page[1]}"
    return _ALIASES.get(name, name)


def _decode_legacy(payload: bytes, codec: str) -> Decoded:
    if codec in _WESTERN and (chinese := _looks_chinese(payload)):
        codec, labelled = chinese, False
    else:
        labelled = bool(codec) and codec != "utf-8"
    if codec in _CHINESE and (text := _chinese(payload, codec)) is not None:
        return Decoded(text=clean(text), guessed=not labelled)
    if labelled and (text := _try(payload, codec)) is not None:
        return Decoded(text=clean(text))
    return Decoded(text=clean(_guess(payload, codec)), guessed=True)


def _try(payload: bytes, codec: str) -> str | None:
    if codec in _NO_CHARSET:
        return None
    try:
        return payload.decode(codec)
    except (LookupError, ValueError):  # an unknown label, bytes that do not fit; a NUL in the label is a ValueError too
        return None


def _chinese(payload: bytes, codec: str) -> str | None:
    """The labelled one of GB18030 and Big5, or the other where that reads like Chinese and the labelled does not."""
    other = "big5hkscs" if codec == "gb18030" else "gb18030"
    text, rival = _try(payload, codec), _try(payload, other)
    if text is None and rival is None:
        return _mostly(payload, codec)
    if text is None or rival is None:
        return rival if text is None else text
    return rival if _commonness(rival) > _commonness(text) + 0.3 else text


def _mostly(payload: bytes, codec: str) -> str | None:
    """A long text with a few broken bytes (cut in the middle of a character, as some gateways do) is still that text."""
    text = payload.decode(codec, "replace")
    return text if text.count("\ufffd") * 20 < len(text) else None


def _commonness(text: str) -> float:
    """The share of common characters among the Chinese ones: near 1 for Chinese, near a half for what was decoded wrongly."""
    ideographs = [character for character in text[:_SAMPLE] if "\u3400" <= character <= "\u9fff"][:400]
    if not ideographs:
        return 0.0
    return sum(map(_is_common, ideographs)) / len(ideographs)


def _is_common(character: str) -> bool:
    # GB 2312 level 1 is rows 16 to 55 (lead bytes B0 to D7), Big5's is lead bytes A4 to C6.
    simplified = character.encode("gb2312", "ignore")
    if simplified and simplified[0] <= 0xD7:
        return True
    traditional = character.encode("big5", "ignore")
    return bool(traditional) and traditional[0] <= 0xC6


def _looks_chinese(payload: bytes) -> str:
    """`gb18030` or `big5hkscs` for bytes that come in pairs and read as common characters, else nothing.

    In Western text a byte above 0x7F mostly stands alone between letters.
    """
    sample = payload[:_SAMPLE]
    runs = _HIGH_RUN.findall(sample)
    alone = sum(len(run) == 1 for run in runs)
    best, codec = 0.0, ""
    for candidate in ("gb18030", "big5hkscs"):
        share = _commonness(sample.decode(candidate, "ignore"))
        if share > best + 0.1:
            best, codec = share, candidate
    if codec == "big5hkscs":  # the second byte of a pair is often a letter there
        return codec if best > 0.9 and alone * 2 <= len(runs) and sum(map(len, runs)) > 4 else ""
    return codec if best > 0.6 and alone * 4 < len(runs) else ""


def _guess(payload: bytes, codec: str) -> str:
    if codec in _CHINESE or not codec or codec == "utf-8":
        mostly = _mostly(payload, "utf-8")
        if mostly is not None:
            return mostly
    if sum(map(len, _HIGH_RUN.findall(payload, 0, _SAMPLE))) < _ENOUGH_TO_GUESS:
        return payload.decode("cp1252", "replace")
    from charset_normalizer import from_bytes  # costs 20 ms to import and is hardly ever needed

    best = from_bytes(payload[:_SAMPLE]).best()
    text = _try(payload, best.encoding) if best else None
    return text if text is not None else payload.decode("cp1252", "replace")
