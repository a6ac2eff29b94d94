"""A Postfix that takes mail into its fsynced queue and throws it away from there."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_ports

_MAIN = """
compatibility_level = 3.6
queue_directory = {top}/queue
data_directory = {top}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {top}/maillog
maillog_file_prefixes = {top}
myhostname = mx.hub.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
alias_maps =
alias_database =
local_recipient_maps =
default_transport = discard
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
"""
_MASTER = """
127.0.0.1:{port} inet n - n - 50 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def is_here() -> bool:
    """Whether it is installed and may be started (it wants root)."""
    return shutil.which("postfix") is not None and os.geteuid() == 0


@contextmanager
def running_postfix() -> Iterator[int]:
    """Its port, for as long as the block lasts."""
    top = Path(tempfile.mkdtemp(prefix="hub-bench-postfix-", dir="/var/tmp"))  # on a disk: /tmp may be memory
    top.chmod(0o755)
    for name in ("etc", "queue", "data"):
        (top / name).mkdir()
    shutil.chown(top / "data", "postfix")
    [port] = free_ports(1)
    (top / "etc/main.cf").write_text(_MAIN.format(top=top))
    (top / "etc/master.cf").write_text(_MASTER.format(port=port))
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # it keeps them open
    try:
        subprocess.run(["postfix", "-c", str(top / "etc"), "start"], check=True, **silent)  # type: ignore[call-overload]
        time.sleep(1)
        yield port
    finally:
        subprocess.run(["postfix", "-c", str(top / "etc"), "stop"], check=False, **silent)  # type: ignore[call-overload]
        shutil.rmtree(top, ignore_errors=True)
