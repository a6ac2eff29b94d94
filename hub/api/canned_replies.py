"""Texts to answer with."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.api.endpoint import Request, Router
from hub.auth.callers import Caller
from hub.auth.errors import NeedsUser
from hub.auth.rights import Right
from hub.automation import policy
from hub.automation.canned import CannedReply, CannedText
from hub.automation.errors import NoSuchCannedReply, NotYours, ShortcutTaken
from hub.automation.policy import Scope
from hub.errors import Invalid, NotFound, Stale
from hub.ids import TeamId

api = Router(tag="canned-replies")

Shortcut = Annotated[str, Meta(max_length=64)]
Title = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=20_000)]
Html = Annotated[str, Meta(max_length=100_000)]
Language = Literal["", "zh-CN", "en"]


class CannedReplyView(msgspec.Struct, kw_only=True):
    """A text, called up by `/shortcut` in the composer. `may_change`: by who asks. `locale` is empty for every language."""

    id: UUID
    shortcut: str
    title: str
    text: str
    html: str | None
    locale: str
    scope: Scope
    team_id: TeamId | None
    may_change: bool
    version: int


class CannedReplyCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new one. `{{customer.name}}`, `{{agent.name}}` and their like are filled in when it is used."""

    shortcut: Shortcut
    title: Title
    text: Text
    html: Html | None = None
    locale: Language = ""
    scope: Scope = "mine"
    team_id: TeamId | None = None


class CannedReplyPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; a new `scope` brings its `team_id`."""

    version: int
    shortcut: Shortcut | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    html: Html | UnsetType | None = UNSET
    locale: Language | UnsetType = UNSET
    scope: Scope | UnsetType = UNSET
    team_id: TeamId | UnsetType | None = UNSET


@api.get("/canned-replies", needs=Right.CONVERSATIONS_REPLY)
async def list_(request: Request) -> list[CannedReplyView]:
    """All one may use, by shortcut: one's own, those of one's teams, and everybody's."""
    return [_view(one, request.caller) for one in await request.hub.canned.listed(request.caller)]


@api.post(
    "/canned-replies",
    needs=Right.CONVERSATIONS_REPLY,
    status=201,
    raises=(ShortcutTaken, NotYours, NeedsUser, NotFound, Invalid),
)
async def add(request: Request, body: CannedReplyCreate) -> CannedReplyView:
    """Make one: one's own, or with the right `canned.manage` a team's or everybody's."""
    new = CannedText(**msgspec.structs.asdict(body))
    return _view(await request.hub.canned.add(request.caller, new), request.caller)


@api.patch(
    "/canned-replies/{canned_reply_id}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchCannedReply, NotYours, NeedsUser, Stale, ShortcutTaken, NotFound, Invalid),
)
async def change(request: Request, canned_reply_id: UUID, body: CannedReplyPatch) -> CannedReplyView:
    """Change one, or hand it to another holder."""
    canned, by = request.hub.canned, request.caller
    before = (await canned.get(by, canned_reply_id)).content
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    version = given.pop("version")
    if "scope" in given:
        given.setdefault("team_id", None)
    stays = {name: getattr(before, name) for name in before.__slots__}
    return _view(await canned.change(by, canned_reply_id, CannedText(**stays | given), version=version), by)


@api.delete("/canned-replies/{canned_reply_id}", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchCannedReply, NotYours))
async def remove(request: Request, canned_reply_id: UUID) -> None:
    """Delete one."""
    await request.hub.canned.remove(request.caller, canned_reply_id)


def _view(one: CannedReply, caller: Caller) -> CannedReplyView:
    content = one.content
    return CannedReplyView(
        id=one.id,
        shortcut=content.shortcut,
        title=content.title,
        text=content.text,
        html=content.html,
        locale=content.locale,
        scope=content.scope,
        team_id=content.team_id,
        may_change=policy.may_change(caller, content.scope, one.holder_id),
        version=one.version,
    )
