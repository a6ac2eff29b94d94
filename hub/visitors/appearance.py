"""What a page with the widget learns of its site before anybody is let in: how it looks, what it asks, in which words. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.channels.webchat.settings import SiteSettings
from hub.visitors.values import Site


def appearance(site: Site) -> dict[str, Any]:
    """The public settings of a site. Nothing in it is secret: everybody who can see the page can read it."""
    settings = site.settings
    return {
        "name": settings.name or site.name,
        "color": settings.color,
        "theme": settings.theme,
        "position": settings.position,
        "position_phone": settings.position_phone,
        "offset_side": settings.offset_side,
        "offset_bottom": settings.offset_bottom,
        "greeting_en": settings.greeting_en,
        "greeting_zh": settings.greeting_zh,
        "offline_en": settings.offline_en,
        "offline_zh": settings.offline_zh,
        "consent_en": settings.consent_en,
        "consent_zh": settings.consent_zh,
        "ask": {"name": settings.ask_name, "email": settings.ask_email, "phone": settings.ask_phone},
        "offline_contact": settings.offline_contact,
        "invitations": [invitation(line) for line in settings.invitations],
        "sound": settings.sound,
        "rating": settings.rating,
        "transcript": settings.transcript,
        "forgetting": settings.forgetting,
        "max_file_bytes": settings.max_file_bytes,
        "texts_en": texts(settings.texts_en),
        "texts_zh": texts(settings.texts_zh),
    }


def has_consent_text(settings: SiteSettings) -> bool:
    """Whether visitors are asked before anything of them is sent or stored."""
    return bool(settings.consent_en or settings.consent_zh)


def invitation(line: str) -> dict[str, Any]:
    """`30 | /prices | Any questions? | 有疑问吗？`: after 30 seconds on a page with `/prices` in its address.

    An empty part matches every address; without a Chinese text the other one is shown to all.
    """
    seconds, part, text, *more = (piece.strip() for piece in line.split("|"))
    return {"after_seconds": int(seconds), "url_contains": part, "text_en": text, "text_zh": (more or [""])[0] or text}


def texts(lines: Iterable[str]) -> Mapping[str, str]:
    """`name = text` lines as a mapping; what is said last counts."""
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): text.strip() for name, _, text in pairs}
