"""The process that hostile bytes are parsed in: reads tasks from stdin, writes answers to stdout, knows no secret and no database.

Frames are four bytes of length (big-endian) and msgpack. It is killed by the hub when it takes too long, and kills itself when it needs
too much memory.
"""

import os
import resource
import struct
import sys
from importlib import import_module
from typing import BinaryIO

from hub.intake.wire import Task, decode_task, encode_error, encode_events

MEMORY = 1 << 30  # bytes of address space
NICENESS = 5  # taking what arrives comes before reading it
_LENGTH = struct.Struct(">I")


def main() -> None:
    """Serve until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """One answer a task."""
    while head := tasks.read(_LENGTH.size):
        frame = tasks.read(_LENGTH.unpack(head)[0])
        answer = _answer(decode_task(frame))
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _answer(task: Task) -> bytes:
    try:
        module, name = task.parser.split(":")
        return encode_events(getattr(import_module(module), name)(task.raw, task.envelope))
    except (Exception, RecursionError) as error:  # noqa: BLE001 - the whole point: whatever a parser does, the hub hears of it
        return encode_error(f"{type(error).__name__}: {error}"[:500])


if __name__ == "__main__":
    main()
