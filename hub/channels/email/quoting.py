"""What somebody wrote, without what was quoted: line by line, in one pass.

Every known library does this with one large pattern and hangs on hostile text; none knows Chinese programs. Here each line is
looked at a bounded number of times, by the patterns of `quote_marks`.
"""

import re
from typing import Final

from hub.channels.email import quote_marks as marks
from hub.channels.email.quote_marks import MAX_LINE

MAX_LINES: Final = 5000
_WRAPPED: Final = 4  # an introduction ("On … wrote:") may run over this many lines
_HEADER_LINES: Final = 14
_FOOTER_LINES: Final = 8
_SIGNATURE_LINES: Final = 4
_LONG: Final = 60  # characters: a quoted line this long may have been wrapped by force
_SPACES: Final = re.compile(r"\s")


def reply_text(text: str) -> str:
    """`text` without quoted mails, quoted lines and the signature behind them.

    A forwarded mail is not quoted: it is what the sender wants to show, and stays.
    """
    lines = text.replace("\r\n", "\n").split("\n", MAX_LINES)[:MAX_LINES]
    kept, forwarded = _own_lines(lines)
    own = "\n".join(_without_signature(kept)).strip()
    return "\n\n".join(piece for piece in (own, "\n".join(forwarded).strip()) if piece)


def _own_lines(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines outside quotes, and the forwarded mail behind them."""
    kept: list[str] = []
    number = 0
    dropped = False  # something was taken out since the last line that says something
    while number < len(lines):
        line = lines[number]
        short = len(line) <= MAX_LINE
        if short and (length := _intro_length(lines, number)):
            _drop_name_above(kept)
            if shared := marks.SHARED.match(line):
                kept.append(shared["own"])
            if not _is_quoted(_next_line(lines, number + length)):
                return kept, []
            number += length
            dropped = True
            continue
        if short and marks.FORWARD.match(line):
            return kept, lines[number:]
        if short and _begins_quote(lines, number):
            return _without_rule(kept), []
        if _is_quoted(line) or _is_wrapped_quote(lines, number):
            dropped = True
        elif line.strip() or not (dropped and kept and not kept[-1].strip()):  # of the blanks round a quote one stays
            kept.append(line)
            dropped = dropped and not line.strip()
        number += 1
    return kept, []


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t\xa0").startswith((">", "＞"))


def _is_wrapped_quote(lines: list[str], number: int) -> bool:
    """The rest of a long quoted line that some program broke: quoted lines stand right above and below it."""
    if not lines[number].strip() or not 0 < number < len(lines) - 1:
        return False
    above = lines[number - 1]
    return len(above) >= _LONG and _is_quoted(above) and _is_quoted(lines[number + 1])


def _next_line(lines: list[str], number: int) -> str:
    """The next line that is not blank, of the following four."""
    return next((line for line in lines[number : number + 4] if line.strip()), "")


def _begins_quote(lines: list[str], number: int) -> bool:
    """From this line on everything is quoted: a separator, our own mark, or the header of the mail below."""
    line = lines[number]
    if marks.SEPARATOR.match(line) or marks.MARK.match(line):
        return True
    if marks.FRAMED.match(line) and marks.HEADER.match(_next_line(lines, number + 1)):
        return True
    return _is_header_block(lines, number)


def _is_header_block(lines: list[str], number: int) -> bool:
    """Three lines such as From, Sent, To, with an address or with a word that only mails have among them."""
    start = lines[number][:60]
    if not (":" in start or "：" in start or "|" in start) or not marks.HEADER.match(lines[number]):
        return False
    block = [line[:MAX_LINE] for line in lines[number : number + _HEADER_LINES] if line.strip()]
    keys: set[str] = set()
    strangers = 0
    for line in block:
        if match := marks.HEADER.match(line):
            keys.add(_SPACES.sub("", match["key"].lower()))
        elif (strangers := strangers + 1) > 4:
            break
    if len(keys) == 2:  # a date as mails write it, and an address: the shortest header there is
        return any(marks.MAIL_DATE.search(line) for line in block[:2]) and any(marks.ADDRESS.search(line) for line in block[:2])
    if len(keys) < 3 or marks.SENDER_KEYS.isdisjoint(keys):
        return False
    return not marks.TELLTALE_KEYS.isdisjoint(keys) or any(marks.ADDRESS.search(line) for line in block[:4])


def _intro_length(lines: list[str], number: int) -> int:
    """Over how many lines an introduction of a quote ("On … wrote:") runs that begins here; 0 if none does."""
    line = lines[number].strip(" \t\xa0")
    starts = bool(marks.INTRO_START.match(line)) and bool(marks.DATE.search(line))
    if not starts:
        return int(_is_intro(line, lines, number + 1))
    joined = ""
    for length in range(1, _WRAPPED + 1):
        part = lines[number + length - 1].strip(" \t\xa0") if number + length <= len(lines) else ""
        if (not part and length > 1 and not joined.endswith("<")) or len(joined) > MAX_LINE:
            return 0
        if length > 1 and marks.INTRO_START.match(part) and marks.WROTE.search(part[-60:]):
            return 0  # the introduction begins there, and this line is the writer's
        joined = f"{joined} {part}".strip() if not joined.endswith("<") else joined + part
        if _is_intro(joined, lines, number + length):
            return length
    return 0


def _is_intro(text: str, lines: list[str], following: int) -> bool:
    """Whether `text`, one line or several joined, introduces a quote. `following`: the number of the line after it."""
    if text.endswith(">") and marks.DATED_SENDER.match(text):
        return _is_quoted(_next_line(lines, following))
    if not text.endswith(marks.WROTE_ENDS) or len(text) > MAX_LINE:
        return False
    dated = bool(marks.DATE.search(text))
    if marks.WROTE.search(text[-60:]):
        if text.endswith((":", "：", ":*", "-")):
            return dated or bool(marks.ADDRESS.search(text)) or bool(marks.FRAMED.match(text))
        quoted = _is_quoted(_next_line(lines, following))
        return (dated and quoted) or (dated and bool(marks.ADDRESS.search(text)))
    if not text.endswith((":", "：")):
        return False
    if marks.ADDRESS_ENDS.search(text[-220:].replace(" >:", ">:")):
        return bool(marks.TIME.search(text)) or _is_quoted(_next_line(lines, following))
    return dated and bool(marks.WROTE_INSIDE.search(text)) and bool(marks.INTRO_START.match(text) or marks.ADDRESS.search(text))


def _drop_name_above(kept: list[str]) -> None:
    """Gmail wraps `Name <address>` from the date behind it."""
    if kept and marks.NAME_ONLY.match(kept[-1].strip()[:200]):
        kept.pop()


def _without_rule(kept: list[str]) -> list[str]:
    while kept and (not kept[-1].strip() or marks.RULE.match(kept[-1])):
        kept.pop()
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    """Without what follows the line `-- ` (RFC 3676 §4.3), what mailing lists put at the end and what telephones add."""
    for number, line in enumerate(lines):
        footer = len(lines) - number <= _FOOTER_LINES and number > 0 and marks.FOOTER.match(line)
        if line.rstrip("\r") in ("-- ", "--") or footer:
            lines = lines[:number]
            break
    return lines[: _mobile_signature(lines)]


def _mobile_signature(lines: list[str]) -> int:
    """Where a telephone signed: one of the last lines, or one that stands alone, above something quoted unmarked."""
    last = max((number for number, line in enumerate(lines) if line.strip()), default=0)
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE or not marks.MOBILE.match(line.strip()):
            continue
        alone = not _line_at(lines, number - 1) and not _line_at(lines, number + 1)
        if alone or last - number < _SIGNATURE_LINES:
            return number
    return len(lines)


def _line_at(lines: list[str], number: int) -> str:
    return lines[number].strip() if 0 <= number < len(lines) else ""
