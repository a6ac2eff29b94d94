"""HTML of strangers is safe to show, and readable as text."""

import re

import pytest

from hub.channels.email.html import clean_html, read_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>1</script>">x</a>',
    '<a href="vbscript:x">x</a>',
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=p></form>",
    "<style>@import 'https://evil.example/x.css';</style>",
    '<link rel=stylesheet href="https://evil.example/x.css">',
    '<meta http-equiv=refresh content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    '<object data="https://evil.example"></object><embed src="https://evil.example">',
    '<video src="https://evil.example/v" poster="https://evil.example/p"></video><audio src="//evil.example"></audio>',
    '<div style="background:url(https://evil.example/b)">x</div>',
    '<div style="background-color:URL(https://evil.example/b)">x</div>',
    '<div style="color:red;width:expression(alert(1))">x</div>',
    '<table background="https://evil.example/b"><tr><td background="https://evil.example/c">x</td></tr></table>',
    '<img srcset="https://evil.example/s 2x" src="https://evil.example/i">',
    '<img src="//evil.example/i">',
    '<img src="/\\evil.example/i">',
    '<image src="https://evil.example/i">',
    '<img alt=\'<img src="https://evil.example/q">\' src="https://evil.example/r">',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<picture><source srcset=https://evil.example/s><img src=https://evil.example/i></picture>",
    "<input type=image src=https://evil.example/i>",
    "<body background=https://evil.example/b>",
]
LOADS = re.compile(r'\s(?:src|srcset|background|poster|action|data|style)\s*=\s*"[^"]*(?:https?:)?//', re.IGNORECASE)
RUNS = re.compile(
    r"<(?:script|svg|iframe|form|style|link|meta|base|object|embed|input)|\son\w+\s*=|javascript:|vbscript:", re.IGNORECASE
)


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_runs_and_nothing_loads_by_itself(html: str) -> None:
    cleaned, _ = clean_html(f"<p>before</p>{html}<p>after</p>")
    assert "before" in cleaned
    tags = " ".join(re.findall(r'<[a-z][^\s>]*(?:\s+[a-z-]+="[^"]*")*\s*>', cleaned))
    assert not LOADS.search(tags), cleaned
    assert not RUNS.search(tags), cleaned


def test_remote_pictures_are_counted_and_keep_their_address_for_later() -> None:
    cleaned, remote = clean_html('<img src="https://a.example/1.png" alt="x"><img src="cid:2"><img src="HTTP://a.example/3">')
    assert remote == 2
    assert 'data-remote-src="https://a.example/1.png"' in cleaned
    assert 'src="cid:2"' in cleaned


def test_links_keep_only_the_schemes_of_people() -> None:
    cleaned, _ = clean_html(
        '<a href="https://a.example/?a=1&b=2">1</a><a href="mailto:a@b.c">2</a><a href="tel:+861">3</a><a href="ftp://x">4</a>'
    )
    assert re.findall('href="([^"]*)"', cleaned) == ["https://a.example/?a=1&amp;b=2", "mailto:a@b.c", "tel:+861"]
    assert cleaned.count('rel="noopener noreferrer nofollow"') == 4


def test_the_looks_of_a_mail_survive() -> None:
    cleaned, _ = clean_html('<font color="red">a</font><td bgcolor="#eee">b</td><p style="color:red;position:fixed">c</p>')
    assert '<font color="red">a</font>' in cleaned
    assert 'style="color:red"' in cleaned


def test_html_is_read_as_a_person_sees_it() -> None:
    text, _ = read_html(
        "<style>p{}</style><title>t</title><p>one &amp; 二</p><p>two<br>three</p><ul><li>a<li>b</ul><script>x</script>"
    )
    assert text.split() == ["one", "&", "二", "two", "three", "*", "a", "*", "b"]


@pytest.mark.parametrize("html", ["", "   ", "<!-- x -->", "<![CDATA[", '<?xml version="1.0" encoding="gbk"?>', "\0"])
def test_html_that_says_nothing_is_no_text(html: str) -> None:
    assert read_html(html)[0].strip() == ""


def test_endless_nesting_is_shown_as_text() -> None:
    cleaned, _ = clean_html("<div>" * 20_000 + "words")
    assert cleaned.startswith("<pre>")
    assert read_html("<div>" * 20_000 + "words")[0].strip() == "words"
