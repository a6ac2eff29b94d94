"""Stores on this disk and on an object store that speaks S3."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.media import MediaStore, open_store

_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A moto server on a free port, with one bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["local", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MediaStore:
    """Each store there is, empty or shared: blobs are named by what they are."""
    if request.param == "local":
        return open_store("", tmp_path)
    endpoint = request.getfixturevalue("s3_endpoint")
    for name, value in _KEYS.items():
        monkeypatch.setenv(name, value)
    await make_bucket(endpoint)
    return open_store(f"s3://hub-blobs/tests?endpoint={endpoint}&region={os.environ['AWS_REGION']}", tmp_path)


async def make_bucket(endpoint: str) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.put(f"{endpoint}/hub-blobs") as answer:
        assert answer.status in (200, 409)
