"""Bounces written as prose: qmail, old Exim and Exchange, providers that tell it their own way."""

import logging
import re
from dataclasses import dataclass
from typing import Final

from hub.channels.email.addresses import NOBODY
from hub.channels.email.foreign import attempt
from hub.channels.email.headers import Headers
from hub.channels.email.mime import Part
from hub.channels.email.status import code_from_words, enhanced_code, reply_code

_MAX_TEXT: Final = 20_000  # characters looked at: whoever reports says it at the top
_MAX_LINES: Final = 400
_CONTEXT: Final = 12  # lines behind an address that may say what is wrong with it

_MACHINE: Final = re.compile(
    r"^(?:mailer-daemon|mailerdaemon|post[_.-]?master|mail-?daemon|mail-?system|mail[.-]?delivery(?:[.-]?(?:system|subsystem))?|mdaemon|"
    r"bounces?|dmail|"
    r"double-bounce|auto-?return|daemon|majordomo|smtp|microsoftexchange[0-9a-f]+|postmanager|noreply-.*bounce)[^@]{0,40}@",
    re.IGNORECASE,
)
_SILENT: Final = re.compile(r"^(?:no-?reply|do-?not-?reply|auto-?reply|[^@]*-(?:admin|bounces|request))@", re.IGNORECASE)
_SUBJECT: Final = re.compile(
    r"undeliver|not delivered|non[- ]?deliver|(?:un|in)able to deliver|fail(?:ure|ed) (?:notice|delivery|mail|message)|"
    r"deliver(?:y|able)? (?:\S+ ){0,4}fail|"
    r"(?:mail|message|delivery|e-?mail|send(?:ing)?) (?:\S+ ){0,3}(?:fail|error|problem)|delivery (?:status|report|"
    r"notification|reports|delay|has been delayed|incomplete)|"
    r"return(?:ed|ing) (?:mail|message|e-?mail|to sender)|mail(?:box)? (?:system )?error|mail status report|rejected:?|"
    r"bounce|delay(?:ed)?:? |"
    r"warning: (?:message|could not|your)|could(?: not|n't) (?:be )?(?:send|deliver)|mailbox (?:is )?(?:full|unavailable)|"
    r"user unknown|recipient unknown|"
    r"error sending your mail|メールエラー|problem(?:s)? delivering|^failure|"
    r"nondelivery|notification d'|non remis|unzustellbar|zurückgewiesen|não entregue|"
    r"no entregad|недоставлен|не доставлен|"
    r"退信|退回|退件|投递失败|投遞失敗|无法投递|無法投遞|未送达|未送達|发送失败|傳送失敗|无法送达|无法传递|系统退信|傳遞失敗|"
    r"配信(?:不能|できません|エラー)|送信エラー|エラー通知",
    re.IGNORECASE,
)
_BODY: Final = re.compile(
    r"(?:could|can|was|were|has|have|is|are|did)(?: not|n't|not) (?:be )?(?:\S+ ){0,3}(?:deliver|reach|sent|accepted|relay)|"
    r"undeliver|unable to deliver|failed to deliver|"
    r"delivery (?:\S+ ){0,6}fail|permanent (?:fatal )?error|permanent fail|unknown (?:user|recipient|host)|user unknown|"
    r"no such user|mailbox (?:\S+ ){0,2}full|"
    r"returned to (?:you|sender)|reason for (?:failure|the problem|return)|addresses? (?:had|failed|rejected)|"
    r"delivery temporarily suspended|transcript of session|"
    r"message (?:was |has been )?(?:rejected|blocked|refused|delayed)|(?:recipient|address|mailbox) (?:\S+ ){0,4}(?:rejected|"
    r"unknown|does not exist|unavailable)|"
    r"退信|退回|投递失败|无法(?:投递|送达|发送|到达|传递)|無法(?:投遞|送達)|未能送达|发送失败|投递不成功|邮件被拒|"
    r"配信できません|届けられません",
    re.IGNORECASE,
)
_DELAY_SUBJECT: Final = re.compile(
    r"delay|延迟|延遲|延误|warning: (?:message|could not)|will be re-?tried|still being retried|verzöger", re.IGNORECASE
)
_DELAY_BODY: Final = re.compile(
    r"warning message only|do not need to re-?send|no action is required|will (?:keep|continue) (?:trying|to try|to attempt)|"
    r"will be (?:retried|attempted)|"
    r"delivery attempts will continue|has not yet been delivered|not (?:yet )?been delivered (?:to .{0,80} )?(?:yet|after)|"
    r"will retry|are still trying|remain(?:s)? in the queue|"
    r"将继续(?:尝试|投递|重试)|会继续尝试|稍后(?:将)?(?:会)?重试",
    re.IGNORECASE,
)
_FINAL: Final = re.compile(
    r"giv(?:e|en|ing) up|gave up|will not (?:be retried|retry)|no further attempts|permanent", re.IGNORECASE
)

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9\x80-\uffff._%+=/!#$&'*?^{}|~-]{1,64}@[A-Za-z0-9\x80-\uffff.-]{1,200}[A-Za-z0-9\x80-\uffff]"
)
_COPY_BEGINS: Final = re.compile(
    r"^\W{0,40}(?:return-path:|received: |this is a copy of|below this line is a copy|original message|message (?:headers?|"
    r"text) follow|"
    r"the header of the (?:original )?message|headers? of (?:the|your) (?:original )?message|unsent message follows|"
    r"your (?:original )?message (?:follows|reads)|"
    r"原邮件|原始邮件|原郵件|邮件原文|returned message|start of (?:forwarded|returned)|message-id: |the (?:first|"
    r"following).{0,40}message follow|"
    r"original mail|copy of (?:the|your) message)",
    re.IGNORECASE,
)
_BEFORE_ADDRESS: Final = " \t<>\"'*-[(|"
_NAMED: Final = re.compile(
    r"^[\s<>*|-]{0,10}(?:(?:failed |invalid |original |final[- ]|unknown )?(?:recipients?|rcpt|user|addressee)|to|收件人|"
    r"收信人|退信地址|メールアドレス|宛先)[\w ()-]{0,30}\s?[:：=]",
    re.IGNORECASE,
)
_ANSWERED: Final = re.compile(r"^(?:re|aw|回复|答复)\s?[:：]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFailure:
    """Somebody a mail did not reach, and what was said about it."""

    recipient: str
    diagnosis: str


def looks_like_bounce(
    headers: Headers, *, subject: str, sender: str, text: str, null_sender: bool, verp: bool, has_status: bool
) -> bool:
    """Whether a mail without a readable report is one all the same. Two signs that agree are needed."""
    if has_status or "x-failed-recipients" in headers:
        return True
    from_machine = bool(_MACHINE.match(sender)) or sender == NOBODY.value
    if _is_personal(headers, subject, from_machine=from_machine):
        return False
    sent_by_machine = from_machine or null_sender or verp
    by_subject = bool(_SUBJECT.search(subject[:300]))
    if not sent_by_machine and not by_subject:
        return False
    by_body = bool(_BODY.search(text[:_MAX_TEXT]))
    if not sent_by_machine:
        return by_body and bool(_SILENT.match(sender))
    return from_machine + by_subject + by_body + null_sender + verp >= 2


def _is_personal(headers: Headers, subject: str, *, from_machine: bool) -> bool:
    """A person answering about a bounce, or a machine saying that somebody is away."""
    away = headers.token("auto-submitted") == "auto-replied" and not _SUBJECT.search(subject[:300])
    return away or (bool(_ANSWERED.match(subject)) and not from_machine)


def is_delay(subject: str, text: str) -> bool:
    """Whether the server says that it goes on trying."""
    sample = text[:4000]
    if _DELAY_SUBJECT.search(subject[:300]) and not _FINAL.search(sample):
        return True
    return bool(_DELAY_BODY.search(sample)) and not _FINAL.search(sample)


def read_text(
    root: Part, parts: list[Part], text: str, *, ours: frozenset[str], returned_to: tuple[str, ...]
) -> tuple[TextFailure, ...]:
    """Who was not reached, by what the report says in words; the addressees of the returned copy where it names nobody."""
    lines = _report_lines(text)
    named = [match[0] for match in _ADDRESS.finditer(root.headers.text("x-failed-recipients")[:8000])]
    found = {address.lower(): _diagnosis(lines, address) for address in named} or _addressed(lines, ours, strict=True)
    found = found or _addressed(lines, ours, strict=False)
    if not found:
        found = dict.fromkeys(_by_flufl(root, parts), "\n".join(lines)) or dict.fromkeys(returned_to[:1], "\n".join(lines))
    return tuple(TextFailure(recipient=address, diagnosis=diagnosis) for address, diagnosis in found.items())


def words_about(text: str, address: str) -> str:
    """What a report says behind the name of an address; nothing if it does not name it."""
    lines = _report_lines(text)
    at = next((number for number, line in enumerate(lines) if address in line[:500].lower()), None)
    if at is None:
        return ""
    first = lines[at].lower().partition(address)[0]
    return "\n".join([lines[at][len(first) + len(address) :].lstrip(">): \t"), *lines[at + 1 : at + _CONTEXT]]).strip()


def _report_lines(text: str) -> list[str]:
    """The report without the copy of the mail under it."""
    lines = text[:_MAX_TEXT].split("\n")[:_MAX_LINES]
    end = next((number for number, line in enumerate(lines) if number > 0 and _COPY_BEGINS.match(line[:200])), len(lines))
    return lines[:end]


def _addressed(lines: list[str], ours: frozenset[str], *, strict: bool) -> dict[str, str]:
    """Addresses with what stands behind them. Strict: only those a line begins with or that are called a recipient."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        line = line[:500]
        for match in _ADDRESS.finditer(line):
            address = match[0].lower().strip("'")
            if address in ours or _MACHINE.match(address) or address in found:
                continue
            leads = len(line[: match.start()].strip(_BEFORE_ADDRESS)) == 0
            if strict and not (leads or _NAMED.match(line)):
                continue
            found[address] = "\n".join(lines[number : number + _CONTEXT])
            if len(found) >= 100:
                return found
    if strict:
        return {address: words for address, words in found.items() if _says_why(words)} or found
    return found


def _says_why(words: str) -> bool:
    return bool(enhanced_code(words) or reply_code(words) or code_from_words(words))


def _diagnosis(lines: list[str], address: str) -> str:
    at = next((number for number, line in enumerate(lines) if address in line.lower()), 0)
    return "\n".join(lines[at : at + _CONTEXT])


def _by_flufl(root: Part, parts: list[Part]) -> list[str]:
    """What the bounce library knows beyond us: a dozen forms of the nineties. It reads a small mail made of the first texts."""
    from email import message_from_bytes

    from flufl.bounce import all_failures

    head = b"".join(name.encode() + b": " + value[:1000] + b"\n" for name, value in root.headers.fields[:100])
    body = root.body if not root.children else b"\n".join(part.decoded() for part in parts if part.content_type == "text/plain")
    mail = message_from_bytes(head.replace(b"multipart/", b"text/x-") + b"\n" + body[:_MAX_TEXT])
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)  # it logs a traceback for each mail it stumbles over
    found = attempt(lambda: all_failures(mail))
    temporary, permanent = found or (frozenset(), frozenset())
    return sorted({address.decode("utf-8", "replace") for address in [*temporary, *permanent] if b"@" in address})
