"""`python -m benchmarks [--quick] [--json FILE] [WORKLOAD …]`."""

import argparse
import sys
from pathlib import Path

from benchmarks.runner import as_json, run_all, table, workloads


def main() -> int:
    """Measure and print; fails only when a workload broke: whether a goal is met is for a person to judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("workload", nargs="*", help="only these (default: all)")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, within two minutes")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    chosen = parser.parse_args()
    rows, broken = run_all(workloads(chosen.workload), quick=chosen.quick)
    print(f"\n{table(rows)}\n")
    if chosen.json:
        chosen.json.write_text(as_json(rows))
    missed = sum(not row.met for row in rows)
    print(f"{len(rows)} rows, {len(rows) - missed} goals met, {missed} missed; broken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
