"""Row 5: mails taken durably by SMTP and filed, against Postfix's fsynced queue, which takes the same from the same client.

Mails of about 12 KB with text and HTML, one in five with an attachment of 30 KB, over 16 connections that are kept open.
PostgreSQL with fsync. Both rates are of the same burst, the second until the last of it is filed. How soon a mail is filed is
measured at half of that rate, from the hub's own times: when it was read from the wire, before its journal row was committed, and
when it was filed.
"""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg

from benchmarks._postfix import is_here, running_postfix
from benchmarks.row import Row
from tests.fixtures.postgres import running_cluster
from tests.fixtures.program import Program

CONNECTIONS = 16
PACE = 0.5  # of the rate at which mails are filed at most

_FILED = "SELECT extract(epoch FROM filed_at - received_at)::float8 AS took FROM journal WHERE state = 'filed' AND n > $1 ORDER BY took"


async def run(quick: bool = False) -> list[Row]:
    """About a minute; without Postfix there is no limit to hold it against."""
    count, rounds = (300, 1) if quick else (1_500, 3)
    limit = await _postfix(count, rounds) if is_here() else None
    with running_cluster(durable=True) as cluster, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        program = Program(cluster.url("postgres"), Path(folder))
        program.command("migrate")
        await program.start()
        try:
            rates, filed = [], []
            for number in range(rounds + 1):
                took = await _send(program.smtp_port, _mails(count, seed=number))
                rates.append(count / took)
                filed.append(count / (took + await _drain(cluster.url("postgres"))))
            pace = median(filed[1:]) * PACE
            waits = await _paced(program.smtp_port, cluster.url("postgres"), pace, count // 3)
        finally:
            program.stop()
    taken, sustained = median(rates[1:]), median(filed[1:])
    rows = [
        Row(number=5, workload="mails filed within the same time", value=sustained, unit="mails/s", goal=0.75, limit=limit,
            limit_name="postfix's queue"),
        Row(number=5, workload=f"told after the 250, {pace:.0f} mails/s coming in, p99", value=waits[int(len(waits) * 0.99)] * 1e3,
            unit="ms", goal=50, bound="≤", note=f"(p50 {median(waits) * 1e3:.0f} ms)"),
    ]  # fmt: skip
    first = Row(number=5, workload=f"mails taken durably by SMTP, {CONNECTIONS} connections", value=taken, unit="mails/s", goal=0.75,
                limit=limit, limit_name="postfix's queue")  # fmt: skip
    return [first, *rows]


async def _postfix(count: int, rounds: int) -> float:
    with running_postfix() as port:
        took = [await _send(port, _mails(count, seed=number)) for number in range(rounds + 1)]
    return count / median(took[1:])


def _mails(count: int, *, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [_wire(_mail(number, seed, chance)) for number in range(count)]


def _mail(number: int, seed: int, chance: random.Random) -> bytes:
    mail = EmailMessage()
    customer = chance.randrange(200)
    mail["From"] = f"Customer {customer} <c{customer}@example.org>"
    mail["To"] = "support@hub.test"
    mail["Message-ID"] = f"<{seed}.{number}@example.org>"
    mail["Subject"] = f"Order {seed}-{number}: where is my parcel?"
    text = f"Hello,\n\nmy order number {number} has not arrived yet.\n" + "I would be glad to hear from you about it.\n" * 60
    mail.set_content(text)
    lines = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    mail.add_alternative(f"<html><body>{lines}{lines}</body></html>", subtype="html")
    if number % 5 == 0:
        mail.add_attachment(chance.randbytes(30_000), maintype="image", subtype="png", filename="photo.png")
    return mail.as_bytes()


def _wire(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n"


class _Sender:
    """One connection."""

    async def open(self, port: int) -> "_Sender":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        await self._reply()
        await self._say(b"HELO bench\r\n")
        return self

    async def send(self, wire: bytes) -> None:
        for line in (b"MAIL FROM:<c@example.org>\r\n", b"RCPT TO:<support@hub.test>\r\n", b"DATA\r\n", wire):
            await self._say(line)

    async def _say(self, line: bytes) -> None:
        self._writer.write(line)
        await self._reply()

    async def _reply(self) -> None:
        line = await self._reader.readline()
        if line[:1] not in (b"2", b"3"):
            raise RuntimeError(line.decode())

    def close(self) -> None:
        self._writer.close()


async def _send(port: int, wires: Sequence[bytes]) -> float:
    """The seconds until all were taken."""
    senders = [await _Sender().open(port) for _ in range(CONNECTIONS)]
    waiting = list(wires)

    async def work(sender: _Sender) -> None:
        while waiting:
            await sender.send(waiting.pop())
        sender.close()

    began = perf_counter()
    await asyncio.gather(*map(work, senders))
    return perf_counter() - began


async def _drain(url: str) -> float:
    """The seconds until everything is filed."""
    began = perf_counter()
    connection = await asyncpg.connect(url)
    while await connection.fetchval("SELECT EXISTS (SELECT 1 FROM journal WHERE state = 'pending')"):
        await asyncio.sleep(0.01)
    await connection.close()
    return perf_counter() - began


async def _paced(port: int, url: str, rate: float, count: int) -> list[float]:
    """The seconds from acceptance to filing of each mail, sorted, when they come at an even rate."""
    connection = await asyncpg.connect(url)
    last = await connection.fetchval("SELECT max(n) FROM journal")
    senders = [await _Sender().open(port) for _ in range(CONNECTIONS)]
    free: asyncio.Queue[_Sender] = asyncio.Queue()
    for sender in senders:
        free.put_nowait(sender)
    began = perf_counter()

    async def one(number: int, wire: bytes) -> None:
        await asyncio.sleep(max(0.0, began + number / rate - perf_counter()))
        sender = await free.get()
        await sender.send(wire)
        free.put_nowait(sender)

    await asyncio.gather(*(one(number, wire) for number, wire in enumerate(_mails(count, seed=99))))
    await _drain(url)
    waits = [row["took"] for row in await connection.fetch(_FILED, last)]
    await connection.close()
    for sender in senders:
        sender.close()
    return waits
