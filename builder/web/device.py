"""Say by what device somebody signs in, in words its owner knows again."""

from __future__ import annotations

from typing import Final

from flask import request

from builder.identity import Door, place_of

__all__ = ["device_of", "door"]

_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("QIHU", "360"),
    ("360SE", "360"),
    ("QQBrowser", "QQ"),
    ("MicroMessenger", "WeChat"),
    ("UOSBrowser", "UOS"),
    ("Firefox/", "Firefox"),
    ("OPR/", "Opera"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("UOS", "UOS"),
    ("Linux", "Linux"),
)


def device_of(agent: str) -> str:
    """Return browser and system by what a browser calls itself; empty where it is unknown.

    >>> device_of("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    'Firefox · Linux'
    """
    found = (
        next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(name for name in found if name)


def door(via: str = "password") -> Door:
    """Return how whoever asks has come in."""
    agent = request.headers.get("User-Agent", "")
    return Door(device_of(agent), place_of(request.remote_addr), via)
