"""The database: PostgreSQL or SQLite behind one face. SQL is written once, for PostgreSQL, with `$1…$n`.

    db = await open_migrated("sqlite:///var/hub.db")            # one Database a process
    rows = await db.fetch("SELECT * FROM ticket WHERE queue_id = ANY($1) AND due_at < $2", queue_ids, now)
    async with db.unit_of_work() as work:                       # one transaction; commits at the end, rolls back on an exception
        row = await work.fetch_one("SELECT n, state FROM ticket WHERE id = $1", ticket_id)   # row["state"]; None if there is none
        await work.execute("UPDATE ticket SET state = $2 WHERE id = $1", ticket_id, "closed")     # returns the number of rows
        await Step.create(ticket_id=ticket_id, text=text, using_db=work.using)                    # a Tortoise model
        await work.insert_many("ticket_tag", {"ticket_id": "uuid", "tag": "text"}, rows, suffix="ON CONFLICT DO NOTHING")
        work.announce(Event(type="ticket.closed", data={"ticket_id": ticket_id}, audience=Audience(queue_id=queue_id)))
        work.enqueue("survey.send", key=f"survey:{ticket_id}", ticket_id=ticket_id)               # a durable job
        work.after_commit(lambda: bus.publish("wake.jobs", {}))                                   # hints only

SQL for SQLite is made from yours: `$1` → `?1`, `::type` is dropped, `= ANY($1)` and `<> ALL($1)` take a list. Whatever else
differs (`FOR UPDATE`, full text) goes through `db.sql(sqlite=…, postgres=…)`; `work.sql` alike. There is no `now()` in
SQLite: pass `clock.now()`. Values are Python's in both: UUID, aware datetime, bool, bytes, dict and list for JSON (a str
given for JSON is taken as JSON text). SQLite decodes by the declared type of a column: CHAR(36) → UUID, TIMESTAMP, JSON,
BOOL (declare booleans BOOL); through views, CTEs and RETURNING as well. Expressions (`max(at)`, `coalesce`) come raw:
`as_time`, `as_uuid`, `as_json`.

Reads outside a unit of work see the last commit and never wait for a writer. Inside one: no network, no new tasks, no second
unit of work, no `committer.submit` (both raise `NestedUnitOfWork`). Model writes need `using_db=work.using`; `get_or_create`
and `update_or_create` are not for us. `async with work.savepoint():` around a statement that may fail; `insert_many` is written
with the next statement or the commit, and what is wrong with its rows is raised there or at the savepoint's end. Errors:
`UniqueViolation` (`.constraint`), `ForeignKeyViolation`, `DatabaseGone` and its kind `DatabaseLocked` (both: try again later).

The group committer, for the three hot writes: `db.committer.register("message", write)`, with `async def write(work, items)
-> results`, one result an item, an exception as a result is raised to that submitter alone; then `result = await
db.committer.submit("message", item)`, which returns after COMMIT. Lock rows in one order (`ORDER BY id FOR UPDATE`), use
`insert_many`, `execute_many` and `fetch_many`.

Events: `read_events(db, cursor)`, `head(db)`, `Tailer(db)`; `db.map_events({"message.received": ("filing.index",)})` makes
`announce` write jobs.
"""

from hub.db.announce import Audience, Event
from hub.db.committer import GroupCommitter
from hub.db.database import Database
from hub.db.errors import (
    DatabaseGone,
    DatabaseLocked,
    ForeignKeyViolation,
    IntegrityViolation,
    MigrationError,
    NestedUnitOfWork,
    NotMigrated,
    ResyncNeeded,
    UniqueViolation,
)
from hub.db.events import Cursor, LoggedEvent, head, prune_events, raise_epoch, read_events, settle_epoch
from hub.db.migrate import migrate, open_migrated, unapplied
from hub.db.session import Dialect, Reads, Row
from hub.db.tailer import Tailer
from hub.db.values import as_json, as_time, as_uuid
from hub.db.work import Work

__all__ = [
    "Audience",
    "Cursor",
    "Database",
    "DatabaseGone",
    "DatabaseLocked",
    "Dialect",
    "Event",
    "ForeignKeyViolation",
    "GroupCommitter",
    "IntegrityViolation",
    "LoggedEvent",
    "MigrationError",
    "NestedUnitOfWork",
    "NotMigrated",
    "Reads",
    "ResyncNeeded",
    "Row",
    "Tailer",
    "UniqueViolation",
    "Work",
    "as_json",
    "as_time",
    "as_uuid",
    "head",
    "migrate",
    "open_migrated",
    "prune_events",
    "raise_epoch",
    "read_events",
    "settle_epoch",
    "unapplied",
]
