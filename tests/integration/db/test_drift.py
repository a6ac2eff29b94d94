"""The migrated schema and the models say the same; whatever lies beyond the models is listed, and nothing else exists."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise import Tortoise, fields

import hub.db
from hub.db import Database
from hub.db.orm import model_modules
from tests.integration.db.introspect import Table, read_schema, run_script

_BEYOND = Path(hub.db.__file__).with_name("beyond_models.toml")


async def test_models_and_migrations_agree(database_url: str, empty_url: str, dialect: str) -> None:
    database = await Database.open(database_url, models=model_modules())
    try:
        await run_script(empty_url, _generated(database))
        wanted, booleans = await read_schema(empty_url), _booleans()
    finally:
        await database.close()
    found = await read_schema(database_url)
    beyond = tomllib.loads(_BEYOND.read_text("utf-8"))
    listed = {f"{kind} {name}" for part in ("both", dialect) for kind, names in beyond.get(part, {}).items() for name in names}
    differences, extra = set(_differences(wanted, found, booleans)), set(_extra(wanted, found))
    assert not differences, "\n" + "\n".join(sorted(differences))
    assert not extra - listed, f"\nneither in a model nor in {_BEYOND.name}:\n" + "\n".join(sorted(extra - listed))
    assert not listed - extra, f"\nin {_BEYOND.name}, but not in the schema:\n" + "\n".join(sorted(listed - extra))


def _generated(database: Database) -> str:
    client = database._backend.client
    return client.schema_generator(client).get_create_schema_sql(safe=False)


def _booleans() -> set[tuple[str, str]]:
    """Tortoise would declare them INT on SQLite; we declare BOOL, so that they are decoded."""
    assert Tortoise.apps is not None
    return {
        (model._meta.db_table, model._meta.fields_map[name].source_field or name)
        for app in Tortoise.apps.values()
        for model in app.values()
        for name in model._meta.fields_map
        if isinstance(model._meta.fields_map[name], fields.BooleanField)
    }


def _differences(wanted: dict[str, Table], found: dict[str, Table], booleans: set[tuple[str, str]]) -> Iterator[str]:
    for name, table in wanted.items():
        there = found.get(name)
        if there is None:
            yield f"table {name}: in the models only"
            continue
        for column, (kind, nullable) in table.columns.items():
            kind = "bool" if kind == "integer" and (name, column) in booleans else kind
            if there.columns.get(column) != (kind, nullable):
                yield f"column {name}.{column}: model {(kind, nullable)}, schema {there.columns.get(column)} (type, nullable)"
        if table.primary_key != there.primary_key:
            yield f"primary key of {name}: model {table.primary_key}, schema {there.primary_key}"
        for unique in table.uniques ^ there.uniques:
            yield f"unique {name}{unique}: in the {'models' if unique in table.uniques else 'schema'} only"
        for key in table.foreign_keys - there.foreign_keys:
            yield f"foreign key of {name} {key}: in the models only; the schema has {sorted(there.foreign_keys)}"
        for index in set(table.indexes.values()) - set(there.indexes.values()):
            yield f"index on {name}{index}: in the models only"


def _extra(wanted: dict[str, Table], found: dict[str, Table]) -> Iterator[str]:
    """Foreign keys are left out: a package points at another's table by id, without importing its models."""
    for name, table in found.items():
        model = wanted.get(name)
        if model is None:
            yield f"tables {name}"
        else:
            yield from (f"columns {name}.{column}" for column in table.columns.keys() - model.columns.keys())
            modelled = set(model.indexes.values())
            yield from (f"indexes {index}" for index, columns in table.indexes.items() if columns not in modelled or not columns)
        yield from (f"triggers {trigger}" for trigger in table.triggers)


def test_the_list_of_what_lies_beyond_the_models_gives_reasons() -> None:
    lines = _BEYOND.read_text("utf-8").splitlines()
    entries = [line for line in lines if line.strip().startswith('"')]
    assert entries
    assert not [line for line in entries if "#" not in line], "each entry says on its line what it is for"


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        ("ALTER TABLE job ADD COLUMN more TEXT", "columns job.more"),
        ("CREATE INDEX more ON job (name)", "indexes more"),
        ("CREATE UNIQUE INDEX more ON job (name)", "unique job"),
        ("DROP TABLE job_schedule", "table job_schedule"),
        ("ALTER TABLE job DROP COLUMN error", "column job.error"),
    ],
)
async def test_the_comparison_notices_a_difference(
    database_url: str, empty_url: str, dialect: str, change: str, noticed: str
) -> None:
    await run_script(database_url, change)
    with pytest.raises(AssertionError, match=re.escape(noticed)):
        await test_models_and_migrations_agree(database_url, empty_url, dialect)
