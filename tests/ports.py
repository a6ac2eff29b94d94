"""Loopback ports for servers that are told where to listen."""

import contextlib
import os
import socket

_FIRST, _AFTER = 20_000, 32_000  # below what connections take theirs from


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now. Processes begin far from one another: until its server is up, nothing holds a port."""
    ports: list[int] = []
    begin = os.getpid() * 101 % (_AFTER - _FIRST - 1_000)
    with contextlib.ExitStack() as stack:
        for port in range(_FIRST + begin, _AFTER):
            probe = stack.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports.append(port)
            if len(ports) == count:
                return ports
    raise OSError("no loopback port is free")
