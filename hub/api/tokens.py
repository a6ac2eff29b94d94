"""API tokens."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from hub.api.endpoint import Request, Router
from hub.api.problems import BadField
from hub.auth import Right, queries
from hub.auth.errors import Escalation
from hub.auth.names import BadName
from hub.auth.rights import EVERYTHING, expand
from hub.auth.values import Token
from hub.errors import Invalid, NotFound
from hub.ids import UserId

api = Router(tag="tokens")


class TokenView(msgspec.Struct, kw_only=True):
    """A token without its secret; `hint` is the end of it."""

    id: UUID
    name: str
    hint: str
    scopes: list[Right]
    created_by_id: UserId | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class TokenCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`scopes` are rights one has oneself; `*` is all of them."""

    name: Annotated[str, msgspec.Meta(max_length=100)]
    scopes: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=100)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class NewToken(msgspec.Struct, kw_only=True):
    """The token itself, told only this once."""

    id: UUID
    token: str


@api.get("/tokens", needs=Right.TOKENS_MANAGE)
async def list_tokens(request: Request) -> list[TokenView]:
    """The tokens that are not revoked."""
    return [_view(token) for token in await queries.tokens(request.hub.db)]


@api.post("/tokens", needs=Right.TOKENS_MANAGE, status=201, raises=(BadName, Escalation, Invalid))
async def add_token(request: Request, body: TokenCreate) -> NewToken:
    """Make a token. It belongs to the organisation, and lives on when its maker leaves."""
    if unknown := set(body.scopes) - {*Right, EVERYTHING}:
        raise BadField("$.scopes", f"there is no right {min(unknown)!r}")
    token, text = await request.hub.auth.tokens.add(
        request.caller, name=body.name, rights=expand(body.scopes), expires_at=body.expires_at
    )
    return NewToken(id=token.id, token=text)


@api.delete("/tokens/{token_id}", needs=Right.TOKENS_MANAGE, raises=(NotFound,))
async def revoke_token(request: Request, token_id: UUID) -> None:
    """Revoke a token; open connections end within a second."""
    await request.hub.auth.tokens.revoke(request.caller, token_id)


def _view(token: Token) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        hint=token.hint,
        scopes=sorted(token.rights),
        created_by_id=token.created_by_id,
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
    )
