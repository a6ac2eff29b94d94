"""Hostile strings in every field: stored and shown as they are, or refused; never half, never as a command, never a 500."""

import json
from io import BytesIO
from urllib.parse import quote
from uuid import uuid4

from hub.db.keyset import write_cursor
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, mail
from tests.fixtures.next_hop import NextHop
from tests.integration.conversations.conftest import Talks, ok, refused

EVIL = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&",
    "sql": "'; DROP TABLE message; -- $1 ?1 %s {x}",
    "controls": "a\x01\x1b[31m\x7fb",
    "direction": "abc\u202egnp.exe\u2066",
    "emoji": "👩‍👩‍👧‍👦 𠜎 ǅ ﬃ",
    "newlines": "a\r\nBcc: x@example.net\r\n\r\nb\u2028c",
    "path": "../../../etc/passwd",
    "formula": "=cmd|' /C calc'!A0",
    "template": "{{7*7}}${7*7}<%= 7*7 %>",
}


async def test_what_agents_type_comes_back_and_breaks_nothing(anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com")
    for text in EVIL.values():
        await _comes_back(anna, id, text)


async def _comes_back(anna: Client, id: str, text: str) -> None:
    note = await ok(await anna.post(f"/conversations/{id}/messages", {"kind": "note", "text": text}), 201)
    assert (await ok(await anna.get(f"/messages/{note['id']}")))["text"] == text
    said = await ok(await anna.post(f"/conversations/{id}/messages", {"text": text, "subject": text}), 201)
    assert said["text"] == text
    renamed = await ok(await anna.patch(f"/conversations/{id}", {"subject": text}))
    assert renamed["subject"]
    assert "\n" not in renamed["subject"]
    for path, query in (
        ("/search", {"q": text}), ("/conversations", {"cursor": text}), ("/messages", {"cursor": text}), ("/search", {"q": "a", "cursor": text}),
        ("/conversations", {"view": text}), ("/events", {"after": text}), ("/journal", {"state": text}), ("/suppressions", {"cursor": text}),
    ):  # fmt: skip
        assert (await anna.get(path, params=query)).status < 500, path
    assert len((await ok(await anna.get(f"/conversations/{id}/messages")))["items"]) >= 3


async def test_what_others_write_is_text(anna: Client, talks: Talks) -> None:
    for place, text in enumerate(EVIL.values()):
        one_line = "".join(c for c in text if c.isprintable())
        (id,) = await talks.began(f"a{place}@example.com", text=text, subject=one_line)
        await _is_text(anna, id)


async def _is_text(anna: Client, id: str) -> None:
    item = (await ok(await anna.get(f"/conversations/{id}/messages")))["items"][0]
    answer = await anna.get(f"/conversations/{id}")
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "\u202e" not in item["subject"]
    assert item["text"]


BAD_JSON = [
    b'{"kind": "note", "text": "\\ud800"}',
    b'{"kind": "note", "text": "\\u0000"}',
    b'{"kind": "note", "text": "\xff\xfe"}',
    b'{"kind": "note", "text": "\xed\xa0\x80"}',
    b'{"kind": "note", "text": 1e999}',
    b'{"kind": "note"',
    b"[" * 100_000,
    b'{"kind": "note", "text": "x", "client_key": "not-a-uuid"}',
    b'{"kind": "note", "text": "x", "attachment_ids": [' + b'"x",' * 60 + b'"x"]}',
    b"",
    b"null",
]


async def test_a_body_no_database_could_hold_is_the_clients_mistake(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    for body in BAD_JSON:
        await _is_refused(anna, id, body)


async def _is_refused(anna: Client, id: str, body: bytes) -> None:
    answer = await anna("POST", f"/api/v1/conversations/{id}/messages", data=body, headers={"Content-Type": "application/json"})
    assert answer.status in (400, 422), (body[:60], await answer.text())
    assert answer.content_type == "application/problem+json"


async def test_a_body_without_end_is_too_large(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    body = json.dumps({"kind": "note", "text": "x" * 1_100_000}).encode()
    answer = await anna(
        "POST", f"/api/v1/conversations/{id}/messages", data=BytesIO(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status == 413


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\Windows\\system32\\x.dll": "x.dll",
    "a\r\nSet-Cookie: x=1.png": "a Set-Cookie: x=1.png",
    "a\u202egnp.exe": "agnp.exe",
    "..": "file",
    "": "file",
    "x" * 5000 + ".pdf": None,
    "%00%ff.txt": None,
}


async def test_a_file_name_is_a_name_and_nothing_else(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    for name, kept in NAMES.items():
        await _is_kept(anna, id, name, kept)


async def _is_kept(anna: Client, id: str, name: str, kept: str | None) -> None:
    header = name if name.startswith("%") else quote(name)
    made = await ok(await anna("POST", "/api/v1/uploads", data=b"hello", headers={"X-Filename": header}), 201)
    assert kept in (None, made["filename"])
    assert 0 < len(made["filename"]) <= 200
    assert not set(made["filename"]) & set("/\\\r\n\0\u202e")
    note = {"kind": "note", "text": "x", "attachment_ids": [made["id"]]}
    said = await ok(await anna.post(f"/conversations/{id}/messages", note), 201)
    answer = await anna.get(f"/messages/{said['id']}/attachments/{said['attachments'][0]['id']}")
    assert (answer.status, await answer.read()) == (200, b"hello")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")


async def test_a_subject_of_100_kilobytes_is_cut_and_the_mail_is_whole(front: Front, anna: Client) -> None:
    raw = b"From: a@example.com\r\nSubject: " + b"long " * 20_000 + b"\r\n\r\nbody\r\n"
    await front.desk.receive(raw, mail_from="a@example.com")
    (message,) = await front.desk.filed(1)
    view = await ok(await anna.get(f"/conversations/{message['conversation_id']}"))
    assert len(view["subject"]) <= 500
    assert await (await anna.get(f"/messages/{message['id']}/raw")).read() == raw


async def test_an_id_that_is_none_names_nothing(anna: Client) -> None:
    for id in ("x", "%00", "..%2f..%2fetc", "é", str(uuid4()) + "0", "%ed%a0%80", "1" * 4000):
        for path in (f"/conversations/{id}", f"/messages/{id}", f"/messages/{id}/raw", f"/journal/{id}/raw"):
            assert (await anna.get(path)).status in (400, 404), path


async def test_a_display_name_never_says_who_it_is(front: Front, anna: Client) -> None:
    await front.desk.receive(mail(sender="alice@example.com"))
    await front.desk.filed(1)
    await front.desk.receive(mail(sender='"alice@example.com" <mallory@example.net>', subject="x"))
    first, second = await front.desk.filed(2)
    customers = [(await ok(await anna.get(f"/conversations/{m['conversation_id']}")))["customer"]["id"] for m in (first, second)]
    assert customers[0] != customers[1]


LATE, EARLY, NOWHERE = "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2090-01-01T00:00:00"


async def test_times_that_are_none_and_times_of_nowhere_are_refused_wherever_they_stand(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    ticket = await ok(await anna.post("/tickets", {"title": "Lamp"}), 201)
    for at in (LATE, EARLY, NOWHERE):
        then = {"state": "snoozed", "snoozed_until": at}
        for answer in (
            await anna.patch(f"/tickets/{ticket['id']}", {"version": 1, "due_at": at}),
            await anna.patch(f"/conversations/{id}", then),
            await anna.post("/conversations/bulk", {"action": {"kind": "snooze", "until": at}, "ids": [id]}),
            await anna.post(f"/conversations/{id}/messages", {"text": "x", "then": then}),
            await anna.get("/audit", params={"since": at}),
        ):
            await refused(answer, 422, "invalid")
    for at in (LATE, EARLY):
        await refused(await anna.get("/conversations", params={"cursor": write_cursor((at, 1))}), 422, "bad_cursor")
    await refused(await anna.get("/users", params={"cursor": write_cursor("a\0")}), 422, "bad_cursor")


async def test_hours_of_no_year_are_refused_in_every_time_zone(anna: Client) -> None:
    for zone, day in (("America/New_York", "0001-01-01"), ("Asia/Shanghai", "9999-12-31")):
        hours = {"name": zone, "timezone": zone, "week": [[{"from": "09:00", "to": "17:00"}]] * 7, "holidays": []}
        calendar = await ok(await anna.post("/calendars", hours), 201)
        queue = await ok(await anna.post("/queues", {"name": zone, "calendar_id": calendar["id"]}), 201)
        asked = {"since": f"{day}T00:00:00Z", "until": f"{day}T23:00:00Z"}
        await refused(await anna.get(f"/queues/{queue['id']}/open-spans", params=asked), 422, "invalid")
