"""Run the case issuer as a program of its own: ``scenarist-issuer FOLDER/issuer.json``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from federation.crypto import is_key, selftest
from federation.errors import Fault, Lang
from federation.link.serving import AfterFork, serve
from federation.link.tls import Tls
from federation.trust.errors import IssuerConfigWrong
from federation.trust.issuer_config import FILE_NAME, load_issuer, trust_node

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["main"]

_CHECKPOINT_S = 300.0


def main(arguments: list[str] | None = None) -> None:
    """Do what a command line says: 0 done, 1 a fault, 2 wrong usage."""
    given = sys.argv[1:] if arguments is None else arguments
    asked = _parser().parse_args(_with_command(given))
    try:
        code = asked.act(asked)
    except Fault as fault:
        sys.stderr.write(f"{fault.message(asked.lang)} {fault.next_step(asked.lang)}\n")
        sys.exit(1)
    sys.exit(code)


def _with_command(given: list[str]) -> list[str]:
    """Let a configuration alone on the line mean: serve it."""
    words = [g for g in given if not g.startswith("-")]
    return ["serve", *given] if words and words[0].endswith(".json") else given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scenarist-issuer",
        description="办件签发方 · The case issuer. scenarist-issuer issuer.json serves it.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, act, words in (
        ("serve", _serve, "提供服务（双向 TLS）· serve, behind mutual TLS"),
        ("check", _check, "检查配置、密钥和证书 · look whether all is in order"),
        ("verify", _verify, "校验自己的日志 · verify its own journal"),
        ("trust-node", _trust, "采信一个部门节点的应答 · believe a department's node"),
        ("untrust-node", _untrust, "不再采信 · believe it no longer"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("file", type=Path, help=FILE_NAME)
        command.set_defaults(act=act)
        if name.endswith("trust-node"):
            command.add_argument("party", help="部门 · department")
        if name == "trust-node":
            command.add_argument("key", help="节点公钥（hex）· its public key")
    for command in (parser, *commands.choices.values()):
        command.add_argument("--lang", choices=("zh", "en"), default=_lang())
    return parser


def _check(asked: argparse.Namespace) -> int:
    selftest()
    said = load_issuer(asked.file)
    known = said.config().nodes
    if said.serve is not None:
        Tls.at(asked.file.resolve().parent)
    words = f"采信 {len(known)} 个节点" if asked.lang == "zh" else f"believes {len(known)} nodes"
    sys.stdout.write(f"✓ {said.name}: {words}\n")
    return 0


def _verify(asked: argparse.Namespace) -> int:
    from federation.trust.issuer import CaseIssuer

    config = load_issuer(asked.file).config()
    issuer = CaseIssuer.open(asked.file.resolve().parent, config, clock=_now)
    report = issuer.journal.verify(_now())
    issuer.close()
    sys.stdout.write(f"{json.dumps(report.to_json(), ensure_ascii=False, indent=1)}\n")
    return 1 if report.findings else 0


def _trust(asked: argparse.Namespace) -> int:
    if not is_key(asked.key):
        raise IssuerConfigWrong(problem="key ?", where=f"/trust/nodes/{asked.party[:64]}")
    trust_node(asked.file, asked.party, asked.key)
    return 0


def _untrust(asked: argparse.Namespace) -> int:
    trust_node(asked.file, asked.party, None)
    return 0


def _serve(asked: argparse.Namespace) -> int:
    selftest()
    file = asked.file
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
    return 0


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
