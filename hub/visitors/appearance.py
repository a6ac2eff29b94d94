"""What a page with the widget learns of its site before anybody is let in: how it looks, what it asks, in which words. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.channels.webchat.settings import SiteSettings
from hub.visitors.values import Site

_PHONE = "@media (max-width:480px),(max-height:480px)"
# Where the panel fills the screen it has no place of its own; the loader's rule says so too, but this comes after it.
_FULL = f"{_PHONE}{{div{{inset:0 auto auto 0;height:100vh;height:100dvh}}}}"


def appearance(site: Site) -> dict[str, Any]:
    """The public settings of a site. Nothing in it is secret: everybody who can see the page can read it."""
    settings = site.settings
    return {
        "name": settings.name or site.name,
        "color": settings.color,
        "on_color": text_on(settings.color),
        "launcher": launcher_css(settings),
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
        "asks": asks(settings),
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


def asks(settings: SiteSettings) -> bool:
    """Whether visitors are asked who they are before they begin."""
    return {settings.ask_name, settings.ask_email, settings.ask_phone} != {"off"}


def text_on(color: str) -> str:
    """The text colour that reads better on `#rrggbb`: black or white, never below 4.58 to 1 (WCAG 2.2, «contrast ratio»)."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def launcher_css(settings: SiteSettings) -> str:
    """How the button and the panel beside it lie on the host's page, as the loader adds it to its own style."""
    bottom, side = settings.offset_bottom, settings.offset_side
    place = {"left": f"right:auto;left:{side}px", "right": f"left:auto;right:{side}px"}
    lift = f"calc({bottom}px + env(safe-area-inset-bottom))"
    over = f"calc({bottom + 68}px + env(safe-area-inset-bottom))"
    rules = [
        f"button{{background:{settings.color};color:{text_on(settings.color)}}}",
        f"button,div,p{{{place[settings.position]}}}",
        f"button{{bottom:{lift}}}div,p{{bottom:{over}}}div{{height:min(640px,100vh - {bottom + 88}px)}}",
    ]
    match settings.position_phone:
        case "hidden":
            rules.append(f"{_PHONE}{{button{{display:none}}}}")
        case "left" | "right" as side_of_phones:
            rules.append(f"{_PHONE}{{button,p{{{place[side_of_phones]}}}}}")
        case _:
            pass
    rules.append(_FULL)
    return "".join(rules)


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
