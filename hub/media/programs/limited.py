"""Runs a program with little memory, processor time and space for what it writes: `limited.py MEMORY SECONDS BYTES PROGRAM ARGUMENT…`."""

import os
import resource
import sys


def main() -> None:
    memory, seconds, most = (int(argument) for argument in sys.argv[1:4])
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, most),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    os.nice(10)
    os.execvp(sys.argv[4], sys.argv[4:])  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main()
