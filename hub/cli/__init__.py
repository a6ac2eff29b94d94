"""The command line. Each command imports only what it needs, so that `hub --help` answers at once."""

import argparse
import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hub
from hub.cli.people import add_token_commands, add_user_commands
from hub.cli.speech import complain, say
from hub.errors import HubError
from hub.settings import BadSettings, Settings, load, options

Command = Callable[[argparse.Namespace, Settings], int | None]

WRONG, BAD_SETTINGS = 1, 2  # exit codes


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        flags = {option.name: getattr(arguments, option.name) for option in options()}
        settings = load(flags, os.environ, arguments.config)
        return arguments.run(arguments, settings) or 0
    except BadSettings as error:
        for problem in error.problems:
            complain(str(problem))
        return BAD_SETTINGS
    except HubError as error:
        complain(error.detail or error.code)
        return WRONG
    except (KeyboardInterrupt, BrokenPipeError):
        return WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hub", description="One hub for a service desk.")
    parser.add_argument("--version", action="version", version=f"hub {hub.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    shared = _settings_parser()

    def add(name: str, about: str, run: Command, parent: Any = commands) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = parent.add_parser(name, help=about, description=about, parents=[shared])
        command.set_defaults(run=run)
        return command

    add("serve", "run everything in one process", _run_app("serve"))
    add("web", "run the web side only", _run_app("web"))
    add("worker", "run the jobs and the accounts only", _run_app("worker"))
    add("migrate", "bring the database to this release", _migrate)
    add("check", "look for what would go wrong", _check)
    add("openapi", "print the OpenAPI document", _openapi)
    demo = add("demo", "fill the database with an example", _demo)
    demo.add_argument(
        "--size", type=int, default=0, metavar="N", help="how many conversations at least (default: those of the example)"
    )
    replay = add("replay", "file again what came in, from the journal", _replay)
    replay.add_argument(
        "journal_id",
        nargs="*",
        metavar="ID",
        help="journal entries (default: all that were set aside, could not be read, or were read by an older release)",
    )
    add_user_commands(commands.add_parser("user", help="people who sign in").add_subparsers(required=True), add)
    add_token_commands(commands.add_parser("token", help="API tokens").add_subparsers(required=True), add)
    return parser


def _settings_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, argument_default=None)
    group = parser.add_argument_group("settings (also as HUB_* variables and in hub.toml)")
    group.add_argument("--config", type=Path, default=None, metavar="FILE", help="settings file (default: hub.toml)")
    for option in options():
        about = option.about.replace("%", "%%")
        if option.is_switch:
            group.add_argument(option.flag, dest=option.name, action=argparse.BooleanOptionalAction, default=None, help=about)
        else:
            group.add_argument(option.flag, dest=option.name, default=None, metavar="X", help=about)
    return parser


def _run_app(name: str) -> Command:
    def run(_: argparse.Namespace, settings: Settings) -> int | None:
        result: int | None = getattr(importlib.import_module("hub.app"), name)(settings)
        return result

    return run


def _demo(arguments: argparse.Namespace, settings: Settings) -> int | None:
    result: int | None = importlib.import_module("hub.app").demo(settings, size=arguments.size)
    return result


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    failed: int = importlib.import_module("hub.app").replay(settings, journal_ids=arguments.journal_id)
    return WRONG if failed else 0


def _migrate(_: argparse.Namespace, settings: Settings) -> None:
    from hub.db import migrate

    applied = asyncio.run(migrate(settings.database_url))
    say(f"the database is up to date ({len(applied)} new migrations)" if applied else "the database is up to date")


def _openapi(_: argparse.Namespace, __: Settings) -> None:
    from hub.api.openapi import encode
    from hub.api.routes import DOCUMENTED

    sys.stdout.write(encode(DOCUMENTED).decode())


def _check(_: argparse.Namespace, settings: Settings) -> int:
    from hub.checks import check

    found = asyncio.run(check(settings))
    for finding in found:
        say(f"{finding.level:7} {finding.about}")
    return WRONG if any(finding.level == "error" for finding in found) else 0
