"""Say which programs a city consists of: the web, the worker, and what runs apart from them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from builder.app.processes import cluster_of, here
from builder.cli.supervise import Program

__all__ = ["apart", "city", "hub"]

_THREADS = 4  # more of them only take turns at the interpreter, see docs/benchmarks.md


def city(home: Path, host: str, port: int, *, workers: int, with_worker: bool) -> list[Program]:
    """Return all programs of a city that this machine runs."""
    return [*apart(home), *hub(home, host, port, workers=workers, with_worker=with_worker)]


def apart(home: Path) -> Iterator[Program]:
    """Yield the database server, the issuer and the nodes of a demo city that run apart."""
    server = cluster_of(home)
    if server is not None:
        yield Program(
            "postgresql",
            server.command(),
            server.port,
            user=server.user,
            folder=server.folder,
        )
    for found in here(home):
        command = [sys.executable, "-m", found.module, str(found.file)]
        yield Program(found.name, command, found.port, stage=1)


def hub(home: Path, host: str, port: int, *, workers: int, with_worker: bool) -> Iterator[Program]:
    """Yield the web and, beside it, the worker."""
    environment = {"SCENARIST_HOME": str(home.resolve())}
    yield Program("web", _web(host, port, workers), port, stage=2, environment=environment)
    if with_worker:
        command = [sys.executable, "-m", "builder.cli", "--home", str(home), "work"]
        yield Program("worker", command, stage=2, environment=environment)


def _web(host: str, port: int, workers: int) -> list[str]:
    if sys.platform == "win32":
        return [sys.executable, "-m", "waitress", f"--listen={host}:{port}", "wsgi:app"]
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"{host}:{port}",
        "--workers",
        str(workers),
        "--worker-class",
        "gthread",
        "--threads",
        str(_THREADS),
        "--graceful-timeout",
        "10",
        "--log-level",
        "warning",
        "--access-logfile",
        "/dev/null",
        "wsgi:app",
    ]
