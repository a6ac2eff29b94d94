"""Running a program over a stranger's file: its own process, its own files, little of everything."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import BinaryIO

from hub.media.errors import NoPreview

PROGRAMS = Path(__file__).with_name("programs")
_LIMITED = str(PROGRAMS / "limited.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of memory, seconds of processor and of the clock, bytes of output."""

    memory: int = 512 << 20
    seconds: int = 6
    patience: float = 15.0
    output: int = 32 << 20


class TookTooLong(NoPreview):
    """May be different another time."""


def python(name: str, *arguments: str) -> list[str]:
    """One of our own programs as a command."""
    return [sys.executable, "-I", str(PROGRAMS / name), *arguments]


async def run(argv: list[str], given: BinaryIO, limits: Limits) -> bytes:
    """What the program writes when it reads `given`. Raises `NoPreview` with what it says; nothing it does harms this process."""
    if which(argv[0]) is None:
        raise NoPreview(f"{argv[0]} is not installed here")
    command = [sys.executable, "-I", _LIMITED, str(limits.memory), str(limits.seconds), str(limits.output), *argv]
    given.seek(0)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=given, stdout=out, stderr=said, cwd=folder, start_new_session=True
        )
        await _wait(process, limits.patience)
        out.seek(0)
        said.seek(0)
        if process.returncode:
            reason = said.read(2000).decode(errors="replace").strip().rpartition("\n")[2]
            raise NoPreview(reason[:150] or "it takes too much")
        return await asyncio.to_thread(out.read)


async def _wait(process: asyncio.subprocess.Process, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError as error:
        raise TookTooLong("it takes too long") from error
    finally:
        if process.returncode is None:
            _kill_all(process.pid)
            await process.wait()


def _kill_all(leader: int) -> None:
    """Also what the program itself has started."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


async def copied(chunks: AsyncIterator[bytes], to: BinaryIO) -> None:
    """Write what is in a store to a file that a program can read."""
    async for chunk in chunks:
        await asyncio.to_thread(to.write, chunk)
    await asyncio.to_thread(to.flush)
