"""What an administrator sets for one mailbox. Flat, so that a form can show it; imports no mail library."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from hub.channels.contract import Settings
from hub.messages.address import BadAddress, normal_email

Security = Literal["tls", "starttls", "none"]


def _field(
    group: str, en: str, zh: str, *, about: str = "", about_zh: str = "", secret: bool = False, lines: bool = False
) -> Meta:
    schema: dict[str, Any] = {"x-group": group, "x-title-zh": zh}
    if about_zh:
        schema["x-description-zh"] = about_zh
    if secret:
        schema["writeOnly"] = True
    if lines:
        schema["format"] = "textarea"
    return Meta(title=en, description=about or None, extra_json_schema=schema)


def _port(group: str, en: str, zh: str) -> Meta:
    return Meta(title=en, ge=1, le=65535, extra_json_schema={"x-group": group, "x-title-zh": zh})


class MailSettings(Settings, kw_only=True, forbid_unknown_fields=True):
    """One mailbox.

    All defaults together are a valid account: it takes every recipient by SMTP and LMTP and sends nothing until
    `smtp_host` is set.
    """

    address: Annotated[
        str,
        _field(
            "mailbox",
            "Address",
            "邮箱地址",
            about="The address customers write to and answers come from.",
            about_zh="客户写信的地址，也是回信的发件地址。",
        ),
    ] = ""
    display_name: Annotated[str, _field("mailbox", "Name of the sender", "发件人名称")] = ""
    signature_text: Annotated[str, _field("mailbox", "Signature (plain text)", "签名（纯文本）", lines=True)] = ""
    signature_html: Annotated[str, _field("mailbox", "Signature (HTML)", "签名（HTML）", lines=True)] = ""
    reply_tokens: Annotated[
        bool,
        _field(
            "mailbox",
            "Answers go to an address of their own",
            "每封邮件使用专属回复地址",
            about="Needs a mail server that delivers name+anything@domain to this mailbox.",
            about_zh="邮件服务器须能把 name+任意内容@域名 投递到此邮箱。",
        ),
    ] = True

    inbound: Annotated[Literal["smtp", "imap", "both"], _field("receiving", "Mail comes by", "收信方式")] = "smtp"
    addresses: Annotated[
        tuple[str, ...],
        _field(
            "receiving",
            "Further addresses and domains",
            "其他收件地址和域名",
            about="Mail for these comes here too: an address, or a domain for all of its. None at all: all mail that no other mailbox takes.",
            about_zh="发往这些地址的邮件也归此邮箱：完整地址，或代表整个域的域名。一个都不填：接收其他邮箱不收的全部邮件。",
        ),
    ] = ()

    imap_host: Annotated[str, _field("imap", "IMAP server", "IMAP 服务器")] = ""
    imap_port: Annotated[int, _port("imap", "IMAP port", "IMAP 端口")] = 993
    imap_security: Annotated[Security, _field("imap", "IMAP encryption", "IMAP 加密")] = "tls"
    imap_user: Annotated[str, _field("imap", "IMAP user", "IMAP 用户名")] = ""
    imap_password: Annotated[str, _field("imap", "IMAP password", "IMAP 密码", secret=True)] = ""
    imap_mailboxes: Annotated[tuple[str, ...], _field("imap", "Folders to read", "读取的文件夹")] = ("INBOX",)

    smtp_host: Annotated[str, _field("smtp", "SMTP server", "SMTP 服务器")] = ""
    smtp_port: Annotated[int, _port("smtp", "SMTP port", "SMTP 端口")] = 587
    smtp_security: Annotated[Security, _field("smtp", "SMTP encryption", "SMTP 加密")] = "starttls"
    smtp_user: Annotated[str, _field("smtp", "SMTP user", "SMTP 用户名")] = ""
    smtp_password: Annotated[str, _field("smtp", "SMTP password", "SMTP 密码", secret=True)] = ""
    max_connections: Annotated[
        int,
        Meta(
            title="SMTP connections at once",
            ge=1,
            le=20,
            extra_json_schema={"x-group": "smtp", "x-title-zh": "SMTP 最大连接数"},
        ),
    ] = 2

    oauth_client_id: Annotated[str, _field("oauth", "OAuth client id", "OAuth 客户端 ID")] = ""
    oauth_client_secret: Annotated[str, _field("oauth", "OAuth client secret", "OAuth 客户端密钥", secret=True)] = ""
    oauth_refresh_token: Annotated[str, _field("oauth", "OAuth refresh token", "OAuth 刷新令牌", secret=True)] = ""
    oauth_token_url: Annotated[
        str,
        _field(
            "oauth",
            "OAuth token address",
            "OAuth 令牌地址",
            about="If set, IMAP and SMTP sign in with OAuth2 (XOAUTH2) instead of passwords.",
            about_zh="填写后，IMAP 和 SMTP 用 OAuth2（XOAUTH2）而不用密码登录。",
        ),
    ] = ""

    dkim_domain: Annotated[str, _field("dkim", "DKIM domain", "DKIM 域名")] = ""
    dkim_selector: Annotated[str, _field("dkim", "DKIM selector", "DKIM 选择器")] = ""
    dkim_private_key: Annotated[
        str,
        _field(
            "dkim",
            "DKIM private key (PEM)",
            "DKIM 私钥（PEM）",
            about="RSA or Ed25519. Without it mails are not signed here.",
            about_zh="RSA 或 Ed25519。不填则不在此处签名。",
            secret=True,
            lines=True,
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` (which msgspec reports with the field's path) for settings that can never work."""
        try:
            self.address = normal_email(self.address) if self.address.strip() else ""
        except BadAddress as error:
            raise ValueError(f"address: {error.detail}") from error
        self.addresses = tuple(entry.strip().lower().removeprefix("@") for entry in self.addresses if entry.strip())
        for problem in self._problems():
            raise ValueError(problem)

    def _problems(self) -> list[str]:
        wanted = {
            "IMAP needs a server": self.reads_imap and not self.imap_host,
            "IMAP needs a user": self.reads_imap and not self.imap_user,
            "sending needs an address": bool(self.smtp_host) and not self.address,
            "OAuth needs a client id and a refresh token": self.uses_oauth
            and not (self.oauth_client_id and self.oauth_refresh_token),
            "DKIM needs a domain, a selector and a key": any(self._dkim) and not all(self._dkim),
        }
        return [problem for problem, present in wanted.items() if present]

    @property
    def _dkim(self) -> tuple[str, str, str]:
        return self.dkim_domain, self.dkim_selector, self.dkim_private_key

    @property
    def reads_imap(self) -> bool:
        """Mail is fetched by IMAP."""
        return self.inbound in ("imap", "both")

    @property
    def takes_smtp(self) -> bool:
        """Mail is taken by SMTP and LMTP."""
        return self.inbound in ("smtp", "both")

    @property
    def sends(self) -> bool:
        """A server to send through is set."""
        return bool(self.smtp_host)

    @property
    def uses_oauth(self) -> bool:
        """Sign in with XOAUTH2."""
        return bool(self.oauth_token_url)

    @property
    def signs(self) -> bool:
        """Mails get a DKIM signature here."""
        return all(self._dkim)

    @property
    def takes_everything(self) -> bool:
        """No further address and no domain is set: whatever no other mailbox takes is ours."""
        return not self.addresses

    def takes(self, recipient: str) -> bool:
        """Whether mail for `recipient` is for this mailbox: its address, with or without `+detail`, or a domain."""
        local, _, domain = recipient.strip().lower().rpartition("@")
        names = {f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}", domain}
        return self.takes_everything or self.address in names or not names.isdisjoint(self.addresses)
