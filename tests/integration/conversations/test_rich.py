"""Rich answers: mail carries both forms, other channels the text, and nothing an agent pastes runs anywhere."""

import pytest

from tests.fixtures.console import Client
from tests.fixtures.desk import Front
from tests.fixtures.next_hop import NextHop
from tests.integration.conversations.conftest import Talks, chat, ok, refused
from tests.integration.conversations.test_replies import say, taken

HTML = '<p>Dear <b>Alice</b>,</p><ul><li>one</li><li>two</li></ul><p><a href="https://x.example/">here</a></p>'


@pytest.mark.covers("E-01", "M-26")
async def test_a_rich_mail_leaves_as_both_html_and_the_text_made_of_it(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")

    said = await say(anna, id, html=HTML + '<img src="https://x.example/a.png"><script>alert(1)</script>')

    (mailed,) = await taken(next_hop)
    assert mailed.message.get_content_type() == "multipart/alternative"
    plain, rich = (part.get_payload(decode=True).decode() for part in mailed.message.get_payload())
    assert "Dear Alice," in plain
    assert "one" in plain
    assert "<b>Alice</b>" in rich
    assert '<img src="https://x.example/a.png">' in rich
    assert "script" not in rich
    assert (said["has_html"], "Dear Alice," in said["text"]) == (True, True)
    shown = await front.shown((await ok(await anna.get(f"/messages/{said['id']}/html")))["url"])
    assert "<b>Alice</b>" in await shown.text()
    assert "sandbox" in shown.headers["Content-Security-Policy"]


@pytest.mark.covers("M-26")
async def test_text_given_beside_html_is_kept_as_it_is(anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com")
    said = await say(anna, id, html="<p>Hello <i>you</i></p>", text="Hello *you*")
    assert said["text"] == "Hello *you*"
    await refused(await anna.post(f"/conversations/{id}/messages", {"html": "<p> </p>"}), 422, "refused")


async def test_what_is_forwarded_stands_below_in_both_forms(anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com")
    (asked,) = (await ok(await anna.get(f"/conversations/{id}/messages")))["items"]
    await say(anna, id, html="<p><b>See</b> below</p>", forward_of=asked["id"], to=[{"address": "boss@example.com"}])
    (mailed,) = await taken(next_hop)
    for part in mailed.message.get_payload():
        text = part.get_payload(decode=True).decode()
        assert text.index("below") < text.index("Forwarded message") < text.index("alice@example.com")


@pytest.mark.covers("W-01")
async def test_a_channel_without_html_gets_the_text(front: Front, anna: Client) -> None:
    asked = await chat(front, anna, "hello?")
    said = await say(anna, str(asked["conversation_id"]), html=HTML)
    assert (said["has_html"], said["extra"]["losses"]) == (False, ["html"])
    assert "Dear Alice," in said["text"]
    assert "<" not in said["text"]
