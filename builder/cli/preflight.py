"""Look whether this machine can run a city: Python, page assets, fonts, disk, clock, ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from builder.cli.checks import Check, attempt
from builder.documents import missing_fonts
from builder.scenario.model import Text
from federation.crypto import engines, selftest
from federation.store import resource

__all__ = ["machine", "ports"]

_ENOUGH_BYTES = 512 * 1024 * 1024
_ENOUGH_FILES = 1024
_SLOW_DISK_MS = 50.0
_TRIES = 5
_EARLIEST = 1_767_225_600  # 2026-01-01: an earlier clock is not set

_PYTHON = Text("Python", "Python")
_ASSETS = Text("页面资源", "Page assets")
_FONTS = Text("中文字体", "Chinese fonts")
_DOCUMENT_FONTS = Text("文书字体", "Fonts of documents")
_DISK = Text("磁盘空间", "Disk space")
_WRITING = Text("磁盘写入", "Disk writing")
_CRYPTO = Text("国密算法自检", "Cryptography self-test")
_CLOCK = Text("系统时钟", "Clock")
_FILES = Text("打开文件数上限", "Limit of open files")


def machine(home: Path) -> Iterator[Check]:
    """Yield what was found on this machine; nothing here raises or needs a city."""
    yield _python()
    yield _assets()
    yield attempt(_CRYPTO, _crypto)
    yield _document_fonts()
    yield _fonts()
    yield _clock()
    yield _open_files()
    place = next(p for p in (home.resolve(), *home.resolve().parents) if p.is_dir())
    yield _disk(place)
    yield _writing(place)


def ports(wanted: Mapping[str, tuple[str, int]], ours: Iterable[int]) -> Iterator[Check]:
    """Yield whether each program's port is free, or taken by that program itself.

    Args:
        wanted: program → (address, port).
        ours: ports on which our own programs listen now.
    """
    held = set(ours)
    for program, (host, port) in wanted.items():
        what = Text(f"端口 {port}（{program}）", f"Port {port} ({program})")
        if port in held:
            yield Check(what, True, Text("本城市正在使用", "in use by this city"))
        elif _is_free(host, port):
            yield Check(what, True, Text("空闲", "free"))
        else:
            yield Check(
                what,
                False,
                Text("被别的程序占用", "taken by another program"),
                Text(
                    f"停止占用它的程序(ss -ltnp 'sport = :{port}' 可以看到是谁),"
                    "或在 NODE.toml / ISSUER.toml 的 [serve] 里换一个端口后重新登记",
                    f"Stop the program that holds it (ss -ltnp 'sport = :{port}' names it), or set "
                    "another port under [serve] in NODE.toml / ISSUER.toml and enrol again",
                ),
            )


def _python() -> Check:
    version = ".".join(str(n) for n in sys.version_info[:3])
    return Check(
        _PYTHON,
        sys.version_info >= (3, 11),
        Text(version, version),
        Text(
            "请用 Python 3.11 或更新版本重建环境",
            "Rebuild the environment with Python 3.11 or newer",
        ),
    )


def _assets() -> Check:
    if resource("static/manifest.json").exists():
        return Check(_ASSETS, True, Text("已构建", "built"))
    fix = Text("运行 make setup", "Run make setup")
    return Check(_ASSETS, False, Text("未构建", "not built"), fix)


def _crypto() -> Text:
    selftest()
    chosen = next((e.name for e in engines() if e.chosen), "?")
    return Text(f"SM2 由 {chosen} 提供，标准向量全部通过", f"SM2 by {chosen}, all vectors agree")


def _document_fonts() -> Check:
    """The fonts that documents are set in travel with the product; no other is ever used."""
    gone = missing_fonts()
    if not gone:
        return Check(_DOCUMENT_FONTS, True, Text("齐全", "all there"))
    names = "、".join(gone)
    return Check(
        _DOCUMENT_FONTS,
        False,
        Text(f"缺少 {names}", f"missing: {', '.join(gone)}"),
        Text(
            "运行 make assets；从安装包安装的，请重新安装",
            "Run make assets; installed from a wheel, install it again",
        ),
    )


def _fonts() -> Check:
    """Chinese fonts on a server are needed for pictures, not for pages or documents."""
    listing = shutil.which("fc-list")
    if listing is None:
        found = Text(
            "没有 fontconfig，无法查看；网页不受影响", "no fontconfig here; pages need none"
        )
        return Check(_FONTS, True, found)
    names = subprocess.run(  # noqa: S603 - a fixed command
        [listing, ":lang=zh", "family"], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if names:
        first = sorted(names)[0].split(",")[0]
        n = len(set(names))
        return Check(_FONTS, True, Text(f"{n} 种，如 {first}", f"{n}, such as {first}"))
    return Check(
        _FONTS,
        False,
        Text("一种也没有", "none"),
        Text(
            "Debian 上运行 apt-get install fonts-noto-cjk;打印和截图需要它",
            "On Debian: apt-get install fonts-noto-cjk; prints and pictures need it",
        ),
    )


def _clock() -> Check:
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    return Check(
        _CLOCK,
        now > _EARLIEST,
        Text(shown, shown),
        Text("请开启 NTP(timedatectl set-ntp true)", "Turn NTP on (timedatectl set-ntp true)"),
    )


def _open_files() -> Check:
    if sys.platform == "win32":
        return Check(_FILES, True, Text("不适用", "does not apply"))
    import resource as limits

    soft, _ = limits.getrlimit(limits.RLIMIT_NOFILE)
    return Check(
        _FILES,
        soft >= _ENOUGH_FILES,
        Text(str(soft), str(soft)),
        Text("运行 ulimit -n 4096 后再启动", "Run ulimit -n 4096 before starting"),
    )


def _disk(place: Path) -> Check:
    free = shutil.disk_usage(place).free
    shown = f"{free / 1e9:.1f} GB"
    return Check(
        _DISK,
        free >= _ENOUGH_BYTES,
        Text(f"可用 {shown}", f"{shown} free"),
        Text(
            "请腾出至少 0.5 GB;磁盘满时系统拒绝受理，不会丢失已受理的内容",
            "Free at least 0.5 GB; on a full disk new work is refused, nothing accepted is lost",
        ),
    )


def _writing(place: Path) -> Check:
    """Write and flush a small file, as every hand-in does."""
    try:
        took = min(_flush_ms(place) for _ in range(_TRIES))
    except OSError as error:
        return Check(
            _WRITING,
            False,
            Text(f"不能写入（{error.strerror}）", f"cannot be written ({error.strerror})"),
            Text(
                "请检查城市目录的权限，以及磁盘是否以只读方式挂载",
                "Check the permission of the city's folder, and whether the disk is mounted "
                "read-only",
            ),
        )
    return Check(
        _WRITING,
        took < _SLOW_DISK_MS,
        Text(f"落盘一次 {took:.1f} 毫秒", f"{took:.1f} ms for one flush to the disk"),
        Text(
            "磁盘很慢，受理会变慢：请把城市目录放到本地 SSD 上",
            "A slow disk slows every hand-in: put the city's folder on a local SSD",
        ),
    )


def _flush_ms(place: Path) -> float:
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(b"\0" * 4096)
        file.flush()
        began = time.perf_counter()
        os.fsync(file.fileno())
        return (time.perf_counter() - began) * 1000


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
