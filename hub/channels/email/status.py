"""Status codes of mail (RFC 3463, RFC 5321 §4.2) and the words beside them, sorted into the hub's failures."""

import re
from typing import Final

from hub.messages.states import SendFailure

_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY: Final = re.compile(r"(?<![\d.#-])([45][0-7]\d)(?=[ \-:,]|$)", re.MULTILINE)

# RFC 3463 §3, by subject and detail; then by subject alone. X.2.1 is a mailbox switched off, X.5.4 … syntax between servers.
_BY_DETAIL: Final = {
    (2, 1): SendFailure.BAD_RECIPIENT,
    (2, 3): SendFailure.BAD_CONTENT,
    (3, 4): SendFailure.BAD_CONTENT,
    (4, 4): SendFailure.BAD_RECIPIENT,
    (7, 8): SendFailure.BAD_CREDENTIALS,
    (7, 9): SendFailure.BAD_CREDENTIALS,
}
_BY_SUBJECT: Final = {
    1: SendFailure.BAD_RECIPIENT,
    2: SendFailure.UNAVAILABLE,
    3: SendFailure.UNAVAILABLE,
    4: SendFailure.UNAVAILABLE,
    6: SendFailure.BAD_CONTENT,
}
# RFC 5321 §4.2.3 and RFC 4954 §6, for servers that send no enhanced codes.
_BY_REPLY: Final = {
    421: SendFailure.UNAVAILABLE,
    450: SendFailure.UNAVAILABLE,
    451: SendFailure.UNAVAILABLE,
    452: SendFailure.UNAVAILABLE,
    454: SendFailure.UNAVAILABLE,
    501: SendFailure.BAD_RECIPIENT,
    521: SendFailure.BAD_RECIPIENT,
    530: SendFailure.BAD_CREDENTIALS,
    534: SendFailure.BAD_CREDENTIALS,
    535: SendFailure.BAD_CREDENTIALS,
    538: SendFailure.BAD_CREDENTIALS,
    550: SendFailure.BAD_RECIPIENT,
    551: SendFailure.BAD_RECIPIENT,
    552: SendFailure.BAD_CONTENT,
    553: SendFailure.BAD_RECIPIENT,
    556: SendFailure.BAD_RECIPIENT,
}

# What the sentences of servers mean, for reports without a code or with one that says nothing. The first that fits counts.
_WORDS: Final = (
    (
        "2.2",
        r"(?:mail ?box|mail ?folder) (?:is )?full|mailbox exceeds|over ?quota|quota (?:has been |is )?exceed|exceed(?:ed|s|"
        r"ing) (?:\S+ ){0,3}quota|disk quota|"
        r"insufficient (?:disk )?space|not enough (?:disk )?(?:space|storage)|storage (?:limit|allocation)|"
        r"mail ?box .{0,30} full|"
        r"邮箱(?:空间)?(?:已)?满|空间不足|容量不足|容量超",
    ),
    (
        "3.4",
        r"too (?:large|big)|size (?:limit|exceed)|exceeds? (?:the )?(?:\S+ ){0,4}(?:size|length)|maximum .{0,30}size|"
        r"message length exceed|邮件过大|超过.{0,10}大小",
    ),
    ("4.6", r"too many hops|mail loop|loop(?:s|ing)? (?:back|detect)|routing loop|loops? back to"),
    (
        "1.2",
        r"host (?:\S+ )?(?:unknown|not found)|unknown (?:mail )?host|domain (?:\S+ ){0,3}(?:not found|does(?:n't| not) exist|"
        r"unknown)|"
        r"couldn't find any host|no (?:mx|such (?:host|domain))|name or service not known|nxdomain|unrouteable mail domain|"
        r"could not be found .{0,20}domain|域名.{0,10}(?:不存在|错误|无法)",
    ),
    (
        "2.1",
        r"(?:account|mailbox|user|address) (?:\S+ ){0,4}(?:disabled|inactive|suspended|locked|deactivated|not active)|"
        r"不再使用|已(?:被)?(?:停用|禁用|冻结|注销)",
    ),
    (
        "4.1",
        r"requests to connect|not accepting connections|not reachable|network error|name service error|"
        r"connection (?:\S+ )?(?:refused|timed|lost|dropped)|can(?:'?t| ?not) connect|unable to connect|no route|unreachable|"
        r"无法连接",
    ),
    (
        "4.7",
        r"expired|multiple retries|retried for|hosts have been failing|timed? ?out|retry time|(?:giving|gave) up|"
        r"been in .{0,10}queue|could not be delivered for|too long|超时|逾期",
    ),
    (
        "7.1",
        r"spam|blacklist|block(?:ed|list)|reputation|relay(?:ing)? (?:\S+ ){0,3}(?:denied|not|prohibited)|"
        r"not allowed to relay|access denied|policy|"
        r"dmarc|\bspf\b|dkim|virus|not authori[sz]ed|refused (?:by|due)|垃圾邮件|拒收|拒绝|黑名单|反垃圾",
    ),
    (
        "1.1",
        r"user (?:\S+ ){0,3}(?:unknown|not found|doesn't|does not|not exist|not local|invalid)|no such (?:user|recipient|"
        r"mailbox|address|account|person)|"
        r"unknown (?:user|recipient|local|mailbox|account|address)|(?:recipient|mailbox|account|address|"
        r"email)\W (?:\S+ ){0,5}(?:rejected|unknown|invalid|not)|"
        r"(?:recipient|mailbox|account|address) (?:\S+ ){0,5}(?:not found|unknown|unavailable|invalid|does ?n.t exist|"
        r"does not exist|not exist|not listed|rejected)|"
        r"invalid (?:recipient|mailbox|address|user|final)|no valid recipients|no mailbox|not a valid|isn't a valid|"
        r"undeliverable address|"
        r"no longer (?:valid|available|on|with)|"
        r"unrouteable address|not our customer|not listed in|bad destination mailbox|not known at|用户(?:名)?.{0,10}不存在|"
        r"不存在|"
        r"收件人.{0,20}(?:错误|有误|无效)|无此用户|找不到|查無此人",
    ),
)
_PATTERNS: Final = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in _WORDS)
_ANSWER: Final = re.compile(r"\s*[45]\d\d[ -]([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_FIRST_WORDS: Final = 300  # characters: the reason stands at the beginning, advice and advertisement behind it
_MAX_WORDS: Final = 2000  # characters of a diagnosis that are looked at


def failure_of(status: str, reply: int | None = None) -> SendFailure:
    """The failure an enhanced code (`5.1.1`) or, without a telling one, an SMTP reply code stands for; else `REJECTED`."""
    if code := _ENHANCED.search(status):
        subject, detail = int(code[2]), int(code[3])
        known = _BY_DETAIL.get((subject, detail)) or _BY_SUBJECT.get(subject)
        if known:
            return known
        if subject == 7 and code[1] == "4":
            return SendFailure.THROTTLED
        if subject:
            return SendFailure.REJECTED
    return _BY_REPLY.get(reply or 0, SendFailure.REJECTED)


def enhanced_code(text: str) -> str:
    """The first enhanced status code in `text` that says something (`5.0.0` does not); else the first; else nothing."""
    codes = [code[0] for code in _ENHANCED.finditer(text[:_MAX_WORDS]) if code[1] != "2"]
    return next((code for code in codes if not code.endswith(".0.0")), codes[0] if codes else "")


def reply_code(text: str) -> int | None:
    """The first SMTP reply code of failure in `text`."""
    found = _REPLY.search(text[:_MAX_WORDS])
    return int(found[1]) if found else None


def code_from_words(text: str) -> str:
    """Subject and detail of the enhanced code the words of a diagnosis stand for (`1.1`); nothing if they are unknown."""
    sample = text[:_MAX_WORDS]
    return next((code for code, pattern in _PATTERNS if pattern.search(sample)), "")


def best_code(status: str, diagnosis: str, *, delayed: bool = False) -> str:
    """The most telling enhanced code of a report; `X.0.0` if nothing tells more.

    What the other server answered comes first: sendmail puts a guess of its own into `Status`.
    """
    answered = _ANSWER.match(diagnosis)
    for code in (answered[1] if answered else "", status, enhanced_code(diagnosis)):
        if code and not code.endswith(".0.0"):
            return code
    kind = "4" if delayed or status.startswith("4") else "5"
    words = code_from_words(diagnosis[:_FIRST_WORDS]) or code_from_words(diagnosis)
    return f"{kind}.{words or '0.0'}"
