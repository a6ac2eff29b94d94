"""The least a durable chat can be: aiohttp websockets and one statement a batch. `python -m benchmarks._chat_prototype PORT URL`.

A client says `h<room>` once, then `m<text>`; the text is stored (conversation, message, event, job), the other one in the room
gets it, the sender gets `k`. Nothing is said before the commit.
"""

import asyncio
import sys
import uuid

import asyncpg
import uvloop
from aiohttp import WSMsgType, web

TABLES = """
CREATE TABLE b_conversation (id bigint PRIMARY KEY, unread int NOT NULL DEFAULT 0, last_at timestamptz NOT NULL DEFAULT now(),
    preview text NOT NULL DEFAULT '');
CREATE TABLE b_message (id bigserial PRIMARY KEY, conversation_id bigint NOT NULL, external_id text NOT NULL UNIQUE, body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE b_event (id bigserial PRIMARY KEY, payload jsonb NOT NULL);
CREATE TABLE b_outbox (id bigserial PRIMARY KEY, payload jsonb NOT NULL);
INSERT INTO b_conversation (id) SELECT g FROM generate_series(1, 1000) g"""
_STORE = """
WITH k AS (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k(id, ext, body)),
c AS (UPDATE b_conversation v SET last_at = now(), unread = v.unread + 1, preview = left(a.body, 80)
    FROM (SELECT id, max(body) AS body FROM k GROUP BY id) a WHERE v.id = a.id),
m AS (INSERT INTO b_message (conversation_id, external_id, body) SELECT id, ext, body FROM k),
e AS (INSERT INTO b_event (payload) SELECT jsonb_build_object('text', body) FROM k)
INSERT INTO b_outbox (payload) SELECT jsonb_build_object('text', body) FROM k"""


class Store:
    """The group writer."""

    def __init__(self, pool: "asyncpg.Pool") -> None:
        self._pool = pool
        self._waiting: list[tuple[int, str, asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:200], self._waiting[200:]
                names = [uuid.uuid4().hex for _ in batch]
                await self._pool.execute(_STORE, [one[0] for one in batch], names, [one[1] for one in batch])
                for one in batch:
                    one[2].set_result(None)

    async def keep(self, room: int, text: str) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((room, text, done))
        self._arrived.set()
        await done


async def main(port: int, url: str) -> None:
    """Serve until killed."""
    pool = await asyncpg.create_pool(url, min_size=2, max_size=2)
    store, rooms = Store(pool), dict[int, list[web.WebSocketResponse]]()
    writing = asyncio.create_task(store.run())

    async def talk(ws: web.WebSocketResponse, room: int, text: str) -> None:
        await store.keep(room, text)
        for other in rooms[room]:
            if other is not ws:
                await other.send_str("m" + text)
        await ws.send_str("k")

    async def serve(request: web.Request) -> web.WebSocketResponse:
        ws, room = web.WebSocketResponse(compress=False), 0
        tasks: set[asyncio.Task[None]] = set()
        await ws.prepare(request)
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                break
            if message.data[0] == "h":
                room = int(message.data[1:])
                rooms.setdefault(room, []).append(ws)
                await ws.send_str("h")
            else:
                task = asyncio.create_task(talk(ws, room, message.data[1:]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        return ws

    app = web.Application()
    app.router.add_get("/ws", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await writing


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
