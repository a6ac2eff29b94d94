"""Which addresses the hub connects to."""

from ipaddress import ip_address

import pytest

from hub.egress.policy import AllowList, is_public, parse

PRIVATE = """
127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.1
192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe
::127.0.0.1 ::10.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b:1::a00:1 2002:7f00:1:: 2002:a00:1:: 100::1
2001:0:4136:e378:8000:63bf:f5ff:fffe
""".split()
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::
""".split()


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_inside_is_not_public_in_any_spelling(text: str) -> None:
    assert not is_public(parse(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_outside_is_public(text: str) -> None:
    assert is_public(parse(text))


def test_an_operator_opens_hosts_and_networks() -> None:
    allow = AllowList.of(["Mail.Internal.", "10.1.0.0/16", "fd00::/8", "192.168.7.7"])

    assert allow.opens("mail.internal", ip_address("192.168.0.9"))
    assert allow.opens("x", ip_address("10.1.2.3"))
    assert allow.opens("x", ip_address("::ffff:10.1.2.3"))
    assert allow.opens("x", ip_address("fd00::1"))
    assert allow.opens("x", ip_address("192.168.7.7"))
    assert not allow.opens("evil.mail.internal", ip_address("192.168.0.9"))
    assert not allow.opens("x", ip_address("10.2.0.1"))


def test_loopback_is_closed_unless_asked_for() -> None:
    assert not AllowList.of([]).opens("localhost", ip_address("127.0.0.1"))
    assert AllowList.of([], loopback=True).opens("localhost", ip_address("127.8.0.1"))
    assert AllowList.of([], loopback=True).opens("localhost", ip_address("::1"))
