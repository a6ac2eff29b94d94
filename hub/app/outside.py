"""The way out: one gate a process, and one HTTP session behind it for all that is asked of providers."""

import aiohttp

from hub.egress import AllowList, Egress, open_session


class Outside:
    """What adapters reach providers through."""

    def __init__(self, allow: AllowList) -> None:
        self.egress = Egress(allow)
        self._session: aiohttp.ClientSession | None = None

    async def connect(self, host: str, port: int) -> str:
        """The checked address to connect to; raises `Refused` and `Unreachable`."""
        return (await self.egress.check(host, port))[0].address

    def http(self) -> aiohttp.ClientSession:
        """The session; opened by the first who asks."""
        if self._session is None:
            self._session = open_session(self.egress)
        return self._session

    async def close(self) -> None:
        """At the end of the process."""
        if self._session is not None:
            await self._session.close()
