"""Macros: several actions with one key."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.api.endpoint import Request, Router
from hub.auth.callers import Caller
from hub.auth.errors import NeedsUser
from hub.auth.rights import Right
from hub.automation import policy
from hub.automation.errors import NoSuchMacro, NotYours, TitleTaken
from hub.automation.macros import Macro
from hub.automation.policy import Scope
from hub.automation.values import Action, MacroText, Outcome
from hub.conversations.errors import NoSuchConversation
from hub.errors import Invalid, NotFound, Stale
from hub.ids import ConversationId, TeamId

api = Router(tag="macros")

Title = Annotated[str, Meta(max_length=200)]
Key = Annotated[str, Meta(max_length=32)]
Actions = Annotated[list[Action], Meta(max_length=20)]


class MacroView(msgspec.Struct, kw_only=True):
    """A macro. `key` is the stroke that runs it, empty for none; `may_change`: by who asks."""

    id: UUID
    title: str
    key: str
    scope: Scope
    team_id: TeamId | None
    actions: tuple[Action, ...]
    may_change: bool
    version: int


class MacroCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new one, with 1 to 20 actions, done in this order."""

    title: Title
    actions: Actions
    key: Key = ""
    scope: Scope = "mine"
    team_id: TeamId | None = None


class MacroPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; a new `scope` brings its `team_id`."""

    version: int
    title: Title | UnsetType = UNSET
    key: Key | UnsetType = UNSET
    actions: Actions | UnsetType = UNSET
    scope: Scope | UnsetType = UNSET
    team_id: TeamId | UnsetType | None = UNSET


class MacroRun(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """With a `client_key` the same request again answers and notes nothing twice."""

    client_key: UUID | None = None


class MacroRan(msgspec.Struct, kw_only=True):
    """What became of each action, in order. `finished`: all were done; else the last one here failed."""

    done: list[Outcome]
    finished: bool


@api.get("/macros", needs=Right.CONVERSATIONS_REPLY)
async def list_(request: Request) -> list[MacroView]:
    """All one may use, by title: one's own, those of one's teams, and everybody's."""
    return [_view(one, request.caller) for one in await request.hub.macros.listed(request.caller)]


@api.post("/macros", needs=Right.CONVERSATIONS_REPLY, status=201, raises=(TitleTaken, NotYours, NeedsUser, NotFound, Invalid))
async def add(request: Request, body: MacroCreate) -> MacroView:
    """Make one: one's own, or with the right `canned.manage` a team's or everybody's."""
    new = MacroText(**msgspec.structs.asdict(body) | {"actions": tuple(body.actions)})
    return _view(await request.hub.macros.add(request.caller, new), request.caller)


@api.patch(
    "/macros/{macro_id}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchMacro, NotYours, NeedsUser, Stale, TitleTaken, NotFound, Invalid),
)
async def change(request: Request, macro_id: UUID, body: MacroPatch) -> MacroView:
    """Change one, or hand it to another holder."""
    macros, by = request.hub.macros, request.caller
    before = (await macros.get(by, macro_id)).content
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    version = given.pop("version")
    if "scope" in given:
        given.setdefault("team_id", None)
    stays = {name: getattr(before, name) for name in before.__slots__}
    new = MacroText(**stays | given | {"actions": tuple(given.get("actions", before.actions))})
    return _view(await macros.change(by, macro_id, new, version=version), by)


@api.delete("/macros/{macro_id}", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchMacro, NotYours))
async def remove(request: Request, macro_id: UUID) -> None:
    """Delete one."""
    await request.hub.macros.remove(request.caller, macro_id)


@api.post(
    "/conversations/{conversation_id}/macros/{macro_id}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, NoSuchMacro),
)
async def run(request: Request, conversation_id: ConversationId, macro_id: UUID, body: MacroRun) -> MacroRan:
    """Do the actions in order, each with one's own rights; the first that fails is the last that is tried."""
    macros, by = request.hub.macros, request.caller
    done = await macros.run(macro_id, conversation_id, by=by, client_key=body.client_key)
    return MacroRan(done=done, finished=all(outcome.ok for outcome in done))


def _view(one: Macro, caller: Caller) -> MacroView:
    content = one.content
    return MacroView(
        id=one.id,
        title=content.title,
        key=content.key,
        scope=content.scope,
        team_id=content.team_id,
        actions=content.actions,
        may_change=policy.may_change(caller, content.scope, one.holder_id),
        version=one.version,
    )
