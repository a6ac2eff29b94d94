"""What every provider of short messages shares: the settings all of them have, their capabilities, what can be sent at all, and how what
arrives is handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Annotated, Any, Final

from msgspec import Meta

from hub.channels.contract import AdapterContext, Exchange, Handover, SendError, Settings
from hub.channels.sms.opt_out import Keyword, word_of
from hub.ids import MessageId
from hub.messages import plain
from hub.messages.address import MAX_PARTY, Address, AddressKind, ChannelKind, sms_party
from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import IncomingFile, OutboundMessage
from hub.messages.events import ChannelEvent, InboundMessage, OptOut, ThreadKey
from hub.messages.segments import MAX_PARTS
from hub.messages.states import SendFailure

_MAX_TEXT = 20_000  # characters: 255 parts have 39,015 at most, and nobody reads so many

SMS_FEATURES: Final[Mapping[Feature, Level]] = {
    Feature.TEXT: Level.FULL,
    Feature.HTML: Level.DROPPED,
    Feature.SUBJECT: Level.DROPPED,
    Feature.FILES: Level.UNSUPPORTED,
    Feature.CC: Level.UNSUPPORTED,
    Feature.BCC: Level.UNSUPPORTED,
    Feature.DELIVERED: Level.FULL,
    Feature.READ: Level.UNSUPPORTED,
    Feature.TYPING: Level.UNSUPPORTED,
}


def field(group: str, en: str, zh: str, *, about: str = "", about_zh: str = "", secret: bool = False, **bounds: Any) -> Meta:
    """The annotation of one setting: heading, label and hint in both languages; `bounds` are those of `msgspec.Meta` (`ge`, `le`, `pattern`, …)."""
    schema: dict[str, Any] = {"x-group": group, "x-title-zh": zh}
    if about_zh:
        schema["x-description-zh"] = about_zh
    if secret:
        schema["writeOnly"] = True
    return Meta(title=en, description=about or None, extra_json_schema=schema, **bounds)


def party(text: str, *, region: str = "CN") -> Address:
    """Who sends or gets a short message: a number, a short code or a name, in normal form."""
    return Address(kind=AddressKind.PHONE, value=sms_party(text, region=region))


class SmsSettings(Settings, kw_only=True, forbid_unknown_fields=True):
    """What every account for short messages has; each provider adds its own. A subclass with a `__post_init__` calls this one."""

    sender: Annotated[
        str,
        field(
            "sending",
            "Own number or sender name",
            "发送号码或名称",
            about="What recipients see: a number such as +14155550100, a short code, or a name.",
            about_zh="收件人看到的发送方：号码（如 +14155550100）、短号码或名称。",
            max_length=MAX_PARTY,
        ),
    ] = ""
    region: Annotated[
        str,
        field(
            "sending",
            "Country of numbers without a country code",
            "无国家代码的号码所属国家",
            about="Two letters (ISO 3166), such as CN or US.",
            about_zh="两个字母（ISO 3166），例如 CN 或 US。",
            pattern="^[A-Z]{2}$",
        ),
    ] = "CN"
    max_segments: Annotated[
        int,
        field(
            "sending",
            "Longest message (parts)",
            "最长短信（条数）",
            about="A part is 160 characters, or 70 with Chinese or emoji; a longer text is refused.",
            about_zh="每条 160 个字符，含中文或表情时 70 个；超出则拒绝发送。",
            ge=1,
            le=MAX_PARTS,
        ),
    ] = 10
    signature: Annotated[
        str,
        field(
            "marketing",
            "Signature of marketing messages",
            "营销短信签名",
            about="Put before the text in 【】, as operators in China demand.",
            about_zh="以【】置于正文之前，符合国内运营商要求。",
            max_length=20,
        ),
    ] = ""
    opt_out_hint: Annotated[
        str,
        field(
            "marketing",
            "Opt-out hint of marketing messages",
            "营销短信退订提示",
            about="Put after the text, such as: Reply STOP to opt out.",
            about_zh="置于正文之后，例如：拒收请回复R。",
            max_length=60,
        ),
    ] = ""
    help_text: Annotated[
        str,
        field(
            "answers",
            "Answer to HELP",
            "对 HELP（帮助）的回复",
            about="Who you are and how to stop. Empty: no answer.",
            about_zh="说明贵方身份及退订方式。留空则不回复。",
            max_length=600,
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Brings what is typed into normal form."""
        self.sender = sms_party(self.sender, region=self.region) if self.sender.strip() else ""
        self.signature = self.signature.strip().strip("【】").strip()
        self.opt_out_hint = self.opt_out_hint.strip()


def sms_capabilities(settings: SmsSettings, **changes: Any) -> Capabilities:
    """Text counted in parts; `changes` replace what one provider does better (`features`, `max_files`, …)."""
    all_have = Capabilities(features=SMS_FEATURES, length_unit="gsm7", max_segments=settings.max_segments)
    return replace(all_have, **changes)


def recipient_of(message: OutboundMessage) -> str:
    """The one to whom a short message goes. Raises `SendError`."""
    if len(message.recipients) != 1:
        raise SendError(SendFailure.BAD_RECIPIENT, "a short message has one recipient")
    return message.recipients[0].value


def encoded(text: str) -> bytes:
    """UTF-8. Raises `SendError` for half a surrogate pair, which no charset can hold."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise SendError(SendFailure.BAD_CONTENT, "the text is not Unicode") from error


def record(context: AdapterContext, request: str, response: str, *, started: float, message_id: MessageId | None) -> None:
    """Keep an exchange that has just ended and began at `started` (monotonic)."""
    took = monotonic() - started
    context.record(Exchange(at=context.now(), request=request, response=response, duration=took, message_id=message_id))


def inbound(
    settings: SmsSettings,
    *,
    key: str,
    raw: bytes,
    sender: str,
    to: str,
    text: str,
    received_at: datetime,
    sent_at: datetime | None = None,
    files: Sequence[IncomingFile] = (),
    notices: Sequence[str] = (),
    envelope: Mapping[str, Any] | None = None,
    opt_out: Keyword | None = None,
    answered: bool = False,
) -> Handover:
    """One short message as every provider hands it over: the message, and behind it an `OptOut` where it says stop, start or help.

    `opt_out` overrides what the text says (a provider that decides itself); `answered`: that provider has answered it as well.
    """
    text = plain.block(text, _MAX_TEXT)
    own = party(to or settings.sender, region=settings.region)
    address = party(sender, region=settings.region)
    message = InboundMessage(
        channel=ChannelKind.SMS,
        sender=address,
        to=(own,),
        text=text,
        reply_text=text,
        files=tuple(files),
        sent_at=sent_at,
        notices=tuple(notices),
        thread_keys=(ThreadKey(kind="party", value=address.value),),
    )
    events: list[ChannelEvent] = [message]
    if keyword := opt_out or word_of(text):
        events.append(_opt_out(keyword, address, own, answered=answered))
    return Handover(key=key, raw=raw, envelope=envelope or {}, events=events, received_at=received_at)


def _opt_out(keyword: Keyword, sender: Address, to: Address, *, answered: bool) -> OptOut:
    return OptOut(
        channel=ChannelKind.SMS,
        sender=sender,
        to=to,
        word=keyword.word,
        wish=keyword.wish,
        language=keyword.language,
        answered=answered,
    )
