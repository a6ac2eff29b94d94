"""A client that costs next to nothing, so that what is measured is the server."""

import asyncio
from collections.abc import Callable, Iterator
from time import perf_counter


class Client:
    """One kept connection; one request at a time."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token

    async def get(self, path: str) -> bytes:
        """The body of a 200; anything else is an error of the benchmark."""
        if not hasattr(self, "_writer"):
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        self._writer.write(head.encode())
        headers = await self._reader.readuntil(b"\r\n\r\n")
        size = int(headers.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        body = await self._reader.readexactly(size)
        if not headers.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {headers[:40]!r} {body[:500]!r}")
        return body

    def close(self) -> None:
        """Hang up."""
        if hasattr(self, "_writer"):
            self._writer.close()


async def latencies(client: Client, paths: Iterator[str], seconds: float) -> list[float]:
    """Ask one after the other for a while; how long each took, sorted."""
    took = []
    end = perf_counter() + seconds
    while (began := perf_counter()) < end:
        await client.get(next(paths))
        took.append(perf_counter() - began)
    return sorted(took)


async def rate(make: Callable[[], Client], paths: Iterator[str], seconds: float, *, connections: int) -> float:
    """Answers a second over several connections."""
    clients = [make() for _ in range(connections)]
    began = perf_counter()
    done = await asyncio.gather(*(latencies(client, paths, seconds) for client in clients))
    for client in clients:
        client.close()
    return sum(map(len, done)) / (perf_counter() - began)


def percentile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return values[min(int(len(values) * share), len(values) - 1)]
