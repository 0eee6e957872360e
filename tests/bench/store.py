"""What a durable write costs when many write at once.

    python tests/bench/store.py                       # on the disk of the temporary folder
    python tests/bench/store.py --flush-ms 2          # as on a disk whose flush costs 2 ms
    python tests/bench/store.py --folder /data --writers 32 --seconds 5

Each write is what handing in a matter writes: the case, 4 events, 2 tasks, a notice, a timer and
the journal's entry. The rivals write the same rows over the same SQLAlchemy: a connection for each
writer, `BEGIN IMMEDIATE`, commit; at `synchronous=FULL` and, not durable, at `NORMAL`; all at once,
as SQLite lets them, and one by one, which spares them its waiting.

`--flush-ms` preloads a library, compiled by gcc on the spot, whose `fsync` and `fdatasync` call the
real ones and return no earlier than that.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import Connection, Engine, insert

from builder.store import cases as tables
from builder.store.trees import case_tree
from federation.audit import Entry, Journal
from federation.store import migrate, open_engine, sqlite_url, write

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANSWERS = {f"field_{n}": "安徽省合肥市蜀山区长江西路 100 号" for n in range(30)}
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
static double now(void) {
  struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9;
}
static int slow(const char *name, int fd) {
  double until = now() + atof(getenv("FLUSH_MS")) / 1e3;
  int result = ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
  for (double left; (left = until - now()) > 0;) {
    struct timespec t = {0, (long)(left * 1e9)}; nanosleep(&t, 0);
  }
  return result;
}
int fsync(int fd) { return slow("fsync", fd); }
int fdatasync(int fd) { return slow("fdatasync", fd); }
"""

Writing = Callable[[Engine], AbstractContextManager[Connection]]


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """Write as anybody would: a transaction and a commit of one's own."""
    with engine.connect().execution_options(scenarist_mode="write") as conn, conn.begin():
        yield conn


def in_turn(lock: threading.Lock) -> Writing:
    """Return the same for writers that come one by one: nobody asks SQLite in vain."""

    @contextmanager
    def write_in_turn(engine: Engine) -> Iterator[Connection]:
        with lock, alone(engine) as conn:
            yield conn

    return write_in_turn


def hand_in(conn: Connection, journal: Journal, number: str) -> None:
    """Write what handing in a matter writes."""
    case = {
        "case_no": number, "scenario_hash": "h", "account": "chen-jing", "status": "open",
        "applicant": {"name": "陈静"}, "answers": ANSWERS, "provenance": {}, "fetched": {},
        "former": [], "seal": "s" * 64, "version": 1, "submitted_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    event = {"case_no": number, "at": NOW, "kind": "opened", "actor": None, "step": "accept"}
    task = {"case_no": number, "step": "accept", "party": "civil-affairs", "role": "officer"}
    conn.execute(insert(tables.case), case)
    conn.execute(insert(tables.event), [{**event, "seq": n, "data": {"n": n}} for n in range(4)])
    for name in ("accept", "check"):
        conn.execute(insert(tables.task), {**task, "task": name, "state": "open", "opened_at": NOW})
    conn.execute(insert(tables.timer), {"case_no": number, "at": NOW, "attempts": 0})
    conn.execute(
        insert(tables.notice),
        {"case_no": number, "event": 1, "account": "chen-jing", "notice": "received",
         "title": {"zh": "已收到"}, "text": {"zh": "已收到您的申请"}, "at": NOW},
    )  # fmt: skip
    entry = Entry("case-submitted", NOW, "chen-jing", {"case": number, "party": "civil-affairs"})
    journal.append(conn, entry)


def store(folder: Path, query: str = "") -> Engine:
    """Make a case store with one version of a scenario in it."""
    path = folder / "case.db"
    engine = open_engine(sqlite_url(path) + query)
    migrate(engine, case_tree)
    with write(engine) as conn:
        conn.execute(
            insert(tables.scenario),
            {"hash": "h", "version": "1", "spec": {}, "published_at": NOW},
        )
    return engine


def crowd(engine: Engine, writing: Writing, writers: int, seconds: float, name: str = "") -> dict:
    """Let writers write for a while; return how many a second, and how long one waits."""
    journal = Journal(engine, tables.audit_entry)
    start = threading.Barrier(writers + 1)
    took: list[list[float]] = [[] for _ in range(writers)]
    ends: list[float] = [0.0]
    failed: list[int] = [0]

    def run(writer: int) -> None:
        start.wait()
        at = 0
        while time.monotonic() < ends[0]:
            began = time.perf_counter()
            try:
                with writing(engine) as conn:
                    hand_in(conn, journal, f"{name}{writer}-{at}")
            except Exception as error:  # noqa: BLE001 - a rival may give up: counted, not hidden
                failed[0] += 1
                print(f"  {type(error).__name__}: {str(error)[:90]}", file=sys.stderr)  # noqa: T201
            else:
                took[writer].append(time.perf_counter() - began)
            at += 1

    threads = [threading.Thread(target=run, args=(w,)) for w in range(writers)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    ends[0] = began + seconds
    start.wait()
    for thread in threads:
        thread.join()
    lasted = time.monotonic() - began
    every = sorted(t for writer in took for t in writer)
    return {
        "per_s": len(every) / lasted,
        "median_ms": statistics.median(every) * 1e3,
        "p99_ms": every[int(len(every) * 0.99)] * 1e3,
        "worst_ms": every[-1] * 1e3,
        "least": min(len(t) for t in took),
        "most": max(len(t) for t in took),
        "failed": failed[0],
    }


def flush_ms(folder: Path) -> float:
    """Return what a flush of 4 KiB to this disk costs, in the median of 200."""
    took = []
    with (folder / "probe").open("wb", buffering=0) as out:
        for _ in range(200):
            out.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(out.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e3


def say(name: str, found: dict) -> None:
    print(  # noqa: T201
        f"{name:34} {found['per_s']:7.0f}/s  median {found['median_ms']:7.1f} ms  "
        f"p99 {found['p99_ms']:7.1f}  worst {found['worst_ms']:7.1f}  "
        f"per writer {found['least']}-{found['most']}"
        + (f"  FAILED {found['failed']}" if found["failed"] else "")
    )


def main() -> None:
    """Measure, and print."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    ask.add_argument("--writers", type=int, default=32)
    ask.add_argument("--processes", type=int, default=4)
    ask.add_argument("--seconds", type=float, default=5.0)
    ask.add_argument("--flush-ms", type=float, default=0.0)
    ask.add_argument("--only", default="", help="run what has this in its name")
    ask.add_argument("--join", type=Path, help=argparse.SUPPRESS)
    ask.add_argument("--name", default="", help=argparse.SUPPRESS)
    args = ask.parse_args()
    if args.join:
        engine = open_engine(sqlite_url(args.join))
        sys.stdin.readline()
        found = crowd(engine, write, args.writers, args.seconds, args.name)
        print(json.dumps(found))  # noqa: T201
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        if args.flush_ms and "FLUSH_MS" not in os.environ:
            preload(Path(folder), args.flush_ms)
            return
        measure(Path(folder), args)


def preload(folder: Path, milliseconds: float) -> None:
    """Run this script again on a disk that is as slow as asked for."""
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(SHIM)
    gcc = shutil.which("gcc") or sys.exit("gcc is needed for --flush-ms")
    subprocess.run([gcc, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    slow = {**os.environ, "LD_PRELOAD": str(library), "FLUSH_MS": str(milliseconds)}
    sys.exit(subprocess.run([sys.executable, *sys.argv], env=slow, check=False).returncode)


def measure(folder: Path, args: argparse.Namespace) -> None:
    """Run every rival, each on a store of its own."""
    print(  # noqa: T201
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} CPUs, a flush costs {flush_ms(folder):.2f} ms"
        + (f" (at least {args.flush_ms} by --flush-ms)" if args.flush_ms else "")
    )
    normal = "?synchronous=NORMAL"
    rivals: dict[str, tuple[str, Writing]] = {
        "alone, FULL": ("", alone),
        "in turn, FULL": ("", in_turn(threading.Lock())),
        "alone, NORMAL (not durable)": (normal, alone),
        "in turn, NORMAL (not durable)": (normal, in_turn(threading.Lock())),
        "shared commits, FULL (ours)": ("", write),
    }
    rates = {}
    for number, (name, (query, writing)) in enumerate(rivals.items()):
        if args.only not in name:
            continue
        (place := folder / str(number)).mkdir()
        engine = store(place, query)
        found = crowd(engine, writing, args.writers, args.seconds)
        engine.dispose()
        say(f"{args.writers} writers {name}", found)
        rates[name] = found["per_s"]
    if len(rates) == len(rivals):
        *others, ours = rates.items()
        for name, rate in others:
            print(f"ours is {ours[1] / rate:.2f} x {name}")  # noqa: T201
    if args.processes and args.only in "processes":
        several(folder, args)


def several(folder: Path, args: argparse.Namespace) -> None:
    """Let processes write one store, several threads each."""
    (place := folder / "several").mkdir()
    store(place).dispose()
    threads = max(1, args.writers // args.processes)
    command = [sys.executable, __file__, "--join", str(place / "case.db"), "--seconds",
               str(args.seconds), "--writers", str(threads), "--name"]  # fmt: skip
    start = partial(subprocess.Popen, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    children = [start([*command, f"p{n}-"]) for n in range(args.processes)]
    time.sleep(2)
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    for number, child in enumerate(children):
        out, _ = child.communicate()
        say(f"process {number} of {args.processes}, {threads} threads", json.loads(out))


if __name__ == "__main__":
    main()
