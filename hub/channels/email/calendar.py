"""Invitations (RFC 5546) as a card for the agent. Nothing is ever accepted by itself."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from hub.channels.email.charset import decode
from hub.channels.email.foreign import attempt
from hub.channels.email.headers import one_line
from hub.channels.email.mime import Part

_MAX_CALENDAR: Final = 256 * 1024  # bytes
_MAX_ATTENDEES: Final = 50
_TYPES: Final = {"text/calendar", "application/ics"}


def read_calendar(parts: Iterable[Part]) -> dict[str, Any] | None:
    """The first event of the first readable calendar: JSON-able, None if there is none."""
    for part in parts:
        if part.content_type in _TYPES and (card := attempt(lambda part=part: _card(part))):  # type: ignore[misc]
            return card
    return None


def _card(part: Part) -> dict[str, Any] | None:
    from icalendar import Calendar  # 60 ms to import; few mails have one

    content = part.decoded()
    if len(content) > _MAX_CALENDAR:
        return None
    calendar = Calendar.from_ical(decode(content, part.charset).text)
    event = next(iter(calendar.walk("VEVENT")), None)
    if event is None:
        return None
    method = str(calendar.get("METHOD") or part.parameters.get("method") or "PUBLISH").upper()
    start, end = event.decoded("DTSTART", None), event.decoded("DTEND", None)
    return {
        "method": one_line(method)[:20],
        "uid": _text(event, "UID", 300),
        "sequence": int(event.get("SEQUENCE", 0) or 0),
        "status": _text(event, "STATUS", 20),
        "summary": _text(event, "SUMMARY", 500),
        "location": _text(event, "LOCATION", 500),
        "description": _text(event, "DESCRIPTION", 4000, lines=True),
        "start": _when(start),
        "end": _when(end),
        "all_day": isinstance(start, date) and not isinstance(start, datetime),
        "recurs": "RRULE" in event,
        "organizer": _party(event.get("ORGANIZER")),
        "attendees": [_party(attendee) for attendee in _as_list(event.get("ATTENDEE"))[:_MAX_ATTENDEES]],
    }


def _text(event: Any, name: str, length: int, *, lines: bool = False) -> str:
    text = str(event.get(name) or "")
    return (text if lines else one_line(text))[:length]


def _when(moment: Any) -> str | None:
    """ISO 8601; a moment without a zone ("floating") stays without."""
    return moment.isoformat() if isinstance(moment, date) else None


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _party(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    parameters = getattr(value, "params", {})
    return {
        "address": one_line(str(value)).removeprefix("mailto:").removeprefix("MAILTO:").lower()[:320],
        "name": one_line(str(parameters.get("CN", "")))[:200],
        "answer": one_line(str(parameters.get("PARTSTAT", ""))).lower()[:20],
    }
