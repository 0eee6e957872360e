"""Add ``init``, ``accept``, ``renew`` and ``decide`` to the command line of a node's program."""

from __future__ import annotations

import argparse
import json
import socket
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from federation.crypto import KeyStore
from federation.errors import Fault, Lang
from federation.ledger import load_catalog
from federation.link.place import Place
from federation.node.config import load_config
from federation.node.folder import (
    accept,
    begin,
    read_document,
    renewal,
    steward_of,
    write_document,
)
from federation.trust import grant as deciding
from federation.trust.decisions import open_asks, to_decisions
from federation.trust.enrol import open_enrolment, open_kit, spoken
from federation.trust.grant import Grant
from federation.trust.purpose import PURPOSES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_commands", "decide", "in_words", "kit_document"]

_PORT = 8443


def add_commands(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands by which a department joins the city and decides on its own machine."""
    new = commands.add_parser("init", help="用启动包建立节点 · set a node up from a start-up kit")
    new.add_argument("kit", type=Path, help="启动包（目录、zip 或 kit.json） · the start-up kit")
    new.add_argument("folder", type=Path, help="空目录 · an empty folder")
    new.add_argument(
        "--host",
        action="append",
        metavar="NAME",
        help="中台访问本机用的名称或地址 · how the hub calls it",
    )
    new.add_argument("--port", type=int, default=_PORT, help=f"端口 · TCP port ({_PORT})")
    new.set_defaults(act=_init)
    taking = commands.add_parser("accept", help="装入中台签发的证书 · install the hub's answer")
    taking.add_argument("answer", type=Path, help="enrolled.json")
    taking.add_argument("folder", type=Path, help="节点目录 · the node's folder")
    taking.set_defaults(act=_accept)
    again = commands.add_parser("renew", help="申请换发证书 · ask for a new certificate")
    again.add_argument("folder", type=Path, help="节点目录 · the node's folder")
    again.add_argument("--host", action="append", metavar="NAME", help="同 init · as for init")
    again.set_defaults(act=_renew)
    deciding_ = commands.add_parser("decide", help="审批授权申请 · decide on grants asked for")
    deciding_.add_argument("folder", type=Path, help="节点目录 · the node's folder")
    deciding_.add_argument("asks", type=Path, help="ask.json")
    verb = deciding_.add_mutually_exclusive_group(required=True)
    for word, words in (("approve", "批准"), ("refuse", "不批准"), ("revoke", "收回")):
        verb.add_argument(f"--{word}", dest="verb", action="store_const", const=word, help=words)
    deciding_.add_argument("--only", action="append", metavar="G…", help="只决定这些 · only these")
    deciding_.add_argument("--remark", default="", help="说明（不批准和收回必填） · why")
    deciding_.add_argument("--as", dest="account", required=True, help="您的账号 · your account")
    deciding_.add_argument("--yes", action="store_true", help="不再询问 · do not ask me")
    deciding_.set_defaults(act=_decide)


def kit_document(path: Path) -> Mapping[str, object]:
    """Return the kit in a folder, a zip or a file; raises `FileUnreadable`."""
    if path.is_dir():
        return read_document(path / "kit.json")
    if path.suffix == ".zip":
        from federation.node.errors import FileUnreadable

        try:
            with zipfile.ZipFile(path) as packed:
                said = json.loads(packed.read("kit.json"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile, RecursionError):
            raise FileUnreadable(file=path.name) from None
        return said if isinstance(said, dict) else {}
    return read_document(path)


def in_words(grant: Grant, lang: Lang) -> Iterator[str]:
    """Yield what a hub asks for, line by line, in plain words."""
    asked, catalog, zh = grant.ask, load_catalog(), lang == "zh"
    dataset, purpose = catalog.find(asked.dataset), PURPOSES.get(asked.purpose)
    titles = {f.name: (f.title.zh if zh else f.title.en) for f in dataset.fields} if dataset else {}
    title = (dataset.title.zh if zh else dataset.title.en) if dataset else asked.dataset
    why = (purpose.zh if zh else purpose.en) if purpose else asked.purpose
    fields = (
        "、".join(titles.get(c, c) for c in asked.uses)
        if zh
        else ", ".join(titles.get(c, c) for c in asked.uses)
    )
    most = asked.max_uses
    until = f"{asked.valid_from:%Y-%m-%d} – {asked.valid_to:%Y-%m-%d}"
    yield f"{grant.id}  {title} ({asked.dataset})"
    yield ("  数据项：" if zh else "  fields: ") + fields
    yield ("  用途：" if zh else "  purpose: ") + why
    yield ("  使用方：" if zh else "  for: ") + asked.grantee
    yield ("  理由：" if zh else "  reason: ") + asked.reason
    yield ("  期限：" if zh else "  period: ") + until
    if most is not None:
        yield f"  最多 {most} 次" if zh else f"  at most {most} times"


def decide(
    folder: Path, grants: tuple[Grant, ...], verb: str, *, by: str, remark: str, now: datetime
) -> dict[str, object]:
    """Return a steward's decision on grants, each in its own seal.

    Raises:
        GrantStateWrong, GrantPeriodWrong, DocumentMalformed: one cannot be decided like this.
        KeyMissing: the steward's key is not on this machine.
    """
    steward = steward_of(folder)
    sealed = []
    for grant in grants:
        match verb:
            case "approve":
                made = deciding.approve(grant, steward, by=by, now=now, remark=remark or None)
            case "refuse":
                made = deciding.refuse(grant, steward, by=by, now=now, remark=remark)
            case _:
                made = deciding.revoke(grant, steward, by=by, now=now, remark=remark)
        sealed.append(made[1])
    return to_decisions(grants[0].ask.owner, sealed)


# ── commands ─────────────────────────────────────────────────────────────────────────────────────


def _init(asked: argparse.Namespace) -> int:
    now = _now()
    kit = open_kit(kit_document(asked.kit), now)
    hosts = asked.host or [socket.getfqdn()]
    folder = asked.folder.resolve()
    begin(kit, folder, Place(_listen(hosts), asked.port), hosts=hosts, now=now)
    zh = asked.lang == "zh"
    key = KeyStore(folder / "keys").signer("node", create=False).public_key
    _say(f"✓ {kit.title['zh' if zh else 'en']} ({kit.party}): {folder}")
    hub, own = spoken(kit.hub_key), spoken(key)
    if zh:
        _say(
            f"  中台公钥指纹  {hub}\n  本节点指纹    {own}\n  请与中台管理员通电话核对这两个指纹。"
        )
        _say(f"→ 把 {folder / 'enrol.json'} 发给中台管理员，收到 enrolled.json 后运行：")
    else:
        _say(f"  hub's fingerprint       {hub}\n  this node's fingerprint {own}")
        _say("  Compare both with the hub's administrator over the telephone.")
        _say(f"→ Send {folder / 'enrol.json'} to the hub; with the enrolled.json you get, run:")
    _say(f"  scenarist-node accept enrolled.json {asked.folder}")
    return 0


def _accept(asked: argparse.Namespace) -> int:
    folder = asked.folder.resolve()
    until = accept(folder, read_document(asked.answer)).date().isoformat()
    config = load_config(folder)
    file = asked.folder / "NODE.toml"
    if asked.lang == "zh":
        _say(f"✓ {config.party}: 证书已装入，有效期至 {until}")
        _say("→ 在 NODE.toml 里填写数据源和数据集，在 policy.json 里写明允许的用途，然后：")
    else:
        _say(f"✓ {config.party}: the certificate is in place, good until {until}")
        _say("→ Bind sources and datasets in NODE.toml, permit purposes in policy.json, then:")
    _say(f"  scenarist-node check {file}\n  scenarist-node {file}")
    return 0


def _renew(asked: argparse.Namespace) -> int:
    folder = asked.folder.resolve()
    hosts = asked.host or _hosts_of(folder)
    write_document(folder / "enrol.json", renewal(folder, hosts=hosts, now=_now()))
    words = "发给中台管理员" if asked.lang == "zh" else "send it to the hub's administrator"
    _say(f"✓ {folder / 'enrol.json'}\n→ {words}: scenarist node renew enrol.json")
    return 0


def _decide(asked: argparse.Namespace) -> int:
    folder, lang = asked.folder.resolve(), asked.lang
    config = load_config(folder)
    grants = open_asks(read_document(asked.asks), config.hubs, config.party)
    needed = "approved" if asked.verb == "revoke" else "asked"
    chosen = tuple(g for g in grants if (g.id in asked.only if asked.only else g.state == needed))
    if not chosen:
        sys.stderr.write(
            "没有要决定的申请。\n" if lang == "zh" else "There is nothing to decide.\n"
        )
        return 1
    for grant in chosen:
        sys.stderr.write("".join(f"{line}\n" for line in in_words(grant, lang)))
    if not asked.yes and not _agrees(asked.verb, len(chosen), lang):
        return 1
    made = decide(folder, chosen, asked.verb, by=asked.account, remark=asked.remark, now=_now())
    sys.stdout.write(f"{json.dumps(made, ensure_ascii=False, indent=1)}\n")
    return 0


def _agrees(verb: str, count: int, lang: Lang) -> bool:
    zh = {"approve": "批准", "refuse": "不批准", "revoke": "收回"}[verb]
    words = f"{zh}以上 {count} 项？[y/N] " if lang == "zh" else f"{verb} these {count}? [y/N] "
    sys.stderr.write(words)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _listen(hosts: list[str]) -> str:
    """Return the address to listen on: this machine's own where it is for itself only."""
    return hosts[0] if hosts[0] in ("127.0.0.1", "::1", "localhost") else "0.0.0.0"  # noqa: S104 - the hub calls from elsewhere; TLS admits nobody without a certificate


def _hosts_of(folder: Path) -> list[str]:
    """Return this machine's names as it was enrolled with, the one the hub calls first."""
    from federation.link.certificates import read_certificate

    hosts = list(read_certificate(folder / "tls" / "tls.crt").hosts)
    with suppress(Fault):
        called = urlsplit(open_enrolment(read_document(folder / "enrol.json")).url).hostname
        hosts.sort(key=lambda host: host != called)
    return hosts


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _now() -> datetime:
    return datetime.now().astimezone()
