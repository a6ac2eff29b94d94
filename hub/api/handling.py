"""One request through one endpoint: who asks, may they, what do they want, do it, say it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_origin

import msgspec
from aiohttp import web
from multidict import MultiMapping

from hub.api.endpoint import Endpoint, Request, Router
from hub.api.hub import HUB
from hub.api.identify import permitted_caller
from hub.api.problems import BadField, MalformedJson, WrongMediaType, from_validation
from hub.errors import NotFound

_BEYOND = 2**63  # what neither database holds
# A NUL inside JSON, which PostgreSQL cannot store: an odd number of backslashes before u0000.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def add_routes(app: web.Application, routers: Sequence[Router]) -> None:
    """Serve the endpoints of `routers`."""
    for router in routers:
        for endpoint in router.endpoints:
            if endpoint.method == "GET":
                app.router.add_get(endpoint.path, _handler(endpoint))
            else:
                app.router.add_route(endpoint.method, endpoint.path, _handler(endpoint))


def _handler(endpoint: Endpoint) -> Any:
    async def handle(http: web.Request) -> web.StreamResponse:
        caller = await permitted_caller(http, endpoint)
        arguments = await _arguments(http, endpoint)
        request = Request(http=http, hub=http.app[HUB], caller=caller)
        answer = render(endpoint, await endpoint.handler(request, **arguments))
        for finish in request.finish:
            finish(answer)
        return answer

    return handle


async def _arguments(http: web.Request, endpoint: Endpoint) -> dict[str, Any]:
    arguments = {name: _path_value(http.match_info[name], kind) for name, kind in endpoint.arguments.items()}
    if endpoint.query is not None:
        arguments["query"] = read_query(http.query, endpoint.query, ignores_unknown=endpoint.ignores_unknown)
    elif http.query:
        raise BadField(f"$query.{next(iter(http.query))}", "this endpoint takes no query parameters")
    if endpoint.body is not None:
        arguments["body"] = await _read_body(http, endpoint.body)
    return arguments


def _path_value(text: str, kind: Any) -> Any:
    """What cannot be an id names nothing: that answers exactly as an id nobody has."""
    try:
        return msgspec.convert(_clean(text, "$path"), kind, strict=False)
    except (msgspec.ValidationError, BadField) as error:
        raise NotFound("there is no such thing") from error


def read_query(given: MultiMapping[str], kind: type[msgspec.Struct], *, ignores_unknown: bool = False) -> Any:
    """Query parameters as a Struct; a list takes a name several times, everything else once. Raises `BadField`."""
    lists = _names(kind)
    values: dict[str, Any] = {}
    for name in dict.fromkeys(given):
        if name not in lists:
            if ignores_unknown:
                continue
            raise BadField(f"$query.{name}", "there is no such parameter")
        texts = [_clean(text, f"$query.{name}") for text in given.getall(name)]
        if len(texts) > 1 and not lists[name]:
            raise BadField(f"$query.{name}", "is given more than once")
        values[name] = texts if lists[name] else texts[0]
    try:
        return _bounded(msgspec.convert(values, kind, strict=False), "$query")
    except msgspec.ValidationError as error:
        problem = from_validation(error)
        raise BadField(problem.extra["errors"][0]["path"].replace("$", "$query", 1), problem.detail) from error


async def _read_body(http: web.Request, kind: type[msgspec.Struct]) -> Any:
    if http.content_type != "application/json":
        raise WrongMediaType("send application/json")
    raw = await http.read()
    if _NUL.search(raw):
        raise BadField("$", "text cannot hold the character U+0000")
    try:
        return _bounded(_decoder(kind).decode(raw), "$")
    except msgspec.ValidationError as error:
        raise from_validation(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson("the body is not JSON") from error


def render(endpoint: Endpoint, result: Any) -> web.StreamResponse:
    """A handler's result as a response."""
    if isinstance(result, web.StreamResponse):
        return result
    if endpoint.result is None:
        return web.Response(status=endpoint.status)
    return web.Response(status=endpoint.status, body=msgspec.json.encode(result), content_type="application/json")


def _bounded(struct: msgspec.Struct, path: str) -> msgspec.Struct:
    """Numbers and times that no database holds are refused here once, not by each endpoint."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, msgspec.Struct):
            _bounded(value, f"{path}.{name}")
        elif isinstance(value, int) and not -_BEYOND <= value < _BEYOND:
            raise BadField(f"{path}.{name}", "is too large a number")
        elif isinstance(value, datetime) and not _is_time(value):
            raise BadField(f"{path}.{name}", "is no time of the years 1 to 9999")
    return struct


def _is_time(at: datetime) -> bool:
    try:
        at.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _clean(text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadField(path, "is not UTF-8") from error
    if "\0" in text:
        raise BadField(path, "cannot hold the character U+0000")
    return text


@cache
def _names(kind: type[msgspec.Struct]) -> dict[str, bool]:
    """The parameters and whether each is a list."""
    return {field.encode_name: get_origin(field.type) in (list, tuple, set, frozenset) for field in msgspec.structs.fields(kind)}


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
