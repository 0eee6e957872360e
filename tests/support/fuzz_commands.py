"""Type command lines nobody meant: answer files, arguments and options, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from fuzz_requests import text
from programs import ANSWERS

ROOT = Path(__file__).parents[2]
_FLAT = {f"/application/{k}": v for k, v in ANSWERS["answers"]["application"].items()}
_PEOPLE = ("chen-jing", "zhou-ming", "sun-lei", "officer-police", "steward-police", "nobody", "")
_READ = (
    ("case",),
    ("worklist",),
    ("template", "list"),
    ("template", "show"),
    ("catalog", "search"),
    ("catalog", "show"),
    ("grant", "list"),
    ("grant", "show"),
    ("audit", "trace"),
    ("audit", "export"),
    ("query",),
    ("check",),
    ("source", "check"),
    ("node", "list"),
    ("account", "list"),
    ("account", "show"),
    ("crypto", "info"),
    ("explain",),
    ("start",),
    ("act",),
    ("walk",),
    ("deploy",),
    ("restore",),
)
_OPTIONS = (
    "--as",
    "--answers",
    "--task",
    "--action",
    "--reason",
    "--to",
    "--json",
    "--county",
    "--party",
    "--lang",
    "--state",
    "--limit",
    "--home",
    "--check",
    "-x",
    "--",
    "--help",
    "--case",
)


def line(rng: random.Random, folder: Path, number: int) -> list[str]:
    """Return one command line; what it writes lies in a folder."""
    if rng.random() < 0.35:
        file = folder / f"answers-{number % 40}.json"
        file.write_bytes(_answer_file(rng))
        matter = "s23-afterlife" if rng.random() < 0.9 else _argument(rng, folder)
        return ["start", matter, "--as", rng.choice(_PEOPLE), "--answers", str(file)]
    said = list(rng.choice(_READ))
    return said + [
        rng.choice(_OPTIONS) if rng.random() < 0.5 else _argument(rng, folder)
        for _ in range(rng.randrange(4))
    ]


def _argument(rng: random.Random, folder: Path) -> str:
    if rng.random() < 0.5:
        return rng.choice(
            (
                "s23-afterlife",
                "340100",
                "HF20260101-AAAAAA",
                "chen-jing",
                "accept",
                "approve",
                "police",
                "police.household",
                "kin-verified",
                str(folder),
                str(folder / "none.json"),
                "0",
                "-1",
                "en",
                "officer-civil-affairs",
                "specs/scenarios/s23-afterlife",
            )
        )
    return (
        text(rng)[:3000]
        .encode("utf-8", "surrogateescape" if rng.random() < 0 else "replace")
        .decode()
        .replace("\0", "")
    )


def _answer_file(rng: random.Random) -> bytes:
    if rng.random() < 0.15:
        return rng.choice(
            (
                b"",
                b"{",
                b"[]",
                b"null",
                b"\xff\xfe",
                b"[" * 20_000,
                b'{"a":1e999}',
                b'{"/x":NaN}',
                rng.randbytes(80),
            )
        )
    answers: dict[str, object] = dict(_FLAT)
    for _ in range(rng.choice((1, 1, 2, 4))):
        key = rng.choice(sorted(answers)) if rng.random() < 0.85 else text(rng)[:80]
        answers[key] = rng.choice(
            (text(rng), text(rng), None, True, 0, 10**40, [], {}, [text(rng)], {"a": text(rng)})
        )
        if rng.random() < 0.2:
            answers.pop(key)
    return json.dumps(answers).encode()


def type_in(
    rng: random.Random, home: Path, folder: Path, calls: int
) -> tuple[Counter[str], list[str]]:
    """Run so many commands in this process; return how they ended, and what should not be."""
    from builder.cli import main

    met: Counter[str] = Counter()
    wrong: list[str] = []
    os.environ["SCENARIST_HOME"] = str(home)
    kept = sys.argv
    for number in range(calls):
        said = line(rng, folder, number)
        out, err = io.StringIO(), io.StringIO()
        sys.argv = ["scenarist", *said]
        code: object = 0
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException as problem:  # noqa: BLE001 - this is what is looked for
            code = "raised"
            wrong.append(f"{type(problem).__name__} at {_place(problem)}: {said!r}"[:600])
        met[f"cli {code}"] += 1
        told = out.getvalue() + err.getvalue()
        if "Traceback (most recent" in told or "cli.unexpected" in told:
            wrong.append(f"traceback: {said!r} {told[-300:]}"[:900])
    sys.argv = kept
    return met, wrong


def _place(problem: BaseException) -> str:
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (
        f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        if trace
        else "?"
    )


def type_apart(
    rng: random.Random, home: Path, folder: Path, calls: int
) -> tuple[Counter[str], list[str]]:
    """Run so many commands as programs of their own."""
    met: Counter[str] = Counter()
    wrong: list[str] = []
    program = Path(sys.executable).parent / "scenarist"
    for number in range(calls):
        said = line(rng, folder, number)
        done = subprocess.run(
            [program, *said],
            env={**os.environ, "SCENARIST_HOME": str(home)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=120,
        )
        met[f"program {done.returncode}"] += 1
        if "Traceback (most recent" in done.stderr or done.returncode not in (0, 1, 2):
            wrong.append(f"{done.returncode}: {said!r} {done.stderr[-300:]}"[:900])
    return met, wrong
