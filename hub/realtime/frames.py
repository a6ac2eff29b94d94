"""Events as websocket frames: the body is encoded once, and a frame once for everyone who saw the same event before."""

from collections.abc import Mapping
from typing import Any

import orjson

from hub.db import LoggedEvent
from hub.realtime.engine import plain, text_frame

AGENT = "/agent"
VISITOR = "/visitor"


def emit_frame(namespace: str, event: str, data: Any) -> bytes:
    """A Socket.IO EVENT packet (protocol 5) in an Engine.IO message in a websocket frame."""
    return text_frame(b"42" + namespace.encode() + b"," + orjson.dumps([event, data], default=plain))


class Encoded:
    """One logged event, ready for any number of agents' connections. Only `prev` differs from one to the next.

    `variants` maps what a connection is told (`conversation.appeared`, …) to its data; it is encoded when first asked
    for.
    """

    __slots__ = ("_bodies", "_frames", "_variants", "cursor")

    def __init__(self, event: LoggedEvent, variants: Mapping[str, Any]) -> None:
        self.cursor = event.cursor
        self._variants = variants
        self._bodies: dict[str, bytes] = {}
        self._frames: dict[tuple[str, str], bytes] = {}

    def frame(self, kind: str, prev: str) -> bytes:
        """The frame for a connection whose last cursor was `prev`."""
        found = self._frames.get((kind, prev))
        if found is None:
            found = self._frames[kind, prev] = text_frame(self._body(kind) + prev.encode() + b'"}]')
        return found

    def _body(self, kind: str) -> bytes:
        found = self._bodies.get(kind)
        if found is None:
            told = {"cursor": self.cursor, "type": kind, "data": self._variants[kind]}
            # A cursor is made of letters, digits and dots, so that it may be set into JSON as it is.
            found = b"42/agent," + orjson.dumps(["event", told], default=plain)[:-2] + b',"prev":"'
            self._bodies[kind] = found
        return found


def visitor_event(cursor: str, prev: str, kind: str, data: Mapping[str, Any]) -> bytes:
    """The frame of one event for one visitor."""
    return emit_frame(VISITOR, "event", {"cursor": cursor, "prev": prev, "type": kind, "data": data})
