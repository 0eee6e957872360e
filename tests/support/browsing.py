"""A city on loopback and a real browser for it, in both languages, all themes, skins, widths."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from people import Reader
from werkzeug.serving import make_server

from builder.app import demo_password, open_platform
from builder.web import Limits, create_app

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--lang=en-US",
]  # fmt: skip
_TURNED = """async ([theme, width]) => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const root = getComputedStyle(document.documentElement);
  if (innerWidth !== width || document.getAnimations().some(a => a.playState === 'running')
      || !matchMedia(`(prefers-color-scheme: ${theme})`).matches) return false;
  const probe = document.createElement('i');
  probe.style.color = root.getPropertyValue('--ink');
  document.body.append(probe);
  const ink = getComputedStyle(probe).color;
  probe.remove();
  return !root.getPropertyValue('--ink') || root.colorScheme === theme
    && getComputedStyle(document.body).color === ink;
}"""
"""Tells whether the page that is open has taken a theme and width: by its colours, not by time."""
_LOCALES = {"zh": "zh-CN", "en": "en-GB"}


class Served:
    """A city's pages on loopback, by threads of this process."""

    def __init__(self, home: Path, clock: Callable[[], object]) -> None:
        self.platform = open_platform(home, clock=clock)
        limits = Limits(sign_in="1000 per minute", posts="10000 per minute")
        self.app = create_app(
            self.platform, secret=b"b" * 32, demo_password=demo_password(), limits=limits
        )
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.port}"

    def reader(self, account: str) -> Reader:
        """Return somebody signed in, at a browser without scripts."""
        reader = Reader(self.app.test_client())
        reader.open("/sign-in").fill("账号", account).fill("密码", demo_password()).press("登录")
        return reader

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.platform.close()


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at. Theme and width change without asking the server again."""

    theme: str = "light"
    width: int = 1280
    lang: str = "zh"
    skin: str = "standard"
    height: int = 900

    @property
    def choices(self) -> str:
        return f"lang={self.lang}&skin={self.skin}"


@contextmanager
def opened(browser, address: str, look: Look, account: str | None = None) -> Iterator[object]:
    """Yield a page of a fresh browser window; whatever goes wrong in it is an error at the end.

    `page.status` may be set to an answer that is wanted, which the browser's console complains of.
    """
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.theme,
        base_url=address,
        locale=_LOCALES[look.lang],
    )
    page = context.new_page()
    page.status, mistakes = 0, []
    page.on("console", lambda m: _complains(page, m) and mistakes.append(m.text))
    page.on("pageerror", lambda e: mistakes.append(str(e)))
    page.on(
        "request", lambda r: r.url.startswith(address) or mistakes.append(f"asks another: {r.url}")
    )
    page.goto(f"/sign-in?{look.choices}")
    if account:
        page.fill("#account", account)
        page.fill("#password", demo_password())
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
    try:
        yield page
    finally:
        context.close()
    assert not mistakes, mistakes


def _complains(page, message) -> bool:
    return message.type == "error" and f"status of {page.status} " not in message.text


def turn(page, theme: str, width: int, height: int = 900) -> None:
    """Show the page that is open in another theme and width."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(_TURNED, arg=[theme, width])


def is_page(page, path: str) -> bool:
    """Tell whether an address answers with a page, not with a file or data."""
    answer = page.context.request.get(path, max_redirects=0)
    return answer.headers.get("content-type", "").startswith("text/html")


def pages_by_account(
    expected: Mapping[str, object], accounts: Mapping[str, str], things: Mapping[str, str]
) -> dict[str | None, list[str]]:
    """Return addresses by who looks at them: as a visitor, else as the first role."""
    shared = [p for p, who in expected.items() if who == "everyone"]
    found: dict[str | None, list[str]] = {None: [p.format(**things) for p in shared]}
    seen = set(shared)
    for role, account in accounts.items():
        mine = [p for p, who in expected.items() if p not in seen and role in who]
        seen.update(mine)
        if role == "citizen":
            mine = [*mine, *(p for p in shared if "matters" in p)]
        if mine:
            found[account] = [p.format(**things) for p in mine]
    return found
