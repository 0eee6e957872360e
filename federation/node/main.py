"""Run a department's node as a program of its own: ``scenarist-node NODE.toml``."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from federation.crypto import selftest
from federation.errors import Fault, Findings, Lang
from federation.node import joining, saving
from federation.node.config import FILE_NAME, load_config
from federation.node.errors import NothingBound, NowhereToServe

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from federation.node.node import Node

__all__ = ["main"]

_CHECKPOINT_S = 300.0


def main(arguments: list[str] | None = None) -> None:
    """Do what a command line says: 0 done, 1 a fault, 2 wrong usage."""
    given = sys.argv[1:] if arguments is None else arguments
    asked = _parser().parse_args(_with_command(given))
    try:
        code = asked.act(asked)
    except Fault as fault:
        _tell(fault, asked.lang)
        sys.exit(1)
    sys.exit(code)


def _with_command(given: list[str]) -> list[str]:
    """Let a configuration alone on the line mean: serve it."""
    words = [g for g in given if not g.startswith("-")]
    if words and words[0].endswith(".toml"):
        return ["serve", *given]
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scenarist-node",
        description="部门节点 · A department's node. scenarist-node NODE.toml serves it.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, act, words in (
        ("serve", _serve, "提供服务（双向 TLS）· serve, behind mutual TLS"),
        ("check", _check, "检查配置、密钥、证书和数据源 · look whether all is in order"),
        ("verify", _verify, "校验本节点日志 · verify the node's own journal"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("file", type=Path, help=FILE_NAME)
        command.set_defaults(act=act)
    saving.add_commands(commands)
    joining.add_commands(commands)
    for command in (parser, *commands.choices.values()):
        command.add_argument("--lang", choices=("zh", "en"), default=_lang())
    return parser


def _serve(asked: argparse.Namespace) -> int:
    from federation.link.serving import AfterFork, serve
    from federation.link.tls import Tls

    selftest()
    folder = _folder(asked.file)
    config = load_config(folder)
    if config.serve is None:
        raise NowhereToServe(party=config.party)
    _opened(folder).close()  # what is wrong is said now, not at the first question
    serve(
        AfterFork(lambda: _app(folder)),
        host=config.serve.host,
        port=config.serve.port,
        tls=Tls.at(folder),
        workers=config.serve.workers,
        threads=config.serve.threads,
    )
    return 0


def _check(asked: argparse.Namespace) -> int:
    """Say what is in order and what is not, each with what to do."""
    from federation.link.tls import Tls
    from federation.node.source_check import check_sources

    selftest()
    folder, lang = _folder(asked.file), asked.lang
    node = _opened(folder)
    findings = list(check_sources(node.config, folder, node.catalog).findings)
    if not node.config.datasets:
        findings.append(NothingBound(party=node.party, where="/datasets"))
    try:
        if node.config.serve is not None:
            Tls.at(folder)
    except Fault as wrong:
        findings.append(wrong)
    node.close()
    for finding in findings:
        _tell(finding, lang)
    if not findings:
        words = "{} 个数据集都在" if lang == "zh" else "all {} datasets are there"
        sys.stdout.write(f"✓ {node.party}: {words.format(len(node.config.datasets))}\n")
    return 1 if findings else 0


def _verify(asked: argparse.Namespace) -> int:
    import json

    node = _opened(_folder(asked.file))
    report = node.journal.verify(_now())
    node.close()
    sys.stdout.write(f"{json.dumps(report.to_json(), ensure_ascii=False, indent=1)}\n")
    return 1 if report.findings else 0


def _folder(file: Path) -> Path:
    return file.resolve().parent


def _opened(folder: Path) -> Node:
    from federation.node.node import Node

    return Node.open(folder, clock=_now)


def _app(folder: Path) -> WSGIApplication:
    """Return the node of this process; it signs a checkpoint of its journal now and then."""
    node = _opened(folder)

    def checkpoints() -> None:
        while not threading.Event().wait(_CHECKPOINT_S):
            try:
                node.journal.checkpoint(_now())
            except Fault as fault:
                sys.stderr.write(f"checkpoint: {fault.code}\n")

    threading.Thread(target=checkpoints, daemon=True).start()
    return node.app


def _tell(fault: Fault, lang: Lang) -> None:
    for one in fault.findings if isinstance(fault, Findings) else (fault,):
        place = f"{one.where}: " if one.where else ""
        sys.stderr.write(f"✗ {place}{one.message(lang)} [{one.code}]\n  → {one.next_step(lang)}\n")


def _now() -> datetime:
    return datetime.now().astimezone()


def _lang() -> Lang:
    said = os.environ.get("SCENARIST_LANG") or os.environ.get("LANG", "")
    return "en" if said.lower().startswith("en") else "zh"


if __name__ == "__main__":
    main()
