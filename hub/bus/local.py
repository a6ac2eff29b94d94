"""The bus of a hub that is one process."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from hub.bus.contract import Notice


class LocalBus:
    """Delivers in the event loop's next round: no publisher runs a subscriber's code or inherits its exceptions."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[str, dict[object, Callable[[Notice], None]]] = defaultdict(dict)

    def publish(self, topic: str, data: Notice) -> None:
        loop = asyncio.get_running_loop()
        for key in self._subscribers.get(topic, ()):
            loop.call_soon(self._deliver, topic, key, data)

    def subscribe(self, topic: str, fn: Callable[[Notice], None]) -> Callable[[], None]:
        key = object()
        self._subscribers[topic][key] = fn

        def unsubscribe() -> None:
            self._subscribers[topic].pop(key, None)

        return unsubscribe

    def _deliver(self, topic: str, key: object, data: Notice) -> None:
        if fn := self._subscribers[topic].get(key):  # it may have left since the notice was published
            fn(data)
