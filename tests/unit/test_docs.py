"""Pages that are made from the code are current, and what the documents name exists."""

import re
from pathlib import Path

import pytest

from tests import features

ROOT = Path(__file__).parent.parent.parent


def test_the_feature_table_is_current() -> None:
    assert features.PAGE.read_text() == features.page(), "run: .venv/bin/python tests/features.py"


def test_tests_name_only_requirements_that_exist() -> None:
    unknown = {one: sorted(tests) for one, tests in features.covered().items() if one not in features.requirements()}

    assert unknown == {}


def test_a_marker_is_read_from_function_class_and_module(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_it.py").write_text(
        """
import pytest
pytestmark = pytest.mark.covers("A-01")

@pytest.mark.covers("A-02", "A-03")
async def test_one(): ...

@pytest.mark.covers("A-04")
class TestMore:
    @pytest.mark.covers("A-05")
    def test_two(self): ...

def helper(): ...
"""
    )

    one, two = "tests/test_it.py::test_one", "tests/test_it.py::test_two"
    assert features.covered(folder) == {"A-01": {one, two}, "A-02": {one}, "A-03": {one}, "A-04": {two}, "A-05": {two}}


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
