"""Signing in and out, the first run, and what one may change of oneself."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from hub.api.clients import client_ip
from hub.api.endpoint import PUBLIC, SIGNED_IN, Request, Router
from hub.api.identify import clear_session, session_secret, set_session
from hub.auth import Caller, Right, queries
from hub.auth.errors import (
    NeedsUser,
    NoRights,
    SetupDone,
    TooManyAttempts,
    TotpNeeded,
    TotpWrong,
    WeakPassword,
    WrongOldPassword,
    WrongPassword,
)
from hub.auth.sessions import csrf_token
from hub.auth.values import Locale, NewUser, Session, SignedIn, Theme, UserChange
from hub.errors import NotFound
from hub.ids import QueueId, TeamId, UserId

api = Router(tag="session")

Secret = Annotated[str, msgspec.Meta(max_length=256)]
Name = Annotated[str, msgspec.Meta(max_length=100)]
Mail = Annotated[str, msgspec.Meta(max_length=330)]


class Me(msgspec.Struct, kw_only=True):
    """Who is signed in, and what they may do."""

    id: UserId
    name: str
    display_name: str
    email: str
    locale: Locale
    theme: Theme
    rights: list[Right]
    team_ids: list[TeamId]
    queue_ids: list[QueueId]
    work_number: str | None


class SessionView(msgspec.Struct, kw_only=True):
    """The session of this browser; `csrf_token` goes into the header `X-CSRF-Token` of everything but reads."""

    user: Me
    csrf_token: str


class SignIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Name and password; `code` where the answer was `totp_needed`: of the device, or a recovery code."""

    name: Name
    password: Secret
    code: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class SetupNeed(msgspec.Struct, kw_only=True):
    """Whether the first user has to be made, and whether the hub's public address is https."""

    needed: bool
    public_url_is_secure: bool


class Setup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The first user."""

    name: Name
    password: Secret
    display_name: Name = ""
    locale: Locale = "zh-CN"


class MePatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    display_name: Name | UnsetType = UNSET
    email: Mail | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET


class PasswordChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One's own password."""

    old: Secret
    new: Secret


class OpenSession(msgspec.Struct, kw_only=True):
    """A browser one is signed in with."""

    id: UUID
    ip: str
    agent: str
    created_at: datetime
    seen_at: datetime
    current: bool


@api.post("/session", needs=PUBLIC, raises=(WrongPassword, TotpNeeded, TotpWrong, NoRights, TooManyAttempts))
async def sign_in(request: Request, body: SignIn) -> SessionView:
    """Sign in; the answer sets the session's cookie."""
    ip, agent = client_ip(request.http, request.hub.settings), request.http.headers.get("User-Agent", "")
    session = await request.hub.auth.sessions.sign_in(body.name, body.password, ip=ip, agent=agent, code=body.code)
    return await _begin(request, session)


@api.get("/session", needs=SIGNED_IN, raises=(NeedsUser,))
async def current(request: Request) -> SessionView:
    """Who is signed in with this browser."""
    return SessionView(user=await _me(request, request.caller), csrf_token=csrf_token(session_secret(request.http)))


@api.delete("/session", needs=SIGNED_IN, raises=(NeedsUser,))
async def sign_out(request: Request) -> None:
    """Sign out."""
    if request.caller.session_id is None:
        raise NeedsUser("a token does not sign out: revoke it")
    await request.hub.auth.sessions.end(request.caller, request.caller.session_id)
    request.finish.append(lambda answer: clear_session(request.http, answer))


@api.get("/setup", needs=PUBLIC)
async def setup_needed(request: Request) -> SetupNeed:
    """Is this the first run?"""
    secure = request.hub.settings.public_url.startswith("https://")
    return SetupNeed(needed=await request.hub.auth.users.needs_setup(), public_url_is_secure=secure)


@api.post("/setup", needs=PUBLIC, status=201, raises=(SetupDone, WeakPassword))
async def set_up(request: Request, body: Setup) -> SessionView:
    """Make the first user, an administrator, and sign in. Works once."""
    ip, agent = client_ip(request.http, request.hub.settings), request.http.headers.get("User-Agent", "")
    new = NewUser(name=body.name, password=body.password, display_name=body.display_name, locale=body.locale)
    user = await request.hub.auth.users.set_up(new, ip=ip)
    return await _begin(request, await request.hub.auth.sessions.open(user.id, user.name, ip=ip, agent=agent))


@api.patch("/me", needs=SIGNED_IN, raises=(NeedsUser,))
async def change_me(request: Request, body: MePatch) -> Me:
    """Change one's own name, address, language and theme."""
    change = UserChange(display_name=body.display_name, email=body.email, locale=body.locale, theme=body.theme)
    await request.hub.auth.users.change_self(request.caller, change)
    return await _me(request, request.caller)


@api.post("/me/password", needs=SIGNED_IN, status=204, raises=(NeedsUser, WrongOldPassword, WeakPassword, TooManyAttempts))
async def change_password(request: Request, body: PasswordChange) -> None:
    """Change one's own password; other browsers are signed out."""
    await request.hub.auth.users.change_password(request.caller, old=body.old, new=body.new)


@api.get("/me/sessions", needs=SIGNED_IN, raises=(NeedsUser,))
async def my_sessions(request: Request) -> list[OpenSession]:
    """Where one is signed in, newest first."""
    found = await queries.sessions(request.hub.db, request.caller.person)
    return [_open_session(session, request.caller) for session in found]


@api.delete("/me/sessions", needs=SIGNED_IN, raises=(NeedsUser,))
async def end_other_sessions(request: Request) -> None:
    """Sign out everywhere but here."""
    await request.hub.auth.sessions.end_others(request.caller)


@api.delete("/me/sessions/{session_id}", needs=SIGNED_IN, raises=(NeedsUser, NotFound))
async def end_session(request: Request, session_id: UUID) -> None:
    """Sign out one of one's own browsers."""
    await request.hub.auth.sessions.end(request.caller, session_id)


async def _begin(request: Request, session: SignedIn) -> SessionView:
    caller = await request.hub.auth.callers.by_session(session.secret)
    request.finish.append(lambda answer: set_session(request.http, answer, session.secret, session.expires_at))
    return SessionView(user=await _me(request, caller), csrf_token=csrf_token(session.secret))


async def _me(request: Request, caller: Caller) -> Me:
    user = await queries.user(request.hub.db, caller.person)
    return Me(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        email=user.email,
        locale=user.locale,
        theme=user.theme,
        rights=sorted(caller.rights),
        team_ids=sorted(caller.team_ids),
        queue_ids=sorted(caller.queue_ids),
        work_number=user.work_number,
    )


def _open_session(session: Session, caller: Caller) -> OpenSession:
    return OpenSession(
        id=session.id,
        ip=session.ip,
        agent=session.agent,
        created_at=session.created_at,
        seen_at=session.seen_at,
        current=session.id == caller.session_id,
    )
