"""The OpenAPI 3.1 document, written from the endpoints."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

import hub
from hub.api.endpoint import PUBLIC, VISITOR, Access, Endpoint, Router
from hub.api.problems import MEDIA_TYPE, BadField, MalformedJson, Problem
from hub.errors import Forbidden, HubError, NotFound, Unauthorised

_SECURITY: dict[str, Any] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-hub"},
    "token": {"type": "http", "scheme": "bearer"},
    "visitor": {"type": "apiKey", "in": "header", "name": "Authorization"},
}
_ABOUT = """Everything the console does, it does through this interface. Errors are RFC 9457 problems with a stable `code`. Lists
page by `next_cursor`. Programs send `Authorization: Bearer` with a token of `hub token create`; the console's cookie needs the
header `X-CSRF-Token` on everything but reads."""


def document(routers: Sequence[Router]) -> dict[str, Any]:
    """The document of `routers`, JSON-able; raises ValueError where two operations share a path or a name."""
    endpoints = [endpoint for router in routers for endpoint in router.endpoints]
    schema_of, components = _schemas(endpoints)
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    seen: set[str] = set()
    for endpoint in endpoints:
        method = endpoint.method.lower()
        if method in paths[endpoint.path] or endpoint.name in seen:
            raise ValueError(f"{endpoint.method} {endpoint.path} ({endpoint.name}) is declared twice")
        seen.add(endpoint.name)
        paths[endpoint.path][method] = _operation(endpoint, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard",
            "version": hub.__version__,
            "description": _ABOUT,
            "license": {"name": "AGPL-3.0-or-later"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": components, "securitySchemes": _SECURITY},
    }


def encode(routers: Sequence[Router]) -> bytes:
    """The document as it is committed and served."""
    return msgspec.json.format(msgspec.json.encode(document(routers)), indent=1) + b"\n"


class _Schemas:
    """The schema of each type used, by the type."""

    def __init__(self, types: Sequence[Any], schemas: Sequence[dict[str, Any]]) -> None:
        self._pairs = list(zip(types, schemas, strict=True))

    def __getitem__(self, wanted: Any) -> dict[str, Any]:
        return next(schema for kind, schema in self._pairs if kind == wanted)


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[_Schemas, dict[str, Any]]:
    types: list[Any] = [Problem]
    for endpoint in endpoints:
        queried = [field.type for field in msgspec.structs.fields(endpoint.query)] if endpoint.query else []
        for kind in (endpoint.body, _json_result(endpoint), *endpoint.arguments.values(), *queried):
            if kind is not None and kind not in types:
                types.append(kind)
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return _Schemas(types, list(schemas)), components


def _operation(endpoint: Endpoint, schema_of: _Schemas) -> dict[str, Any]:
    summary, _, description = endpoint.about.partition("\n")
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [endpoint.tag],
        "summary": summary,
        "security": _security(endpoint),
        "x-needs": endpoint.needs.value if isinstance(endpoint.needs, Access) else [str(right) for right in endpoint.rights],
        "parameters": [*_path_parameters(endpoint, schema_of), *_query_parameters(endpoint, schema_of)],
        "responses": {str(endpoint.status): _success(endpoint, schema_of), **_failures(endpoint)},
    }
    if description.strip():
        operation["description"] = re.sub(r"\s+", " ", description.strip())
    if endpoint.body is not None:
        content = {"application/json": {"schema": schema_of[endpoint.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    elif endpoint.takes != "application/json":
        operation["requestBody"] = {"required": True, "content": {endpoint.takes: {}}}
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.needs is PUBLIC:
        return []
    return [{"visitor": []}] if endpoint.needs is VISITOR else [{"session": []}, {"token": []}]


def _path_parameters(endpoint: Endpoint, schema_of: _Schemas) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schema_of[kind]} for name, kind in endpoint.arguments.items()
    ]


def _query_parameters(endpoint: Endpoint, schema_of: _Schemas) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    return [
        {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema_of[field.type]}
        for field in msgspec.structs.fields(endpoint.query)
    ]


def _json_result(endpoint: Endpoint) -> Any:
    result = endpoint.result
    return None if isinstance(result, type) and issubclass(result, web.StreamResponse) else result


def _success(endpoint: Endpoint, schema_of: _Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if (result := _json_result(endpoint)) is not None:
        answer["content"] = {"application/json": {"schema": schema_of[result]}}
    elif endpoint.result is not None:
        answer["content"] = {endpoint.produces: {}}
    return answer


def _failures(endpoint: Endpoint) -> dict[str, Any]:
    """One response a status; its description names the codes."""
    errors: list[type[HubError]] = [*endpoint.raises]
    if endpoint.needs is not PUBLIC:
        errors += [Unauthorised, Forbidden]
    if endpoint.arguments:
        errors.append(NotFound)
    if endpoint.body is not None:
        errors += [BadField, MalformedJson]
    codes: defaultdict[int, set[str]] = defaultdict(set)
    for error in errors:
        codes[error.status].add(error.code)
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    named = {str(status): {"description": ", ".join(sorted(codes[status])), "content": problem} for status in sorted(codes)}
    return named | {"default": {"description": "any other problem", "content": problem}}
