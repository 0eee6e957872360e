"""Fill a demo city with matters after a death, as many as one wants.

    PYTHONPATH=tests/support python -P tests/bench/fill.py HOME --cases 100000 --seed 1

A missing city is built first. The matters are in every state there is, spread over a year; rows,
numbers, accounts and journal are as if all had been handed in and handled. The accounts
`bench-001` … `bench-500` are citizens who can begin more of them, see `kin`.
"""

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kin import OWN, kin_of
from populated import Plan, Populated, populate
from stories import read_stories

from builder.app import build_demo, demo_password, open_platform, rehearsal

SCENARIO = "s23-afterlife"


def fill(home: Path, cases: int, seed: int, now: datetime) -> Populated:
    """Fill the city in a folder, building it where it is missing."""
    if not home.exists():
        build_demo(home, scale=1, say=lambda *_: None)
    with rehearsal(home) as (copy, clock):
        told = read_stories(copy, clock, SCENARIO)
    platform = open_platform(home)
    try:
        platform.accounts.add([k.account for k in kin_of(home).values()], demo_password())
        (deployment,) = platform.deployments.all()
        small = {a: min(n, max(1, cases // 100)) for a, n in OWN.items()}
        return populate(platform, deployment, told, Plan(cases, now, seed, small))
    finally:
        platform.close()


def main() -> None:
    """Read the command line, fill, say what was filled in."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.perf_counter()
    found = fill(asked.home, asked.cases, asked.seed, datetime.now(ZoneInfo("Asia/Shanghai")))
    took = time.perf_counter() - began
    sys.stdout.write(f"{found.cases:,} matters, {found.accounts:,} accounts in {took:.0f} s\n")
    for table, rows in found.rows.items():
        sys.stdout.write(f"  {table:<14}{rows:>12,}\n")


if __name__ == "__main__":
    main()
