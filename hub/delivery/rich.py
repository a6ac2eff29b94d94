"""Rich text: made safe once, on its way in, with the plain text that every channel can carry."""

from dataclasses import replace

from hub.channels.email.html import clean_html, read_html
from hub.messages.content import Draft


def with_clean_html(draft: Draft) -> Draft:
    """The draft with its HTML cleaned as that of strangers is, and with text made of it where it has none."""
    if draft.html is None:
        return draft
    html, _ = clean_html(draft.html)
    text = draft.text if draft.text.strip() else plain_of(html)
    return replace(draft, text=text, html=html if text.strip() or "<img" in html else None)


def plain_of(html: str) -> str:
    """What a person reads in it."""
    return read_html(html)[0]


def as_sent(html: str) -> str:
    """Stored HTML as it goes out: pictures from elsewhere, which we show only when asked to, are our own agent's here."""
    return html.replace(' data-remote-src="', ' src="')
