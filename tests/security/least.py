"""The least body an endpoint takes: what is required, and of that as little as there may be."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

from hub.ids import new_id

_PLAIN: dict[type[inspect.Type], Callable[[Any], Any]] = {
    inspect.StrType: lambda kind: "x" * max(1, kind.min_length or 0),
    inspect.IntType: lambda kind: kind.ge if kind.ge is not None else 1,
    inspect.FloatType: lambda kind: 1.0,
    inspect.BoolType: lambda kind: False,
    inspect.NoneType: lambda kind: None,
    inspect.UUIDType: lambda kind: str(new_id()),
    inspect.DateTimeType: lambda kind: "2030-01-01T00:00:00Z",
    inspect.EnumType: lambda kind: next(iter(kind.cls)).value,
    inspect.LiteralType: lambda kind: kind.values[0],
    inspect.ListType: lambda kind: [least(kind.item_type) for _ in range(kind.min_length or 0)],
    inspect.VarTupleType: lambda kind: [least(kind.item_type) for _ in range(kind.min_length or 0)],
    inspect.DictType: lambda kind: {},
    inspect.AnyType: lambda kind: {},
    inspect.UnionType: lambda kind: least(kind.types[0]),
    inspect.StructType: lambda kind: {field.encode_name: least(field.type) for field in kind.fields if field.required},
}


def least(kind: inspect.Type) -> Any:
    """A JSON-able value of `kind`."""
    return _PLAIN[type(kind)](kind)


def least_body(struct: type[msgspec.Struct]) -> Any:
    """A JSON-able body that `struct` takes."""
    body = least(inspect.type_info(struct))
    msgspec.convert(body, struct)  # or this file is wrong
    return body
