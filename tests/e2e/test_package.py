"""The wheel is whole: what is installed from it needs no sources, no Node and no network."""

import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.desks import running_hub
from tests.e2e.pages import Console, add_user
from tests.e2e.visitors import OPEN_ROOTS, Chat

ROOT = Path(__file__).parent.parent.parent
KINDS = {".py", ".sql", ".toml", ".html", ".css", ".js"}
NO_NODE = "/nowhere"
ROOT_FILES = ("setup.cfg", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "CHANGELOG.md", "LICENSE")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    ran = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as an sdist is: with the built pages, without the pages' sources, with no Node on the path."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "hub", source / "hub", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ROOT_FILES:
        shutil.copy(ROOT / name, source)
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "out", ".")
    run(*pip, cwd=source, PATH=NO_NODE)
    [built] = (source / "out").glob("*.whl")
    return built


def test_the_wheel_carries_what_runs_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hub").rglob("*") if path.suffix in KINDS}

    assert sources - names == set()
    assert {"hub/static/console/index.html", "hub/static/widget/loader.js", "hub/py.typed"} - names == set()
    assert {name for name in names if name.startswith("switchboard_hub-") and name.endswith("licenses/LICENSE")}
    assert {name for name in names if not name.startswith(("hub/", "switchboard_hub-"))} == set()
    assert {name for name in names if name.endswith(".map") or "node_modules" in name} == set()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel and what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "env", cwd=folder)
    programs = folder / "env" / "bin"
    pip = (programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    run(*pip, wheel, cwd=folder, PATH=NO_NODE)
    return programs


@pytest.mark.timeout(180)
def test_what_is_installed_from_the_wheel_serves_console_and_widget(
    installed: Path, tmp_path: Path, page: Page, context: BrowserContext
) -> None:
    where = run(installed / "python", "-c", "import hub; print(hub.__file__)", cwd=tmp_path, PATH=NO_NODE)
    assert where.startswith(str(installed.parent))
    assert shutil.which("node", path=NO_NODE) is None

    context.add_init_script(OPEN_ROOTS)
    with running_hub(tmp_path, demo=True, program=(str(installed / "hub"),), path=NO_NODE) as desk:
        add_user(desk, "agnes", "administrator")
        Console(page, desk).sign_in("agnes")
        with urllib.request.urlopen(f"{desk.widget_url}/widget/v1/loader.js", timeout=10) as loader:
            assert "javascript" in loader.headers["Content-Type"]
        page.goto(f"{desk.url}/demo")
        chat = Chat(page)
        chat.open()
        chat.say("Hello from the wheel")
        chat.shows("Hello from the wheel")
        desk.message("Hello from the wheel")
