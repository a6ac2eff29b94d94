"""The files of an MMS: fetched from Twilio, through the gate, within bounds."""

import asyncio
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from hub.channels.sms.twilio.client import basic
from hub.channels.sms.twilio.protocol import Media
from hub.channels.sms.twilio.settings import TwilioSettings
from hub.egress import Fetched, Refused, Unreachable, fetch
from hub.errors import TooLarge, Unavailable
from hub.messages.content import IncomingFile

MISSING: Final = "files_missing"
"""The notice of a message that came without some of its files."""

_REDIRECTS: Final = 3  # to the store where the bytes lie


class MediaLate(Unavailable):
    """Twilio has the files and did not give them in time: they can be asked for again."""

    code = "media_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of the files of one message."""

    files: tuple[IncomingFile, ...] = ()
    notices: tuple[str, ...] = ()


async def take(
    media: Sequence[Media], settings: TwilioSettings, session: aiohttp.ClientSession, *, seconds: float, patient: bool
) -> Taken:
    """All files, at once, within `seconds` together.

    What Twilio will never give (gone, too large, an address that may not be asked) is left out, with a notice. What it did not give in
    time raises `MediaLate` while we are `patient`, else it is left out as well.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_one(one, settings, session, seconds)) for one in media]
    got = [task.result() for task in tasks]
    if patient and any(isinstance(one, MediaLate) for one in got):
        raise MediaLate("the files of a message are not here yet")
    files = tuple(one for one in got if isinstance(one, IncomingFile))
    return Taken(files=files, notices=() if len(files) == len(media) else (MISSING,))


async def _one(
    media: Media, settings: TwilioSettings, session: aiohttp.ClientSession, seconds: float
) -> IncomingFile | MediaLate | None:
    try:
        async with asyncio.timeout(seconds):
            fetched = await _follow(media.url, settings, session, seconds)
    except (Unreachable, TimeoutError):
        return MediaLate()
    except (Refused, TooLarge):
        return None
    if fetched.status >= 500 or fetched.status == 429:
        return MediaLate()
    if fetched.status != 200:
        return None
    content_type = media.content_type or fetched.content_type
    name = f"{media.sid or 'file'}{mimetypes.guess_extension(content_type) or ''}"
    return IncomingFile(filename=name, content_type=content_type, content=fetched.body)


async def _follow(url: str, settings: TwilioSettings, session: aiohttp.ClientSession, seconds: float) -> Fetched:
    limit = settings.max_media_mb * 2**20
    for _ in range(_REDIRECTS):
        headers = basic(settings.sign_ins[0] if _is_twilios(url, settings) else None)
        fetched = await fetch(session, url, limit=limit, timeout=seconds, headers=headers)
        if fetched.status not in (301, 302, 303, 307, 308) or not fetched.location:
            return fetched
        url = urljoin(url, fetched.location)
    raise Refused("the file is sent round in a circle")


def _is_twilios(url: str, settings: TwilioSettings) -> bool:
    """Whether the account's sign-in may be shown there: never to a store Twilio only points at."""
    parts, base = urlsplit(url), urlsplit(settings.base_url)
    return (parts.scheme, parts.netloc) == (base.scheme, base.netloc) or (parts.scheme, parts.netloc) == (
        "https",
        "api.twilio.com",
    )
