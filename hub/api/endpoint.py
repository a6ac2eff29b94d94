"""Typed endpoints: what a handler's signature says is what is checked, permitted, and documented.

    api = Router(tag="customers")

    @api.get("/customers/{customer_id}", needs=Right.CUSTOMERS_READ, raises=(NotFound,))
    async def get(request: Request, customer_id: CustomerId) -> CustomerView:
        \"\"\"One customer.\"\"\"

A handler takes `request`, its path's names, and may take `query` (a Struct of query parameters) and `body` (a Struct
that forbids unknown fields). It returns what the annotation says (as JSON), None (204), or a `web.StreamResponse`.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, TypeVar, get_type_hints

import msgspec
from aiohttp import web

from hub.api.hub import Hub
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.errors import HubError

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])


class Access(Enum):
    """What an endpoint needs beside rights."""

    PUBLIC = "public"  # anybody; the caller is not even looked at
    SIGNED_IN = "signed_in"  # any user, any token
    VISITOR = "visitor"  # a visitor's token, on the widget's origin


PUBLIC: Final = Access.PUBLIC
SIGNED_IN: Final = Access.SIGNED_IN
VISITOR: Final = Access.VISITOR

Needs = Access | Right | tuple[Right, ...]
"""A right, several of which one is enough, or an `Access`."""


class Page(msgspec.Struct, Generic[T], kw_only=True):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler is given: who asks, the services, and the HTTP request itself for raw bodies and headers."""

    http: web.Request
    hub: Hub
    caller: Caller
    finish: list[Callable[[web.StreamResponse], None]] = field(default_factory=list)
    """Called with the answer before it leaves (cookies, headers)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation, as declared."""

    method: str
    path: str
    tag: str
    needs: Needs
    raises: tuple[type[HubError], ...]
    status: int
    produces: str
    takes: str
    name: str
    about: str
    arguments: Mapping[str, Any]  # path names and their types
    query: type[msgspec.Struct] | None
    ignores_unknown: bool  # query parameters: where another program writes the address
    body: type[msgspec.Struct] | None
    result: Any  # None: 204
    handler: Callable[..., Awaitable[Any]]

    @property
    def rights(self) -> tuple[Right, ...]:
        """The rights one of which is needed; empty for an `Access`."""
        if isinstance(self.needs, Access):
            return ()
        return self.needs if isinstance(self.needs, tuple) else (self.needs,)

    @property
    def is_safe(self) -> bool:
        """Changes nothing (RFC 9110 §9.2.1), so needs no CSRF token."""
        return self.method in ("GET", "HEAD")


class Router:
    """The endpoints of one module."""

    def __init__(self, *, tag: str, prefix: str = "/api/v1") -> None:
        self.tag = tag
        self.prefix = prefix
        self.endpoints: list[Endpoint] = []

    def get(
        self,
        path: str,
        *,
        needs: Needs,
        raises: tuple[type[HubError], ...] = (),
        status: int = 200,
        produces: str = "application/json",
        ignores_unknown: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a read. `ignores_unknown`: query parameters nobody declared are no error."""
        return self._declare(
            "GET", path, needs=needs, raises=raises, status=status, produces=produces, ignores_unknown=ignores_unknown
        )

    def post(
        self,
        path: str,
        *,
        needs: Needs,
        raises: tuple[type[HubError], ...] = (),
        status: int = 200,
        takes: str = "application/json",
    ) -> Callable[[Handler], Handler]:
        """Declare a verb or a creation (`status=201`). `takes`: the type of a body the handler reads by itself."""
        return self._declare("POST", path, needs=needs, raises=raises, status=status, takes=takes)

    def put(
        self, path: str, *, needs: Needs, raises: tuple[type[HubError], ...] = (), status: int = 200
    ) -> Callable[[Handler], Handler]:
        """Declare a replacement: doing it twice is doing it once."""
        return self._declare("PUT", path, needs=needs, raises=raises, status=status)

    def patch(
        self, path: str, *, needs: Needs, raises: tuple[type[HubError], ...] = (), status: int = 200
    ) -> Callable[[Handler], Handler]:
        """Declare a change of some fields; those left out (`msgspec.UNSET`) stay."""
        return self._declare("PATCH", path, needs=needs, raises=raises, status=status)

    def delete(
        self, path: str, *, needs: Needs, raises: tuple[type[HubError], ...] = (), status: int = 204
    ) -> Callable[[Handler], Handler]:
        """Declare a removal."""
        return self._declare("DELETE", path, needs=needs, raises=raises, status=status)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        needs: Needs,
        raises: tuple[type[HubError], ...],
        status: int,
        produces: str = "application/json",
        takes: str = "application/json",
        ignores_unknown: bool = False,
    ) -> Callable[[Handler], Handler]:
        _check_needs(needs, path)

        def declare(handler: Handler) -> Handler:
            signature = _read_signature(handler, path)
            self.endpoints.append(
                Endpoint(
                    method=method,
                    path=self.prefix + path,
                    tag=self.tag,
                    needs=needs,
                    raises=raises,
                    status=204 if signature.result is None else status,
                    produces=produces,
                    takes=takes,
                    name=f"{self.tag}_{handler.__name__.strip('_')}".replace("-", "_"),
                    about=inspect.getdoc(handler) or "",
                    arguments=signature.arguments,
                    query=signature.query,
                    ignores_unknown=ignores_unknown,
                    body=signature.body,
                    result=signature.result,
                    handler=handler,
                )
            )
            return handler

        return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signature:
    arguments: Mapping[str, Any]
    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None
    result: Any


def _check_needs(needs: Needs, path: str) -> None:
    rights = needs if isinstance(needs, tuple) else (needs,)
    if not rights or not (isinstance(needs, Access) or all(isinstance(right, Right) for right in rights)):
        raise TypeError(f"{path}: `needs` must be a Right, a tuple of Rights, PUBLIC, SIGNED_IN or VISITOR")


def _read_signature(handler: Callable[..., Any], path: str) -> _Signature:
    hints = get_type_hints(handler, include_extras=True)
    names = re.findall(r"{(\w+)}", path)
    taken = list(inspect.signature(handler).parameters)
    unknown = set(taken) - {"request", "query", "body", *names}
    missing = [name for name in ("request", *names) if name not in taken]
    if unknown or missing or "return" not in hints or not handler.__doc__:
        raise TypeError(
            f"{handler.__qualname__}: takes {sorted(unknown)} that {path} does not give, lacks {missing}, "
            "or has no return type or no docstring"
        )
    body = hints.get("body")
    if body is not None and not body.__struct_config__.forbid_unknown_fields:
        raise TypeError(f"{handler.__qualname__}: {body.__name__} must forbid unknown fields")
    result = hints["return"]
    return _Signature(
        arguments={name: hints[name] for name in names},
        query=hints.get("query"),
        body=body,
        result=None if result is type(None) else result,
    )
