"""A hub whose browsers come through proxies that cut every connection at once."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.desks import Desk, neighbours, running_hub
from tests.fixtures.proxy import CuttingProxy


class Lines:
    """Proxies on a loop of their own, in a thread beside the browser's."""

    def __init__(self, *targets: int) -> None:
        self.proxies = [CuttingProxy(target) for target in targets]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for proxy in self.proxies:
            asyncio.run_coroutine_threadsafe(proxy.start(), self._loop).result(5)

    def cut(self) -> int:
        """Reset every connection there is; returns how many were made so far."""

        async def cut() -> int:
            for proxy in self.proxies:
                proxy.cut_all()
            return sum(proxy.connections for proxy in self.proxies)

        return asyncio.run_coroutine_threadsafe(cut(), self._loop).result(5)

    def close(self) -> None:
        for proxy in self.proxies:
            asyncio.run_coroutine_threadsafe(proxy.stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class CutDesk:
    """`seen`: the hub as browsers reach it; `direct`: its API, which nothing cuts."""

    seen: Desk
    direct: Desk
    lines: Lines


@contextmanager
def cut_hub(folder: Path) -> Iterator[CutDesk]:
    """The demo behind such proxies."""
    http, widget, files, smtp, _, lmtp = neighbours()
    lines = Lines(http, widget)
    console, frame = (proxy.port for proxy in lines.proxies)
    ports = {"http_port": http, "widget_port": widget, "files_port": files, "smtp_port": smtp, "lmtp_port": lmtp}
    urls = {"public_url": f"http://localhost:{console}", "widget_url": f"http://localhost:{frame}"}
    try:
        with running_hub(folder, demo=True, **ports, **urls) as desk:
            yield CutDesk(seen=desk, direct=desk.at(f"http://localhost:{http}"), lines=lines)
    finally:
        lines.close()
