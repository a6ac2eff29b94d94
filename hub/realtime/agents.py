"""What agents' pages say over their socket."""

from typing import Any
from uuid import UUID

from aiohttp import web

from hub.auth.callers import Caller
from hub.bus import Bus
from hub.channels.webchat.protocol import decode
from hub.conversations import queries
from hub.conversations.sight import may_see
from hub.db import Database
from hub.errors import HubError, NotFound, Unauthorised
from hub.realtime.agent_links import AgentLink, AgentLinks, place_of, say_goodbye
from hub.realtime.answers import Answer
from hub.realtime.engine import Socket
from hub.realtime.events import AgentHello, AgentTyping, Nothing, SetPresence, Viewing
from hub.realtime.frames import AGENT
from hub.realtime.notices import talk_notice
from hub.realtime.ports import Callers, Presence


class Agents:
    """The handlers of `/agent`."""

    def __init__(self, db: Database, bus: Bus, links: AgentLinks, callers: Callers, presence: Presence) -> None:
        self._db, self._bus, self._links, self._callers, self._presence = db, bus, links, callers, presence

    async def connect(self, sid: str, socket: Socket, request: web.Request, auth: Any) -> None:
        """Let the caller in, from where they left off. Who may not come in is told so and cut."""
        try:
            hello = decode(AgentHello, auth or {})
            caller = await self._caller(request, hello.token)
            resumes = hello.cursor is not None and _is_cursor(hello.cursor)
            link = AgentLink(socket, sid, caller, hello.cursor if resumes else self._links.now())  # type: ignore[arg-type]
            await self._links.add(link, resumed=resumes, lost=hello.cursor is not None and not resumes)
            if caller.user_id is not None:
                await self._presence.connected(caller.user_id, link.link)
                if self._links.get(sid) is not link:  # cut meanwhile, and nobody else would say so any more
                    await self._presence.disconnected(link.link)
        except HubError as error:
            await say_goodbye(socket, AGENT, error)

    async def _caller(self, request: web.Request, token: str | None) -> Caller:
        while True:  # a revocation that falls between reading and registering must not be missed
            changes = self._links.changes
            caller = await self._callers.from_request(request, token)
            if changes == self._links.changes:
                break
        if not caller.signed_in:
            raise Unauthorised("nobody is signed in")
        return caller

    async def disconnect(self, sid: str) -> None:
        """A page was closed or lost."""
        link = self._links.remove(sid)
        if link is None or link.caller.user_id is None:
            return
        if link.viewing is not None:
            await self._tell(link, link.viewing, "viewing", viewing=False)
        await self._presence.disconnected(link.link)

    async def presence(self, link: AgentLink, said: SetPresence) -> Answer | None:
        """How the agent wants to be seen."""
        await self._presence.choose(link.caller.person, said.state)
        return None

    async def typing(self, link: AgentLink, said: AgentTyping) -> Answer | None:
        """Show the visitor, and colleagues who look on, that the agent types."""
        if not await self._tell(link, said.conversation_id, "typing", typing=said.typing):
            raise NotFound("there is no such conversation")
        return None

    async def viewing(self, link: AgentLink, said: Viewing) -> Answer | None:
        """Show colleagues who has the conversation open."""
        before, link.viewing = link.viewing, said.conversation_id
        if before is not None and before != said.conversation_id:
            await self._tell(link, before, "viewing", viewing=False)
        if said.conversation_id is not None and not await self._tell(link, said.conversation_id, "viewing", viewing=True):
            link.viewing = None
            raise NotFound("there is no such conversation")
        return None

    async def ping_cursor(self, link: AgentLink, _: Nothing) -> Answer | None:
        """The cursor this connection was told last, so that a page can see whether it is up to date."""
        return {"cursor": link.prev}

    async def _tell(self, link: AgentLink, conversation_id: UUID, topic: str, **what: bool) -> bool:
        audience = await queries.audience(self._db, conversation_id)
        if audience is None or not may_see(link.caller, audience):
            return False
        self._bus.publish(topic, talk_notice(audience, user_id=link.caller.user_id, name=link.caller.name, **what))
        return True


def _is_cursor(text: str) -> bool:
    try:
        place_of(text)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True
