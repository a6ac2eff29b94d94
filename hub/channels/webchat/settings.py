"""What can be set for a site."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, field

from hub.channels.contract import Settings


def _label(title: str, title_zh: str, description: str = "", description_zh: str = "", **extra: Any) -> Meta:
    extra["x-title-zh"] = title_zh
    if description:
        extra["x-description-zh"] = description_zh
    return Meta(title=title, description=description or None, extra_json_schema=extra)


Origin = Annotated[str, Meta(pattern=r"^https?://(\*\.)?[a-z0-9\-\[\]]([a-z0-9.\-\[\]:]*[a-z0-9\]])?$", max_length=255)]
"""Scheme, host and port in lower case, without a path; `https://*.example.com` means every name below example.com,
not itself.
"""

Secret = Annotated[str, Meta(min_length=32, max_length=200)]
"""At least 32 characters: HS256 needs as many bytes as its hash has (RFC 7518 §3.2)."""

Text = Annotated[str, Meta(max_length=500)]


class SiteSettings(Settings):
    """One web site with the widget."""

    name: Annotated[str, Meta(max_length=100), _label("Name shown to visitors", "显示给访客的名称")] = ""
    allowed_origins: Annotated[
        list[Origin],
        _label(
            "Sites that may show the widget",
            "允许显示聊天窗口的网站",
            "Scheme, host and port, such as https://www.example.com; https://*.example.com for all names below.",
            "协议、主机和端口,例如 https://www.example.com;https://*.example.com 表示其下所有子域名。",
        ),
    ] = field(default_factory=list)
    color: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$"), _label("Colour", "颜色", format="color")] = "#1f5eff"
    position: Annotated[Literal["right", "left"], _label("Side of the page", "页面位置")] = "right"
    greeting_en: Annotated[Text, _label("Greeting (English)", "问候语（英文）")] = "Hello, how can we help?"
    greeting_zh: Annotated[Text, _label("Greeting (Chinese)", "问候语（中文）")] = "您好，请问有什么可以帮您？"
    offline_en: Annotated[Text, _label("When nobody is online (English)", "无人在线时（英文）")] = (
        "Nobody is online now. Leave a message: it is read as soon as somebody is back."
    )
    offline_zh: Annotated[Text, _label("When nobody is online (Chinese)", "无人在线时（中文）")] = (
        "现在没有客服在线。请留言，客服上线后会马上看到。"
    )
    offered_agents: Annotated[list[UUID], _label("Agents a visitor may choose", "访客可选择的客服", **{"x-picker": "agent"})] = (
        field(default_factory=list)
    )
    offered_queues: Annotated[
        list[UUID], _label("Groups a visitor may choose", "访客可选择的客服组", **{"x-picker": "queue"})
    ] = field(default_factory=list)
    identified_only: Annotated[
        bool,
        _label(
            "Only signed-in visitors",
            "仅限已登录访客",
            "Refuse visitors without a valid identity token from your site.",
            "拒绝没有有效身份令牌的访客。",
        ),
    ] = False
    identity_secret: Annotated[
        Secret | None,
        _label(
            "Identity secret",
            "身份密钥",
            "Signs the tokens (JWT, HS256) by which your site says who its visitor is.",
            "网站用它签发访客身份令牌(JWT,HS256)。",
            writeOnly=True,
        ),
    ] = None
    identity_secret_previous: Annotated[
        Secret | None,
        _label("Previous identity secret", "上一个身份密钥", "Still accepted.", "仍然有效。", writeOnly=True),
    ] = None
    max_file_mb: Annotated[int, Meta(ge=1, le=50), _label("Largest file (MB)", "最大文件(MB)")] = 10

    def identity_secrets(self) -> tuple[str, ...]:
        """The secrets that may have signed an identity, the current one first."""
        return tuple(secret for secret in (self.identity_secret, self.identity_secret_previous) if secret)

    @property
    def max_file_bytes(self) -> int:
        """The largest file a visitor may send."""
        return self.max_file_mb * 1024 * 1024
