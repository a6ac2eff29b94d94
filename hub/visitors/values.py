"""What the package hands out and takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from hub.channels.webchat.settings import SiteSettings
from hub.ids import AccountId, VisitorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One web site with the widget: an account of provider `widget`, its secrets in clear."""

    account_id: AccountId
    name: str
    settings: SiteSettings


class Sites(Protocol):
    """Where sites are found."""

    async def site(self, account_id: AccountId) -> Site | None:
        """The site, or None where there is none, it is switched off or deleted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the host's site says its visitor is, proved by its signature."""

    subject: str
    name: str = ""
    email: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorView:
    """A visitor. `identified`: name, email and attributes come from the site's signed token; else they are what he
    typed.
    """

    id: VisitorId
    account_id: AccountId
    identified: bool
    name: str
    email: str
    attributes: Mapping[str, Any]
    locale: str
    created_at: datetime
    seen_at: datetime
    phone: str = ""  # as he typed it


def upload_owner(visitor_id: UUID) -> str:
    """How a visitor's uploads are marked as theirs."""
    return f"visitor:{visitor_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A visitor who was let in. `token` is set where he has to keep a new one."""

    visitor: VisitorView
    token: str | None = None
