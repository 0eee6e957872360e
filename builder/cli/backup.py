"""Save a city and bring it back: `backup`, `restore`, `reconcile`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from builder.app import opened
from builder.app.backup import Restored, Saved, back_up, check_backup, restore_city
from builder.app.reconciling import Difference, LaterUse, last_restored, tell_again
from builder.app.reconciling import reconcile as look
from builder.cases.platform import Platform
from builder.cli.console import Terminal
from builder.errors import Fault
from federation.backup import Archive, Manifest, read_passphrase

__all__ = ["register"]

_SHOWN = 20
_FILES = ("source (sqlite)", "source (files)")
_Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="口令文件，一行 · A file with the passphrase."),
]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("reconcile")(reconcile)


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="FILE.tar / FILE.tar.zst")],
    passphrase_file: _Passphrase = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="不含私钥：可校验，不能运行 · Leave keys out.")
    ] = False,
    with_sources: Annotated[
        bool,
        typer.Option("--with-sources", help="连同节点目录里的部门数据 · With departments' files."),
    ] = False,
) -> None:
    """备份整座城市，不必停机 · Save the whole city while it runs."""
    term: Terminal = ctx.obj
    saved = back_up(
        term.home,
        file,
        say=lambda zh, en: _say(term, zh, en),
        passphrase=None if passphrase_file is None else read_passphrase(passphrase_file),
        with_keys=not without_keys,
        with_sources=with_sources,
    )
    if term.json:
        term.print_json(_saved_json(file, saved))
        return
    written = saved.written
    term.lines([f"✓ {file}  {written.bytes:,} B  {written.manifest.taken_at}"])
    term.lines(_content(term, written.manifest))
    term.lines(_warnings(term, saved, encrypted=passphrase_file is not None))
    term.lines(
        [
            term.pick(
                f"清单哈希（请另行抄存，恢复时用 --expect 核对）:\n{written.digest}",
                "Hash of the list of contents (write it down elsewhere; "
                f"restore compares it with --expect):\n{written.digest}",
            )
        ]
    )


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="备份文件 · The backup.")],
    hub_url: Annotated[
        str | None, typer.Option("--hub-url", help="sqlite:///hub.db / postgresql://…")
    ] = None,
    passphrase_file: _Passphrase = None,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="HASH", help="抄存的清单哈希 · As noted.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="只核对，不写任何东西 · Verify only.")
    ] = False,
    keep_broken: Annotated[
        bool, typer.Option("--keep-broken", help="日志本已损坏也恢复 · Accept broken journals.")
    ] = False,
) -> None:
    """从备份恢复一座城市到 --home 指定的空目录 · Bring a city back into an empty --home."""
    term: Terminal = ctx.obj
    passphrase = None if passphrase_file is None else read_passphrase(passphrase_file)
    if check:
        _print_checked(term, file, check_backup(file, passphrase=passphrase, expected=expect))
        return
    restored = restore_city(
        file,
        term.home,
        say=lambda zh, en: _say(term, zh, en),
        hub_url=hub_url,
        passphrase=passphrase,
        expected=expect,
        keep_broken=keep_broken,
    )
    _print_restored(term, restored, expect)


def reconcile(
    ctx: typer.Context,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="从何时起；默认最近一次恢复所用备份的时间 · By default the last restore's."
        ),
    ] = None,
    tell_nodes: Annotated[
        bool,
        typer.Option(
            "--tell-nodes", help="把授权决定再告诉各节点 · Take decisions to nodes again."
        ),
    ] = False,
) -> None:
    """恢复之后，与各节点对账 · After a restore, compare with what nodes and issuer recorded."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        begin = since.astimezone() if since else last_restored(platform)
        if begin is None:
            raise typer.BadParameter(
                term.pick("这座城市没有恢复过", "this city was never restored"),
                param_hint="--since",
            )
        refused = [g for party in platform.hub.nodes for g in _told(platform, party, tell_nodes)]
        found = look(platform, begin)
    if term.json:
        term.print_json({"none": found.is_none, "not_taken": refused, **_difference_json(found)})
        return
    term.lines(_difference(term, found))
    if refused:
        term.lines([term.pick("节点没有接受的授权：", "Grants not taken: ") + ", ".join(refused)])


def _told(platform: Platform, party: str, wanted: bool) -> tuple[str, ...]:
    if not wanted:
        return ()
    try:
        return tell_again(platform, party)
    except Fault:
        return ()  # a node that is away is named by the comparison


def _difference_json(found: Difference) -> dict[str, object]:
    return {f.name: getattr(found, f.name) for f in fields(found)}


def _difference(term: Terminal, found: Difference) -> list[str]:
    """Return the comparison in words, each list cut after twenty."""
    lines = [
        term.pick(
            f"比备份更新的用数记录 {len(found.unknown_here)} 条（节点有，中台没有）",
            f"{len(found.unknown_here)} uses of data newer than the backup (nodes know, hub not)",
        ),
        *_cut(_use_line(u) for u in found.unknown_here),
    ]
    for title, items in (
        (
            term.pick("中台有、节点没有的用数记录", "Uses the hub knows and the node does not"),
            [_use_line(u) for u in found.unknown_there],
        ),
        (
            term.pick("这里在办、别处已结束的办件", "Cases running here that have ended elsewhere"),
            list(found.ended_elsewhere),
        ),
        (
            term.pick(
                "签发方登记过、中台不知道的办件", "Cases the issuer opened, unknown to the hub"
            ),
            list(found.lost),
        ),
        (
            term.pick("授权状态与节点不同", "Grants that stand otherwise at their nodes"),
            [f"{grant}: {state}" for grant, state in found.grants.items()],
        ),
        (term.pick("没有答复的节点", "Nodes that did not answer"), list(found.silent)),
    ):
        if items:
            lines += [f"{title}: {len(items)}", *_cut(items)]
    if found.is_none:
        lines.append(term.pick("✓ 没有差别", "✓ nothing differs"))
    return lines


def _cut(items: Iterable[str]) -> list[str]:
    listed = list(items)
    more = [f"  … {len(listed) - _SHOWN}"] if len(listed) > _SHOWN else []
    return [*(f"  {item}" for item in listed[:_SHOWN]), *more]


def _use_line(use: LaterUse) -> str:
    return f"{use.at:%m-%d %H:%M:%S}  {use.party}#{use.entry}  {use.case_no}  {use.dataset}"


def _print_checked(term: Terminal, file: Path, archive: Archive) -> None:
    manifest = archive.manifest
    if term.json:
        term.print_json(
            {"file": file, "ok": True, "manifest_hash": archive.digest, **_manifest_json(manifest)}
        )
        return
    term.lines([f"✓ {file}  {manifest.of} {manifest.name}  {manifest.taken_at}"])
    term.lines(_content(term, manifest))
    term.lines([term.pick("清单哈希：", "Hash of the list of contents: ") + archive.digest])


def _print_restored(term: Terminal, restored: Restored, expect: str | None) -> None:
    manifest = restored.manifest
    if term.json:
        term.print_json(
            {
                "home": term.home,
                "manifest_hash": restored.digest,
                "journals": restored.entries,
                **_manifest_json(manifest),
            }
        )
        return
    total = sum(restored.entries.values())
    term.lines([f"✓ {term.home}  {manifest.taken_at}"])
    term.lines(
        [
            term.pick(
                f"{len(restored.entries)} 本日志，{total} 条，与备份时一致",
                f"{len(restored.entries)} journals, {total} entries, as they were saved",
            )
        ]
    )
    if expect is None:
        term.lines(
            [
                term.pick(
                    f"请把清单哈希与当时抄存的核对：{restored.digest}",
                    f"Compare the hash of its list with the one written down: {restored.digest}",
                )
            ]
        )
    missing = [path for path, why in manifest.left_out.items() if why in _FILES]
    if missing:
        term.lines(
            [
                term.pick(
                    f"备份不含部门自己的数据：{len(missing)} 个数据源的文件要另行放回节点目录。",
                    f"The backup holds no data of the departments: the files of {len(missing)} "
                    "sources must be put back into the folders of their nodes.",
                )
            ]
        )
    if not manifest.has_keys:
        term.lines(
            [
                term.pick(
                    "备份不含私钥：放回下列文件之前，这座城市只能校验，不能运行。",
                    "The backup holds no private keys: until these files are put back, this city "
                    "can be verified but not run.",
                ),
                *(f"  {path}" for path, why in manifest.left_out.items() if why == "key"),
            ]
        )
    term.lines(
        [
            term.pick(
                "别处可能有备份之后的记录：启动后请运行 scenarist reconcile。",
                "Others may hold records made after the backup: once it runs, use "
                "scenarist reconcile.",
            )
        ]
    )


def _content(term: Terminal, manifest: Manifest) -> list[str]:
    rows = sum(s.rows for s in manifest.stores)
    stores, files = len(manifest.stores), len(manifest.files)
    return [
        term.pick(
            f"{stores} 个库，{rows:,} 行；{files} 个文件；"
            + ("含" if manifest.has_keys else "不含")
            + "私钥",
            f"{stores} stores, {rows:,} rows; {files} files; "
            + ("with" if manifest.has_keys else "without")
            + " private keys",
        )
    ]


def _warnings(term: Terminal, saved: Saved, *, encrypted: bool) -> list[str]:
    manifest = saved.written.manifest
    lines = []
    if manifest.has_keys and not encrypted:
        lines.append(
            term.pick(
                "⚠ 文件里有未加密的私钥和个人信息：谁拿到它，谁就能冒充这座城市。"
                "建议用 --passphrase-file。",
                "⚠ The file holds private keys and personal data in the clear: who has it can act "
                "as this city. Consider --passphrase-file.",
            )
        )
    sources = [path for path, why in manifest.left_out.items() if why.startswith("source")]
    if sources:
        lines.append(
            term.pick(
                f"部门自己的 {len(sources)} 个数据源不在备份里，由各部门自行备份。",
                f"{len(sources)} sources of the departments are not in it: each department backs "
                "up its own.",
            )
        )
    lines += [
        term.pick(
            f"✗ 日志 {name} 校验不通过，已照原样保存", f"✗ The journal {name} does not verify"
        )
        for name in saved.broken
    ]
    if saved.unnoted is not None:
        lines.append(
            term.pick("⚠ 未能在日志里记下这次备份：", "⚠ Not noted in the journal: ")
            + saved.unnoted.message(term.lang)
        )
    return lines


def _saved_json(file: Path, saved: Saved) -> dict[str, object]:
    return {
        "file": file,
        "bytes": saved.written.bytes,
        "manifest_hash": saved.written.digest,
        "broken": saved.broken,
        "noted": saved.unnoted is None,
        **_manifest_json(saved.written.manifest),
    }


def _manifest_json(manifest: Manifest) -> dict[str, object]:
    return {
        "of": manifest.of,
        "name": manifest.name,
        "program": manifest.program,
        "taken_at": manifest.taken_at,
        "keys": manifest.has_keys,
        "files": len(manifest.files),
        "rows": sum(s.rows for s in manifest.stores),
        "stores": [
            {"name": s.name, "revision": s.revision, "rows": s.rows, "journal": s.journal}
            for s in manifest.stores
        ],
        "left_out": manifest.left_out,
    }


def _say(term: Terminal, zh: str, en: str) -> None:
    term.err.print(f"· {term.pick(zh, en)} …", markup=False)
