"""What can be set for a site."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, field

from hub.channels.contract import Settings


def _label(group: str, title: str, title_zh: str, description: str = "", description_zh: str = "", **extra: Any) -> Meta:
    extra |= {"x-group": group, "x-title-zh": title_zh}
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
LongText = Annotated[str, Meta(max_length=2000)]

Ask = Literal["off", "optional", "required"]
"""Whether a form asks for something."""

InvitationLine = Annotated[str, Meta(pattern=r"^\s*\d{1,5}\s*\|[^|]*\|\s*[^|\s][^|]*(\|[^|]*)?$", max_length=700)]
"""`seconds | part of the address | text | Chinese text`; see `hub.visitors.appearance`."""

TextLine = Annotated[str, Meta(pattern=r"^\s*[A-Za-z]+\s*=\s*\S.*$", max_length=600)]
"""`name = text`: one text of the widget in the site's own words."""

_Offset = Annotated[int, Meta(ge=0, le=400)]


class SiteSettings(Settings):
    """One web site with the widget; in the order of its form, by the headings of `x-group`."""

    name: Annotated[str, Meta(max_length=100), _label("site", "Name shown to visitors", "显示给访客的名称")] = ""
    allowed_origins: Annotated[
        list[Origin],
        _label(
            "site",
            "Sites that may show the widget",
            "允许显示聊天窗口的网站",
            "Scheme, host and port, such as https://www.example.com; https://*.example.com for all names below.",
            "协议、主机和端口，例如 https://www.example.com；https://*.example.com 表示其下所有子域名。",
        ),
    ] = field(default_factory=list)
    color: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$"), _label("appearance", "Colour", "颜色", format="color")] = "#1f5eff"
    position: Annotated[Literal["right", "left"], _label("appearance", "Side of the page", "页面位置")] = "right"
    theme: Annotated[Literal["auto", "light", "dark"], _label("appearance", "Light or dark", "浅色或深色")] = "auto"
    position_phone: Annotated[
        Literal["same", "left", "right", "hidden"], _label("appearance", "Side of the page on phones", "手机上的页面位置")
    ] = "same"
    offset_side: Annotated[_Offset, _label("appearance", "Distance from the side (px)", "与侧边的距离（像素）")] = 20
    offset_bottom: Annotated[
        _Offset,
        _label(
            "appearance",
            "Distance from the bottom (px)",
            "与底边的距离（像素）",
            "More where the page has buttons of its own in that corner.",
            "如果页面在该角落有其他按钮，请加大距离。",
        ),
    ] = 20
    greeting_en: Annotated[Text, _label("words", "Greeting (English)", "问候语（英文）")] = "Hello, how can we help?"
    greeting_zh: Annotated[Text, _label("words", "Greeting (Chinese)", "问候语（中文）")] = "您好，请问有什么可以帮您？"
    offline_en: Annotated[Text, _label("words", "When nobody is online (English)", "无人在线时（英文）", format="textarea")] = (
        "Nobody is online now. Leave a message: it is read as soon as somebody is back."
    )
    offline_zh: Annotated[Text, _label("words", "When nobody is online (Chinese)", "无人在线时（中文）", format="textarea")] = (
        "现在没有客服在线。请留言，客服上线后会马上看到。"
    )
    texts_en: Annotated[
        list[TextLine],
        Meta(max_length=100),
        _label("words", "Own words (English)", "自定义文字（英文）", "As name = text.", "格式：名称 = 文字。"),
    ] = field(default_factory=list)
    texts_zh: Annotated[
        list[TextLine],
        Meta(max_length=100),
        _label("words", "Own words (Chinese)", "自定义文字（中文）", "As name = text.", "格式：名称 = 文字。"),
    ] = field(default_factory=list)
    ask_name: Annotated[Ask, _label("forms", "Before the first message: name", "首条消息前：称呼")] = "off"
    ask_email: Annotated[Ask, _label("forms", "Before the first message: e-mail", "首条消息前：邮箱")] = "off"
    ask_phone: Annotated[Ask, _label("forms", "Before the first message: phone", "首条消息前：电话")] = "off"
    offline_contact: Annotated[
        Ask,
        _label(
            "forms",
            "When nobody is there: e-mail or phone",
            "无人在线时：邮箱或电话",
            "Asked for so that the message can be answered later.",
            "用于之后回复留言。",
        ),
    ] = "optional"
    consent_en: Annotated[
        LongText,
        _label(
            "forms",
            "Consent (English)",
            "同意声明（英文）",
            "Shown first if set: nothing is sent or stored before the visitor agrees.",
            "填写后会首先显示：访客同意之前不发送也不保存任何内容。",
            **{"x-multiline": True},
        ),
    ] = ""
    consent_zh: Annotated[LongText, _label("forms", "Consent (Chinese)", "同意声明（中文）", **{"x-multiline": True})] = ""
    invitations: Annotated[
        list[InvitationLine],
        Meta(max_length=20),
        _label(
            "invitations",
            "Invitations",
            "主动邀请",
            "As seconds | part of the address | text | Chinese text. Shown once a visit, to who has not talked yet.",
            "格式：秒数 | 网址片段 | 英文 | 中文。每次访问最多显示一次，仅对尚未聊天的访客显示。",
        ),
    ] = field(default_factory=list)
    offered_agents: Annotated[
        list[UUID], _label("choice", "Agents a visitor may choose", "访客可选择的客服", **{"x-picker": "agent"})
    ] = field(default_factory=list)
    offered_queues: Annotated[
        list[UUID], _label("choice", "Groups a visitor may choose", "访客可选择的客服组", **{"x-picker": "queue"})
    ] = field(default_factory=list)
    sound: Annotated[
        bool, _label("service", "Sound for new messages", "新消息提示音", "A visitor can switch it off.", "访客可以关闭。")
    ] = True
    rating: Annotated[bool, _label("service", "Ask for a rating at the end", "结束后邀请评价")] = True
    transcript: Annotated[
        bool,
        _label(
            "service", "Send transcripts", "发送聊天记录", "By e-mail, when a visitor asks for it.", "访客要求时通过邮件发送。"
        ),
    ] = True
    forgetting: Annotated[
        bool,
        _label(
            "service",
            "Visitors may delete their chat",
            "访客可以删除聊天",
            "What they wrote, their files, name and addresses go; that it was deleted stays.",
            "删除访客所写内容、文件、姓名和联系方式；只保留已删除的记录。",
        ),
    ] = True
    max_file_mb: Annotated[int, Meta(ge=1, le=50), _label("service", "Largest file (MB)", "最大文件（MB）")] = 10
    identified_only: Annotated[
        bool,
        _label(
            "identity",
            "Only signed-in visitors",
            "仅限已登录访客",
            "Refuse visitors without a valid identity token from your site.",
            "拒绝没有有效身份令牌的访客。",
        ),
    ] = False
    identity_secret: Annotated[
        Secret | None,
        _label(
            "identity",
            "Identity secret",
            "身份密钥",
            "Signs the tokens (JWT, HS256) by which your site says who its visitor is.",
            "网站用它签发访客身份令牌（JWT，HS256）。",
            writeOnly=True,
        ),
    ] = None
    identity_secret_previous: Annotated[
        Secret | None,
        _label("identity", "Previous identity secret", "上一个身份密钥", "Still accepted.", "仍然有效。", writeOnly=True),
    ] = None

    def identity_secrets(self) -> tuple[str, ...]:
        """The secrets that may have signed an identity, the current one first."""
        return tuple(secret for secret in (self.identity_secret, self.identity_secret_previous) if secret)

    @property
    def max_file_bytes(self) -> int:
        """The largest file a visitor may send."""
        return self.max_file_mb * 1024 * 1024
