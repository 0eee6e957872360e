"""Look whether a hostile text stayed a text: nothing on a page came alive from it."""

from __future__ import annotations

from lxml import html

_RUNS = {"script", "iframe", "object", "embed", "base", "applet", "frame", "math", "template"}
_LEADS = (
    "src",
    "href",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "srcset",
    "xlink:href",
)


def came_alive(page: bytes) -> list[str]:
    """Return what of a page could run, load from elsewhere, or lead elsewhere."""
    found = []
    for element in html.document_fromstring(page).iter(html.etree.Element):
        tag = str(element.tag).lower()
        if tag in _RUNS and not (tag == "script" and _is_own(element)):
            found.append(f"<{tag}>")
        for name, value in element.attrib.items():
            lower = name.lower()
            if lower.startswith("on") or lower in ("style", "srcdoc"):
                found.append(f"{tag} {lower}")
            elif lower in _LEADS and not _stays(value):
                found.append(f"{tag} {lower}={value[:60]}")
        if tag == "meta" and element.get("http-equiv", "").lower() == "refresh":
            found.append("meta refresh")
        if tag in ("svg", "use", "path") and element.get("onload"):
            found.append("svg onload")
        if tag == "form" and (element.get("action") or "/").startswith(("http", "//")):
            found.append("form elsewhere")
    return found


def _is_own(element) -> bool:
    if element.get("type") == "application/json":
        return True
    return bool(element.get("nonce")) and (element.get("src") or "/").startswith("/static/")


def _stays(value: str) -> bool:
    """Tell whether an address leads nowhere but to this city, or to a telephone."""
    said = value.strip().lower()
    if not said or said.startswith(("#", "?", "tel:")):
        return True
    if said.startswith(("//", "\\")):
        return False
    return said.startswith("/") or ":" not in said.split("/")[0]
