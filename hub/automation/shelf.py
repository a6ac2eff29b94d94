"""Where canned replies and macros are kept: one's own, a team's, everybody's. One set of verbs for both."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from hub.auth import audit
from hub.auth.callers import Caller
from hub.automation import policy
from hub.automation.events import shared_changed
from hub.automation.policy import Scope
from hub.conversations.policy import Args
from hub.db import Database, Reads, Row, UniqueViolation, Work
from hub.errors import Conflict, NotFound, Stale
from hub.ids import TeamId, new_id


class Held(Protocol):
    """What is kept says for whom."""

    @property
    def scope(self) -> Scope: ...

    @property
    def team_id(self) -> TeamId | None: ...


C = TypeVar("C", bound=Held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[C]):
    """One of them, as stored."""

    id: UUID
    content: C
    holder_id: UUID
    version: int


class Shelf(ABC, Generic[C]):
    """Verbs on one kind, for whoever may. A subclass says how its content is cleaned, written and read."""

    kind: ClassVar[Literal["canned_reply", "macro"]]  # the table's name, and the audit log's
    columns: ClassVar[tuple[str, ...]]  # of the content, in the order of `_values`
    order: ClassVar[str]
    unknown: ClassVar[type[NotFound]]
    taken: ClassVar[type[Conflict]]

    def __init__(self, db: Database) -> None:
        self._db = db

    async def listed(self, by: Caller) -> list[Kept[C]]:
        """All the caller may use, in their order."""
        args = Args()
        sql = f"SELECT * FROM {self.kind} WHERE {policy.visible_to(by, args)} ORDER BY {self.order}, id"
        return [self._kept(row) for row in await self._db.fetch(sql, *args)]

    async def get(self, by: Caller, id: UUID) -> Kept[C]:
        """One of those the caller may use; raises `unknown`."""
        return await self._seen(self._db, by, id)

    async def add(self, by: Caller, new: C) -> Kept[C]:
        """Make one. Raises `taken`, `NotYours`, `Invalid`, `NotFound` for an unknown team."""
        content, holder_id, id = self._cleaned(new), policy.holder(by, new.scope, new.team_id), new_id()
        kept = Kept(id=id, content=content, holder_id=holder_id, version=1)
        columns = ("id", "version", "scope", "holder_id", *self.columns)
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        sql = f"INSERT INTO {self.kind} ({', '.join(columns)}) VALUES ({places})"
        try:
            async with self._db.unit_of_work() as work:
                await policy.require_team(work, new.team_id)
                await work.execute(sql, id, 1, content.scope, holder_id, *self._values(content))
                await self._note(work, by, "add", kept)
        except UniqueViolation as error:
            raise self.taken("there is one of this name already") from error
        return kept

    async def change(self, by: Caller, id: UUID, new: C, *, version: int) -> Kept[C]:
        """Other content, or another holder. Raises `unknown`, `taken`, `NotYours`, `Stale`, `Invalid`."""
        content, holder_id = self._cleaned(new), policy.holder(by, new.scope, new.team_id)
        kept = Kept(id=id, content=content, holder_id=holder_id, version=version + 1)
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(("scope", "holder_id", *self.columns), start=3))
        sql = f"UPDATE {self.kind} SET version = version + 1, {sets} WHERE id = $1 AND version = $2::bigint"
        try:
            async with self._db.unit_of_work() as work:
                before = await self._changeable(work, by, id)
                await policy.require_team(work, new.team_id)
                if not await work.execute(sql, id, version, content.scope, holder_id, *self._values(content)):
                    raise Stale("somebody else changed it meanwhile", version=before.version)
                await self._note(work, by, "change", kept)
        except UniqueViolation as error:
            raise self.taken("there is one of this name already") from error
        return kept

    async def remove(self, by: Caller, id: UUID) -> None:
        """Delete it. Raises `unknown`, `NotYours`."""
        async with self._db.unit_of_work() as work:
            before = await self._changeable(work, by, id)
            await work.execute(f"DELETE FROM {self.kind} WHERE id = $1", id)
            await self._note(work, by, "remove", before)

    async def _changeable(self, work: Work, by: Caller, id: UUID) -> Kept[C]:
        found = await self._seen(work, by, id)
        policy.require_change(by, found.content.scope, found.holder_id)
        return found

    async def _seen(self, source: Reads, by: Caller, id: UUID) -> Kept[C]:
        args = Args()
        sql = f"SELECT * FROM {self.kind} WHERE id = {args.add(id)} AND {policy.visible_to(by, args)}"
        row = await source.fetch_one(sql, *args)
        if row is None:
            raise self.unknown("there is none by this id")
        return self._kept(row)

    async def _note(self, work: Work, by: Caller, verb: str, one: Kept[C]) -> None:
        """Tell the pages that show it; write down what was done to what is shared."""
        scope = one.content.scope
        work.announce(shared_changed(self.kind, one.id, scope, one.holder_id))
        if scope != "mine":
            detail = {"scope": scope} | self._told(one.content)
            await audit.record(work, by, f"{self.kind}.{verb}", subject=(self.kind, one.id), detail=detail)

    def _kept(self, row: Row) -> Kept[C]:
        content = self._content(row, row["scope"], policy.team_of(row["scope"], row["holder_id"]))
        return Kept(id=row["id"], content=content, holder_id=row["holder_id"], version=row["version"])

    @abstractmethod
    def _cleaned(self, new: C) -> C:
        """As it will be stored; raises `Invalid`."""

    @abstractmethod
    def _values(self, content: C) -> tuple[Any, ...]:
        """In the order of `columns`."""

    @abstractmethod
    def _content(self, row: Row, scope: Scope, team_id: TeamId | None) -> C:
        """From a row of the table."""

    @abstractmethod
    def _told(self, content: C) -> dict[str, Any]:
        """What the audit log says of it."""
