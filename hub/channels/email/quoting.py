"""What somebody wrote, without what was quoted: line by line, in one pass.

Every known library does this with one large pattern and hangs on hostile text; none knows Chinese programs. Here each line is
looked at once, by patterns that are tied to its start or its end and to lengths.
"""

import re
from typing import Final

MAX_LINES: Final = 5000
_MAX_LINE: Final = 400  # characters; whatever announces a quote is shorter
_WRAPPED: Final = 4  # an introduction ("On … wrote:") may run over this many lines
_HEADER_LINES: Final = 14

# "On <date> <somebody> wrote:" ends with the verb in most languages …
_WROTE: Final = re.compile(
    r"(?:写道|寫道|写到|寫到|编写|wrote|a écrit|escribió|escreveu|ha scritto|schreef|написал(?:\(а\)|а|и)?|пишет|skrev|"
    r"napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|kirjoitti|írta|yazdı|đã viết|님이 작성|作成|"
    r"さんは書きました)\s{0,3}[:：]?\*?\s{0,3}$",
    re.IGNORECASE,
)
# … but in German and Dutch the person comes behind it, and Gmail in Japanese and Korean has no verb.
_WROTE_INSIDE: Final = re.compile(
    r"^(?:Am |Op |El |Em |Le |Il |Den |På |W dniu |Dne )[^\n]{0,200}\b(?:schrieb|schreef|escribió|escreveu|a écrit|"
    r"ha scritto|skrev|napisał)\b"
    r"[^\n]{0,150}:\s{0,3}$",
    re.IGNORECASE,
)
_DATED_SENDER: Final = re.compile(
    r"^\d{4}[年/.-] ?\d{1,2}[月/.-] ?\d{1,2}.{0,80}[<＜][^<>\s]{3,100}@[^<>\s]{2,100}[>＞]\s?[:：]\s{0,3}$"
)
_DATE: Final = re.compile(
    r"\d{1,4}\s?[-/年月.]\s?\d{1,2}|\d{1,2}[:：]\d{2}|"
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|lun|mar|mer|jeu|ven|sam|dim)",
    re.IGNORECASE,
)
_INTRO_START: Final = re.compile(
    r"^[>\s*]{0,6}(?:On|At|在|于|Am|Op|Le|El|Em|Il|Den|Den|W dniu|Dne|\d{4}|\d{1,2}[./-]|\w{3}, )(?:\s|\d|$)", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,100}")

_SEPARATOR: Final = re.compile(
    r"^[\s>*]{0,6}[-_—=－─]{2,60}\s{0,4}\*?(?:"
    r"(?:原始|原|回复的原|轉寄的|转发的|轉寄)?(?:的)?(?:邮件|郵件|信件|訊息)(?:原件|信息)?|"
    r"(?:original|replied|reply|previous|forwarded)\s(?:message|appointment|e?-?mail)|original|"
    r"ursprüngliche nachricht|message d'origine|message original|mensaje original|mensagem original|messaggio originale|"
    r"исходное сообщение|пересылаемое сообщение|oorspronkelijk bericht|원본 메시지|元のメッセージ|in reply to)"
    r"\*?\s{0,4}[-_—=－─]{0,60}\s{0,4}$",
    re.IGNORECASE,
)
_FORWARD: Final = re.compile(
    r"^[\s>*]{0,6}(?:[-_—=]{2,60}\s{0,4})?(?:begin forwarded message|forwarded message|forwarded by .{1,80}|fwd?:|"
    r"转发的?邮件(?:信息)?|转发邮件|"
    r"轉寄(?:的)?(?:郵件|訊息)|以下是转发的邮件|开始转发的邮件|weitergeleitete nachricht|"
    r"message transféré)\s{0,3}[:：]?\s{0,3}[-_—=]{0,60}\s{0,4}$",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"^\s{0,3}[-_=─—]{10,200}\s{0,3}$")
_HEADER: Final = re.compile(
    r"^[\s*>|]{0,8}(?P<key>from|sent|date|to|cc|subject|reply-to|von|gesendet|an|betreff|datum|de|envoyé|date|à|objet|"
    r"enviado|para|asunto|assunto|"
    r"da|inviato|oggetto|от|отправлено|кому|тема|дата|"
    r"发\s?件\s?人|發件人|寄件者|寄件人|发送时间|發送時間|寄件日期|发送日期|时间|時間|日期|收\s?件\s?人|收件者|抄\s?送|副本|"
    r"主\s?题|主題|主旨|差出人|送信日時|宛先|件名|"
    r"보낸 사람|보낸 날짜|받는 사람|제목)\s{0,3}\*{0,2}\s{0,2}(?:[:：]|\|)",
    re.IGNORECASE,
)
_SENDER_KEYS: Final = frozenset("from von de da от 发件人 發件人 寄件者 寄件人 差出人".split()) | {"보낸 사람"}
_TELLTALE_KEYS: Final = frozenset(
    "sent subject gesendet betreff envoyé objet enviado asunto assunto inviato oggetto отправлено тема "
    "发送时间 發送時間 寄件日期 发送日期 主题 主題 主旨 送信日時 件名 제목".split()
) | {"보낸 날짜"}
_MARK: Final = re.compile(
    r"^[^\w]{0,10}(?:请在此行以上回复|請在此行以上回覆|(?:please )?(?:type your )?reply (?:above|ABOVE) this line)", re.IGNORECASE
)
_MOBILE: Final = re.compile(
    r"^(?:sent (?:from|via|with) .{1,60}|get outlook for .{1,40}|von meinem .{1,40} gesendet|envoyé (?:de|"
    r"depuis) mon .{1,40}|enviado desde mi .{1,40}|"
    r"发自我?的?.{1,30}|發自我?的?.{1,30}|从我的.{1,30}发送|從我的.{1,30}傳送|发送自.{1,30}|来自.{1,20}(?:邮箱|手机|"
    r"客户端).{0,10}|获取 ?outlook.{0,20}|下载 ?outlook.{0,20}|"
    r"отправлено (?:с|из) .{1,40}|iPhoneから送信|나의 iPhone에서 보냄)$",
    re.IGNORECASE,
)
_SPACES: Final = re.compile(r"\s")


def reply_text(text: str) -> str:
    """`text` without quoted mails, quoted lines and the signature behind them.

    A mail that forwards something without a word of its own is returned whole: what it forwards is what it says.
    """
    lines = text.replace("\r\n", "\n").split("\n", MAX_LINES)[:MAX_LINES]
    kept, forwarded = _own_lines(lines)
    own = "\n".join(_without_signature(kept)).strip()
    if not own and forwarded:
        return text.strip()
    return own


def _own_lines(lines: list[str]) -> tuple[list[str], bool]:
    """The lines outside quotes, and whether what was cut off is a forwarded mail."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if len(line) > _MAX_LINE:
            kept.append(line)
        elif _is_quoted(line):
            _drop_intro(kept)
        elif _FORWARD.match(line):
            return kept, True
        elif _begins_quote(lines, number):
            return _without_rule(kept), False
        elif _ends_intro(lines, number, kept):
            _drop_wrapped_start(kept, line)
            if not _quote_follows(lines, number):
                return kept, False
        else:
            kept.append(line)
        number += 1
    return kept, False


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t\xa0").startswith((">", "＞"))


def _begins_quote(lines: list[str], number: int) -> bool:
    """From this line on everything is quoted: a separator, our own mark, or the header of the mail below."""
    line = lines[number]
    return bool(_SEPARATOR.match(line) or _MARK.match(line)) or _is_header_block(lines, number)


def _is_header_block(lines: list[str], number: int) -> bool:
    """Three lines such as From, Sent, To: the first names the sender or the date, one is a word that only mails have."""
    first = _HEADER.match(lines[number])
    if first is None:
        return False
    block = [line for line in lines[number : number + _HEADER_LINES] if line.strip() and len(line) <= 2000]
    keys = []
    misses = 0
    for line in block:
        if match := _HEADER.match(line):
            keys.append(_key(match))
        elif (misses := misses + 1) > 6:
            break
    if len(set(keys)) < 3:
        return False
    has_address = any(_ADDRESS.search(line[:_MAX_LINE]) for line in block[:4])
    return has_address or (not _SENDER_KEYS.isdisjoint(keys) and not _TELLTALE_KEYS.isdisjoint(keys))


def _key(match: re.Match[str]) -> str:
    key = match["key"].lower()
    return _SPACES.sub("", key) if not key.isascii() and key not in _TELLTALE_KEYS else key


def _ends_intro(lines: list[str], number: int, kept: list[str]) -> bool:
    """This line ends an introduction of a quote: the verb, and a date or an address in it or just above."""
    line = lines[number].rstrip()
    if _WROTE_INSIDE.match(line) or _DATED_SENDER.match(line):
        return True
    if not _WROTE.search(line[-40:]):
        return False
    above = [line]
    for earlier in reversed(kept[-_WRAPPED + 1 :]):
        if not earlier.strip():
            break
        above.append(earlier)
    if line.endswith((":", "：")) or _quote_follows(lines, number):
        return any(_DATE.search(part[:_MAX_LINE]) or _ADDRESS.search(part[:_MAX_LINE]) for part in above)
    return bool(_DATE.search(line)) and bool(_ADDRESS.search(line))


def _drop_wrapped_start(kept: list[str], line: str) -> None:
    """Take back the lines of an introduction that was wrapped: up to the one that starts it."""
    if _INTRO_START.match(line) and _DATE.search(line):
        return
    for back in range(1, min(_WRAPPED, len(kept)) + 1):
        if not kept[-back].strip():
            return
        if _INTRO_START.match(kept[-back]) or (_DATE.search(kept[-back]) and len(kept[-back]) < 200):
            del kept[-back:]
            return


def _drop_intro(kept: list[str]) -> None:
    """Quoted lines begin: the introduction above them goes too, if it is still there in a form of its own."""
    while kept and not kept[-1].strip():
        kept.pop()
    if kept and len(kept[-1]) < _MAX_LINE and _ADDRESS.search(kept[-1]) and kept[-1].rstrip().endswith((":", "：")):
        kept.pop()


def _quote_follows(lines: list[str], number: int) -> bool:
    """The next line that is not blank is quoted with `>`: then what comes after the quote is the writer's again."""
    following = (line for line in lines[number + 1 : number + 4] if line.strip())
    return _is_quoted(next(following, ""))


def _without_rule(kept: list[str]) -> list[str]:
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1])):
        kept.pop()
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    """Without what follows the line `-- ` (RFC 3676 §4.3) and without what telephones add."""
    for number, line in enumerate(lines):
        if line.rstrip("\r") in ("-- ", "--"):
            lines = lines[:number]
            break
    for number in range(len(lines) - 1, max(-1, len(lines) - 6), -1):
        if _MOBILE.match(lines[number].strip()[:100]) and len(lines[number]) < 100:
            return lines[:number]
    return lines
