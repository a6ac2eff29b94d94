"""What realtime needs of others; the composition root gives it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from aiohttp import web

from hub.auth.callers import Caller
from hub.channels.contract import Sink
from hub.ids import AccountId, ConversationId, VisitorId
from hub.messages.content import StoredFile
from hub.visitors.values import Site


class Callers(Protocol):
    """Who is behind a connection."""

    async def from_request(self, request: web.Request, token: str | None) -> Caller:
        """The user of the session cookie, or the caller of `token`. Raises `Unauthorised`."""
        ...

    async def again(self, caller: Caller) -> Caller:
        """The same caller as they stand now; raises `Unauthorised` when it is over."""
        ...


class Presence(Protocol):
    """Who is there to be given work."""

    async def connected(self, user_id: UUID, link: UUID) -> None:
        """A page of this agent is open; `link` names the connection."""
        ...

    async def disconnected(self, link: UUID) -> None:
        """It is closed, or was cut."""
        ...

    async def choose(self, user_id: UUID, state: str) -> None:
        """The agent said how they want to be seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Somebody a visitor may ask for. `kind`: "agent" or "queue"."""

    kind: str
    id: UUID
    name: str
    online: bool


class Choices(Protocol):
    """Who answers the visitors of a site."""

    async def of_site(self, site: Site) -> tuple[Sequence[Choice], bool]:
        """Whom a visitor may ask for, and whether anybody at all is there now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Whether somebody works now, and when somebody will again (None: nobody knows)."""

    open: bool = True
    opens_at: datetime | None = None


class Openings(Protocol):
    """When visitors are answered."""

    async def of_site(self, site: Site, queue_id: UUID | None) -> Opening:
        """For a conversation in this queue; None: where the site's conversations wait."""
        ...


class Rate(Protocol):
    """Keep what a visitor thinks of a conversation; raises a `HubError` where it is not his, or not over."""

    async def __call__(self, id: UUID, *, by: VisitorId, stars: int, comment: str = "") -> object: ...


class SendTranscript(Protocol):
    """Queue a mail with what was said in a conversation; raises a `HubError` where that cannot be."""

    async def __call__(self, id: ConversationId, *, to: str, site: str, locale: str) -> None: ...


Forget = Callable[[VisitorId], Awaitable[None]]
"""Erase what a visitor said and who he was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """What a visitor can do with a conversation beside talking."""

    rate: Rate
    send_transcript: SendTranscript
    forget: Forget


class Uploads(Protocol):
    """Files given before the message that carries them."""

    async def take(self, ids: Sequence[UUID], *, owner: str) -> Sequence[StoredFile]:
        """The files of this owner in the order of `ids`; raises a `HubError` where one is not there or not theirs."""
        ...


SinkFor = Callable[[AccountId], Sink]
FileUrl = Callable[[dict[str, Any]], str]
"""The signed address, on the files origin, of an attachment as it stands in a message (`id`, `sha256`, `filename`,
`content_type`).
"""
IpOf = Callable[[web.Request], str]
"""The address a request came from, past trusted proxies."""
OriginAllowed = Callable[[str, web.Request], bool]
"""Whether a browser's `Origin` header is one of the hub's own origins."""
