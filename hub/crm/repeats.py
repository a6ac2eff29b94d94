"""A write that comes twice under one client key is one write."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from hub.auth import Caller
from hub.db import Reads
from hub.errors import ClientKeyReused


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """Who creates, under which key, and a digest of what: the columns `created_by`, `client_key`, `client_digest`."""

    author_id: UUID | None
    client_key: UUID | None
    digest: str | None


def authorship(new: Any, by: Caller) -> Authorship:
    """Of `new`, a dataclass with a `client_key`."""
    key: UUID | None = new.client_key
    author = by.author_id
    if key is None or author is None:
        return Authorship(author_id=author, client_key=None, digest=None)
    body = msgspec.json.encode(replace(new, client_key=None), order="deterministic")
    return Authorship(author_id=author, client_key=key, digest=hashlib.sha256(body).hexdigest())


async def first_of(source: Reads, table: str, made: Authorship) -> UUID | None:
    """The id of what the same author made under the same key before; raises `ClientKeyReused` if it was something else."""
    if made.client_key is None:
        return None
    row = await source.fetch_one(
        f"SELECT id, client_digest FROM {table} WHERE created_by = $1 AND client_key = $2", made.author_id, made.client_key
    )
    if row is None:
        return None
    if row["client_digest"] != made.digest:
        raise ClientKeyReused("this client key was used for something else")
    found: UUID = row["id"]
    return found
