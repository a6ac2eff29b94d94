"""Several processes on one database: who serves needs nobody who works, and one connection is held by one of those who do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.db import Database
from hub.devkit.smsc import Smsc
from tests.fixtures.desk import eventually
from tests.fixtures.program import Api, Program

SECRET = "0123456789abcdef"


class Place:
    """A web process, and two workers that do not run yet."""

    def __init__(self, database: Database, url: str, folder: Path) -> None:
        self.web, *self.workers = (_program(url, folder, name) for name in ("web", "one", "two"))
        self.api, self._db = Api(self.web), database

    async def account(self, provider: str, **settings: Any) -> str:
        body = {"name": provider, "provider": provider, "settings": {"sender": "10690000", **settings}}
        return str((await self.api.insist("POST", "/accounts", body))["id"])

    async def send(self, account_id: str, text: str) -> None:
        to = [{"address": "+8613800138000", "kind": "phone"}]
        await self.api.insist("POST", "/conversations", {"account_id": account_id, "to": to, "text": text})

    async def holder(self, account_id: str) -> Program:
        """The worker that is connected, once one is."""

        async def held() -> Program:
            row = await self._db.fetch_one("SELECT holder, state FROM account_run WHERE account_id = $1::uuid", account_id)
            assert row is not None
            assert row["state"] == "connected"
            found = [one for one in self.workers if one.is_running and f":{one.pid}:" in row["holder"]]
            assert found
            return found[0]

        found: Program = await eventually(held)
        return found


def _program(database_url: str, folder: Path, name: str) -> Program:
    (folder / name).mkdir()
    return Program(database_url, folder / name, data_dir=folder, smtp_port=0, lmtp_port=0)


@pytest.fixture
async def place(database: Database, database_url: str, dialect: str, tmp_path: Path) -> AsyncIterator[Place]:
    if dialect == "sqlite":
        pytest.skip("SQLite serves one process; this is for PostgreSQL")
    made = Place(database, database_url, tmp_path)
    await made.web.make_token()
    await made.web.start("web")
    yield made
    await made.api.close()
    for program in (made.web, *made.workers):
        program.stop()


@pytest.mark.covers("S-02", "M-48")
async def test_calls_are_taken_where_nobody_works_and_one_connection_passes_from_worker_to_worker(
    place: Place, smsc: Smsc
) -> None:
    kannel = await place.account("kannel", sendsms_url="http://127.0.0.1:1/", username="hub", password="x", hook_secret=SECRET)
    query = "from=%2B8613800138000&to=10690000&id=1&text=hello&coding=0&charset=UTF-8"
    status, _ = await place.api.call(f"/hooks/{kannel}/mo/{SECRET}?{query}")
    assert status == 200
    assert [one["text"] for one in await place.api.all("/messages", direction="in")] == ["hello"]

    smpp = await place.account("smpp", host="127.0.0.1", port=smsc.port, system_id="hub", password="s3cret")
    await place.send(smpp, "one")
    for worker in place.workers:
        await worker.start("worker")
    first = await place.holder(smpp)
    await eventually(lambda: taken(smsc, "one"))
    first.stop()
    await place.send(smpp, "two")
    second = await place.holder(smpp)
    await eventually(lambda: taken(smsc, "one", "two"))

    assert second is not first


async def taken(smsc: Smsc, *texts: str) -> None:
    assert [one.text for one in smsc.taken] == list(texts)
