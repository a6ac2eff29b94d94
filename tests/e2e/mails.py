"""Customers who write mails to the demo's desk."""

import io
import math
import smtplib
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from uuid import uuid4

from PIL import Image

from tests.e2e.desks import Desk

SUPPORT = "support@camellia.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a mail."""

    name: str
    content_type: str
    content: bytes


class Customer:
    """Somebody with an address of their own; all their mails are one conversation."""

    def __init__(self, desk: Desk, name: str = "Ines Vogt") -> None:
        self.desk, self.name = desk, name
        self.address = f"{name.split()[0].lower()}.{uuid4().hex[:6]}@example.com"
        self._ids: list[str] = []

    def writes(self, text: str, *, subject: str = "A question", files: Sequence[File] = ()) -> Any:
        """Send a mail; returns the message once it is filed."""
        mail = EmailMessage()
        mail["From"], mail["To"] = f"{self.name} <{self.address}>", SUPPORT
        mail["Subject"] = f"Re: {subject}" if self._ids else subject
        mail["Message-ID"] = make_msgid(domain="example.com")
        if self._ids:
            mail["In-Reply-To"], mail["References"] = self._ids[-1], " ".join(self._ids)
        self._ids.append(mail["Message-ID"])
        mail.set_content(text)
        for file in files:
            main, _, sub = file.content_type.partition("/")
            mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
        with smtplib.SMTP("127.0.0.1", self.desk.smtp_port, timeout=20) as smtp:
            smtp.send_message(mail)
        return self.desk.message(text.splitlines()[0], channel="email")


def picture(colour: str = "teal") -> bytes:
    """A PNG."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(out, "PNG")
    return out.getvalue()


def pages(count: int) -> bytes:
    """A PDF of so many pages."""
    out = io.BytesIO()
    sheets = [Image.new("RGB", (300, 420), (255, 255 - 20 * n, 255)) for n in range(count)]
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:])
    return out.getvalue()


def sound(seconds: int) -> bytes:
    """A WAV that swells."""
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        samples = (int(24000 * math.sin(n / 3) * n / (8000 * seconds)) for n in range(8000 * seconds))
        writer.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return out.getvalue()
