"""Look whether a city is in order: settings, keys, stores, nodes, disk; and say what it is not."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.app import open_platform
from builder.cases.platform import Platform
from builder.errors import Fault
from builder.scenario.model import Text
from federation.crypto import engines, selftest
from federation.store import resource

__all__ = ["Check", "examine"]

_ENOUGH_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    what: Text
    ok: bool
    found: Text


def examine(home: Path) -> list[Check]:
    """Return what was looked at and what was found; nothing here raises."""
    checks = [_python(), _assets(), _disk(home), _attempt(_W["crypto"], _crypto)]
    try:
        platform = open_platform(home)
    except Fault as fault:
        return [*checks, Check(_W["city"], False, _said(fault))]
    try:
        checks.append(Check(_W["city"], True, _about(platform)))
        checks += _nodes(platform)
        checks.append(
            Check(
                _W["trust"],
                True,
                Text(
                    "本城市所有节点嵌入在一个进程里:一个进程不是信任边界,密钥都在这台机器上。",
                    "All nodes of this city are embedded in one process: one process is not a "
                    "trust boundary, and all keys lie on this machine.",
                ),
            )
        )
    finally:
        platform.close()
    return checks


_W = {
    "python": Text("Python", "Python"),
    "assets": Text("页面资源", "Page assets"),
    "disk": Text("磁盘空间", "Disk space"),
    "crypto": Text("国密算法自检", "Cryptography self-test"),
    "city": Text("城市", "City"),
    "trust": Text("信任边界", "Trust boundary"),
}


def _attempt(what: Text, look: Callable[[], Text]) -> Check:
    try:
        return Check(what, True, look())
    except Fault as fault:
        return Check(what, False, _said(fault))


def _said(fault: Fault) -> Text:
    return Text(
        f"{fault.message('zh')} {fault.next_step('zh')} [{fault.code}]",
        f"{fault.message('en')} {fault.next_step('en')} [{fault.code}]",
    )


def _python() -> Check:
    version = ".".join(str(n) for n in sys.version_info[:3])
    return Check(_W["python"], sys.version_info >= (3, 11), Text(version, version))


def _assets() -> Check:
    there = resource("static/manifest.json").exists()
    return Check(
        _W["assets"],
        there,
        Text("已构建", "built")
        if there
        else Text("未构建:请运行 make setup", "not built: run make setup"),
    )


def _disk(home: Path) -> Check:
    place = home if home.exists() else Path()
    free = shutil.disk_usage(place).free
    shown = f"{free / 1e9:.1f} GB"
    return Check(_W["disk"], free >= _ENOUGH_BYTES, Text(f"可用 {shown}", f"{shown} free"))


def _crypto() -> Text:
    selftest()
    chosen = next((e.name for e in engines() if e.chosen), "?")
    return Text(f"SM2 由 {chosen} 提供,标准向量全部通过", f"SM2 by {chosen}, all vectors agree")


def _about(platform: Platform) -> Text:
    title = platform.city.title
    n, d = len(platform.deployments.all()), len(platform.catalog.datasets)
    return Text(f"{title.zh}:{n} 个事项,{d} 个数据集", f"{title.en}: {n} matters, {d} datasets")


def _nodes(platform: Platform) -> Iterator[Check]:
    for party in platform.hub.nodes:
        title = platform.city.party_title(party)
        what = Text(f"节点 {title.zh}", f"Node {title.en}")
        yield _attempt(what, _offered(platform, party))


def _offered(platform: Platform, party: str) -> Callable[[], Text]:
    def look() -> Text:
        offer = platform.hub.offer(party)
        rows = sum(d.rows or 0 for d in offer.datasets)
        n = len(offer.datasets)
        return Text(f"{n} 个数据集,{rows:,} 行", f"{n} datasets, {rows:,} rows")

    return look
