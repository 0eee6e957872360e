"""How many matters a city takes per second, each on the disk before its owner is told.

    PYTHONPATH=tests/support python -P tests/bench/submissions.py SCRATCH --drafts 200

SCRATCH is a folder that may not exist yet. A demo city with that many complete drafts is made
there; then each server (processes × threads, `synchronous` FULL and NORMAL) hands all of them in on
a copy of its own: 32 citizens with a connection each press the last button of their drafts, over
real HTTP. With `--unsettled` the questions that follow a hand-in are left to the worker, which
does not run: what remains is the durable hand-in itself.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from kin import READERS, draft_of, kin_of
from load import Browser, Step, at, drive, version_in
from served import served

from builder.app import build_demo, demo_password, open_platform

CLIENTS = 32
PAGES = ("who", "death", "accounts", "promises")
SERVERS = ((1, 32), (2, 16))
PARTS = 2


def prepare(home: Path, drafts: int) -> list[tuple[str, str]]:
    """Build a city with complete drafts; return each with its owner."""
    build_demo(home, scale=1, say=lambda *_: None)
    platform, kin = open_platform(home), kin_of(home)
    platform.accounts.add([k.account for k in kin.values()], demo_password())
    platform.close()
    shares = [range(part, drafts, PARTS) for part in range(PARTS)]
    with ProcessPoolExecutor(PARTS) as pool:
        return [pair for found in pool.map(partial(fill, home), shares) for pair in found]


def fill(home: Path, numbers: Sequence[int]) -> list[tuple[str, str]]:
    """Make some of the drafts; their owners are among the first so many citizens."""
    platform, kin = open_platform(home), kin_of(home)
    owners = [READERS[n % CLIENTS] for n in numbers]
    try:
        return [(a, draft_of(platform, kin[a], PAGES)) for a in owners]
    finally:
        platform.close()


def flush_ms(folder: Path, times: int = 200) -> float:
    """Return what writing and flushing a page takes on this disk, the median."""
    file, found = folder / "flushed", []
    with file.open("wb", buffering=0) as opened:
        for _ in range(times):
            opened.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(opened.fileno())
            found.append(time.perf_counter() - began)
    file.unlink()
    return at(sorted(found), 0.5) * 1e3


def handed_in(
    port: int, account: str, numbers: Sequence[str], source: str
) -> Callable[..., Iterator[Step]]:
    """Return a citizen who hands in drafts, the pages before the last button already open."""
    browser = Browser(port, source)
    browser.sign_in(account, demo_password())
    ready = [
        (f"/drafts/{n}/review", version_in(browser.get(f"/drafts/{n}/review"))) for n in numbers
    ]

    def steps() -> Iterator[Step]:
        for address, version in ready:

            def step(address: str = address, version: str = version) -> tuple[str, int]:
                said = browser.post(address, {"version": version})
                return "handed in", said.status if said.status != 200 else 599

            yield step

    return steps


def measure(
    home: Path, drafts: Sequence[tuple[str, str]], workers: int, threads: int, app: str
) -> None:
    """Hand in all drafts and say how fast."""
    with served(home, workers=workers, threads=threads, app=app) as server:
        owners = sorted({a for a, _ in drafts})
        readers = [
            handed_in(server.port, a, [n for b, n in drafts if a == b], f"127.1.0.{i}")
            for i, a in enumerate(owners, start=2)
        ]
        spent = server.processor_s
        timings = drive(readers, len(drafts))
        spent = server.processor_s - spent
    took = sorted(timings.seconds["handed in"])
    sys.stdout.write(
        f"{workers}×{threads:<3}{timings.requests / timings.wall_s:8.1f}/s"
        f"   p50 {at(took, 0.5) * 1e3:7.1f} ms   p95 {at(took, 0.95) * 1e3:7.1f} ms"
        f"   processor {spent / timings.requests * 1e3:6.1f} ms each   errors {timings.errors}\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Read the command line, prepare, measure every server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--drafts", type=int, default=200)
    parser.add_argument("--unsettled", action="store_true")
    asked = parser.parse_args()
    asked.scratch.mkdir(parents=True, exist_ok=True)
    city = asked.scratch / "city"
    listed = asked.scratch / "drafts.txt"
    if not listed.exists():
        drafts = prepare(city, asked.drafts)
        listed.write_text("".join(f"{a} {n}\n" for a, n in drafts), encoding="ascii")
    drafts = [tuple(line.split()) for line in listed.read_text("ascii").splitlines()]
    sys.stdout.write(f"a flush of this disk: {flush_ms(asked.scratch):.2f} ms\n")
    app = "unsettled:app" if asked.unsettled else "wsgi:app"
    for workers, threads in SERVERS:
        for synchronous in ("FULL", "NORMAL"):
            home = asked.scratch / "copy"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(city, home)
            settings = home / "scenarist.toml"
            text = settings.read_text("utf-8")
            text = text.replace("hub.db", f"hub.db?synchronous={synchronous}")
            settings.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{synchronous:<8}")
            measure(home, drafts, workers, threads, app)


if __name__ == "__main__":
    main()
