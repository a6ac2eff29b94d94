"""The lines by which mail programs announce what they quote, in the languages their users have.

Each pattern is tied to the start or the end of one line and bounded in length: none can run away on hostile text.
"""

import re
from typing import Final

MAX_LINE: Final = 400  # characters; whatever announces a quote is shorter

# "On <date> <somebody> wrote:". In most languages the verb comes last …
WROTE: Final = re.compile(
    r"(?:写道|寫道|写到|寫到|编写|说道|wrote|a écrit|escribió|escreveu|ha scritto|schreef|schrieb|"
    r"sent|geschreven|följande|følgende|folgendes|написал(?:\(а\)|а|и)?|пишет|skrev|"
    r"napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|kirjoitti|írta|yazdı|đã viết|님이 작성|작성|さんは書きました)"
    r"[ \xa0]{0,3}[:：]?\*?[ \xa0]{0,3}[-—]{0,20}$",
    re.IGNORECASE,
)
WROTE_ENDS: Final = (":", "：", ":*", "-", "wrote", "写道", "寫道")  # cheap to look for on every line
# … but in German and in Scandinavia the person may come behind it, and Gmail in Japanese, Korean and Russian has no verb.
WROTE_INSIDE: Final = re.compile(
    r"\b(?:schrieb|schreef|escribió|escreveu|a écrit|ha scritto|skrev|napisał|написал)\b|さん", re.IGNORECASE
)
ADDRESS_ENDS: Final = re.compile(r"[<＜(][^<>＜＞\s]{1,100}@[^<>＜＞\s]{1,100} ?[>＞)]\s?[:：]$")
TIME: Final = re.compile(r"\d{1,2}[:.：h]\d{2}|上午|下午|中午|晚上")
DATE: Final = re.compile(
    r"\d{1,4}\s?[-/年月.]\s?\d{1,2}|\d{1,2}[:：]\d{2}|\b\d{1,2} \w{3,10}\.? \d{4}|"
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|lun|mar|mer|jeu|ven|sam|dim)",
    re.IGNORECASE,
)
INTRO_START: Final = re.compile(
    r"^[>\s*-]{0,10}(?:(?:On|At|Am|Op|Le|El|Em|Il(?: giorno)?|Den|På|W dniu|Dne|Em|Vào|Sent from .{1,40})\s|"
    r"[在于於] ?\d|[在于於] ?(?:周|星期|禮拜)|\d{4}[-/年.]|\d{1,2}[./:-]\d{1,2}|\w{2,10}[.,] ?\d{1,2}[. ]|\w{2,4}\.? \d{1,2}\.)",
    re.IGNORECASE,
)
ADDRESS: Final = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,100}")
DATED_SENDER: Final = re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2} .{0,80}<[^<>\s]{1,64}@[^<>\s]{1,100}>$")
# A program that set no line break between what was written and its introduction.
SHARED: Final = re.compile(
    r"^(?P<own>(?!On\s|[>\s]).{1,200}?)(?:\s|-{2,4} ?)On (?:\w{3},? )?\w{3} \d{1,2}, \d{4},? at .{5,200} wrote:$", re.IGNORECASE
)
MAIL_DATE: Final = re.compile(r"\w{3}, \d{1,2} \w{3} \d{4},? \d{1,2}:\d{2}")
NAME_ONLY: Final = re.compile(r"^[^:：]{0,60}[<＜][^<>＜＞\s]{1,64}@[^<>＜＞\s]{1,100}[>＞][,，]?$")

SEPARATOR: Final = re.compile(
    r"^[\s>*]{0,6}[-_—=－─]{2,60}\s{0,4}\*?(?:"
    r"(?:原始|原|回复的原|回覆的|轉寄的|转发的|轉寄)?(?:的)?(?:邮件|郵件|信件|訊息)(?:原件|信息)?|"
    r"(?:original|replied|reply|previous)\s(?:message|appointment|e?-?mail)(?: follows)?|original|"
    r"ursprüngliche (?:nachricht|mail)|message d'origine|message original|mensaje original|mensagem original|"
    r"messaggio originale|исходное сообщение|oorspronkelijk bericht|oprindelig (?:besked|meddelelse)|"
    r"opprinnelig melding|ursprungligt meddelande|alkuperäinen viesti|wiadomość oryginalna|původní zpráva|"
    r"원본 메시지|元のメッセージ|in reply to)"
    r"\*?\s{0,4}[-_—=－─]{0,60}\s{0,4}$",
    re.IGNORECASE,
)
FRAMED: Final = re.compile(r"^[\s>*]{0,6}[-_—=－─]{3,60}\s{0,4}\S.{0,60}\S\s{0,4}[-_—=－─]{3,60}\s{0,4}$")
OUR_FORWARD: Final = "---------- Forwarded message ----------"  # what mail programs recognise, and this scanner
FORWARD: Final = re.compile(
    r"^[\s*]{0,6}(?:[-_—=－]{2,60}\s{0,4})?(?:begin forwarded message|forwarded message|forwarded by .{1,80}|"
    r"转发的?(?:邮件|消息)(?:信息)?|(?:開始)?轉寄(?:的)?(?:郵件|訊息)|以下是转发的邮件|开始转发的邮件|"
    r"weitergeleitete nachricht|message transféré|пересылаемое сообщение)\s{0,3}[:：]?\s{0,3}[-_—=－]{0,60}\s{0,4}$",
    re.IGNORECASE,
)
RULE: Final = re.compile(r"^\s{0,3}[-_=─—]{3,200}\s{0,3}$")
HEADER: Final = re.compile(
    r"^[\s*>|]{0,8}(?P<key>from|sent|date|to|cc|subject|reply-to|importance|von|gesendet|an|betreff|datum|"
    r"de|envoyé(?: le)?|date|à|a|copie à|objet|sujet|message du|enviado(?: el)?|para|asunto|assunto|fecha|"
    r"da|inviato|data|oggetto|van|verzonden|aan|onderwerp|fra|dato|til|emne|från|skickat|till|ämne|"
    r"od|wysłano|do|temat|от|отправлено|кому|тема|дата|"
    r"发\s{0,4}件\s{0,4}人|發件人|寄件者|寄件人|发送时间|發送時間|寄件日期|发送日期|发信时间|发件时间|时\s{0,2}间|時間|日\s{0,4}期|"
    r"收\s{0,4}件\s{0,4}人|收件者|抄\s{0,4}送(?:人)?|副本|主\s{0,4}题|主題|主旨|标\s{0,2}题|"
    r"差出人|送信日時|送信日|宛先|件名|보낸 사람|보낸 날짜|날짜|받는 사람|제목)\s{0,3}\*{0,2}\s{0,2}(?:[:：]|\|)",
    re.IGNORECASE,
)
SENDER_KEYS: Final = frozenset("from von de da van fra från od от 发件人 發件人 寄件者 寄件人 差出人 보낸사람".split())
TELLTALE_KEYS: Final = frozenset(
    "sent subject gesendet betreff envoyé envoyéle objet sujet enviado enviadoel asunto assunto inviato oggetto verzonden "
    "onderwerp emne skickat ämne wysłano temat отправлено тема 发送时间 發送時間 寄件日期 发送日期 发信时间 发件时间 主题 主題 "
    "主旨 送信日時 送信日 件名 제목 보낸날짜".split()
)
MARK: Final = re.compile(
    r"^[^\w]{0,10}(?:请在此行以上回复|請在此行以上回覆|(?:please )?(?:type your )?reply (?:above|ABOVE) this line)", re.IGNORECASE
)
MOBILE: Final = re.compile(
    r"^(?:sent (?:from|via|with) [^,;!?]{1,50}|get outlook for .{1,40}|gesendet (?:von|mit) [^,;!?]{1,50}|"
    r"von meinem .{1,40} gesendet|envoyé (?:de|depuis|à partir d[e'’]) ?.{1,40}|enviado desde (?:mi )?.{1,40}|"
    r"enviado do meu .{1,40}|inviato da(?:l mio)? .{1,40}|verzonden (?:vanaf|met) .{1,40}|"
    r"发自我?的?.{1,30}|發自我?的?.{1,30}|从我的.{1,30}发送|從我的.{1,30}傳送|从 ?.{2,20}发送|发送自.{1,30}|"
    r"来自.{1,20}(?:邮箱|手机|客户端).{0,10}|获取 ?outlook.{0,20}|下载 ?outlook.{0,20}|由.{1,20}(?:客户端|手机)发送|"
    r"отправлено (?:с|из) .{1,40}|iPhoneから送信|나의 iPhone에서 보냄)(?:<[^<>\s]{1,200}>)?$",
    re.IGNORECASE,
)
FOOTER: Final = re.compile(r"^_{2,80}\s{0,3}$")
