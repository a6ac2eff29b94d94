"""The runner of the tests counts honestly."""

import json
from pathlib import Path

import pytest

from tests import run

_JUNIT = """<testsuites><testsuite>
<testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="unfixed"><error message="no"/></testcase>
<testcase classname="a" name="away"><skipped message="no dovecot here"/></testcase>
</testsuite></testsuites>"""


def test_a_report_of_pytest_is_counted_and_skips_keep_their_reason(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(_JUNIT)

    outcome = run.read_junit("unit", tmp_path / "report.xml")

    assert outcome.passed == 1
    assert outcome.failed == ["unit: a::bad", "unit: a::unfixed"]
    assert outcome.skipped == ["unit: a::away: no dovecot here"]


def test_a_report_of_vitest_is_counted_alike(tmp_path: Path) -> None:
    cases = [{"status": status, "fullName": status} for status in ("passed", "failed", "skipped", "todo")]
    (tmp_path / "report.json").write_text(json.dumps({"testResults": [{"assertionResults": cases}]}))

    outcome = run.read_vitest("widget", tmp_path / "report.json")

    assert (outcome.passed, len(outcome.failed), len(outcome.skipped)) == (1, 1, 2)


def test_a_run_without_tests_or_report_fails(tmp_path: Path) -> None:
    assert run.run_pytest("x", ("no_such_folder",), (), tmp_path).failed
    assert run.read_junit("x", tmp_path / "none.xml").passed == 0


def test_the_summary_fails_when_anything_failed_and_ends_with_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = run.Outcome(passed=3, skipped=["x: no browser"]), run.Outcome(passed=1, failed=["y"])

    assert run.summary({"one": good, "two": bad}) == 1
    assert run.summary({"one": good}) == 0

    said = capsys.readouterr().out
    assert "  x: no browser" in said
    assert "\n4 passed, 1 failed, 1 skipped\n" in said
    assert said.endswith("\n3 passed, 0 failed, 1 skipped\n")
