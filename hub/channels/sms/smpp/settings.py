"""What an administrator sets for one connection to a short message centre. Imports no library of anybody."""

from typing import Annotated, Literal

from hub.channels.sms.common import field
from hub.channels.sms.operator_settings import MaxRate, OperatorSettings, PartsMinutes, Port, ResponseSeconds
from hub.channels.sms.smpp.receipts import IdForm


class SmppSettings(OperatorSettings, kw_only=True, forbid_unknown_fields=True):
    """One account at a centre. `sender` is the source address."""

    port: Port = 2775
    security: Annotated[Literal["tls", "none"], field("connection", "Encryption", "加密")] = "none"
    system_id: Annotated[str, field("connection", "System ID", "系统 ID（system_id）", max_length=15)] = ""
    password: Annotated[str, field("connection", "Password", "密码", secret=True, max_length=8)] = ""
    system_type: Annotated[str, field("connection", "System type", "系统类型（system_type）", max_length=12)] = ""
    bind: Annotated[
        Literal["transceiver", "separate"],
        field(
            "connection",
            "Connections",
            "连接方式",
            about="One connection for both directions (transceiver), or one for each (transmitter and receiver).",
            about_zh="收发共用一个连接（transceiver），或各用一个（transmitter 与 receiver）。",
        ),
    ] = "transceiver"

    window: Annotated[
        int,
        field(
            "pace",
            "Messages without an answer at a time",
            "未应答短信数（窗口）",
            about="Operators often allow ten.",
            about_zh="运营商通常允许 10 条。",
            ge=1,
            le=500,
        ),
    ] = 10
    max_rate: MaxRate = 0
    response_seconds: ResponseSeconds = 10.0
    enquire_seconds: Annotated[
        float, field("pace", "Seconds between two looks whether the link stands", "链路检测间隔（秒）", ge=1, le=600)
    ] = 30.0

    plus: Annotated[bool, field("addresses", "Recipients with a plus sign", "收件号码带加号")] = False
    source_ton: Annotated[
        int,
        field(
            "addresses",
            "Type of the sender's number (TON)",
            "发送号码类型（TON）",
            about="-1: by its form (1 with a plus sign, 3 a short code, 5 a name).",
            about_zh="-1：自动判断（带加号为 1，短号码为 3，名称为 5）。",
            ge=-1,
            le=6,
        ),
    ] = -1
    source_npi: Annotated[
        int,
        field(
            "addresses",
            "Plan of the sender's number (NPI)",
            "发送号码编号方案（NPI）",
            about="-1: by its form.",
            about_zh="-1：自动判断。",
            ge=-1,
            le=18,
        ),
    ] = -1
    destination_ton: Annotated[
        int, field("addresses", "Type of recipients' numbers (TON)", "收件号码类型（TON）", ge=0, le=6)
    ] = 1
    destination_npi: Annotated[
        int, field("addresses", "Plan of recipients' numbers (NPI)", "收件号码编号方案（NPI）", ge=0, le=18)
    ] = 1

    alphabet: Annotated[
        Literal["gsm7", "latin1", "ucs2"],
        field(
            "text",
            "Alphabet of plain texts",
            "普通文本的字符集",
            about="GSM-7 as the standard has it, Latin-1 where the operator wants that, UCS-2 to send everything in Unicode.",
            about_zh="标准为 GSM-7；运营商要求时选 Latin-1；UCS-2 表示全部以 Unicode 发送。",
        ),
    ] = "gsm7"
    data_coding: Annotated[
        int,
        field(
            "text",
            "data_coding of plain texts",
            "普通文本的 data_coding",
            about="-1: the standard's number (0 for GSM-7, 3 for Latin-1).",
            about_zh="-1：使用标准值（GSM-7 为 0，Latin-1 为 3）。",
            ge=-1,
            le=255,
        ),
    ] = -1
    default_alphabet: Annotated[
        Literal["gsm7", "latin1", "utf8"],
        field(
            "text",
            "What arrives with data_coding 0 is",
            "收到的 data_coding 0 短信的字符集",
        ),
    ] = "gsm7"
    long_messages: Annotated[
        Literal["udh", "sar", "payload"],
        field(
            "text",
            "Long messages go as",
            "长短信方式",
            about="Parts with a header (udh), parts with optional parameters (sar), or whole, for the operator to cut (payload).",
            about_zh="带用户数据头分条（udh）、带可选参数分条（sar），或整条交由运营商拆分（payload）。",
        ),
    ] = "udh"

    receipts: Annotated[Literal["all", "failures", "none"], field("receipts", "Ask for delivery receipts", "请求送达回执")] = (
        "all"
    )
    answer_ids: Annotated[
        IdForm,
        field(
            "receipts",
            "Message ids in answers",
            "应答中的短信 ID",
            about="Some operators give an id in one form and name it in another in the receipt. Turn both into the same.",
            about_zh="有的运营商在应答与回执中使用不同形式的 ID，请将两者转换为一致。",
        ),
    ] = "as_is"
    receipt_ids: Annotated[IdForm, field("receipts", "Message ids in receipts", "回执中的短信 ID")] = "as_is"
    parts_minutes: PartsMinutes = 15
