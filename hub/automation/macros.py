"""Macros: several actions with one key."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec

from hub.auth import audit
from hub.auth.callers import Caller
from hub.automation import policy
from hub.automation.actions import Doer
from hub.automation.errors import NoSuchMacro, TitleTaken
from hub.automation.events import shared_changed
from hub.automation.values import Action, Macro, MacroText, Outcome
from hub.conversations.policy import Args
from hub.db import Database, Reads, UniqueViolation, Work
from hub.errors import HubError, Invalid, Stale
from hub.ids import ConversationId, new_id
from hub.messages import plain

MOST_ACTIONS: Final = 20

_COLUMNS = "id, title, key, scope, holder_id, actions, version"
_INSERT = f"INSERT INTO macro ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, 1)"
_UPDATE = """
UPDATE macro SET title = $3, key = $4, scope = $5, holder_id = $6, actions = $7, version = version + 1
WHERE id = $1 AND version = $2::bigint
"""


class Macros:
    """Verbs on macros, for whoever may; `run` does what the caller may do by hand, and nothing else."""

    def __init__(self, db: Database, doer: Doer) -> None:
        self._db, self._doer = db, doer

    async def listed(self, by: Caller) -> list[Macro]:
        """All the caller may use, by title."""
        args = Args()
        sql = f"SELECT {_COLUMNS} FROM macro WHERE {policy.visible_to(by, args)} ORDER BY title, id"
        return [_macro(row) for row in await self._db.fetch(sql, *args)]

    async def get(self, by: Caller, id: UUID) -> Macro:
        """One of those the caller may use. Raises `NoSuchMacro`."""
        return await _seen(self._db, by, id)

    async def add(self, by: Caller, new: MacroText) -> Macro:
        """Make one. Raises `TitleTaken`, `NotYours`, `Invalid`, `NotFound` for an unknown team."""
        does, holder_id, id = _cleaned(new), policy.holder(by, new.scope, new.team_id), new_id()
        try:
            async with self._db.unit_of_work() as work:
                await policy.require_team(work, new.team_id)
                await work.execute(_INSERT, id, *_values(does, holder_id))
                await _note(work, by, "macro.add", id, does, holder_id)
        except UniqueViolation as error:
            raise TitleTaken("there is a macro of this title") from error
        return Macro(id=id, does=does, holder_id=holder_id, version=1)

    async def change(self, by: Caller, id: UUID, new: MacroText, *, version: int) -> Macro:
        """Other actions, another title, key or holder. Raises `NoSuchMacro`, `NotYours`, `Stale`, `TitleTaken`, `Invalid`."""
        does, holder_id = _cleaned(new), policy.holder(by, new.scope, new.team_id)
        try:
            async with self._db.unit_of_work() as work:
                before = await self._changeable(work, by, id)
                await policy.require_team(work, new.team_id)
                if not await work.execute(_UPDATE, id, version, *_values(does, holder_id)):
                    raise Stale("somebody else changed it meanwhile", version=before.version)
                await _note(work, by, "macro.change", id, does, holder_id)
        except UniqueViolation as error:
            raise TitleTaken("there is a macro of this title") from error
        return Macro(id=id, does=does, holder_id=holder_id, version=version + 1)

    async def remove(self, by: Caller, id: UUID) -> None:
        """Delete it. Raises `NoSuchMacro`, `NotYours`."""
        async with self._db.unit_of_work() as work:
            before = await self._changeable(work, by, id)
            await work.execute("DELETE FROM macro WHERE id = $1", id)
            await _note(work, by, "macro.remove", id, before.does, before.holder_id)

    async def run(self, id: UUID, conversation_id: ConversationId, *, by: Caller, client_key: UUID | None) -> list[Outcome]:
        """Do its actions in order; the first that fails is the last that is tried.

        What was done before stays done. The same `client_key` again says nothing twice. Raises `NoSuchMacro`,
        `NoSuchConversation`.
        """
        macro = await _seen(self._db, by, id)
        await self._doer.require_sight(conversation_id, by)
        outcomes: list[Outcome] = []
        for place, action in enumerate(macro.does.actions):
            outcome = await self._tried(conversation_id, action, by, _key(client_key, place))
            outcomes.append(outcome)
            if not outcome.ok:
                break
        return outcomes

    async def _tried(self, id: ConversationId, action: Action, by: Caller, client_key: UUID | None) -> Outcome:
        kind = str(type(action).__struct_config__.tag)
        try:
            await self._doer.do(id, action, by=by, client_key=client_key)
        except HubError as error:
            return Outcome(kind=kind, ok=False, code=error.code, detail=error.detail)
        return Outcome(kind=kind, ok=True)

    async def _changeable(self, work: Work, by: Caller, id: UUID) -> Macro:
        found = await _seen(work, by, id)
        policy.require_change(by, found.does.scope, found.holder_id)
        return found


async def _seen(source: Reads, by: Caller, id: UUID) -> Macro:
    args = Args()
    row = await source.fetch_one(
        f"SELECT {_COLUMNS} FROM macro WHERE id = {args.add(id)} AND {policy.visible_to(by, args)}", *args
    )
    if row is None:
        raise NoSuchMacro("there is no such macro")
    return _macro(row)


async def _note(work: Work, by: Caller, action: str, id: UUID, does: MacroText, holder_id: UUID) -> None:
    """Tell the pages that show it; write down what was done to what is shared."""
    work.announce(shared_changed("macro.changed", id, does.scope, holder_id))
    if does.scope != "mine":
        detail = {"title": does.title, "scope": does.scope, "actions": [type(a).__struct_config__.tag for a in does.actions]}
        await audit.record(work, by, action, subject=("macro", id), detail=detail)


def _cleaned(new: MacroText) -> MacroText:
    title = plain.line(new.title, 200)
    if not title:
        raise Invalid("a macro has a title", path="title")
    if not 1 <= len(new.actions) <= MOST_ACTIONS:
        raise Invalid(f"a macro has 1 to {MOST_ACTIONS} actions", path="actions")
    return replace(new, title=title, key=plain.line(new.key, 32))


def _key(client_key: UUID | None, place: int) -> UUID | None:
    """A key of its own for each action: the same again for the same run."""
    return None if client_key is None else UUID(int=client_key.int ^ (place + 1) << 64)


def _values(does: MacroText, holder_id: UUID) -> tuple[Any, ...]:
    return (does.title, does.key, does.scope, holder_id, msgspec.to_builtins(does.actions))


def _macro(row: Any) -> Macro:
    does = MacroText(
        title=row["title"],
        key=row["key"],
        scope=row["scope"],
        actions=msgspec.convert(row["actions"], tuple[Action, ...]),
        team_id=policy.team_of(row["scope"], row["holder_id"]),
    )
    return Macro(id=row["id"], does=does, holder_id=row["holder_id"], version=row["version"])
