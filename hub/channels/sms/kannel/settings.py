"""What an administrator sets for one Kannel user; imports no library of anybody."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from hub.channels.sms.common import SmsSettings, field


class KannelSettings(SmsSettings, kw_only=True, forbid_unknown_fields=True):
    """One `sendsms-user` of a Kannel, and the secret its `get-url` has. `sender` may be empty: then Kannel's `global-sender` stands."""

    sendsms_url: Annotated[
        str,
        field(
            "connection",
            "Address of sendsms",
            "sendsms 地址",
            about="Such as http://gateway:13013/cgi-bin/sendsms.",
            about_zh="例如 http://gateway:13013/cgi-bin/sendsms。",
            pattern=r"^https?://[!-\"$->@-~]+$",  # ASCII without ? and #
            max_length=500,
        ),
    ]
    username: Annotated[str, field("connection", "User (sendsms-user)", "用户名（sendsms-user）", min_length=1, max_length=100)]
    password: Annotated[str, field("connection", "Password", "密码", secret=True, min_length=1, max_length=100)]
    hook_secret: Annotated[
        str,
        field(
            "connection",
            "Secret in the address Kannel calls",
            "Kannel 回调地址中的密钥",
            about="16 or more letters and digits, the same as in get-url. Kannel signs nothing: whoever knows it can pretend to be Kannel.",
            about_zh="至少 16 位字母或数字，与 get-url 中一致。Kannel 不签名：知道此密钥者即可冒充 Kannel。",
            secret=True,
            pattern=r"^[A-Za-z0-9_\-]{16,100}$",
        ),
    ]
    smsc: Annotated[
        str,
        field(
            "connection",
            "Centre (smsc-id)",
            "短信中心（smsc-id）",
            about="Empty: Kannel chooses.",
            about_zh="留空由 Kannel 选择。",
            pattern=r"^[!-~]*$",
            max_length=100,
        ),
    ] = ""
    numbers: Annotated[
        Literal["plus", "digits", "national"],
        field(
            "connection",
            "Recipients are written",
            "收件号码格式",
            about="+8613800138000, 8613800138000, or 13800138000 where the centre wants numbers of its own country so.",
            about_zh="+8613800138000、8613800138000，或短信中心要求本国号码写作 13800138000。",
        ),
    ] = "plus"
    answer_seconds: Annotated[
        float,
        field(
            "connection",
            "Seconds to wait for an answer",
            "等待应答的秒数",
            about="A message without an answer by then is shown as unknown until its delivery report comes; it is never sent again by itself.",
            about_zh="到时仍无应答的短信显示为“结果未知”，直至收到送达报告；不会自动重发。",
            ge=1,
            le=120,
        ),
    ] = 15.0

    def __post_init__(self) -> None:
        """Refuses what only looks like an address."""
        super().__post_init__()
        parts = urlsplit(self.sendsms_url)
        if not parts.hostname or parts.username is not None or parts.port == 0:  # `port` raises ValueError where it is none
            raise ValueError("not an address of sendsms")
