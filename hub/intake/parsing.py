"""Running parsers out of the hub's own process, within bounds of time and memory."""

import asyncio
import struct
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from hub.errors import Unavailable
from hub.intake.errors import ParserFailed
from hub.intake.wire import decode_answer, encode_task
from hub.messages.events import ChannelEvent

TIME = 10.0  # seconds a parser may take for one message
_LENGTH = struct.Struct(">I")


class ParserPool:
    """A few parser processes, started when they are first needed, replaced when one has to be killed."""

    def __init__(self, size: int = 2, *, time: float = TIME) -> None:
        self._time = time
        self._free: asyncio.LifoQueue[_Process | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)
        self._all: set[_Process] = set()

    async def parse(self, parser: str, raw: bytes, envelope: Mapping[str, Any]) -> list[ChannelEvent]:
        """The events in `raw`, by the function `parser` names. Raises `ParserFailed`, and `Unavailable` where no process can be had."""
        process = await self._free.get()
        try:
            process = process or await self._start()
            async with asyncio.timeout(self._time):
                frame = await process.ask(encode_task(parser, raw, envelope))
            answer = decode_answer(frame)
        except (TimeoutError, OSError, EOFError, msgspec.DecodeError) as error:
            await self._kill(process)
            process = None
            raise ParserFailed(f"{type(error).__name__}: {error}") from error
        except asyncio.CancelledError:  # its answer would be taken for that of the next task
            await self._kill(process)
            process = None
            raise
        finally:
            self._free.put_nowait(process)
        if isinstance(answer, str):
            raise ParserFailed(answer)
        return answer

    async def close(self) -> None:
        """End all processes."""
        for process in tuple(self._all):
            await self._kill(process)

    async def _start(self) -> "_Process":
        try:
            process = await _Process.start()
        except OSError as error:  # our own trouble: the mail is not to blame
            raise Unavailable("no parser process can be started") from error
        self._all.add(process)
        return process

    async def _kill(self, process: "_Process | None") -> None:
        if process is not None:
            self._all.discard(process)
            await process.kill()


class _Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> "_Process":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hub.intake.parser_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        return cls(process)

    async def ask(self, task: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(_LENGTH.pack(len(task)) + task)
        await stdin.drain()
        head = await stdout.readexactly(_LENGTH.size)
        return await stdout.readexactly(_LENGTH.unpack(head)[0])

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
