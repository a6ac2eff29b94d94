"""Single sign-on: to a provider of OpenID Connect, and back as one of our users."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from hub import clock
from hub.auth import audit, oidc, queries
from hub.auth.callers import SYSTEM, Caller
from hub.auth.errors import NoRights, SignOnFailed, SignOnRefused
from hub.auth.hashing import hashed
from hub.auth.names import BadName, user_name
from hub.auth.oidc import Identity, Metadata, Provider
from hub.auth.sessions import Sessions
from hub.auth.throttle import Throttle
from hub.auth.users import Users
from hub.auth.values import NewUser, SignedIn
from hub.db import Database, Row, UniqueViolation, Work
from hub.egress import Egress, fetch, open_session
from hub.errors import NameTaken
from hub.ids import RoleId, UserId, new_id
from hub.messages.address import BadAddress, normal_email
from hub.messages.plain import line

PROVIDER_ID: Final = "oidc"
LASTS: Final = timedelta(minutes=10)  # from leaving to coming back
_PER_ADDRESS: Final = 300  # departures a quarter of an hour: a whole office comes to work behind one address
_ANSWER_BYTES: Final = 256 * 1024

_LEAVE = """
INSERT INTO auth_sign_on (state_hash, browser_hash, nonce, verifier, next_path, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_RETURN = """
DELETE FROM auth_sign_on WHERE state_hash = $1 AND browser_hash = $2 AND created_at > $3 RETURNING nonce, verifier, next_path
"""
_KNOWN = """
SELECT i.id, u.id AS user_id, u.name, u.disabled FROM auth_identity i JOIN auth_user u ON u.id = i.user_id
WHERE i.issuer = $1 AND i.subject = $2
"""
_LINK = "INSERT INTO auth_identity (id, issuer, subject, user_id, created_at, used_at) VALUES ($1, $2, $3, $4, $5, $5)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser is sent, and the secret it must bring back."""

    url: str
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A session, and where the user wanted to go."""

    session: SignedIn
    next_path: str


class SingleSignOn:
    """Sign-in by the one provider of the settings, if there is one. `back` is where it sends browsers to."""

    def __init__(
        self, db: Database, users: Users, sessions: Sessions, *, provider: Provider | None, egress: Egress, back: str
    ) -> None:
        self._db, self._users, self._sessions = db, users, sessions
        self.provider, self._egress, self._back = provider, egress, back
        self._throttle = Throttle()

    async def leave(self, *, next_path: str, ip: str) -> Departure:
        """Begin a sign-in. Raises `SignOnFailed`, `Unreachable`, `Refused`, `TooManyAttempts`."""
        provider = self._required()
        self._throttle.begin((ip, _PER_ADDRESS))
        metadata = await metadata_of(provider, self._egress)
        state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        now = clock.now()
        async with self._db.unit_of_work() as work:
            await work.execute("DELETE FROM auth_sign_on WHERE created_at < $1", now - LASTS)
            await work.execute(_LEAVE, hashed(state), hashed(browser), nonce, verifier, _own_path(next_path), now)
        url = oidc.question(provider, metadata, back=self._back, state=state, nonce=nonce, verifier=verifier)
        return Departure(url=url, browser=browser)

    async def come_back(self, given: Mapping[str, str], browser: str, *, ip: str, agent: str) -> Return:
        """What the provider sent the browser back with: a session for whom it vouches.

        Raises `SignOnFailed` for anything not just begun in this browser, `SignOnRefused` for somebody nobody here knows,
        `NoRights`, `Unreachable`.
        """
        provider = self._required()
        async with self._db.unit_of_work() as work:
            left = await work.fetch_one(_RETURN, hashed(given.get("state", "")), hashed(browser), clock.now() - LASTS)
        if left is None:
            raise SignOnFailed("this sign-in was not begun here, or too long ago: try again")
        if given.get("error") or not given.get("code") or given.get("iss", provider.issuer) != provider.issuer:
            raise SignOnFailed("the provider did not sign you in")
        who = await self._ask(provider, given["code"], left)
        user_id, name = await self._user(provider, who)
        if not await queries.rights_of(self._db, user_id):
            raise NoRights("nobody has given you a role yet")
        session = await self._sessions.open(user_id, name, ip=ip, agent=agent, means="oidc")
        self._throttle.take_back(ip)
        return Return(session=session, next_path=left["next_path"])

    def _required(self) -> Provider:
        if self.provider is None:
            raise SignOnFailed("single sign-on is not set up")
        return self.provider

    async def _ask(self, provider: Provider, code: str, left: Row) -> Identity:
        """Both documents are read anew each time: keys change, and people sign in seldom."""
        metadata = await metadata_of(provider, self._egress)
        form, headers = oidc.exchange(provider, metadata, code=code, back=self._back, verifier=left["verifier"])
        token = oidc.read_answer(await _fetch(self._egress, metadata.token_endpoint, form=form, headers=headers))
        return oidc.read_id_token(token, await _fetch(self._egress, metadata.jwks_uri), provider, nonce=left["nonce"])

    async def _user(self, provider: Provider, who: Identity) -> tuple[UserId, str]:
        if (known := await self._known(who)) is not None:
            return known
        user_id = await self._by_email(who) if provider.match_email else None
        if user_id is None and provider.create_role:
            user_id = await self._made(who, provider.create_role)
        if user_id is None:
            raise SignOnRefused("nobody here is known by this account")
        try:
            async with self._db.unit_of_work() as work:
                await work.execute(_LINK, new_id(), who.issuer, who.subject, user_id, clock.now())
                await self._note(work, user_id, who)
        except UniqueViolation:  # signed in twice at once for the first time
            pass
        found = await self._known(who)
        assert found is not None
        return found

    async def _known(self, who: Identity) -> tuple[UserId, str] | None:
        row = await self._db.fetch_one(_KNOWN, who.issuer, who.subject)
        if row is None:
            return None
        if row["disabled"]:
            raise SignOnRefused("this user is disabled")
        async with self._db.unit_of_work() as work:
            await work.execute("UPDATE auth_identity SET used_at = $2 WHERE id = $1", row["id"], clock.now())
        return UserId(row["user_id"]), row["name"]

    async def _by_email(self, who: Identity) -> UserId | None:
        """The one enabled user with the verified address; of two nobody knows which is meant."""
        if not (email := _normal(who.email)):
            return None
        rows = await self._db.fetch("SELECT id FROM auth_user WHERE email = $1 AND NOT disabled LIMIT 2", email)
        return UserId(rows[0]["id"]) if len(rows) == 1 else None

    async def _made(self, who: Identity, role: str) -> UserId:
        ids: tuple[RoleId, ...] = tuple(one.id for one in await queries.roles(self._db) if one.name == role)
        if not ids:
            raise SignOnRefused("the role for new users does not exist")
        for name in (who.user_name, f"{who.user_name[:50]}-{secrets.token_hex(4)}", f"user-{secrets.token_hex(8)}"):
            # Nobody knows this password: such a user signs in by the provider until somebody sets another.
            new = NewUser(
                name=name,
                password=secrets.token_urlsafe(32),
                display_name=line(who.display_name, 100),
                email=_normal(who.email),
                role_ids=ids,
            )
            try:
                user_name(name)
                return (await self._users.add(SYSTEM, new)).id
            except (NameTaken, BadName):
                continue
        raise SignOnRefused("no name could be found for this account")

    async def _note(self, work: Work, user_id: UserId, who: Identity) -> None:
        by = Caller(kind="user", user_id=user_id)
        await audit.record(work, by, "identity.add", subject=("user", user_id), detail={"issuer": who.issuer})


async def metadata_of(provider: Provider, egress: Egress) -> Metadata:
    """What the provider says of itself now. Raises `SignOnFailed`, `Unreachable`, `Refused`."""
    address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    return oidc.read_metadata(await _fetch(egress, address), provider)


async def _fetch(
    egress: Egress, url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    async with open_session(egress) as http:
        answer = await fetch(http, url, limit=_ANSWER_BYTES, form=form, headers=headers)
    if answer.status != 200:
        raise SignOnFailed(f"the provider answered {answer.status}")
    return answer.body


def _normal(email: str) -> str:
    """The address in normal form; empty for none, and for what is none."""
    try:
        return normal_email(email)
    except BadAddress:
        return ""


def _own_path(text: str) -> str:
    """A path of the console, never another site's address."""
    own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isascii() and text.isprintable()
    return text if own and len(text) <= 500 else "/"
