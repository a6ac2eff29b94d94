"""Canned replies: texts to answer with, called up by a shortcut. Variables in them are filled in where they are used."""

import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from hub.auth import audit
from hub.auth.callers import Caller
from hub.automation import policy
from hub.automation.errors import NoSuchCannedReply, ShortcutTaken
from hub.automation.events import shared_changed
from hub.automation.policy import Scope
from hub.channels.email.html import clean_html
from hub.conversations.policy import Args
from hub.db import Database, Reads, UniqueViolation, Work
from hub.errors import Invalid, Stale
from hub.ids import TeamId, new_id
from hub.messages import plain

_COLUMNS = "id, shortcut, title, text, html, locale, scope, holder_id, version"
_SHORTCUT = re.compile(r"[^\s/]{1,64}")
_INSERT = f"INSERT INTO canned_reply ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)"
_UPDATE = """
UPDATE canned_reply SET shortcut = $3, title = $4, text = $5, html = $6, locale = $7, scope = $8, holder_id = $9,
    version = version + 1
WHERE id = $1 AND version = $2::bigint
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedText:
    """What a canned reply says, and who has it. `html` is for mail; without it mail takes the text."""

    shortcut: str
    title: str
    text: str
    html: str | None
    locale: str  # empty: for every language
    scope: Scope
    team_id: TeamId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedReply:
    """A stored one."""

    id: UUID
    says: CannedText
    holder_id: UUID
    version: int


class CannedReplies:
    """Verbs on canned replies, for whoever may."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def listed(self, by: Caller) -> list[CannedReply]:
        """All the caller may use, by shortcut."""
        args = Args()
        sql = f"SELECT {_COLUMNS} FROM canned_reply WHERE {policy.visible_to(by, args)} ORDER BY shortcut, locale, id"
        return [_reply(row) for row in await self._db.fetch(sql, *args)]

    async def add(self, by: Caller, new: CannedText) -> CannedReply:
        """Make one. Raises `ShortcutTaken`, `NotYours`, `Invalid`, `NotFound` for an unknown team."""
        says, holder_id, id = _cleaned(new), policy.holder(by, new.scope, new.team_id), new_id()
        try:
            async with self._db.unit_of_work() as work:
                await policy.require_team(work, new.team_id)
                await work.execute(_INSERT, id, *_values(says, holder_id))
                await _note(work, by, "canned_reply.add", id, says, holder_id)
        except UniqueViolation as error:
            raise ShortcutTaken("there is a canned reply with this shortcut") from error
        return CannedReply(id=id, says=says, holder_id=holder_id, version=1)

    async def change(self, by: Caller, id: UUID, new: CannedText, *, version: int) -> CannedReply:
        """Other words, or another holder. Raises `NoSuchCannedReply`, `NotYours`, `Stale`, `ShortcutTaken`, `Invalid`."""
        says, holder_id = _cleaned(new), policy.holder(by, new.scope, new.team_id)
        try:
            async with self._db.unit_of_work() as work:
                before = await self._changeable(work, by, id)
                await policy.require_team(work, new.team_id)
                if not await work.execute(_UPDATE, id, version, *_values(says, holder_id)):
                    raise Stale("somebody else changed it meanwhile", version=before.version)
                await _note(work, by, "canned_reply.change", id, says, holder_id)
        except UniqueViolation as error:
            raise ShortcutTaken("there is a canned reply with this shortcut") from error
        return CannedReply(id=id, says=says, holder_id=holder_id, version=version + 1)

    async def get(self, by: Caller, id: UUID) -> CannedReply:
        """One of those the caller may use. Raises `NoSuchCannedReply`."""
        return await _seen(self._db, by, id)

    async def remove(self, by: Caller, id: UUID) -> None:
        """Delete it. Raises `NoSuchCannedReply`, `NotYours`."""
        async with self._db.unit_of_work() as work:
            before = await self._changeable(work, by, id)
            await work.execute("DELETE FROM canned_reply WHERE id = $1", id)
            await _note(work, by, "canned_reply.remove", id, before.says, before.holder_id)

    async def _changeable(self, work: Work, by: Caller, id: UUID) -> CannedReply:
        found = await _seen(work, by, id)
        policy.require_change(by, found.says.scope, found.holder_id)
        return found


async def _seen(source: Reads, by: Caller, id: UUID) -> CannedReply:
    args = Args()
    sql = f"SELECT {_COLUMNS} FROM canned_reply WHERE id = {args.add(id)} AND {policy.visible_to(by, args)}"
    row = await source.fetch_one(sql, *args)
    if row is None:
        raise NoSuchCannedReply("there is no such canned reply")
    return _reply(row)


async def _note(work: Work, by: Caller, action: str, id: UUID, says: CannedText, holder_id: UUID) -> None:
    """Tell the pages that show it; write down what was done to what is shared."""
    work.announce(shared_changed("canned_reply.changed", id, says.scope, holder_id))
    if says.scope != "mine":
        detail = {"shortcut": says.shortcut, "title": says.title, "scope": says.scope}
        await audit.record(work, by, action, subject=("canned_reply", id), detail=detail)


def _cleaned(new: CannedText) -> CannedText:
    shortcut = plain.line(new.shortcut, 64).lower()
    if not _SHORTCUT.fullmatch(shortcut):
        raise Invalid("a shortcut has 1 to 64 characters, no blank and no /", path="shortcut")
    html = clean_html(new.html)[0] if new.html else None
    text, title = plain.block(new.text, 20_000), plain.line(new.title, 200)
    if not title or not (text or html):
        raise Invalid("a canned reply has a title and a text")
    return replace(new, shortcut=shortcut, title=title, text=text, html=html)


def _values(says: CannedText, holder_id: UUID) -> tuple[Any, ...]:
    return (says.shortcut, says.title, says.text, says.html, says.locale, says.scope, holder_id)


def _reply(row: Any) -> CannedReply:
    says = CannedText(
        shortcut=row["shortcut"],
        title=row["title"],
        text=row["text"],
        html=row["html"],
        locale=row["locale"],
        scope=row["scope"],
        team_id=policy.team_of(row["scope"], row["holder_id"]),
    )
    return CannedReply(id=row["id"], says=says, holder_id=row["holder_id"], version=row["version"])
