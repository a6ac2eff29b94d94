"""The wheel is whole: what is installed from it needs no sources, no Node and no network."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
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
    run(*pip, cwd=source, PATH="/nowhere")
    [built] = (source / "out").glob("*.whl")
    return built


def test_the_wheel_carries_what_runs_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hub").rglob("*") if path.suffix in (".py", ".sql", ".toml")}

    assert sources - names == set()
    assert {"hub/static/console/index.html", "hub/static/widget/loader.js", "hub/py.typed"} - names == set()
    assert {name for name in names if name.startswith("switchboard_hub-") and name.endswith("licenses/LICENSE")}
    assert {name for name in names if not name.startswith(("hub/", "switchboard_hub-"))} == set()
    assert {name for name in names if name.endswith(".map") or "node_modules" in name} == set()


def test_what_is_installed_from_the_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=tmp_path)
    packages = next((tmp_path / "env" / "lib").glob("python3*")) / "site-packages"
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))  # the libraries, not the hub: it is found first
    zipfile.ZipFile(wheel).extractall(packages)
    python = tmp_path / "env" / "bin" / "python"

    where = run(python, "-c", "import hub; print(hub.__file__)", cwd=tmp_path, PATH="/nowhere")
    said = run(python, "-m", "hub", "--help", cwd=tmp_path, PATH="/nowhere")

    assert where.startswith(str(packages))
    assert "serve" in said
