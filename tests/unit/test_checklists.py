"""The tests that the checklists name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = ["accessibility.md", "ux-checklist.md"]
NAMED = r"`((?:tests|agent_console/test|widget/test)/[\w/.-]+\.(?:py|tsx?))(?:::(\w+))?`"


def is_there(file: str, test: str) -> bool:
    path = ROOT / file
    return path.exists() and (not test or re.search(rf"def {test}\(", path.read_text("utf-8")) is not None)


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    named = re.findall(NAMED, (ROOT / "docs" / page).read_text("utf-8"))

    assert named
    assert [f"{file}::{test}" for file, test in named if not is_there(file, test)] == []


def test_every_line_of_the_checklist_says_what_proves_it() -> None:
    rows = [line for line in (ROOT / "docs" / "ux-checklist.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    proofs = [row.rstrip(" |").rsplit(" | ", 1)[-1] for row in rows if not row.startswith(("| ---", "| what"))]

    assert proofs
    assert [proof for proof in proofs if not re.search(r"tests?/|looked at: |later: |make bench", proof)] == []
