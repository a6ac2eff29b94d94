"""What import-linter's contracts cannot say."""

import configparser
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent

# Loaded by another library by name, never imported by us.
LOADED_BY_OTHERS = {"aiosqlite": "tortoise", "python-engineio": "socketio", "tzdata": "zoneinfo", "uvloop": "cli"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("hub", include_external_packages=True, cache_dir=None)


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_the_tables_of_a_package_are_imported_by_nobody_else(graph: grimp.ImportGraph) -> None:
    strangers = {
        (importer, module)
        for module in graph.modules
        if module.startswith("hub.") and module.endswith(".models")
        for importer in graph.find_modules_that_directly_import(module)
        if package_of(importer) != package_of(module)
    }

    assert strangers == set()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["options"]["install_requires"].strip().splitlines()
    return {normal(Requirement(line).name) for line in lines if not line.startswith("#")}


def test_every_dependency_is_declared_and_every_declared_one_is_used(graph: grimp.ImportGraph) -> None:
    owners = packages_distributions()
    imported = {module for module in graph.modules if not module.startswith("hub")}
    used = {normal(name) for module in imported for name in owners.get(module, ())}

    assert used - declared() == set()
    assert declared() - used - LOADED_BY_OTHERS.keys() == set()


def test_every_dependency_has_its_reason_in_the_documents() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text()

    assert {normal(name) for name in re.findall(r"^\| ([\w.-]+) \|", page, re.MULTILINE)} - {"package"} == declared()


def test_versions_of_what_had_advisories_are_above_the_fix() -> None:
    text = (ROOT / "setup.cfg").read_text()
    floors = dict(re.findall(r"^    ([\w-]+) >= ([\d.]+)$", text, re.MULTILINE))
    needed = {
        "aiohttp": "3.14.2",
        "aiosmtpd": "1.4.6",
        "python-socketio": "5.14.0",
        "python-engineio": "4.13.2",
        "tortoise-orm": "0.16.6",
    }
    for name, floor in needed.items():
        assert _version(floors[name]) >= _version(floor), name


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
