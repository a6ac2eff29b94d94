"""The bare endpoint beside row 6: `python -m benchmarks._hook_server PORT [DATABASE_URL]`.

Reads the form, checks the signature, answers. With a database it first stores each message as four rows, in groups, as the bare
writer of rows 1 and 2 does: the least a hub must do that loses nothing.
"""

import asyncio
import gc
import hmac
import itertools
import sys
from base64 import b64encode
from urllib.parse import parse_qsl

import asyncpg
from aiohttp import web

from benchmarks.ingest import _PG_BARE, CONVERSATIONS
from benchmarks.sms_webhook import TOKEN

_Waiting = list[tuple[str, str, asyncio.Future[None]]]


async def serve(port: int, database_url: str) -> None:
    """Until killed."""
    waiting: _Waiting = []
    arrived = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        signed = f"http://127.0.0.1:{port}{request.raw_path}" + "".join(name + value for name, value in sorted(form.items()))
        expected = b64encode(hmac.digest(TOKEN.encode(), signed.encode(), "sha1")).decode()
        if not hmac.compare_digest(expected, request.headers.get("X-Twilio-Signature", "")):
            return web.Response(status=403)
        if database_url:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting.append((form["MessageSid"], form["Body"], done))
            arrived.set()
            await done
        return web.Response(body=b"<Response/>", content_type="text/xml")

    app = web.Application()
    app.router.add_post("/hooks/{account}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    await (_write(database_url, waiting, arrived) if database_url else asyncio.Event().wait())


async def _write(url: str, waiting: _Waiting, arrived: asyncio.Event) -> None:
    connection = await asyncpg.connect(url)
    numbers = itertools.count()
    while True:
        await arrived.wait()
        arrived.clear()
        while waiting:
            batch = waiting[:200]
            del waiting[:200]
            conversations = [next(numbers) % CONVERSATIONS + 1 for _ in batch]
            ids, texts = [one[0] for one in batch], [one[1] for one in batch]
            await connection.execute(_PG_BARE, conversations, ids, texts, ["{}"] * len(batch))
            for *_, done in batch:
                done.set_result(None)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
