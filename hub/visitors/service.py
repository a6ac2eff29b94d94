"""Letting visitors in, and what is known of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub import clock
from hub.db import Database, Row, UniqueViolation, Work
from hub.ids import AccountId, VisitorId, new_id
from hub.messages import plain
from hub.visitors import identity as identities
from hub.visitors import tokens
from hub.visitors.errors import BadIdentity, IdentityNeeded, UnknownVisitor
from hub.visitors.values import Admitted, Identity, Site, VisitorView

VISIT_ENDS_AFTER = timedelta(minutes=30)
_SEEN_EVERY = timedelta(minutes=1)

_BY_BROWSER = (
    "SELECT v.*, t.created_at AS token_at FROM visitor_token t JOIN visitor v ON v.id = t.visitor_id"
    " WHERE t.token_hash = $2 AND v.account_id = $1"
)
_INTRODUCE = """
UPDATE visitor SET
    name = CASE WHEN subject IS NULL AND $2::text <> '' THEN $2::text ELSE name END,
    email = CASE WHEN subject IS NULL AND $3::text <> '' THEN $3::text ELSE email END,
    phone = CASE WHEN $4::text <> '' THEN $4::text ELSE phone END
WHERE id = $1 RETURNING *"""
_BY_SUBJECT = "SELECT * FROM visitor WHERE account_id = $1 AND subject = $2"


class Visitors:
    """The visitors of all sites."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def admit(self, site: Site, *, token: str | None = None, identity: str | None = None, locale: str = "") -> Admitted:
        """Let a visitor in: the one with this token, the one his site says he is, or a new one.

        A browser that talked without a name and is identified later stays the same visitor. A token of an identified
        visitor is worth nothing without an identity token for the same person: the next one at a shared computer
        becomes a new visitor. Raises `BadIdentity`, `IdentityNeeded`.
        """
        who = self._identity(site, identity)
        try:
            return await self._admit(site, token, who, locale)
        except UniqueViolation:  # the same person came in by another window in the same moment
            return await self._admit(site, token, who, locale)

    def _identity(self, site: Site, identity: str | None) -> Identity | None:
        settings = site.settings
        if identity is None:
            if settings.identified_only:
                raise IdentityNeeded("this site lets in signed-in visitors only")
            return None
        secrets = settings.identity_secrets()
        if not secrets:
            raise BadIdentity("this site has no identity secret")
        return identities.verify(identity, site=site.account_id, secrets=secrets, now=clock.now())

    async def _admit(self, site: Site, token: str | None, who: Identity | None, locale: str) -> Admitted:
        now = clock.now()
        browser = await self._browser(site.account_id, token)
        row = await self._person(site.account_id, browser, who)
        keeps = row is not None and browser is not None and browser["id"] == row["id"]
        if row is not None and keeps and browser is not None and not _is_stale(row, browser, who, now):
            return Admitted(visitor=_view(row))
        fresh = None if keeps and browser is not None and _is_young(browser, now) else tokens.mint()
        async with self._db.unit_of_work() as work:
            written = await _write(work, row, site.account_id, who, locale, now)
            if fresh is not None:
                await _give(work, written["id"], fresh, now)
        return Admitted(visitor=_view(written), token=fresh)

    async def _browser(self, account_id: AccountId, token: str | None) -> Row | None:
        return await self._db.fetch_one(_BY_BROWSER, account_id, tokens.digest(token)) if token else None

    async def _person(self, account_id: AccountId, browser: Row | None, who: Identity | None) -> Row | None:
        if who is not None:
            row = await self._db.fetch_one(_BY_SUBJECT, account_id, who.subject)
            if row is not None:
                return row
        return browser if browser is not None and browser["subject"] is None else None

    async def by_token(self, account_id: AccountId, token: str) -> VisitorView:
        """The visitor of this site with this token, as it stands between two visits. Raises `UnknownVisitor`."""
        row = await self._browser(account_id, token)
        if row is None:
            raise UnknownVisitor("no visitor of this site has this token")
        return _view(row)

    async def get(self, visitor_id: VisitorId) -> VisitorView | None:
        """One visitor."""
        row = await self._db.fetch_one("SELECT * FROM visitor WHERE id = $1", visitor_id)
        return _view(row) if row is not None else None

    async def introduce(self, visitor: VisitorView, *, name: str = "", email: str = "", phone: str = "") -> VisitorView:
        """Keep the name and addresses a visitor typed. Name and e-mail that his site signed are not changed by it.

        `visitor` may be older than what he said, or his site signed, in another window: only what is given here is written.
        """
        given = ((name, visitor.name), (email, visitor.email), (phone, visitor.phone))
        if all(typed in ("", known) for typed, known in given):
            return visitor
        async with self._db.unit_of_work() as work:
            row = await work.fetch_one(_INTRODUCE, visitor.id, name, email, phone)
        return _view(row) if row is not None else visitor

    async def look_at(self, visitor_id: VisitorId, *, url: str, title: str, agent: str, ip: str) -> None:
        """Note the page the visitor looks at, in his current visit or a new one."""
        now = clock.now()
        async with self._db.unit_of_work() as work:
            visit = await work.fetch_one(
                "SELECT id FROM visit WHERE visitor_id = $1 AND seen_at > $2 ORDER BY seen_at DESC LIMIT 1",
                visitor_id,
                now - VISIT_ENDS_AFTER,
            )
            if visit is None:
                visit_id = new_id()
                await work.execute(
                    "INSERT INTO visit (id, visitor_id, agent, ip, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)",
                    *(visit_id, visitor_id, agent[:300], ip, now),
                )
            else:
                visit_id = visit["id"]
                await work.execute("UPDATE visit SET seen_at = $2 WHERE id = $1", visit_id, now)
            await work.execute(
                "INSERT INTO visit_page (visit_id, url, title, at) VALUES ($1, $2, $3, $4)",
                *(visit_id, plain.line(url, 2_000), plain.line(title, 300), now),
            )

    async def pages(self, visitor_id: VisitorId, *, limit: int = 20) -> list[dict[str, Any]]:
        """The pages a visitor looked at last, newest first: `url`, `title`, `at`."""
        rows = await self._db.fetch(
            "SELECT url, title, at FROM visit_page WHERE visit_id IN (SELECT id FROM visit WHERE visitor_id = $1)"
            " ORDER BY n DESC LIMIT $2",
            *(visitor_id, limit),
        )
        return [dict(row.items()) for row in rows]


async def _write(work: Work, row: Row | None, account_id: UUID, who: Identity | None, locale: str, now: datetime) -> Row:
    """The visitor as he is from now on: a new row, or the old one with what changed."""
    said = (who.subject, who.name, who.email, dict(who.attributes)) if who else (None, "", "", {})
    if row is None:
        written = await work.fetch_one(
            "INSERT INTO visitor (id, account_id, subject, name, email, attributes, locale, created_at, seen_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING *",
            *(new_id(), account_id, *said, plain.line(locale, 20), now),
        )
    elif who is None:
        written = await work.fetch_one("UPDATE visitor SET seen_at = $2 WHERE id = $1 RETURNING *", row["id"], now)
    else:
        written = await work.fetch_one(
            "UPDATE visitor SET subject = $2, name = $3, email = $4, attributes = $5, seen_at = $6 WHERE id = $1 RETURNING *",
            *(row["id"], *said, now),
        )
    assert written is not None
    return written


async def _give(work: Work, visitor_id: UUID, token: str, now: datetime) -> None:
    """A new token for a browser. The one before stays good for as long again, so that no open window is shut out."""
    await work.execute(
        "INSERT INTO visitor_token (token_hash, visitor_id, created_at) VALUES ($1, $2, $3)",
        *(tokens.digest(token), visitor_id, now),
    )
    await work.execute(
        "DELETE FROM visitor_token WHERE visitor_id = $1 AND created_at < $2",
        *(visitor_id, now - 2 * tokens.ROTATED_AFTER),
    )


def _is_stale(row: Row, browser: Row, who: Identity | None, now: datetime) -> bool:
    """Whether anything has to be written at all: ten thousand who reconnect should cost reads only."""
    said = (who.subject, who.name, who.email, dict(who.attributes)) if who else None
    stored = (row["subject"], row["name"], row["email"], row["attributes"])
    return (said is not None and said != stored) or not _is_young(browser, now) or now - row["seen_at"] > _SEEN_EVERY


def _is_young(browser: Row, now: datetime) -> bool:
    return bool(now - browser["token_at"] < tokens.ROTATED_AFTER)


def _view(row: Row) -> VisitorView:
    return VisitorView(
        id=row["id"],
        account_id=row["account_id"],
        identified=row["subject"] is not None,
        name=row["name"],
        email=row["email"],
        attributes=row["attributes"],
        locale=row["locale"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        phone=row["phone"],
    )


async def erase(work: Work, visitor_id: VisitorId) -> None:
    """Take away who a visitor was and where he went: name, addresses, attributes, visits, and the keys of his browsers.

    The row itself stays, without anything in it: other rows name it.
    """
    visits = "SELECT id FROM visit WHERE visitor_id = $1"
    await work.execute(f"DELETE FROM visit_page WHERE visit_id IN ({visits})", visitor_id)
    await work.execute("DELETE FROM visit WHERE visitor_id = $1", visitor_id)
    await work.execute("DELETE FROM visitor_token WHERE visitor_id = $1", visitor_id)
    await work.execute(
        "UPDATE visitor SET subject = NULL, name = '', email = '', phone = '', attributes = $2, locale = '' WHERE id = $1",
        *(visitor_id, {}),
    )
