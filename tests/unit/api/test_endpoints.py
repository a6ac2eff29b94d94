"""What a declaration must say, and what it makes of a request."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints
from uuid import UUID

import msgspec
import pytest
from multidict import MultiDict

from hub.api.endpoint import PUBLIC, Request, Router
from hub.api.files import disposition
from hub.api.handling import _path_value, read_query
from hub.api.paging import page
from hub.api.problems import BadField
from hub.api.routes import CONSOLE, WIDGET
from hub.auth import Right
from hub.db.keyset import BadCursor, Number, read_cursor, write_cursor
from hub.errors import NotFound
from hub.ids import TicketId


class Body(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class Loose(msgspec.Struct):
    text: str


class Query(msgspec.Struct):
    limit: int = 50
    tag: list[str] = []
    open: bool = False


def test_an_endpoint_without_a_permission_cannot_be_declared() -> None:
    api = Router(tag="x")
    with pytest.raises(TypeError):
        api.get("/x")  # type: ignore[call-arg]
    for needs in (None, "admin", (), ("conversations.read",)):
        with pytest.raises(TypeError):
            api.get("/x", needs=needs)  # type: ignore[arg-type]


def test_a_handler_takes_what_its_path_gives_and_says_what_it_does() -> None:
    api = Router(tag="x")

    async def no_docstring(request: Request, id: UUID) -> None: ...

    async def lacks_the_id(request: Request) -> None:
        """Say."""

    async def wants_more(request: Request, id: UUID, other: int) -> None:
        """Say."""

    async def no_result(request: Request, id: UUID):  # type: ignore[no-untyped-def]
        """Say."""

    async def loose_body(request: Request, id: UUID, body: Loose) -> None:
        """Say."""

    for handler in (no_docstring, lacks_the_id, wants_more, no_result, loose_body):
        with pytest.raises(TypeError):
            api.post("/x/{id}", needs=PUBLIC)(handler)
    assert api.endpoints == []


def test_nothing_inside_a_body_takes_fields_nobody_knows() -> None:
    """A filter with a misspelt name would mean everything."""
    loose = {kind.__name__ for router in [*CONSOLE, *WIDGET] for e in router.endpoints if e.body for kind in _loose(e.body)}
    assert loose == set()


def _loose(kind: Any) -> Iterator[type[msgspec.Struct]]:
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        for part in get_args(kind):
            yield from _loose(part)
        return
    if not kind.__struct_config__.forbid_unknown_fields:
        yield kind
    for part in get_type_hints(kind, include_extras=True).values():
        yield from _loose(part)


def test_a_declaration_keeps_what_the_signature_says() -> None:
    api = Router(tag="tickets")

    @api.patch("/tickets/{ticket_id}", needs=(Right.TICKETS_WRITE, Right.SYSTEM_MANAGE), raises=(NotFound,))
    async def change(request: Request, ticket_id: TicketId, body: Body, query: Query) -> Loose:
        """Change it."""
        raise NotImplementedError

    (endpoint,) = api.endpoints
    assert (endpoint.method, endpoint.path, endpoint.name) == ("PATCH", "/api/v1/tickets/{ticket_id}", "tickets_change")
    assert (endpoint.body, endpoint.query, endpoint.result, endpoint.status) == (Body, Query, Loose, 200)
    assert endpoint.rights == (Right.TICKETS_WRITE, Right.SYSTEM_MANAGE)
    assert endpoint.arguments == {"ticket_id": TicketId}


def test_query_parameters_are_read_by_their_types() -> None:
    given = MultiDict([("limit", "5"), ("tag", "a"), ("tag", "b"), ("open", "true")])
    assert read_query(given, Query) == Query(limit=5, tag=["a", "b"], open=True)
    assert read_query(MultiDict(), Query) == Query()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([("limit", "many")], "$query.limit"),
        ([("limit", "1"), ("limit", "2")], "$query.limit"),
        ([("tag", "a\0b")], "$query.tag"),
        ([("tag", "\udcff")], "$query.tag"),
        ([("colour", "red")], "$query.colour"),
    ],
)
def test_a_wrong_query_parameter_is_named(given: list[tuple[str, str]], path: str) -> None:
    with pytest.raises(BadField) as refused:
        read_query(MultiDict(given), Query)
    assert refused.value.extra["errors"][0]["path"] == path


@pytest.mark.parametrize("text", ["", "1", "not-an-id", "01a1ffdb-b5d1-75d5-b895-37d92881018c ", "a\0", "\udcff", "../x"])
def test_what_cannot_be_an_id_is_simply_not_there(text: str) -> None:
    with pytest.raises(NotFound):
        _path_value(text, TicketId)


def test_a_page_ends_without_a_cursor() -> None:
    found = [1, 2, 3]
    first = page(found, 2, view=str, key=lambda n: n)
    assert first.items == ["1", "2"]
    assert read_cursor(first.next_cursor, int) == 2
    assert page(found, 3, view=str, key=lambda n: n).next_cursor is None


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", write_cursor("text"), write_cursor([1]), write_cursor(-1), write_cursor(2**63), "ä"]
)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(cursor, Number)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\a.exe", "a.exe"),
        ('a"; filename="b.html', "a_; filename=_b.html"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie: x=1"),
        ("报价.pdf", "__.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
        ("...", "file"),
    ],
)
def test_no_file_name_leaves_its_quotes(name: str, plain: str) -> None:
    value = disposition(name)
    assert value.startswith(f'attachment; filename="{plain}"; filename*=UTF-8')
    assert value.isprintable()
    assert value.isascii()
