"""Running hubs, as a test of the whole program has them: a process, its ports, its API with every right."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError

from tests.ports import free_ports

T = TypeVar("T")

THIS_HUB = (sys.executable, "-m", "hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A running hub: where it listens, and its API with every right.

    `password` is that of the demo's users; empty where there is no demo.
    """

    url: str
    widget_url: str
    smtp_port: int
    password: str
    token: str
    folder: Path

    def at(self, url: str) -> "Desk":
        """The same hub at another address."""
        return replace(self, url=url)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that `/api/v1…` answers; raises HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as refused:
            refused.close()  # a test that keeps it, and with it this frame, would keep its socket until some other test
            raise

    def messages(self, text: str = "", *, channel: str = "webchat") -> list[Any]:
        """What came in on this channel with `text` in it, oldest first."""
        items: list[Any] = []
        cursor = ""
        while True:
            page = self.ask("GET", f"/messages?direction=in&channel={channel}&limit=200{cursor}")
            items += [item for item in page["items"] if text in item["text"]]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def message(self, text: str, *, channel: str = "webchat") -> Any:
        """The one message with this text, once it is there."""
        [found] = eventually(lambda: self.messages(text, channel=channel))
        return found

    def said(self, conversation_id: str) -> list[Any]:
        """Everything in a conversation, oldest first."""
        items: list[Any] = []
        while True:
            after = items[-1]["n"] if items else 0
            page = self.ask("GET", f"/conversations/{conversation_id}/messages?after={after}&limit=200")
            items += page["items"]
            if not page["has_more"]:
                return items

    def answer(self, conversation_id: str, text: str) -> Any:
        """Say something to the visitor."""
        return self.ask("POST", f"/conversations/{conversation_id}/messages", {"kind": "reply", "text": text})


def eventually(look: Callable[[], T], *, within: float = 10.0) -> T:
    """What `look` returns as soon as it is true."""
    end = monotonic() + within
    while not (found := look()):
        assert monotonic() < end, "it did not come true"
        sleep(0.05)
    return found


@contextmanager
def running_hub(
    folder: Path, *, demo: bool, program: Sequence[str] = THIS_HUB, path: str = os.environ["PATH"], **settings: str | int
) -> Iterator[Desk]:
    """`hub serve` on SQLite in this folder, until the block ends. `settings` are those of the hub; ports not given are free ones."""
    names = ("http_port", "widget_port", "files_port", "smtp_port", "demo_mailbox_port", "lmtp_port")
    ports = {name: settings.get(name, port) for name, port in zip(names, neighbours(), strict=True)}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | {"PATH": path}
    given = {"data_dir": folder, "egress_allow": "127.0.0.0/8", **ports, **settings}
    environ |= {"HUB_" + name.upper(): str(value) for name, value in given.items() if name != "demo_mailbox_port"}
    options: dict[str, Any] = {"env": environ, "stdin": subprocess.DEVNULL, "cwd": folder}
    with (folder / "hub.log").open("ab") as log:
        serve = [*program, "serve", *(["--demo"] if demo else [])]
        process = subprocess.Popen(serve, stdout=log, stderr=log, **options)
    try:
        url = f"http://localhost:{ports['http_port']}"
        eventually(lambda: _is_ready(url, process, folder), within=40)
        make = [*program, "token", "create", "--name", "e2e", "--scope", "*"]
        made = subprocess.run(make, capture_output=True, text=True, check=True, **options)
        yield Desk(
            url=str(settings.get("public_url", url)),
            widget_url=str(settings.get("widget_url", f"http://localhost:{ports['widget_port']}")),
            smtp_port=int(ports["smtp_port"]),
            password=(folder / "demo-password").read_text().strip() if demo else "",
            token=made.stdout.split()[-1],
            folder=folder,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def neighbours() -> list[int]:
    """Three ports in a row for the origins, two for SMTP and the demo's mailbox, one for LMTP: the demo counts upwards."""
    ports = free_ports(60)
    first = next(port for port in ports if {port + 1, port + 2} <= set(ports))
    rest = [port for port in ports if port > first + 2]
    smtp = next(port for port in rest if port + 1 in rest)
    return [first, first + 1, first + 2, smtp, smtp + 1, next(port for port in rest if port > smtp + 1)]


def _is_ready(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    assert process.poll() is None, (folder / "hub.log").read_text()
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except HTTPError as refused:
        refused.close()
    except (URLError, ConnectionError, TimeoutError):
        pass
    return False
