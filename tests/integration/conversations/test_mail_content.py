"""The source, the files and the HTML of a mail: exact, and harmless."""

import re
from email.message import EmailMessage
from uuid import uuid4

import pytest

from tests.fixtures.console import Client
from tests.fixtures.desk import Front, mail
from tests.integration.conversations.conftest import Json, ok

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
HTML = """<html><head><style>p{color:red}</style><script>alert(1)</script></head><body onload="alert(2)">
<p>Hello <b>你好</b></p><img src="cid:pic%40one"><img src="cid:absent@x"><img src="https://tracker.example/p.gif?id=1" width="1">
<a href="javascript:alert(3)">x</a><a href="https://example.com/?a=1&amp;b=2">y</a>
<form action="https://evil.example"><input name="password"></form><iframe src="https://evil.example"></iframe>
<img src="data:image/svg+xml;base64,PHN2Zz4=" onerror="alert(4)"></body></html>"""


def rich() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alice@example.com", "support@hub.test", "Rich"
    message.set_content("Hello plain")
    message.add_alternative(HTML, subtype="html")
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<pic@one>", filename="pic.png")  # type: ignore[union-attr,index]
    message.add_attachment(b"<script>alert(5)</script>", maintype="text", subtype="html", filename="../../etc/pass\twd.html")
    message.add_attachment(b"%PDF-1.4 x", maintype="image", subtype="png", filename='报价"; x="y.pdf')
    return message.as_bytes()


async def received(front: Front, client: Client, raw: bytes) -> Json:
    await front.desk.receive(raw, mail_from="alice@example.com")
    rows = await front.desk.filed(1)
    message: Json = await ok(await client.get(f"/messages/{rows[-1]['id']}"))
    return message


@pytest.mark.parametrize(
    "raw",
    [
        mail(text="x"),
        b"From: a@example.com\nSubject: bare LF\n\nline\rwith CR\n",
        b"From: a@example.com\r\n\r\n" + bytes(range(1, 256)),
        mail(text="y" * 200_000),
        b"\x00\xff",
        b"",
    ],
    ids=["plain", "bare ends", "all bytes", "large", "no mail", "empty"],
)
async def test_the_source_is_given_byte_for_byte_as_a_download(front: Front, anna: Client, raw: bytes) -> None:
    message = await received(front, anna, raw)

    answer = await anna.get(f"/messages/{message['id']}/raw")

    assert await answer.read() == raw
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    journal = await anna.get(f"/journal/{message['journal_id']}/raw")
    assert await journal.read() == raw


async def test_what_we_wrote_has_no_source(front: Front, anna: Client) -> None:
    message = await received(front, anna, mail())
    note = await ok(await anna.post(f"/conversations/{message['conversation_id']}/messages", {"kind": "note", "text": "x"}), 201)
    for path in ("raw", "html", f"attachments/{uuid4()}", f"attachments/{uuid4()}/url"):
        assert (await anna.get(f"/messages/{note['id']}/{path}")).status == 404


async def test_files_are_downloads_under_safe_names_and_pictures_are_shown_from_the_files_origin(
    front: Front, anna: Client
) -> None:
    message = await received(front, anna, rich())
    files = {file["filename"]: file for file in message["attachments"]}

    picture = files["pic.png"]
    assert (picture["inline"], picture["content_id"], picture["content_type"]) == (True, "pic@one", "image/png")
    assert all("/" not in name and "\t" not in name for name in files)
    for file in message["attachments"]:
        answer = await anna.get(f"/messages/{message['id']}/attachments/{file['id']}")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert len(await answer.read()) == file["size"]
        url = (await ok(await anna.get(f"/messages/{message['id']}/attachments/{file['id']}/url")))["url"]
        shown = await front.shown(url)
        assert shown.status == 200
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        inline = shown.headers["Content-Disposition"].startswith("inline")
        assert inline == (file["content_type"] == "image/png")
        assert not inline or (await shown.read()) == PNG
        assert shown.content_type != "text/html"


@pytest.mark.covers("M-26")
async def test_the_html_of_a_mail_is_a_page_that_can_do_nothing(front: Front, anna: Client) -> None:
    message = await received(front, anna, rich())
    assert (message["has_html"], message["text"]) == (True, "Hello plain")

    page = await front.shown((await ok(await anna.get(f"/messages/{message['id']}/html")))["url"])
    body, policy = await page.text(), page.headers["Content-Security-Policy"]

    assert page.content_type == "text/html"
    assert "你好" in body
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "https:" not in policy
    for evil in ("<script", "alert(", "onload", "onerror", "<form", "<iframe", "<input", "javascript:", "svg+xml"):
        assert evil not in body
    assert re.findall(r'<img[^>]* src="http', body) == []
    (inline,) = re.findall(r'src="(/files/[^"]+)"', body)
    assert await (await front.client()("GET", front.files + inline)).read() == PNG


async def test_pictures_from_elsewhere_are_loaded_when_asked_for(front: Front, anna: Client) -> None:
    message = await received(front, anna, rich())

    page = await front.shown((await ok(await anna.get(f"/messages/{message['id']}/html", params={"remote": "1"})))["url"])

    assert 'src="https://tracker.example/p.gif?id=1"' in (await page.text()).replace("&amp;", "&")
    assert "img-src 'self' data: https: http:" in page.headers["Content-Security-Policy"]
    assert (await anna.get(f"/messages/{message['id']}/html", params={"remote": "yes"})).status == 422
