"""Readers who use the pages as people do: by label, button and link, without scripts."""

from __future__ import annotations

import re
from io import BytesIO
from urllib.parse import urldefrag, urljoin

from lxml import html


class Reader:
    """Someone at a browser without scripts: opens, follows links, fills in by label, presses."""

    def __init__(self, client) -> None:
        """Sit down at a client: `get` and `post` as Flask's test client has them."""
        self.client = client
        self.typed: dict[str, object] = {}

    # ── going places ───────────────────────────────────────────────────────────────────────────

    def open(self, address: str, **headers: str):
        return self._show(self.client.get(address, headers=headers), address)

    def follow(self, name: str):
        links = [a for a in self.tree.iter("a") if _said(a) == name]
        assert links, f"no link {name!r} among {[_said(a) for a in self.tree.iter('a')]}"
        return self.open(urljoin(self.address, links[0].get("href")))

    def fill(self, label: str, value: object):
        """Type, choose or tick; for radios and boxes `label` is what stands beside them.

        For files `value` is a list of names and bytes.
        """
        self.typed[label] = value
        return self

    def press(self, name: str, within: str | None = None):
        """Press a button by its words; `within` names a heading of the same form or section."""
        buttons = [b for b in self.tree.iter("button") if _said(b) == name]
        if within:
            buttons = [b for b in buttons if within in _said(_holder(b))]
        assert buttons, f"no button {name!r} among {[_said(b) for b in self.tree.iter('button')]}"
        button = buttons[0]
        elsewhere = button.get("form")  # a button may stand outside its form
        form = (
            self.tree.get_element_by_id(elsewhere)
            if elsewhere
            else next(a for a in button.iterancestors("form"))
        )
        data = self._successful(form)
        if button.get("name"):
            data.append((button.get("name"), button.get("value", "")))
        self.typed = {}
        address = form.get("action") or self.address
        fields: dict[str, list[str]] = {}
        for key, value in data:
            fields.setdefault(key, []).append(value)
        in_parts = {"content_type": "multipart/form-data"} if form.get("enctype") else {}
        return self._show(self.client.post(address, data=fields, **in_parts), address)

    def _show(self, response, address: str):
        hops = 0
        while response.status_code in (301, 302, 303, 307, 308):
            address = response.headers["Location"]
            response.close()
            response = self.client.get(address)
            hops += 1
            assert hops < 6, "turning in circles"
        self.status = response.status_code
        self.address = urldefrag(address).url
        self.response = response
        _ = response.data  # read before it is closed, which lets go of files
        response.close()
        self.tree = html.fromstring(response.data) if "html" in response.mimetype else None
        return self

    # ── looking ────────────────────────────────────────────────────────────────────────────────

    @property
    def heading(self) -> str:
        return _said(next(self.tree.iter("h1")))

    @property
    def text(self) -> str:
        return _said(next(self.tree.iter("main")))

    @property
    def links(self) -> list[str]:
        return [_said(a) for a in self.tree.iter("a")]

    @property
    def buttons(self) -> list[str]:
        return [_said(b) for b in next(self.tree.iter("main")).iter("button")]

    @property
    def navigation(self) -> list[str]:
        return [_said(a) for a in self.tree.xpath("//header//nav//a")]

    def value(self, label: str) -> str:
        """Return what a field holds, typed or fetched."""
        field = self._labelled(label)
        if field.tag == "output":
            return _said(field)
        if field.tag == "select":
            chosen = field.xpath("./option[@selected]")
            return _said(chosen[0]) if chosen else ""
        return field.get("value", "") if field.tag == "input" else (field.text or "")

    def _labelled(self, label: str):
        for found in self.tree.iter("label"):
            words = _said(found)
            if words == label or words.startswith(f"{label} "):
                return self.tree.get_element_by_id(found.get("for"))
        raise AssertionError(f"no field {label!r}: {[_said(x) for x in self.tree.iter('label')]}")

    def _successful(self, form) -> list[tuple[str, str]]:
        """Return what a browser would send for a form, with what was typed."""
        typed = {self._key(label): value for label, value in self.typed.items()}
        data: list[tuple[str, str]] = []
        for field in form.xpath(".//input|.//select|.//textarea"):
            name, kind = field.get("name"), field.get("type", "")
            if not name or field.get("disabled") is not None or kind == "submit":
                continue
            data += self._sent(field, name, kind, typed)
        return data

    def _sent(self, field, name: str, kind: str, typed) -> list[tuple[str, str]]:
        if kind in ("radio", "checkbox"):
            chosen = typed.get(_place(field))
            if chosen is None:
                rivals = kind == "radio" and any(
                    _place(r) in typed for r in self.tree.xpath(f'//input[@name="{name}"]')
                )
                chosen = field.get("checked") is not None and not rivals
            return [(name, field.get("value", "on"))] if chosen else []
        if kind == "file":
            files = typed.get(_place(field), ())
            return [(name, (BytesIO(data), file)) for file, data in files]
        if _place(field) in typed:
            value = str(typed[_place(field)])
            if field.tag == "select":
                options = {_said(o): o.get("value", "") for o in field.iter("option")}
                assert value in options, f"{value!r} is not among {list(options)}"
                value = options[value]
            return [(name, value)]
        if field.tag == "select":
            chosen = field.xpath("./option[@selected]") or field.xpath("./option")
            return [(name, chosen[0].get("value", ""))] if chosen else []
        return [(name, field.get("value", "") if field.tag == "input" else (field.text or ""))]

    def _key(self, label: str) -> str:
        if " / " in label:
            legend, choice = label.split(" / ", 1)
            for group in self.tree.iter("fieldset"):
                named = group.find(".//legend")
                if named is not None and _said(named).startswith(legend):
                    for found in group.iter("label"):
                        if _said(found) == choice:
                            box = found.find(".//input")
                            return _place(box)
            raise AssertionError(f"no choice {label!r}")
        return _place(self._labelled(label))


def _said(element) -> str:
    return re.sub(r"\s+", " ", element.text_content()).strip()


def _place(element) -> str:
    return str(element.getroottree().getpath(element))


def _holder(element):
    for above in element.iterancestors():
        if above.tag in ("form", "details", "section"):
            parent = above.getparent()
            return above if above.tag != "form" or parent is None else parent
    return element
