"""Single sign-on with a certified provider (oidc-provider), there and back, by HTTP and browser."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest
from lxml import html
from ports import free_port
from werkzeug.serving import make_server

pytest.importorskip("authlib")

from builder.app import open_platform
from builder.cli.doctor import examine
from builder.store.settings import read_settings, write_settings
from builder.web import create_app

ROOT = Path(__file__).parents[2]
PEOPLE = {
    "li-juan": {"preferred_username": "officer-civil-affairs", "name": "李娟", "duties": "window"},
    "qian-lai": {"name": "钱来", "citizen_id": "340100199007259016", "mobile": "16000000077"},
}


class City:
    """A city on loopback whose people sign in at a provider on loopback."""

    def __init__(self, home: Path, port: int, provider_port: int) -> None:
        secret = home / "secrets" / "oidc"
        secret.parent.mkdir(exist_ok=True)
        secret.write_text("known-to-both-sides-and-nobody-else\n", encoding="utf-8")
        secret.chmod(0o600)
        self.home, self.address = home, f"http://127.0.0.1:{port}"
        write_settings(
            replace(
                read_settings(home),
                public_url=self.address,
                oidc_issuer=f"http://127.0.0.1:{provider_port}",
                oidc_client_id="scenarist",
                oidc_client_secret={"file": "secrets/oidc"},
                oidc_claims={
                    "account": "preferred_username", "name": "name", "roles": "duties",
                    "id_card": "citizen_id", "phone": "mobile",
                },
                oidc_roles={"window": "officer"},
                oidc_newcomers="citizens",
            )
        )  # fmt: skip
        self.platform = open_platform(home)
        self.app = create_app(self.platform, secret=b"s" * 32, demo_password="x")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", port, self.app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.platform.close()


@pytest.fixture(scope="module")
def city(demo_city, copy_city, tmp_path_factory) -> Iterator[City]:
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "oidc-provider").exists():
        pytest.skip("Node.js with oidc-provider is not installed")
    port, provider_port = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    said = {
        "port": provider_port, "client": "scenarist",
        "secret": "known-to-both-sides-and-nobody-else",
        "redirects": [f"{address}/sso/callback"], "logouts": [f"{address}/sign-in"],
        "backChannel": f"{address}/sso/back-channel", "people": PEOPLE,
    }  # fmt: skip
    with subprocess.Popen(
        [node, "tests/identity/provider.mjs", json.dumps(said)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as program:  # fmt: skip
        assert "ready" in iter_until(program.stdout, "ready")
        made = City(
            copy_city(demo_city, tmp_path_factory.mktemp("sso") / "city"), port, provider_port
        )
        yield made
        made.close()
        program.terminate()


def iter_until(lines, word: str) -> str:
    for line in lines:
        if word in line:
            return line
    return ""


class Walker:
    """Somebody at a browser without scripts, for two sites: follows redirects, keeps cookies."""

    def __init__(self) -> None:
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.address, self.status, self.text = "", 0, ""

    def open(self, address: str, form: dict[str, str] | None = None) -> Walker:
        data = urlencode(form).encode() if form is not None else None
        try:
            with self.opener.open(urljoin(self.address, address), data) as answer:
                self._take(answer)
        except urllib.error.HTTPError as answer:
            self._take(answer)
        return self

    def _take(self, answer) -> None:
        self.address, self.status = answer.url, answer.status
        self.text = answer.read().decode()
        self.tree = html.fromstring(self.text)

    def submit(self, **typed: str) -> Walker:
        """Send the page's last form, as the provider's pages have one."""
        form = self.tree.forms[-1]
        fields = {k: v for k, v in form.fields.items() if v is not None}
        return self.open(form.get("action"), {**fields, **typed})

    def sign_in(self, city: City, person: str, after: str = "") -> Walker:
        self.open(f"{city.address}/sso/start?{urlencode({'next': after})}")
        self.submit(login=person, password="anything")
        return self.submit()  # consent

    def sign_out(self, city: City) -> Walker:
        self.open(f"{city.address}/account/sign-ins")
        token = self.tree.xpath('//input[@name="csrf_token"]/@value')[0]
        self.open(f"{city.address}/sign-out", {"csrf_token": token})
        return self.submit(logout="yes")


def test_an_officer_signs_in_by_the_citys_provider_and_works_at_the_own_desk(city):
    officer = Walker().sign_in(city, "li-juan", "/desk/?state=done")
    assert officer.status == 200, officer.text
    assert officer.address == f"{city.address}/desk/?state=done"
    assert "李娟" in officer.text


def test_a_newcomer_is_a_citizen_here_with_the_number_the_provider_knows(city):
    citizen = Walker().sign_in(city, "qian-lai")
    assert citizen.address == f"{city.address}/matters"
    (found,) = [a for a in city.platform.accounts.all() if a.account.startswith("c-")]
    assert found.person == {
        "name": "钱来", "id_card": "340100199007259016", "phone": "16000000077"
    }  # fmt: skip
    assert found.principal.person_key == "340100199007259016"


def test_signing_out_ends_both_and_the_next_sign_in_asks_again(city):
    person = Walker().sign_in(city, "qian-lai")
    person.sign_out(city)
    assert person.address.startswith(f"{city.address}/sign-in")
    assert "您已退出登录" in person.text
    assert person.open(f"{city.address}/cases").address.startswith(f"{city.address}/sign-in")
    person.open(f"{city.address}/sso/start")
    assert person.tree.xpath('//input[@name="login"]'), "the provider has forgotten too"


def test_who_signs_out_at_the_provider_is_signed_out_here(city):
    """The provider tells by the back channel: the reader's browser takes no part in it."""
    city.platform.sessions.end_all("officer-civil-affairs")
    person = Walker().sign_in(city, "li-juan")
    issuer = city.platform.settings.oidc_issuer
    person.open(f"{issuer}/session/end")
    person.submit(logout="yes")
    for _ in range(50):
        if not city.platform.sessions.of("officer-civil-affairs"):
            break
        time.sleep(0.1)
    answer = person.open(f"{city.address}/desk/")
    assert answer.address.startswith(f"{city.address}/sign-in")


def test_the_doctor_looks_at_the_provider(city):
    (check,) = [c for c in examine(city.home) if "oidc" in c.what.en.lower() or "单点" in c.what.zh]
    assert check.ok, check
    assert "127.0.0.1" in check.found.en


def test_a_secret_that_others_may_read_stops_the_start(city):
    from builder.store.errors import SecretLost, SecretOpen

    secret = city.home / "secrets" / "oidc"
    secret.chmod(0o644)
    with pytest.raises(SecretOpen):
        create_app(city.platform, secret=b"s" * 32)
    secret.chmod(0o600)
    secret.rename(secret.with_name("gone"))
    with pytest.raises(SecretLost):
        create_app(city.platform, secret=b"s" * 32)
    secret.with_name("gone").rename(secret)


@pytest.mark.browser
@pytest.mark.slow
def test_the_whole_round_in_a_real_browser(city, chromium):
    """Content policy, cookies across sites and the way out as a browser holds them."""
    page = chromium.new_page(locale="zh-CN", base_url=city.address)
    page.goto("/cases")
    page.get_by_role("link", name="统一身份认证登录").click()
    page.locator('input[name="login"]').fill("qian-lai")
    page.locator('input[name="password"]').fill("anything")
    page.locator('button[type="submit"]').click()
    page.locator('button[type="submit"]').click()
    page.wait_for_url(f"{city.address}/cases")
    page.goto("/account/sign-ins")
    assert page.get_by_text("统一身份认证").first.is_visible()
    page.locator("summary", has_text="钱来").click()
    page.get_by_role("button", name="退出登录").first.click()
    page.wait_for_url("**/session/end**")
    page.locator('button[value="yes"]').click()
    page.wait_for_url(f"{city.address}/sign-in**")
    assert page.get_by_text("您已退出登录").is_visible()
    page.close()
