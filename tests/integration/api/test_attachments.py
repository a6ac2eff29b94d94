"""Files of messages over HTTP: whole, in part, as pictures, as sound; and all of it only for those who may see the message."""

import io
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import ClientResponse
from PIL import Image

from hub.ids import new_id
from tests.fixtures.console import Client
from tests.fixtures.desk import Front
from tests.integration.media.test_renditions import needs_poppler, tone, wav


def letter(*files: tuple[bytes, str, str]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alice@example.com", "support@hub.test", "files"
    message.set_content("see the files")
    for content, kind, filename in files:
        main, sub = kind.split("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=filename)
    return message.as_bytes()


def document() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (60, 80), (0, 255, 0)).save(made, "PDF", save_all=True, append_images=[Image.new("RGB", (60, 80))])
    return made.getvalue()


class Files:
    """The files of one message, asked for by one user."""

    def __init__(self, client: Client, message: Any) -> None:
        self._client = client
        self._base = f"/messages/{message['id']}/attachments"
        self._ids = {file["filename"]: file["id"] for file in message["attachments"]}

    async def get(self, filename: str, what: str = "", **headers: str) -> ClientResponse:
        return await self._client.get(f"{self._base}/{self._ids[filename]}{what}", headers=headers)


@pytest.fixture
async def message(front: Front) -> Any:
    await front.desk.receive(
        letter(
            (document(), "application/pdf", "order.pdf"),
            (wav(tone(2)), "audio/wav", "call.wav"),
            (wav(bytes(range(256)) * 20, codec=7, bits=8), "audio/wav", "mulaw.wav"),
            (b"only words", "text/plain", "words.txt"),
        )
    )
    [stored] = await front.desk.filed(1)
    return stored


@pytest.fixture
async def files(front: Front, message: Any) -> Files:
    return Files(await front.signed_in("anna", "supervisor"), message)


@needs_poppler
@pytest.mark.covers("M-17")
async def test_pages_are_shown_and_counted(files: Files) -> None:
    answer = await files.get("order.pdf", "/preview?width=100&page=2")

    assert (answer.status, answer.content_type, answer.headers["X-Page-Count"]) == (200, "image/jpeg", "2")
    assert Image.open(io.BytesIO(await answer.read())).width == 160
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("what", ["/preview", "/waveform", "/audio"])
async def test_of_what_cannot_be_shown_the_client_is_told_so(files: Files, what: str) -> None:
    answer = await files.get("words.txt", what)

    assert (answer.status, (await answer.json())["code"]) == (404, "no_preview")


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?width=1000000", "?width=-1", "?height=5"])
async def test_nonsense_is_refused_before_anything_is_made(files: Files, query: str) -> None:
    assert (await files.get("order.pdf", "/preview" + query)).status in (400, 422)


@pytest.mark.covers("M-17")
async def test_a_recording_has_its_waveform_and_is_played_in_part(files: Files) -> None:
    waveform = await (await files.get("call.wav", "/waveform")).json()
    assert waveform["seconds"] == 2
    assert 100 <= len(waveform["peaks"]) <= 200
    assert max(waveform["peaks"]) <= 255

    whole = await (await files.get("call.wav")).read()
    part = await files.get("call.wav", "/audio", Range="bytes=1000-1999")

    assert (part.status, part.content_type) == (206, "audio/wav")
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    assert await part.read() == whole[1000:2000]


async def test_sound_that_no_browser_plays_is_offered_as_one_it_plays(files: Files) -> None:
    answer = await files.get("mulaw.wav", "/audio")
    sound = await answer.read()

    assert (answer.status, answer.content_type, sound[20:22]) == (200, "audio/wav", b"\x01\x00")
    assert len(sound) == 44 + 2 * 256 * 20


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-3", 206, 0, 4),
        ("bytes=4-", 206, 4, 10),
        ("bytes=-2", 206, 8, 10),
        ("bytes=2-999", 206, 2, 10),
        ("bytes=0-1,3-4", 200, 0, 10),
        ("lines=1-2", 200, 0, 10),
        ("bytes=10-", 416, 0, 0),
    ],
)
async def test_a_file_is_given_in_part(files: Files, asked: str, status: int, start: int, end: int) -> None:
    answer = await files.get("words.txt", Range=asked)

    assert (answer.status, await answer.read()) == (status, b"only words"[start:end])
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers.get("Content-Range", "") == {
        206: f"bytes {start}-{end - 1}/10", 416: "bytes */10"
    }.get(status, "")  # fmt: skip
    assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_part_of_something_else_than_before_is_all_of_it(files: Files) -> None:
    tag = (await files.get("words.txt")).headers["ETag"]

    same = await files.get("words.txt", Range="bytes=0-3", **{"If-Range": tag})
    other = await files.get("words.txt", Range="bytes=0-3", **{"If-Range": '"another"'})

    assert (await same.read(), await other.read()) == (b"only", b"only words")


@pytest.mark.covers("M-17")
async def test_who_may_not_see_the_message_sees_nothing_made_of_its_files(front: Front, message: Any, files: Files) -> None:
    assert (await files.get("call.wav", "/waveform")).status == 200
    async with front.hub.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET queue_id = $1", new_id())
    stranger = Files(await front.signed_in("bert", "agent"), message)

    for filename, what in (("call.wav", ""), ("call.wav", "/waveform"), ("call.wav", "/audio"), ("order.pdf", "/preview")):
        answer = await stranger.get(filename, what)
        assert (answer.status, (await answer.json())["code"]) == (404, "no_such_message"), what


async def test_a_file_whose_bytes_are_gone_is_missing_and_no_half_an_answer(front: Front, message: Any, files: Files) -> None:
    [gone] = [file["sha256"] for file in message["attachments"] if file["filename"] == "words.txt"]
    await front.hub.media.delete(gone)

    assert (await files.get("words.txt")).status == 404


async def test_a_signed_address_gives_a_file_in_part_too(front: Front, files: Files) -> None:
    whole = await (await files.get("call.wav")).read()
    url = (await (await files.get("call.wav", "/url")).json())["url"]

    answer = await front.client()(
        "GET", front.files + url.removeprefix(front.hub.settings.files_url), headers={"Range": "bytes=-4"}
    )

    assert (answer.status, await answer.read()) == (206, whole[-4:])
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
