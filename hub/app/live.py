"""The live side: what realtime is given."""

from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from aiohttp import web

from hub import clock
from hub.api.clients import client_ip, is_foreign
from hub.api.identify import SocketCallers
from hub.api.signed import sign_path
from hub.app.build import Parts
from hub.conversations.ratings import Ratings
from hub.delivery.transcripts import Transcripts
from hub.ids import AccountId
from hub.intake.forgetting import Forgetting
from hub.realtime import Realtime
from hub.realtime.ports import Afterwards, Choice, Opening
from hub.routing.hours import next_opening
from hub.visitors.values import Site

_KEPT = 1.0  # seconds: all who wait on a site ask again and again


class _Choices:
    """Who answers the visitors of a site."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: dict[AccountId, tuple[float, Site, tuple[Sequence[Choice], bool]]] = {}

    async def of_site(self, site: Site) -> tuple[Sequence[Choice], bool]:
        """Whom a visitor may ask for, and whether anybody at all is there now (as of a second ago)."""
        until, then, known = self._known.get(site.account_id, (0.0, None, None))
        if known is not None and then == site and until > monotonic():
            return known
        found = await self._find(site)
        self._known[site.account_id] = (monotonic() + _KEPT, site, found)
        return found

    async def _find(self, site: Site) -> tuple[Sequence[Choice], bool]:
        queue = await self._parts.sites.queue_of(site.account_id)
        offered, online = await self._parts.hub.routing.offered_by(site.settings, queue)
        return [Choice(kind=one.kind, id=one.id, name=one.name, online=one.online) for one in offered], online


class _Openings:
    """When the queue of a conversation, or else of its site, is open."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def of_site(self, site: Site, queue_id: UUID | None) -> Opening:
        """Open now, or when again; a queue without hours is always open."""
        queue = queue_id or await self._parts.sites.queue_of(site.account_id)
        calendar = await self._parts.hub.routing.hours(queue)
        if calendar is None:
            return Opening()
        now = clock.now()
        opens_at = next_opening(calendar, now)
        return Opening(open=opens_at == now, opens_at=None if opens_at == now else opens_at)


def realtime(parts: Parts) -> Realtime:
    """The socket endpoint of this process."""
    hub = parts.hub
    settings = hub.settings

    def file_url(what: dict[str, Any]) -> str:
        signed = {name: what[name] for name in ("sha256", "filename", "content_type")}
        return settings.files_url + sign_path(hub.keys, "attachment", signed)

    def ip_of(request: web.Request) -> str:
        return client_ip(request, settings)

    def origin_allowed(origin: str, request: web.Request) -> bool:
        return not is_foreign(request, settings)

    return Realtime(
        db=hub.db,
        tailer=parts.tailer,
        bus=hub.bus,
        callers=SocketCallers(hub),
        presence=hub.routing.presence,
        choices=_Choices(parts),
        openings=_Openings(parts),
        afterwards=Afterwards(
            rate=Ratings(hub.db).rate,
            send_transcript=Transcripts(hub.db, hub.delivery).send,
            forget=Forgetting(hub.db).forget,
        ),
        sites=parts.sites,
        visitors=hub.visitors,
        uploads=hub.uploads,
        sink_for=hub.intake.sink_for,
        counts=hub.counts,
        file_url=file_url,
        ip_of=ip_of,
        origin_allowed=origin_allowed,
    )
