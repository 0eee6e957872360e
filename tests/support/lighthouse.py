"""Ask Lighthouse about a page that is served, as a signed-in reader sees it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = Path("node_modules/lighthouse/cli/index.js")
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
_LIMIT_S = 180


@dataclass(frozen=True, slots=True)
class Marks:
    """What Lighthouse gives a page, of 100.

    Attributes:
        failed: the audits of accessibility that failed, by id.
        transferred: bytes over the wire.
    """

    performance: int
    accessibility: int
    best_practices: int
    failed: tuple[str, ...]
    transferred: int
    largest_paint_ms: int


def marks(address: str, cookie: str = "", *, is_mobile: bool = False) -> Marks:
    """Return the marks of one page; `cookie` is what a reader's browser sends."""
    command = [
        "node", str(_PROGRAM), address, "--quiet", "--no-enable-error-reporting",
        "--output=json", "--output-path=stdout", f"--chrome-flags={_FLAGS}",
        "--only-categories=performance,accessibility,best-practices",
    ]  # fmt: skip
    if not is_mobile:
        command.append("--preset=desktop")
    if cookie:
        command.append(f"--extra-headers={json.dumps({'Cookie': cookie})}")
    environment = {**os.environ, "CHROME_PATH": "/usr/bin/chromium"}
    for last in (False, True):  # a browser that a busy machine starts too slowly gets one more try
        ran = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_LIMIT_S, check=last
        )
        if ran.returncode == 0:
            break
    return _read(json.loads(ran.stdout))


def _read(report) -> Marks:
    parts, audits = report["categories"], report["audits"]
    asked = {a["id"] for a in parts["accessibility"]["auditRefs"] if a["weight"]}
    return Marks(
        performance=round(100 * parts["performance"]["score"]),
        accessibility=round(100 * parts["accessibility"]["score"]),
        best_practices=round(100 * parts["best-practices"]["score"]),
        failed=tuple(sorted(i for i in asked if audits[i]["score"] == 0)),
        transferred=int(audits["total-byte-weight"]["numericValue"]),
        largest_paint_ms=round(audits["largest-contentful-paint"]["numericValue"]),
    )
