"""The table of figures."""

import json

import pytest

from benchmarks.row import Row
from benchmarks.runner import as_json, run_all, table, workloads

FAST = Row(number=2, workload="fast", value=12_000, unit="msg/s", limit=16_000, limit_name="writer", goal=0.6)
SLOW = Row(number=1, workload="slow", value=3.0, unit="s", bound="≤", goal=1.5, note="cold disk")


def test_a_goal_is_a_ratio_to_the_limit_or_a_bound_of_the_value() -> None:
    assert (FAST.ratio, FAST.met) == (0.75, True)
    assert (SLOW.ratio, SLOW.met) == (None, False)


def test_the_table_says_value_limit_ratio_goal_and_verdict() -> None:
    head, slow, fast = table([SLOW, FAST]).splitlines()

    assert head.split() == ["#", "workload", "value", "limit", "ratio", "goal"]
    assert slow.split() == ["1", "slow", "3", "s", "–", "–", "≤", "1.5", "s", "MISSED", "cold", "disk"]
    assert fast.split() == ["2", "fast", "12,000", "msg/s", "16,000", "writer", "0.75", "≥", "0.6", "ok"]


def test_a_broken_workload_hides_nobody_elses_figures(capsys: pytest.CaptureFixture[str]) -> None:
    async def good(quick: bool) -> list[Row]:
        return [FAST] if quick else []

    async def bad(_quick: bool) -> list[Row]:
        raise RuntimeError("no server")

    rows, broken = run_all({"bad": bad, "good": good}, quick=True)

    assert (rows, broken) == ([FAST], ["bad"])
    assert "no server" in capsys.readouterr().err


def test_rows_are_given_to_machines_too() -> None:
    [row] = json.loads(as_json([FAST]))

    assert (row["ratio"], row["met"], row["limit_name"]) == (0.75, True, "writer")


def test_an_unknown_workload_is_named() -> None:
    with pytest.raises(SystemExit, match="no such workload: nothing_like_it"):
        workloads(["nothing_like_it"])
