"""Macros: several actions with one key."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec

from hub.auth.callers import Caller
from hub.automation.actions import Doer
from hub.automation.errors import NoSuchMacro, TitleTaken
from hub.automation.policy import Scope
from hub.automation.shelf import Kept, Shelf
from hub.automation.values import Action, MacroText, Outcome
from hub.db import Database, Row
from hub.errors import HubError, Invalid
from hub.ids import ConversationId, TeamId
from hub.messages import plain

MOST_ACTIONS: Final = 20


Macro = Kept[MacroText]


class Macros(Shelf[MacroText]):
    """Verbs on macros, for whoever may; `run` does what the caller may do by hand, and nothing else."""

    kind = "macro"
    columns = ("title", "key", "actions")
    order = "title"
    unknown = NoSuchMacro
    taken = TitleTaken

    def __init__(self, db: Database, doer: Doer) -> None:
        super().__init__(db)
        self._doer = doer

    async def run(self, id: UUID, conversation_id: ConversationId, *, by: Caller, client_key: UUID | None) -> list[Outcome]:
        """Do its actions in order; the first that fails is the last that is tried.

        What was done before stays done. The same `client_key` again says nothing twice. Raises `NoSuchMacro`,
        `NoSuchConversation`.
        """
        macro = await self.get(by, id)
        await self._doer.require_sight(conversation_id, by)
        outcomes: list[Outcome] = []
        for place, action in enumerate(macro.content.actions):
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

    def _cleaned(self, new: MacroText) -> MacroText:
        title = plain.line(new.title, 200)
        if not title:
            raise Invalid("a macro has a title", path="title")
        if not 1 <= len(new.actions) <= MOST_ACTIONS:
            raise Invalid(f"a macro has 1 to {MOST_ACTIONS} actions", path="actions")
        return replace(new, title=title, key=plain.line(new.key, 32))

    def _values(self, content: MacroText) -> tuple[Any, ...]:
        return content.title, content.key, msgspec.to_builtins(content.actions)

    def _content(self, row: Row, scope: Scope, team_id: TeamId | None) -> MacroText:
        actions = msgspec.convert(row["actions"], tuple[Action, ...])
        return MacroText(title=row["title"], key=row["key"], actions=actions, scope=scope, team_id=team_id)

    def _told(self, content: MacroText) -> dict[str, Any]:
        return {"title": content.title, "actions": [type(action).__struct_config__.tag for action in content.actions]}


def _key(client_key: UUID | None, place: int) -> UUID | None:
    """A key of its own for each action: the same again for the same run."""
    return None if client_key is None else UUID(int=client_key.int ^ (place + 1) << 64)
