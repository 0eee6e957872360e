"""Hostile texts go through every text field of a matter and stay texts wherever they are shown.

Each text of tests/cases/hostile_text.json is typed into the applicant's and the officers' fields
and into every reason. What is taken is followed to the pages of citizen, desk, steward and auditor
in both languages, to the interface's JSON and to notices: it is escaped there, or was refused by a
Fault with a name. ``make test`` takes every sixth text of a kind, ``make prove`` all.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from contained import came_alive
from hostile import hostile_texts
from programs import MATTER

from builder.app import open_platform
from builder.web import Limits, create_app
from builder.web.scopes import scopes_of
from tests.web.conftest import clone

TEXTS = hostile_texts()
BY_KIND = {
    kind: [t for t in TEXTS if t.kind == kind] for kind in dict.fromkeys(t.kind for t in TEXTS)
}
BASE = {
    "deceased_id": "340100195705089073",
    "relation": "sibling",
    "kin_proof": "other",
    "death_date": "2026-10-19",
    "death_place": "hospital",
    "cremated": False,
    "pension_requested": True,
    "fund_requested": True,
    "medical_requested": True,
    "hospital_requested": True,
    "benefit_requested": True,
    "payee_bank": "icbc",
    "payee_account": "6200000000000000042",
    "contact_phone": "16000000003",
    "facts_promised": True,
    "heirs_promised": True,
}
FIELDS = {"deceased_name": "陈国强", "kin_proof_no": "无编号", "death_certificate_no": "不清楚"}


class Moving:
    def __init__(self) -> None:
        self.now = datetime.now(ZoneInfo("Asia/Shanghai"))

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def city(built_city, tmp_path_factory):
    clock = Moving()
    platform = open_platform(
        clone(built_city, tmp_path_factory.mktemp("hostile") / "city"), clock=clock
    )
    app = create_app(
        platform, secret=b"h" * 32, limits=Limits(*["9999999 per minute"] * len(Limits.__slots__))
    )
    app.config["WTF_CSRF_ENABLED"] = False
    yield City(platform, app, clock)
    platform.close()


class City:
    """A city, and everyone in it at a browser and as a program."""

    def __init__(self, platform, app, clock) -> None:
        self.platform, self.app, self.clock = platform, app, clock
        self.issued = {}

    def client(self, account: str):
        client = self.app.test_client()
        token = self.platform.sessions.begin(self.platform.accounts.named(account))
        with client.session_transaction() as kept:
            kept["sign_in"] = token
        return client

    def put(self, draft: str, answers: object):
        body = {"answers": {"application": answers}}
        return self.send("sun-lei", "PUT", f"/drafts/{draft}/answers", body)

    def bearer(self, account: str) -> dict[str, str]:
        found = self.platform.accounts.named(account)
        tokens = self.app.extensions["scenarist"].tokens
        if account not in self.issued or self.issued[account].expires_at <= self.clock():
            scopes = scopes_of(found.account.roles)
            self.issued[account] = tokens.issue(found, scopes, "", hours=12)
        return {"Authorization": f"Bearer {self.issued[account].token}"}

    def send(self, account: str, method: str, address: str, body: object = None):
        sent = None if body is None else json.dumps(body).encode()
        return self.app.test_client().open(
            f"/api/v1{address}" if not address.startswith("/api") else address,
            method=method,
            data=sent,
            content_type="application/json",
            headers=self.bearer(account),
        )


def _named(answer) -> None:
    """A refusal is one with a name, and says nothing of what was sent but where."""
    assert answer.status_code in (400, 404, 409, 422), (answer.status_code, answer.text[:300])
    assert answer.json["code"]


def _page(client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    assert came_alive(answer.data) == [], address
    return answer.data


def _some(kind: str) -> list:
    return BY_KIND[kind][::6]


@pytest.mark.parametrize("kind", BY_KIND)
def test_what_an_applicant_types_stays_text_wherever_it_is_shown(city, kind):
    _applied(city, _some(kind))


@pytest.mark.prove
@pytest.mark.parametrize("kind", BY_KIND)
def test_everything_an_applicant_may_type_stays_text(city, kind):
    _applied(city, BY_KIND[kind])


def _applied(city, texts) -> None:
    """Type each text into every field; hand in what was taken, and look at it as everyone."""
    draft = city.send("sun-lei", "POST", f"{MATTER}/drafts").json["case_no"]
    citizen, taken = city.client("sun-lei"), {}
    for place, typed in enumerate(texts):
        answers = {**BASE, **dict.fromkeys(FIELDS, typed.text)}
        answer = city.put(draft, answers)
        if answer.status_code != 200:
            _named(answer)
        elif len(typed.text) < 40:
            taken[list(FIELDS)[place % len(FIELDS)]] = typed.text
        for page in ("pages/who", "pages/death", "review"):
            assert came_alive(citizen.get(f"/drafts/{draft}/{page}").data) == [], typed.name
    assert city.put(draft, {**BASE, **FIELDS, **taken}).status_code == 200
    for page in ("pages/who", "pages/death", "pages/accounts", "review"):
        for lang in ("zh", "en"):
            _page(citizen, f"/drafts/{draft}/{page}?lang={lang}")
    handed = city.send("sun-lei", "POST", f"/drafts/{draft}/submission")
    assert handed.status_code == 201, handed.text
    _look_everywhere(city, draft, "review-kinship.1")


def _look_everywhere(city, case_no: str, task: str) -> None:
    for account, pages in (
        (
            "sun-lei",
            (
                "/cases",
                f"/cases/{case_no}",
                f"/cases/{case_no}/receipt",
                f"/cases/{case_no}/withdraw",
                "/matters",
            ),
        ),
        ("officer-civil-affairs", ("/desk/", f"/desk/{case_no}/{task}", "/desk/?state=done")),
        ("auditor", (f"/audit/cases/{case_no}", "/audit/")),
    ):
        client = city.client(account)
        for page in pages:
            for lang in ("zh", "en"):
                _page(client, f"{page}{'&' if '?' in page else '?'}lang={lang}")
    for account, address in (
        ("sun-lei", f"/cases/{case_no}"),
        ("sun-lei", "/notices"),
        ("officer-civil-affairs", f"/tasks/{case_no}/{task}"),
    ):
        answer = city.send(account, "GET", address)
        assert answer.status_code == 200
        assert answer.mimetype == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["xss", "markup", "control"])
def test_what_an_officer_writes_stays_text_for_everyone(city, kind):
    _handled(city, _some(kind)[:3])


@pytest.mark.prove
@pytest.mark.parametrize("kind", BY_KIND)
def test_everything_an_officer_may_write_stays_text(city, kind):
    _handled(city, BY_KIND[kind])


def _handled(city, texts) -> None:
    """Write each text as a department's number, finding and reason, and as the applicant's own."""
    for typed in texts:
        city.clock.now += timedelta(hours=1)
        draft = city.send("sun-lei", "POST", f"{MATTER}/drafts").json["case_no"]
        city.put(draft, {**BASE, **FIELDS})
        city.send("sun-lei", "POST", f"/drafts/{draft}/submission")
        address = f"/tasks/{draft}/review-kinship.1"
        wrote = {"kinship_review": {"document_no": typed.text, "finding": typed.text}}
        wishes = (
            {"action": "approve", "answers": wrote},
            {"action": "reject", "reason": typed.text},
        )
        for wish in wishes:
            acted = city.send("officer-civil-affairs", "POST", f"{address}/actions", wish)
            if acted.status_code != 200:
                _named(acted)
        client = city.client("sun-lei")
        _page(client, f"/cases/{draft}")
        reason = {"reason": typed.text}
        withdrawn = city.send("sun-lei", "POST", f"/cases/{draft}/withdrawal", reason)
        if withdrawn.status_code != 200:
            _named(withdrawn)
        _page(client, f"/cases/{draft}?lang=en")
    _look_everywhere(city, draft, "review-kinship.1")


@pytest.mark.parametrize("kind", BY_KIND)
def test_what_is_searched_for_and_posted_to_pages_stays_text(city, kind):
    places = (
        ("chen-jing", "/matters", "q"),
        ("chen-jing", "/matters", "domain"),
        ("officer-police", "/desk/", "q"),
        ("steward-police", "/ledger", "q"),
        ("auditor", "/audit/", "case"),
        ("steward-police", "/grants", "state"),
    )
    clients = {account: city.client(account) for account, _, _ in places}
    for typed in _some(kind):
        text = typed.text.encode("utf-8", "replace").decode()
        for account, address, key in places if kind != "huge" else places[:1]:
            answer = clients[account].get(address, query_string={key: text[:2000]})
            assert answer.status_code == 200
            assert came_alive(answer.data) == [], (address, typed.name)
        entered = city.app.test_client().post(
            "/sign-in", data={"account": text, "password": text, "next": text[:300]}
        )
        assert entered.status_code in (401, 413, 429), typed.name
        assert came_alive(entered.data) == []


def test_the_set_is_what_it_says(city):
    """Kinds and names are there once, and the set is not quietly emptied."""
    del city
    assert len({(t.kind, t.name) for t in TEXTS}) == len(TEXTS) >= 150
    assert {"xss", "formula", "path", "bidi", "sql", "markup", "huge", "control", "name"} <= set(
        BY_KIND
    )


def test_the_names_people_have_are_taken(city):
    """Defence must not cost anyone their name."""
    draft = city.send("sun-lei", "POST", f"{MATTER}/drafts").json["case_no"]
    for typed in BY_KIND["name"]:
        answers = {**BASE, **FIELDS, "deceased_name": typed.text}
        answer = city.put(draft, answers)
        assert answer.status_code == 200, (typed.name, answer.text)
        assert answer.json["answers"]["application"]["deceased_name"] == typed.text, typed.name


def test_programs_find_the_texts_as_they_were_typed(city):
    """Escaping belongs to the page: JSON gives back the text itself."""
    draft = city.send("sun-lei", "POST", f"{MATTER}/drafts").json["case_no"]
    typed = "<b>陈</b> & \"静\" 'x'"
    answers = {**BASE, **FIELDS, "deceased_name": typed}
    answer = city.put(draft, answers)
    assert answer.json["answers"]["application"]["deceased_name"] == typed
    page = city.client("sun-lei").get(f"/drafts/{draft}/review").get_data(as_text=True)
    assert "&lt;b&gt;陈&lt;/b&gt;" in page
