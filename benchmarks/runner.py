"""Finds the workloads of this folder, runs one after the other, and prints their rows.

A workload is a module here with `async def run(quick: bool) -> list[Row]`. It starts what it needs on free loopback ports
and stops it again.
"""

import asyncio
import importlib
import json
import pkgutil
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.row import Row

Workload = Callable[[bool], Awaitable[list[Row]]]

_HEAD = ("#", "workload", "value", "limit", "ratio", "goal", "")


def workloads(wanted: Iterable[str] = ()) -> dict[str, Workload]:
    """Every workload by its module's name, or those asked for."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    found: dict[str, Workload] = {}
    for name in names:
        if name.startswith("_") or name in ("row", "runner"):
            continue
        if run := getattr(importlib.import_module(f"benchmarks.{name}"), "run", None):
            found[name] = run
    if missing := set(wanted) - found.keys():
        raise SystemExit(f"no such workload: {', '.join(sorted(missing))}; there are {', '.join(found)}")
    return {name: run for name, run in found.items() if not wanted or name in wanted}


def run_all(chosen: dict[str, Workload], *, quick: bool) -> tuple[list[Row], list[str]]:
    """The rows of all, and the names of those that broke; each has an event loop of its own."""
    rows: list[Row] = []
    broken: list[str] = []
    for name, run in chosen.items():
        print(f"{name} …", end=" ", flush=True)
        begun = time.monotonic()
        try:
            rows += asyncio.run(_awaited(run, quick))
            print(f"{time.monotonic() - begun:.0f} s")
        except Exception:  # noqa: BLE001 (one broken workload must not hide the figures of the others)
            traceback.print_exc()
            broken.append(name)
    return sorted(rows, key=lambda row: row.number), broken


async def _awaited(run: Workload, quick: bool) -> list[Row]:
    return await run(quick)


def table(rows: Iterable[Row]) -> str:
    """The rows as a table for a terminal."""
    lines = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    limit = f"{_figure(row.limit)} {row.limit_name}".rstrip() if row.limit else "–"
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "–"
    goal = f"{row.bound} {row.goal:g}" + (f" {row.unit}" if row.ratio is None or row.absolute else "")
    verdict = f"{'ok' if row.met else 'MISSED'} {row.note}".rstrip()
    return str(row.number), row.workload, f"{_figure(row.value)} {row.unit}", limit, ratio, goal, verdict


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def as_json(rows: Iterable[Row]) -> str:
    """The rows for a machine, with ratio and verdict."""
    return json.dumps([asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows], indent=1, ensure_ascii=False)
