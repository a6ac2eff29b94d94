"""The guards of tests/conftest.py hold."""

import asyncio
import socket

import pytest


def test_no_socket_leaves_this_machine() -> None:
    with socket.socket() as away, pytest.raises(Exception, match="loopback only"):
        away.connect(("192.0.2.1", 80))


def test_no_name_is_looked_up() -> None:
    with pytest.raises(Exception, match="no name but localhost"):
        socket.getaddrinfo("example.org", 80)


async def test_loopback_is_open() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()
        await writer.wait_closed()
