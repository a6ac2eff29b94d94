"""What visitors' pages say over their socket."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from hub import clock
from hub.auth.errors import ForeignOrigin
from hub.bus import Bus
from hub.channels.contract import Accepted, Duplicate
from hub.channels.webchat import protocol
from hub.channels.webchat.origins import origin_allowed
from hub.channels.webchat.protocol import decode
from hub.db import Audience
from hub.errors import Forbidden, HubError, Invalid, RateLimited, Unavailable
from hub.ids import AccountId
from hub.messages.address import normal_email
from hub.messages.states import DeliveryState
from hub.ops.ratelimit import Rate, RateLimit
from hub.realtime.agent_links import AgentLinks, say_goodbye
from hub.realtime.answers import Answer
from hub.realtime.engine import Socket
from hub.realtime.frames import VISITOR
from hub.realtime.notices import talk_notice
from hub.realtime.ports import Afterwards, Choice, Choices, IpOf, Openings, SinkFor, Uploads
from hub.realtime.visitor_links import VisitorLink, VisitorLinks
from hub.realtime.visitor_view import Talk, VisitorView
from hub.visitors import introduction
from hub.visitors.appearance import appearance
from hub.visitors.errors import UnknownSite
from hub.visitors.service import Visitors as VisitorService
from hub.visitors.values import Site, Sites, upload_owner

MOST_PAGES = 5  # open at once for one visitor


class TooManyPages(RateLimited):
    """The visitor has the chat open too often."""

    code = "too_many_pages"


class Forgotten(Unavailable):
    """The visitor had the chat deleted in another window: this one begins anew."""

    code = "forgotten"


# Transcripts: what a visitor may have sent, and what one address may get from all of them.
_limit_of_visitor = RateLimit(Rate(per_second=3 / 3600, burst=3))
_limit_of_address = RateLimit(Rate(per_second=5 / 86_400, burst=5))


class Visitors:
    """The handlers of `/visitor`."""

    def __init__(
        self,
        *,
        links: VisitorLinks,
        agents: AgentLinks,
        view: VisitorView,
        visitors: VisitorService,
        sites: Sites,
        choices: Choices,
        openings: Openings,
        afterwards: Afterwards,
        uploads: Uploads,
        sink_for: SinkFor,
        bus: Bus,
        ip_of: IpOf,
    ) -> None:
        self._links, self._agents, self._view, self._visitors = links, agents, view, visitors
        self._sites, self._choices, self._uploads = sites, choices, uploads
        self._openings, self._afterwards = openings, afterwards
        self._sink_for, self._bus, self._ip_of = sink_for, bus, ip_of

    async def connect(self, sid: str, socket: Socket, request: web.Request, auth: Any) -> None:
        """Let a visitor in and send what was said before. Who may not come in is told so and cut."""
        try:
            await self._welcome(sid, socket, request, decode(protocol.Hello, auth))
        except HubError as error:
            self._links.remove(sid)
            await say_goodbye(socket, VISITOR, error)

    async def _welcome(self, sid: str, socket: Socket, request: web.Request, hello: protocol.Hello) -> None:
        site = await self._open_site(AccountId(hello.site), hello.origin)
        admitted = await self._visitors.admit(site, token=hello.token, identity=hello.identity, locale=hello.locale)
        visitor = admitted.visitor
        if len(self._links.of_visitor(visitor.id)) >= MOST_PAGES:
            raise TooManyPages(f"the chat is open in {MOST_PAGES} windows already")
        link = VisitorLink(socket, sid, visitor, site, hello, self._agents.now())
        link.ip, link.browser = self._ip_of(request), request.headers.get("User-Agent", "")[:300]
        self._links.add(link)
        past = await self._view.history(visitor.id)
        choice, online = await self._choices.of_site(site)
        talk = await self._view.talk(visitor.id)
        greeting = {
            "visitor_id": visitor.id,
            **({"token": admitted.token} if admitted.token else {}),
            "resync": hello.cursor is not None and past.has_more,
            "site": _shown(site, choice, online, hello.locale),
            "standing": await self._standing(site, talk, online),
            "contact": {"name": visitor.name, "email": visitor.email, "phone": visitor.phone},
        }
        link.begin(past, talk, greeting)
        if hello.page.url:
            await self._look_at(link, hello.page)

    async def _open_site(self, account_id: AccountId, origin: str) -> Site:
        site = await self._sites.site(account_id)
        if site is None:
            raise UnknownSite("there is no such site")
        if not origin_allowed(origin, site.settings.allowed_origins):
            raise ForeignOrigin("this site does not show the chat on that page")
        return site

    async def disconnect(self, sid: str) -> None:
        """A page was closed or lost."""
        self._links.remove(sid)

    async def site_changed(self, account_id: UUID) -> None:
        """Close the pages of a site that was switched off, or that may not show it any more."""
        for link in self._links.of_site(account_id):
            try:
                link.site = await self._open_site(AccountId(account_id), link.hello.origin)
            except HubError as error:
                self._links.remove(link.sid)
                await say_goodbye(link.socket, VISITOR, error)

    async def send(self, link: VisitorLink, said: protocol.Send) -> Answer | None:
        """Store the visitor's message; the answer goes out only when it is durable."""
        said = _offered(said, link.site)
        contact = protocol.given_contact(said)
        if link.talk is None or link.talk.state == "closed":
            await self._require_introduction(link, contact)
        link.visitor = await self._visitors.introduce(link.visitor, **contact)
        visitor = link.visitor
        extra: dict[str, Any] = {"identified": visitor.identified}
        extra |= {name: value for name, value in (("email", visitor.email), ("phone", visitor.phone)) if value}
        handover = protocol.handover(
            visitor.id,
            said,
            name=visitor.name,
            files=await self._uploads.take(said.files, owner=upload_owner(link.visitor.id)),
            at=clock.now(),
            extra=extra,
        )
        result = await self._sink_for(AccountId(link.site.account_id)).accept(handover)
        stored = await self._stored(result)
        if stored is None:
            raise Unavailable("stored, not filed yet: ask again")
        return {"message": stored}

    async def _require_introduction(self, link: VisitorLink, given: Mapping[str, str]) -> None:
        """What the panel asks before a conversation begins, for whoever passes it by."""
        known = link.visitor
        _, online = await self._choices.of_site(link.site)
        introduction.require(
            link.site.settings,
            name=given.get("name") or known.name,
            email=given.get("email") or known.email,
            phone=given.get("phone") or known.phone,
            online=online,
        )

    async def _stored(self, result: Accepted | Duplicate) -> dict[str, Any] | None:
        if isinstance(result, Accepted) and result.message is not None:
            return self._view.shown(result.message)
        return await self._view.message(result.message_ids[0]) if result.message_ids else None

    async def typing(self, link: VisitorLink, said: protocol.Typing) -> Answer | None:
        """Show whoever answers that the visitor types."""
        talk = link.talk
        if talk is not None:
            audience = Audience(
                conversation_id=talk.id,
                queue_id=talk.queue_id,
                assignee_id=talk.assignee_id,
                visitor_id=link.visitor.id,
            )
            self._bus.publish("typing", talk_notice(audience, user_id=None, name=link.visitor.name, typing=said.typing))
        return None

    async def read(self, link: VisitorLink, said: protocol.Read) -> Answer | None:
        """The visitor read everything up to a number."""
        numbers = sorted(n for n in link.unread if n <= said.n)
        await self._report(link, DeliveryState.READ, [link.unread[n] for n in numbers])
        for n in numbers:
            link.unread.pop(n, None)
        return None

    async def seen(self, link: VisitorLink, said: protocol.Seen) -> Answer | None:
        """Messages reached the visitor's page. Only those that were sent to it count."""
        sent = set(link.unread.values())
        await self._report(link, DeliveryState.DELIVERED, [id for id in said.message_ids if id in sent])
        return None

    async def _report(self, link: VisitorLink, state: DeliveryState, messages: Sequence[UUID]) -> None:
        if messages:
            handover = protocol.report(link.visitor.id, state, messages, clock.now())
            await self._sink_for(AccountId(link.site.account_id)).accept(handover)

    async def history(self, link: VisitorLink, said: protocol.History) -> Answer | None:
        """Older messages."""
        past = await self._view.history(link.visitor.id, before=said.before)
        return {"messages": past.messages, "has_more": past.has_more}

    async def page(self, link: VisitorLink, said: protocol.Page) -> Answer | None:
        """The visitor looks at another page."""
        await self._look_at(link, said)
        return None

    async def standing(self, link: VisitorLink, said: protocol.Standing) -> Answer | None:
        """Who answers, or when somebody will."""
        _, online = await self._choices.of_site(link.site)
        return await self._standing(link.site, await self._view.talk(link.visitor.id), online)

    async def _standing(self, site: Site, talk: Talk | None, online: bool) -> dict[str, Any]:
        opening = await self._openings.of_site(site, talk.queue_id if talk else None)
        waits = talk is not None and talk.state == "open" and talk.assignee_id is None
        return {
            "online": online,
            "open": opening.open,
            "opens_at": opening.opens_at,
            "place": await self._view.place(talk.id) if talk is not None and waits else None,
            "agent": talk.agent if talk is not None and talk.state == "open" else None,
            "read_n": await self._view.read_by_us(talk.id) if talk is not None else 0,
        }

    async def rate(self, link: VisitorLink, said: protocol.Rate) -> Answer | None:
        """The visitor says what he thought of it."""
        if not link.site.settings.rating:
            raise Forbidden("this site asks for no ratings")
        await self._afterwards.rate(said.conversation_id, by=link.visitor.id, stars=said.stars, comment=said.comment)
        return None

    async def transcript(self, link: VisitorLink, said: protocol.Transcript) -> Answer | None:
        """Send what was said to the visitor's own address."""
        if not link.site.settings.transcript:
            raise Forbidden("this site sends no transcripts")
        typed = normal_email(said.email) if said.email else ""
        link.visitor = visitor = await self._visitors.introduce(link.visitor, email=typed)
        address = visitor.email or typed  # what his site signed comes first
        if not address:
            raise Invalid("no e-mail address was given", path="email")
        talk = await self._view.talk_of_visitor(said.conversation_id, link.visitor.id)
        _limit_of_visitor.require(str(link.visitor.id))
        _limit_of_address.require(address)
        site = link.site.settings.name or link.site.name
        await self._afterwards.send_transcript(talk, to=address, site=site, locale=link.hello.locale)
        return {"email": address}

    async def forget(self, link: VisitorLink, said: protocol.Forget) -> Answer | None:
        """Erase everything of the visitor. All his pages begin anew as somebody else's."""
        if not link.site.settings.forgetting:
            raise Forbidden("this site does not delete chats at a visitor's word")
        await self._afterwards.forget(link.visitor.id)
        for page in self._links.of_visitor(link.visitor.id):
            self._links.remove(page.sid)
            if page is not link:
                await say_goodbye(page.socket, VISITOR, Forgotten("this chat was deleted"))
        return None

    async def _look_at(self, link: VisitorLink, page: protocol.Page) -> None:
        await self._visitors.look_at(link.visitor.id, url=page.url, title=page.title, agent=link.browser, ip=link.ip)


def _offered(said: protocol.Send, site: Site) -> protocol.Send:
    """Without a wish for somebody the site does not offer."""
    offered = {"agent": site.settings.offered_agents, "queue": site.settings.offered_queues}
    if said.wish is None or said.wish.id in offered[said.wish.kind]:
        return said
    return msgspec.structs.replace(said, wish=None)


def _shown(site: Site, choice: Sequence[Choice], online: bool, locale: str) -> dict[str, Any]:
    settings = site.settings
    return {
        **appearance(site),
        "offline_text": settings.offline_zh if locale.lower().startswith("zh") else settings.offline_en,
        "choice": [{"kind": one.kind, "id": one.id, "name": one.name, "online": one.online} for one in choice],
        "online": online,
    }
