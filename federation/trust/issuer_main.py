"""Run the case issuer as a program of its own: ``scenarist-issuer FOLDER/issuer.json``."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from federation.crypto import selftest
from federation.errors import Fault, Lang
from federation.link.serving import AfterFork, serve
from federation.link.tls import Tls
from federation.trust.errors import IssuerConfigWrong
from federation.trust.issuer_config import load_issuer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["main"]

_CHECKPOINT_S = 300.0


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop: 0 done, 1 a fault, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="scenarist-issuer", description="办件签发方 · The case issuer, behind mutual TLS."
    )
    parser.add_argument("file", type=Path, help="issuer.json")
    parser.add_argument("--lang", choices=("zh", "en"), default=_lang())
    asked = parser.parse_args(arguments)
    try:
        _serve(asked.file)
    except Fault as fault:
        sys.stderr.write(f"{fault.message(asked.lang)} {fault.next_step(asked.lang)}\n")
        sys.exit(1)


def _serve(file: Path) -> None:
    selftest()
    said = load_issuer(file)
    said.config()
    if said.serve is None:
        raise IssuerConfigWrong(problem="serve ?", where="/serve")
    serve(
        AfterFork(lambda: _issuer(file)),
        host=said.serve.host,
        port=said.serve.port,
        tls=Tls.at(file.parent),
        workers=said.serve.workers,
        threads=said.serve.threads,
    )


def _issuer(file: Path) -> WSGIApplication:
    """Return the issuer of this process; a changed file counts from the next request on."""
    from federation.trust.issuer import CaseIssuer

    issuer = CaseIssuer.open(file.parent, load_issuer(file).config(), clock=_now)
    read_at = file.stat().st_mtime_ns
    lock = threading.Lock()

    def current(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        nonlocal read_at
        with lock:
            changed_at = file.stat().st_mtime_ns
            if changed_at != read_at:
                issuer.reconfigure(load_issuer(file).config())
                read_at = changed_at
        return issuer.app(environ, start)

    def checkpoints() -> None:
        while not threading.Event().wait(_CHECKPOINT_S):
            try:
                issuer.journal.checkpoint(_now())
            except Fault as fault:
                sys.stderr.write(f"checkpoint: {fault.code}\n")

    threading.Thread(target=checkpoints, daemon=True).start()
    return current


def _now() -> datetime:
    return datetime.now().astimezone()


def _lang() -> Lang:
    said = os.environ.get("SCENARIST_LANG") or os.environ.get("LANG", "")
    return "en" if said.lower().startswith("en") else "zh"


if __name__ == "__main__":
    main()
