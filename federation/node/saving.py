"""Add ``backup`` and ``restore`` to the command line of a node's program."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from federation.backup import Manifest, open_archive, read_passphrase
from federation.node.backup import back_up_node, restore_node
from federation.node.config import FILE_NAME

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_commands"]


def add_commands(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the two commands; each prints one JSON document and returns the exit code."""
    saving = commands.add_parser("backup", help="备份本节点，不必停机 · save this node as it runs")
    saving.add_argument("file", type=Path, help=FILE_NAME)
    saving.add_argument("target", type=Path, help="FILE.tar / FILE.tar.zst")
    saving.add_argument("--without-keys", action="store_true", help="不含私钥 · leave keys out")
    saving.add_argument(
        "--with-sources",
        action="store_true",
        help="连同目录里的部门数据 · with the department's files",
    )
    saving.set_defaults(act=_save)
    restoring = commands.add_parser("restore", help="恢复到一个空目录 · bring a node back")
    restoring.add_argument("target", type=Path, help="备份文件 · the backup")
    restoring.add_argument("folder", type=Path, nargs="?", help="空目录 · an empty folder")
    restoring.add_argument("--expect", metavar="HASH", help="抄存的清单哈希 · as written down")
    restoring.add_argument("--keep-broken", action="store_true", help="日志本已损坏也恢复")
    restoring.add_argument("--check", action="store_true", help="只核对 · verify only")
    restoring.set_defaults(act=_restore)
    for command in (saving, restoring):
        command.add_argument("--passphrase-file", type=Path, help="口令文件 · passphrase")


def _save(asked: argparse.Namespace) -> int:
    written = back_up_node(
        asked.file.resolve().parent,
        asked.target,
        program=_program(),
        clock=_now,
        passphrase=_passphrase(asked),
        with_keys=not asked.without_keys,
        with_sources=asked.with_sources,
    )
    _print(written.manifest, written.digest, bytes=written.bytes)
    return 0


def _restore(asked: argparse.Namespace) -> int:
    if asked.check or asked.folder is None:
        found = open_archive(asked.target, passphrase=_passphrase(asked), expected=asked.expect)
        _print(found.manifest, found.digest)
        return 0
    restored = restore_node(
        asked.target,
        asked.folder,
        clock=_now,
        passphrase=_passphrase(asked),
        expected=asked.expect,
        keep_broken=asked.keep_broken,
    )
    _print(restored.manifest, restored.digest, journals=restored.entries)
    return 0


def _print(manifest: Manifest, digest: str, **more: object) -> None:
    told = {
        "of": manifest.of,
        "name": manifest.name,
        "program": manifest.program,
        "taken_at": manifest.taken_at,
        "manifest_hash": digest,
        "keys": manifest.has_keys,
        "files": len(manifest.files),
        "rows": sum(s.rows for s in manifest.stores),
        "left_out": dict(manifest.left_out),
        **more,
    }
    sys.stdout.write(f"{json.dumps(told, ensure_ascii=False, indent=1)}\n")


def _passphrase(asked: argparse.Namespace) -> bytes | None:
    return None if asked.passphrase_file is None else read_passphrase(asked.passphrase_file)


def _program() -> str:
    try:
        return version("scenarist")
    except PackageNotFoundError:
        return "0"


def _now() -> datetime:
    return datetime.now().astimezone()
