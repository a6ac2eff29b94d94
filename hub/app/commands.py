"""What the command line calls."""

import asyncio
from collections.abc import Sequence
from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL
from time import monotonic
from uuid import UUID

from hub.app.build import build
from hub.app.first_start import first_start
from hub.app.run import run
from hub.errors import Invalid, NotFound, Unavailable
from hub.ids import JournalId
from hub.intake.errors import ParserFailed
from hub.ops import logs
from hub.settings import Settings


def serve(settings: Settings) -> None:
    """Everything in one process."""
    _start(settings, serves=True, works=True)


def web(settings: Settings) -> None:
    """The web side only: any number of processes on PostgreSQL."""
    _needs_postgres(settings, "web")
    _start(settings, serves=True, works=False)


def worker(settings: Settings) -> None:
    """Mail doors, accounts, deliveries and jobs only."""
    _needs_postgres(settings, "worker")
    _start(settings, serves=False, works=True)


def _start(settings: Settings, *, serves: bool, works: bool) -> None:
    logs.configure(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run(settings, serves=serves, works=works))
    except OSError as error:
        if error.errno not in (EADDRINUSE, EADDRNOTAVAIL, EACCES):
            raise
        raise Unavailable(f"cannot listen: {error.strerror or error}") from error


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop  # not needed, a fifth faster where it installs
    except ImportError:
        return None
    return uvloop.new_event_loop  # type: ignore[return-value]


def _needs_postgres(settings: Settings, command: str) -> None:
    if settings.database_url.startswith("sqlite"):
        raise Invalid(f"`hub {command}` is one of several processes, and SQLite serves one: use `hub serve`, or PostgreSQL")


def demo(settings: Settings, *, size: int) -> None:
    """Fill the database with the example, and with copies of it up to `size` conversations."""
    asyncio.run(_demo(settings, size))


async def _demo(settings: Settings, size: int) -> None:
    from hub.devkit.demo import demo_password, prepare
    from hub.devkit.fill import fill
    from hub.devkit.many import multiply

    async with build(settings) as parts:
        await first_start(parts)
        password = demo_password(settings.data_dir)
        accounts = await prepare(parts.hub, password)
        written = await fill(parts.hub, accounts, password=password)
        more, began = max(0, size - written), monotonic()

        def told(count: int) -> None:
            if count % 10_000 == 0 or count == more:
                print(f"{count:>9,} of {more:,} copies, {monotonic() - began:.0f} s", flush=True)  # noqa: T201 - the command's answer

        await multiply(parts.hub, accounts.mailbox, count=more, told=told)
        written += more
    print(f"wrote {written} conversations; the administrator is admin, the password {password}")  # noqa: T201


def replay(settings: Settings, *, journal_ids: Sequence[str]) -> int:
    """Read entries of the journal anew: those named, else all that were set aside, filed unread or read by an older parser.

    Returns how many could not be.
    """
    try:
        ids = [JournalId(UUID(id)) for id in journal_ids]
    except ValueError as error:
        raise Invalid("journal entries are named by their ids; the console and `GET /api/v1/journal` list them") from error
    return asyncio.run(_replay(settings, ids))


async def _replay(settings: Settings, ids: Sequence[JournalId]) -> int:
    failed = 0
    async with build(settings) as parts:
        wanted = list(ids) or [id async for id in parts.hub.replay.outdated()]
        for id in wanted:
            try:
                print(id, await parts.hub.replay.again(id))  # noqa: T201 - the command's answer
            except (NotFound, ParserFailed) as error:
                failed += 1
                print(id, error.detail)  # noqa: T201 - the same
    return failed
