"""Addresses of databases, and the statements of a migration."""

from pathlib import Path

import pytest

from hub.db import MigrationError
from hub.db.database import sqlite_path
from hub.db.migrate import Migration, pending, statements
from hub.errors import Invalid


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/hub.db", Path("/var/hub.db")),
        ("sqlite:////var/hub.db", Path("/var/hub.db")),
        ("sqlite://var/hub.db", Path("var/hub.db")),
        ("sqlite:///a%20b/hub.db?x=1", Path("/a b/hub.db")),
        ("postgres://u:p@h:5432/d", None),
        ("postgresql://h/d", None),
    ],
)
def test_an_address_says_which_file_or_that_it_is_a_server(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path


@pytest.mark.parametrize("url", ["", "hub.db", "mysql://h/d", "sqlite://"])
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        sqlite_path(url)


def test_a_script_is_split_at_statements_and_triggers_stay_whole() -> None:
    script = (
        "-- one;\nCREATE TABLE a (b TEXT DEFAULT ';');\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\nEND;\n-- end\n"
    )
    assert [text.count("CREATE") for text in statements(script)] == [1, 1]
    with pytest.raises(MigrationError, match="without an end"):
        list(statements("SELECT 1"))


def test_what_is_applied_already_is_not_pending() -> None:
    one, two = (Migration(number=n, name="x", script=str(n)) for n in (1, 2))
    assert pending([one, two], {1: one.checksum}) == [two]
    with pytest.raises(MigrationError, match="changed"):
        pending([one, two], {1: "other"})
    with pytest.raises(MigrationError, match="does not know"):
        pending([one], {1: one.checksum, 2: two.checksum})
