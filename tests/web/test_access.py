"""One table says who may open which page; every route of the map is walked as every role."""

from __future__ import annotations

import pytest

from builder.web.access import ACCESS, ANYONE, ROLES, home_endpoint, is_allowed

ACCOUNTS = {
    "citizen": "chen-jing",
    "officer": "officer-civil-affairs",
    "steward": "steward-police",
    "auditor": "auditor",
    "designer": "designer",
    "county-admin": "admin-feixi",
    "scientist": "scientist",
}

EXPECTED = {
    # page: who gets in (200 or a redirect onwards); everyone else 403, visitors to the sign-in page
    "/": "everyone",
    "/sign-in": "everyone",
    "/matters": "everyone",
    "/matters/340100/s23-afterlife": "everyone",
    "/healthz": "everyone",
    "/account/notices": set(ACCOUNTS),
    "/account/notices/undelivered": {"auditor", "county-admin"},
    "/account/password": set(ACCOUNTS),
    "/account/sign-ins": set(ACCOUNTS),
    "/kiosk": "everyone",
    "/kiosk/leave": "everyone",
    "/kiosk/calls": {"county-admin"},
    "/cases": {"citizen"},
    "/cases/{case}": {"citizen"},
    "/cases/{case}/receipt": {"citizen"},
    "/cases/{case}/withdraw": {"citizen"},
    "/drafts/{draft}": {"citizen"},
    "/drafts/{draft}/pages/who": {"citizen"},
    "/drafts/{draft}/review": {"citizen"},
    "/drafts/{draft}/discard": {"citizen"},
    "/cases/{case}/application/zh.pdf": {"citizen"},
    "/documents/{case}-R/zh.pdf": {"citizen", "officer"},
    "/matters/340100/s23-afterlife/form/zh.pdf": "everyone",
    "/check": "everyone",
    "/desk/": {"officer"},
    "/desk/lists": {"officer"},
    "/desk/worklist.csv": {"officer"},
    "/desk/lists/340100/s23-afterlife/applications": {"officer"},
    "/desk/lists/340100/s23-afterlife/applications/export.xlsx": {"officer"},
    "/desk/{case}/accept.1": {"officer"},
    "/grants": {"steward", "auditor"},
    "/grants/{grant}": {"steward", "auditor"},
    "/ledger": {"steward", "auditor", "designer", "county-admin", "scientist"},
    "/ledger/police.household": {"steward", "auditor", "designer", "county-admin", "scientist"},
    "/audit/": {"auditor"},
    "/audit/verify": {"auditor"},
    "/audit/cases/{case}": {"auditor"},
}


@pytest.fixture
def things(sign_in, platform):
    from afterlife import begin, hand_in

    citizen = sign_in("chen-jing")
    case = hand_in(citizen)
    draft = begin(citizen).address.split("/")[2]
    grant = next(g.id for g in platform.hub.grants(owner="police"))
    return {"case": case, "draft": draft, "grant": grant}


def test_every_role_gets_into_its_pages_and_no_other(sign_in, things):
    found = {}
    for role, account in ACCOUNTS.items():
        client = sign_in(account).client
        for page in EXPECTED:
            found[page, role] = client.get(page.format(**things)).status_code
    wanted = {
        (page, role): {200, 302} if who == "everyone" or role in who else {403}
        for page, who in EXPECTED.items()
        for role in ACCOUNTS
    }
    assert {k: v for k, v in found.items() if v not in wanted[k]} == {}


def test_a_visitor_is_led_to_the_sign_in_page_and_back(visitor, things):
    for page, who in EXPECTED.items():
        address = page.format(**things)
        response = visitor.client.get(address)
        if who == "everyone":
            assert response.status_code in (200, 302), page
        else:
            assert response.status_code == 302, page
            assert response.headers["Location"].startswith("/sign-in?next=")


def test_the_walk_covers_every_page_of_the_map(app):
    adapter = app.url_map.bind("")
    filled = {"case": "HF1", "draft": "HF1", "grant": "G1"}
    walked = {adapter.match(page.format(**filled))[0] for page in EXPECTED}
    pages = {r.endpoint for r in app.url_map.iter_rules() if "GET" in r.methods}
    pages -= {p for p in pages if p.startswith("api.")}  # test_rights asks for these
    elsewhere = {"static", "sso.start", "sso.callback"}  # a provider at the other end: identity/
    elsewhere.add("documents.word")  # of a matter with a Word template: documents/test_word
    # of a file that was given or of something owed: test_rights asks for these
    elsewhere |= {"citizen.supplement", "files.file", "files.picture", "files.preview"}
    assert pages - walked == elsewhere


def test_posts_are_closed_to_everyone_else(app, sign_in, visitor, things):
    posts = {r.endpoint for r in app.url_map.iter_rules() if "POST" in r.methods}
    posts -= {p for p in posts if p.startswith("api.")}  # no cookie opens these
    posts -= {"sso.back_channel"}  # carries the provider's own seal instead of the page's token
    fill = {
        "case_no": things["case"], "task_id": "accept.1", "page_id": "who",
        "grant_id": things["grant"], "county": "340100", "scenario": "s23-afterlife", "call_id": 1,
        "sign_in_id": "0123456789abcdef",
    }  # fmt: skip
    adapter = app.url_map.bind("")
    for role, account in ACCOUNTS.items():
        client = sign_in(account).client
        for endpoint in posts:
            rule = next(r for r in app.url_map.iter_rules(endpoint))
            address = adapter.build(endpoint, {a: fill[a] for a in rule.arguments}, method="POST")
            status = client.post(address).status_code
            # without the page's token a post that is allowed is a 400, one that is not a 403
            assert status == (400 if is_allowed(endpoint, (role,)) else 403), (endpoint, role)
            if ACCESS[endpoint] is not ANYONE:
                assert visitor.client.post(address).status_code == 401


def test_the_table_names_known_roles_only():
    known = {*ROLES, "*"}
    assert all(audience <= known for audience in ACCESS.values())


@pytest.mark.parametrize(
    ("account", "lands_on"),
    [
        ("chen-jing", "办什么事"),
        ("officer-police", "待办"),
        ("steward-police", "授权"),
        ("auditor", "留痕"),
        ("designer", "一本账"),
        ("admin-feixi", "办什么事"),
        ("scientist", "一本账"),
    ],
)
def test_everyone_lands_where_their_work_begins(sign_in, account, lands_on):
    reader = sign_in(account)
    assert reader.heading == lands_on
    assert lands_on in reader.navigation or lands_on == "办什么事"


def test_every_home_is_open_to_its_role():
    for role in ROLES:
        assert is_allowed(home_endpoint((role,)), (role,))


def test_navigation_offers_only_what_opens(sign_in):
    for account in ACCOUNTS.values():
        reader = sign_in(account)
        for link in reader.tree.xpath("//header//nav//a/@href"):
            assert reader.client.get(link).status_code == 200, (account, link)
