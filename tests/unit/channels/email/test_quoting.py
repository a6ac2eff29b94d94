"""What somebody wrote, without what his program quoted."""

from pathlib import Path

import pytest

from hub.channels.email.html import read_html
from hub.channels.email.quoting import MAX_LINES, reply_text

CASES = sorted((Path(__file__).parents[3] / "data/mail/quoting").glob("*.txt"))
SPLIT = "\n==== without quotes ====\n"


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_quoted_text_is_folded_away_for_every_mail_program(case: Path) -> None:
    text, _, expected = case.read_bytes().decode().partition(SPLIT)
    assert reply_text(text) == expected.strip("\n")


def test_there_are_enough_cases_to_mean_something() -> None:
    assert len(CASES) >= 60


def test_what_has_no_quote_is_returned_as_it_is() -> None:
    text = "您好\n\n> 10 台以上有折扣吗".replace("> ", "")
    assert reply_text(text) == text


def test_only_so_many_lines_are_looked_at() -> None:
    assert len(reply_text("a\n" * (MAX_LINES * 2)).split("\n")) == MAX_LINES


@pytest.mark.parametrize(
    ("html", "own"),
    [
        (
            '<div>Yes</div><div class="gmail_quote"><div class="gmail_attr">On x wrote:</div><blockquote>old</blockquote></div>',
            "Yes",
        ),
        ('<p>Yes</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: x</div><div>old</div>', "Yes"),
        ('<div>Yes</div><blockquote type="cite">old</blockquote>', "Yes"),
        ('<div>好的</div><div id="isReplyContent">At 2026 you wrote: old</div>', "好的"),
        ('<div>好的</div><div class="ntes-mailmaster-quote">old</div>', "好的"),
        ("<div>好的</div><includetail>old</includetail>", "好的"),
        ('<p>Yes</p><div class="moz-cite-prefix">On x, y wrote:</div><blockquote type="cite">old</blockquote>', "Yes"),
        ('<div>Yes</div><div class="yahoo_quoted">old</div>', "Yes"),
    ],
)
def test_what_mail_programs_mark_as_quoted_in_html_is_left_out(html: str, own: str) -> None:
    whole, without = read_html(html)
    assert "old" in whole
    assert without.strip() == own


def test_what_gmail_forwards_is_no_quote() -> None:
    html = '<div>See</div><div class="gmail_quote"><div>---------- Forwarded message ---------</div>news</div>'
    assert "news" in read_html(html)[1]
