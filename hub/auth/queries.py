"""Reads of users, roles and teams, inside or outside a unit of work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from hub.auth.errors import NoSuchUser
from hub.auth.names import fold
from hub.auth.rights import Right, expand
from hub.auth.values import Role, Session, Team, Token, User
from hub.db import Reads, Row
from hub.errors import NotFound
from hub.ids import RoleId, TeamId, UserId

_USER = """
id, name, display_name, email, locale, theme, work_number, disabled, created_at, version,
EXISTS (SELECT 1 FROM auth_totp t WHERE t.user_id = auth_user.id AND t.confirmed_at IS NOT NULL) AS second_factor"""
_SEARCH = f"""
SELECT {_USER}, name_key FROM auth_user
WHERE name_key > $1 AND (name_key LIKE $2 ESCAPE '!' OR lower(display_name) LIKE $2 ESCAPE '!' OR work_number LIKE $2 ESCAPE '!')
ORDER BY name_key LIMIT $3
"""
_RIGHTS = "SELECT r.rights FROM auth_user_role ur JOIN auth_role r ON r.id = ur.role_id WHERE ur.user_id = $1"
_HOLDERS = """
SELECT ur.user_id, r.rights FROM auth_user_role ur
JOIN auth_role r ON r.id = ur.role_id JOIN auth_user u ON u.id = ur.user_id WHERE NOT u.disabled
"""


async def user(db: Reads, user_id: UserId) -> User:
    """One user; raises `NoSuchUser`."""
    row = await db.fetch_one(f"SELECT {_USER} FROM auth_user WHERE id = $1", user_id)
    if row is None:
        raise NoSuchUser("there is no such user")
    return (await _with_memberships(db, [row]))[0]


async def user_id_by_name(db: Reads, name: str) -> UserId:
    """By the name one signs in with; raises `NoSuchUser`."""
    row = await db.fetch_one("SELECT id FROM auth_user WHERE name_key = $1", fold(name))
    if row is None:
        raise NoSuchUser(f"there is no user {name!r}")
    return UserId(row["id"])


async def users(db: Reads, *, text: str = "", after: str = "", limit: int = 100) -> list[User]:
    """In the order of their names, from behind the name `after`; `text` is part of name, display name or work number."""
    return await _with_memberships(db, await db.fetch(_SEARCH, fold(after), like(text), limit))


async def enabled_users(db: Reads) -> list[User]:
    """Everybody who can be given work, by display name."""
    sql = f"SELECT {_USER} FROM auth_user WHERE NOT disabled ORDER BY display_name, name_key"
    return await _with_memberships(db, await db.fetch(sql))


async def rights_of(db: Reads, user_id: UserId) -> frozenset[Right]:
    """The union over the user's roles."""
    rows = await db.fetch(_RIGHTS, user_id)
    return frozenset[Right]().union(*(expand(row["rights"]) for row in rows))


async def holders(db: Reads) -> dict[UserId, frozenset[Right]]:
    """The rights of every enabled user who has a role."""
    held: defaultdict[UserId, frozenset[Right]] = defaultdict(frozenset)
    for row in await db.fetch(_HOLDERS):
        held[row["user_id"]] |= expand(row["rights"])
    return dict(held)


async def roles(db: Reads) -> list[Role]:
    """All roles, the built-in ones first."""
    return [_role(row) for row in await db.fetch(f"{_ROLE} ORDER BY built_in DESC, id")]


async def role(db: Reads, role_id: RoleId) -> Role:
    """One role; raises `NotFound`."""
    row = await db.fetch_one(f"{_ROLE} WHERE id = $1", role_id)
    if row is None:
        raise NotFound("there is no such role")
    return _role(row)


async def roles_by_id(db: Reads, role_ids: Sequence[RoleId]) -> list[Role]:
    """The roles of these ids; raises `NotFound` if one is not there."""
    found = [_role(row) for row in await db.fetch(f"{_ROLE} WHERE id = ANY($1::uuid[])", list(role_ids))]
    if len(found) != len(set(role_ids)):
        raise NotFound("there is no such role")
    return found


async def user_ids_with_role(db: Reads, role_id: RoleId) -> list[UserId]:
    """Who has the role."""
    return [row["user_id"] for row in await db.fetch("SELECT user_id FROM auth_user_role WHERE role_id = $1", role_id)]


async def teams(db: Reads) -> list[Team]:
    """All teams with their members, by name."""
    rows = await db.fetch("SELECT id, name, version FROM auth_team ORDER BY name_key")
    return await _with_members(db, rows)


async def team(db: Reads, team_id: TeamId) -> Team:
    """One team; raises `NotFound`."""
    row = await db.fetch_one("SELECT id, name, version FROM auth_team WHERE id = $1", team_id)
    if row is None:
        raise NotFound("there is no such team")
    return (await _with_members(db, [row]))[0]


async def sessions(db: Reads, user_id: UserId) -> list[Session]:
    """Where a user is signed in, newest first."""
    sql = "SELECT id, user_id, ip, agent, created_at, seen_at, expires_at FROM auth_session WHERE user_id = $1 ORDER BY id DESC"
    return [Session(**dict(row.items())) for row in await db.fetch(sql, user_id)]


async def tokens(db: Reads) -> list[Token]:
    """The tokens that were not revoked, oldest first."""
    return [_token(row) for row in await db.fetch(f"{_BEARER} WHERE revoked_at IS NULL ORDER BY id")]


async def token(db: Reads, token_id: UUID) -> Token:
    """One token that was not revoked; raises `NotFound`."""
    row = await db.fetch_one(f"{_BEARER} WHERE id = $1 AND revoked_at IS NULL", token_id)
    if row is None:
        raise NotFound("there is no such token")
    return _token(row)


def like(text: str) -> str:
    """A LIKE pattern (ESCAPE '!') for "holds this text"."""
    escaped = fold(text).replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


_ROLE = "SELECT id, name, rights, built_in, version FROM auth_role"
_BEARER = "SELECT id, name, hint, scopes, created_by_id, created_at, expires_at, used_at, revoked_at FROM auth_token"


def _role(row: Row) -> Role:
    return Role(id=row["id"], name=row["name"], rights=expand(row["rights"]), built_in=row["built_in"], version=row["version"])


def _token(row: Row) -> Token:
    fields = dict(row.items())
    return Token(rights=expand(fields.pop("scopes")), **fields)


async def _with_memberships(db: Reads, rows: Iterable[Row]) -> list[User]:
    found = [dict(row.items()) for row in rows]
    ids = [row["id"] for row in found]
    roles, teams = defaultdict(list), defaultdict(list)
    for row in await db.fetch("SELECT user_id, role_id FROM auth_user_role WHERE user_id = ANY($1::uuid[]) ORDER BY n", ids):
        roles[row["user_id"]].append(row["role_id"])
    for row in await db.fetch("SELECT user_id, team_id FROM auth_team_member WHERE user_id = ANY($1::uuid[]) ORDER BY n", ids):
        teams[row["user_id"]].append(row["team_id"])
    for user in found:
        user.pop("name_key", None)
        user["second_factor"] = bool(user["second_factor"])
        user |= {"role_ids": tuple(roles[user["id"]]), "team_ids": tuple(teams[user["id"]])}
    return [User(**user) for user in found]


async def _with_members(db: Reads, rows: Iterable[Row]) -> list[Team]:
    found = [dict(row.items()) for row in rows]
    members = defaultdict(list)
    sql = "SELECT team_id, user_id FROM auth_team_member WHERE team_id = ANY($1::uuid[]) ORDER BY n"
    for row in await db.fetch(sql, [row["id"] for row in found]):
        members[row["team_id"]].append(row["user_id"])
    return [Team(**row, member_ids=tuple(members[row["id"]])) for row in found]
