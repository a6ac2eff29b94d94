"""What a person who started the hub reads: where to look."""

import sys

from hub.devkit.example import ADMINISTRATOR, DESK, LONG_NUMBER, SHORT_CODE
from hub.settings import Settings


def say_where(settings: Settings, demo_password: str | None) -> None:
    """Print the addresses, on standard output (the log goes to standard error)."""
    lines = [("Console 控制台", settings.public_url + "/")]
    if demo_password is not None:
        lines += [
            ("  sign in 登录", f"{ADMINISTRATOR} / {demo_password}"),
            ("Demo shop 演示网站", settings.public_url + "/demo"),
            ("Customer's mailbox 客户邮箱", settings.public_url + "/demo/mailbox"),
            ("Customer's phone 客户手机", settings.public_url + "/demo/phone"),
            ("Mail to the desk 来信地址", f"{DESK} (SMTP {settings.smtp_host}:{settings.smtp_port})"),
            ("SMS to the desk 来信号码", f"{LONG_NUMBER} (Twilio), {SHORT_CODE} (SMPP)"),
        ]
    width = max(_columns(name) for name, _ in lines) + 2
    sys.stdout.write("\nSwitchboard is running. 已启动。\n\n")
    sys.stdout.writelines(f"  {name}{' ' * (width - _columns(name))}{where}\n" for name, where in lines)
    sys.stdout.write("\n")
    sys.stdout.flush()


def _columns(text: str) -> int:
    """Terminal columns: Chinese characters take two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
