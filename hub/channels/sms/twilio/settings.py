"""What an administrator sets for one number or Messaging Service at Twilio; imports no SDK."""

from typing import Annotated

from hub.channels.sms.common import SmsSettings, field

_HEX = "[0-9a-fA-F]{32}"


class TwilioSettings(SmsSettings, kw_only=True, forbid_unknown_fields=True):
    """One way out and in at Twilio: a number, or a Messaging Service that picks one of its own."""

    account_sid: Annotated[
        str,
        field(
            "account",
            "Account SID",
            "Account SID（账户编号）",
            about="Starts with AC; on the first page of Twilio's console.",
            about_zh="以 AC 开头，见 Twilio 控制台首页。",
            pattern=f"^AC{_HEX}$",
        ),
    ]
    auth_token: Annotated[
        str,
        field(
            "account",
            "Auth token",
            "Auth token（认证令牌）",
            about="Signs what Twilio sends us; without an API key it also signs us in.",
            about_zh="Twilio 用它为发来的请求签名；未填 API 密钥时也用它登录。",
            secret=True,
            min_length=1,
            max_length=200,
        ),
    ]
    auth_token_other: Annotated[
        str,
        field(
            "account",
            "Second auth token",
            "第二个认证令牌",
            about="While tokens are changed at Twilio: the other one of the two. Both are taken.",
            about_zh="在 Twilio 更换令牌期间填写另一个令牌，两个均有效。",
            secret=True,
            max_length=200,
        ),
    ] = ""
    api_key_sid: Annotated[
        str,
        field(
            "account",
            "API key SID",
            "API 密钥编号",
            about="Starts with SK. Signs us in instead of the auth token, and can be withdrawn alone.",
            about_zh="以 SK 开头。代替认证令牌登录，可单独作废。",
            pattern=f"^(SK{_HEX})?$",
        ),
    ] = ""
    api_key_secret: Annotated[str, field("account", "API key secret", "API 密钥", secret=True, max_length=200)] = ""
    messaging_service_sid: Annotated[
        str,
        field(
            "sending",
            "Messaging Service SID",
            "Messaging Service SID（消息服务编号）",
            about="Starts with MG. Set it to send from the service's pool instead of one number.",
            about_zh="以 MG 开头。填写后由该服务的号码池发送，而不是单个号码。",
            pattern=f"^(MG{_HEX})?$",
        ),
    ] = ""
    twilio_answers_stop: Annotated[
        bool,
        field(
            "answers",
            "Twilio answers STOP, START and HELP itself",
            "由 Twilio 回复 STOP、START 和 HELP",
            about="Its default on long codes and toll-free numbers: the hub adds nothing. Chinese words are always answered by the hub.",
            about_zh="Twilio 长号码和免费号码的默认行为。此时系统不再另行回复；中文指令始终由系统回复。",
        ),
    ] = True
    base_url: Annotated[
        str,
        field(
            "account",
            "Address of the API",
            "API 地址",
            about="Only for another region of Twilio or a test server.",
            about_zh="仅在使用 Twilio 其他区域或测试服务器时修改。",
            pattern="^https?://[^/?#@ ]+/?$",
            max_length=200,
        ),
    ] = "https://api.twilio.com"
    max_media_mb: Annotated[
        int, field("receiving", "Largest picture or file received (MB)", "接收图片或文件的上限（MB）", ge=1, le=50)
    ] = 10

    def __post_init__(self) -> None:
        """Raises `ValueError` for settings that can never send."""
        super().__post_init__()
        self.base_url = self.base_url.rstrip("/")
        if not (self.sender or self.messaging_service_sid):
            raise ValueError("sender: a number or a Messaging Service SID is needed")
        if bool(self.api_key_sid) != bool(self.api_key_secret):
            raise ValueError("api_key_secret: an API key has a SID and a secret")

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The tokens Twilio may sign with, the current one first."""
        return tuple(token for token in (self.auth_token, self.auth_token_other) if token)

    @property
    def sign_ins(self) -> tuple[tuple[str, str], ...]:
        """Name and password for the API, in the order to try."""
        if self.api_key_sid:
            return ((self.api_key_sid, self.api_key_secret),)
        return tuple((self.account_sid, token) for token in self.auth_tokens)
