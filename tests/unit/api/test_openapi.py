"""The document, as a validator and other programs read it."""

import json
from pathlib import Path

import openapi_spec_validator
import pytest

from hub.api.endpoint import PUBLIC, Request, Router
from hub.api.openapi import document, encode
from hub.api.routes import DOCUMENTED

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


@pytest.mark.covers("M-37")
def test_the_document_is_valid_openapi_3_1() -> None:
    described = json.loads(encode(DOCUMENTED))

    assert described["openapi"].startswith("3.1")
    openapi_spec_validator.validate(described, cls=openapi_spec_validator.OpenAPIV31SpecValidator)


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_bytes() == encode(DOCUMENTED), "run: hub openapi > docs/openapi.json"


def test_every_operation_says_what_it_needs_and_what_can_go_wrong() -> None:
    for path, operations in document(DOCUMENTED)["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation["x-needs"], (method, path)
            assert "default" in operation["responses"], (method, path)
            assert (operation["x-needs"] == "public") == (operation["security"] == []), (method, path)


def test_two_operations_never_share_a_path() -> None:
    api = Router(tag="x")

    @api.get("/x", needs=PUBLIC)
    async def first(request: Request) -> None:
        """One."""

    @api.get("/x", needs=PUBLIC)
    async def second(request: Request) -> None:
        """Two."""

    with pytest.raises(ValueError, match="declared twice"):
        document([api])
