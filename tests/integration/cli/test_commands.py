"""The command line, as an administrator types it."""

import asyncio
import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from hub.cli import BAD_SETTINGS, WRONG, main
from tests.fixtures.console import PASSWORD, Console


class Typed:
    """Runs commands against one database."""

    def __init__(self, url: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._flags = ["--database-url", url, "--data-dir", str(folder)]
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        exit_code = main([*words, *self._flags])
        out, err = self._capsys.readouterr()
        return exit_code, out, err


@pytest.fixture
def hub(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Typed(database_url, tmp_path, capsys, monkeypatch)


def test_the_first_administrator_is_made_with_a_password_from_standard_input(hub: Typed) -> None:
    added = hub("user", "add", "root", "--role", "administrator", "--password-stdin", stdin=PASSWORD + "\n")

    assert added == (0, "user root added\n", "")
    assert hub("user", "list") == (0, "root\tadministrator\tenabled\troot\n", "")


@pytest.mark.covers("M-37")
def test_a_new_token_is_the_last_word_of_the_last_line(hub: Typed) -> None:
    exit_code, out, _ = hub("token", "create", "--name", "ci", "--scope", "customers.read", "tickets.read")

    token = out.split()[-1]
    assert exit_code == 0
    assert out.splitlines()[-1] == token
    assert token.startswith("hub_")
    listed = hub("token", "list")[1]
    assert "customers.read,tickets.read" in listed
    assert token not in listed
    assert hub("token", "revoke", listed.split()[0])[0] == 0
    assert hub("token", "list")[1] == ""


def test_a_star_is_every_scope_and_a_wrong_one_is_explained(hub: Typed) -> None:
    assert hub("token", "create", "--name", "all", "--scope", "*")[0] == 0
    exit_code, out, err = hub("token", "create", "--name", "bad", "--scope", "customers.raed")
    assert (exit_code, out) == (WRONG, "")
    assert "'customers.raed'" in err
    assert "customers.read" in err


def test_what_is_wrong_is_said_in_one_line_without_a_traceback(hub: Typed) -> None:
    hub("user", "add", "root", "--role", "administrator", "--password-stdin", stdin=PASSWORD)
    for words, stdin in (
        (("user", "add", "root", "--password-stdin"), PASSWORD),
        (("user", "add", "li", "--password-stdin"), "short"),
        (("user", "add", "li", "--role", "boss", "--password-stdin"), PASSWORD),
        (("user", "add", "li"), ""),
        (("user", "password", "nobody", "--password-stdin"), PASSWORD),
        (("user", "disable", "root"), ""),
        (("token", "revoke", "x"), ""),
    ):
        exit_code, out, err = hub(*words, stdin=stdin)
        assert (exit_code, out) == (WRONG, ""), words
        assert err.startswith("hub: ")
        assert err.count("\n") == 1


async def test_a_password_set_on_the_command_line_signs_the_browser_out_of_the_running_hub(
    console: Console, database_url: str
) -> None:
    browser = await console.signed_in("li", "agent")
    run = _program("user", "password", "li", "--password-stdin", "--database-url", database_url, stdin="another good one\n")

    assert run.returncode == 0, run.stderr
    await asyncio.sleep(1)  # this much later nobody is let in any more whom another process has signed out
    assert (await browser.get("/session")).status == 401
    body = {"name": "li", "password": "another good one"}
    assert (await console.client().post("/session", body)).status == 200


def test_a_lost_second_factor_is_taken_away_on_the_command_line(hub: Typed) -> None:
    hub("user", "add", "root", "--role", "administrator", "--password-stdin", stdin=PASSWORD)
    exit_code, _, err = hub("user", "reset-factor", "root")
    assert (exit_code, err.strip()) == (WRONG, "hub: there is no second factor")
    exit_code, _, err = hub("user", "reset-factor", "nobody")
    assert exit_code == WRONG
    assert "nobody" in err


def test_check_says_whether_the_sign_on_provider_answers(hub: Typed) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{taken.getsockname()[1]}"
        given = ("--oidc-issuer", issuer, "--oidc-client-id", "hub", "--oidc-client-secret", "hush")
        out = hub("check", *given)[1]
        assert f"sign-in by {issuer}: 127.0.0.1 is on a private network" in out
        out = hub("check", *given, "--egress-allow", "127.0.0.1")[1]
        assert f"sign-in by {issuer}: " in out
        assert "private" not in out
        assert "hush" not in out


def test_every_wrong_setting_is_named_at_once(hub: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SMTP_PORT", "mail")
    exit_code, _, err = hub("check", "--http-port", "99999")

    assert exit_code == BAD_SETTINGS
    assert "smtp_port" in err
    assert "http_port" in err


def test_check_tells_what_is_well_and_what_to_mend(hub: Typed, tmp_path: Path) -> None:
    exit_code, out, _ = hub("check", "--public-url", "http://192.0.2.1:8080")

    assert exit_code == 0
    assert "plain http" in out
    assert "nobody can sign in yet" in out
    (tmp_path / "secret").chmod(0o644)
    assert "chmod 600" in hub("check")[1]


def test_check_fails_when_the_database_is_not_there_and_keeps_its_password(tmp_path: Path) -> None:
    run = _program("check", "--data-dir", str(tmp_path), "--database-url", "postgres://hub:hush@127.0.0.1:1/hub")

    assert run.returncode == WRONG
    assert "error   database postgres://127.0.0.1:1/hub" in run.stdout
    assert "hush" not in run.stdout + run.stderr


def test_a_database_that_was_never_migrated_is_named_as_such(empty_url: str, dialect: str, tmp_path: Path) -> None:
    where = ("--database-url", empty_url, "--data-dir", str(tmp_path))
    before = _program("check", *where)
    assert before.returncode == WRONG
    assert "hub migrate" in before.stdout
    added = _program("user", "add", "root", "--role", "administrator", "--password-stdin", *where, stdin=PASSWORD)
    if dialect == "postgres":  # SQLite is migrated by whoever opens it
        assert (added.returncode, added.stderr) == (WRONG, "hub: the database is not up to date: run `hub migrate` first\n")
        served = _program("serve", *where)
        assert served.returncode == WRONG
        assert "run `hub migrate` first" in served.stderr.splitlines()[-1]
        assert _program("migrate", *where).returncode == 0
        added = _program("user", "add", "root", "--role", "administrator", "--password-stdin", *where, stdin=PASSWORD)
    assert added.returncode == 0, added.stderr
    assert _program("migrate", *where).stdout == "the database is up to date\n"
    assert _program("check", *where).returncode == 0


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = _program("serve", "--http-port", port, "--smtp-port", "0", "--lmtp-port", "0", "--data-dir", str(tmp_path))

    assert run.returncode == WRONG
    assert run.stderr.startswith("hub: cannot listen:")
    assert port in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_help_answers_at_once_and_names_every_command() -> None:
    start = perf_counter()
    run = _program("--help")
    spent = perf_counter() - start

    for command in ("serve", "web", "worker", "migrate", "user", "token", "check", "openapi", "demo", "replay"):
        assert command in run.stdout
    assert spent < 3
    loaded = _program("serve", "--help", flags=("-X", "importtime")).stderr
    assert "aiohttp" not in loaded
    assert "tortoise" not in loaded


def _program(*words: str, stdin: str = "", flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [sys.executable, *flags, "-m", "hub", *words],
        input=stdin,
        capture_output=True,
        text=True,
        env=environ,
        check=False,
        timeout=50,
    )
