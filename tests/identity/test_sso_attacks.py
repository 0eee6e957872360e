"""Single sign-on against a provider that lies, mixes things up, or is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("authlib")

from rogue_provider import CLIENT, RogueProvider, new_key, sealed_by_secret
from sqlalchemy import func, select

from builder.app import demo_password
from builder.identity.sso import flow_table, link_table
from builder.web import Limits, create_app
from federation.store import read
from tests.web.conftest import Reader


@pytest.fixture
def provider(clock) -> Iterator[RogueProvider]:
    made = RogueProvider(clock)
    yield made
    made.close()


@pytest.fixture
def settings() -> dict[str, object]:
    return {
        "oidc_claims": {"account": "login", "name": "name", "id_card": "citizen_id"},
        "oidc_newcomers": "citizens",
    }


@pytest.fixture
def app(platform, provider, settings):
    platform.settings = replace(
        platform.settings, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, **settings
    )
    limits = Limits(sign_in="10000 per minute", posts="10000 per minute")
    return create_app(platform, secret=b"s" * 32, demo_password=demo_password(), limits=limits)


def set_out(client, provider, **asked: str) -> dict[str, str]:
    """Begin a sign-in and return what the provider was asked."""
    response = client.get(f"/sso/start?{urlencode(asked)}")
    assert response.status_code == 303, response.text
    address = urlsplit(response.headers["Location"])
    assert f"{address.scheme}://{address.netloc}" == provider.issuer
    said = {k: v[0] for k, v in parse_qs(address.query).items()}
    provider.nonce = said["nonce"]
    return said


def come_back(client, provider, said, **other: str):
    answer = {"code": "c", "state": said["state"], "iss": provider.issuer, **other}
    return client.get(f"/sso/callback?{urlencode({k: v for k, v in answer.items() if v})}")


def is_in(client) -> bool:
    return client.get("/account/sign-ins").status_code == 200


def refused(response, code: str, client) -> None:
    assert code in response.text, response.text
    assert not is_in(client)


# ── the honest way ───────────────────────────────────────────────────────────────────────────────


def test_a_newcomer_comes_in_as_a_citizen_and_is_known_again(app, platform, provider):
    provider.claims |= {"name": "钱来", "citizen_id": "34010019900725901x"}
    for _ in range(2):
        client = app.test_client()
        said = set_out(client, provider)
        assert said["code_challenge_method"] == "S256"
        assert set(said["scope"].split()) == {"openid", "profile"}
        response = come_back(client, provider, said)
        assert response.status_code == 303
        assert is_in(client)
    found = [a for a in platform.accounts.all() if a.account.startswith("c-")]
    assert len(found) == 1
    assert found[0].roles == ("citizen",)
    assert found[0].person == {"name": "钱来", "id_card": "34010019900725901X"}
    verifier = provider.asked[-1]["code_verifier"][0]
    assert len(verifier) >= 43
    assert verifier not in response.text


def test_the_ticket_of_single_sign_on_opens_a_matter_like_any_other(app, provider):
    provider.claims |= {"login": "chen-jing"}
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    reader = Reader(client).open("/matters").follow("公民身后“一件事”").press("开始办理")
    assert reader.status == 200
    assert "/drafts/" in reader.address


def test_a_citizen_with_the_same_id_number_is_the_account_there_is(app, platform, provider):
    provider.claims |= {"citizen_id": "340100198811029051"}
    before = len(platform.accounts.all())
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    assert [s.door.via for s in platform.sessions.of("sun-lei")] == ["sso"]
    assert len(platform.accounts.all()) == before


# ── answers that do not hold ─────────────────────────────────────────────────────────────────────

WRONG = {
    "wrong nonce": (lambda c: {**c, "nonce": "another"}, "nonce"),
    "no nonce": (lambda c: {k: v for k, v in c.items() if k != "nonce"}, "nonce"),
    "foreign audience": (lambda c: {**c, "aud": "somebody-else"}, "aud"),
    "audience of several, not issued to us": (lambda c: {**c, "aud": [CLIENT, "other"]}, "azp"),
    "issued to another party": (lambda c: {**c, "azp": "somebody-else"}, "azp"),
    "another issuer": (lambda c: {**c, "iss": "https://evil.example"}, "iss"),
    "run out": (lambda c: {**c, "iat": c["iat"] - 900, "exp": c["iat"] - 300}, "identity.sso"),
    "no end": (lambda c: {k: v for k, v in c.items() if k != "exp"}, "exp"),
    "nobody": (lambda c: {k: v for k, v in c.items() if k != "sub"}, "sub"),
    "not yet": (lambda c: {**c, "nbf": c["iat"] + 900}, "identity.sso"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_is_not_for_this_sign_in_is_refused(app, provider, name):
    change, said = WRONG[name]
    provider.mint = lambda claims: provider.sealed(change(claims))
    client = app.test_client()
    response = come_back(client, provider, set_out(client, provider))
    assert response.status_code == 401
    assert said in response.text
    refused(response, "identity.sso-answer-wrong", client)


def test_a_token_without_a_signature_is_refused(app, provider):
    provider.mint = provider.unsealed
    client = app.test_client()
    response = come_back(client, provider, set_out(client, provider))
    refused(response, "identity.sso-answer-wrong", client)


def test_a_token_sealed_with_our_own_shared_secret_or_public_key_is_refused(app, provider):
    for secret in (b"s" * 32, provider.keys[0].as_pem(private=False)):
        provider.mint = lambda claims, known=secret: sealed_by_secret(claims, known)
        client = app.test_client()
        response = come_back(client, provider, set_out(client, provider))
        refused(response, "identity.sso-answer-wrong", client)


def test_a_token_sealed_by_another_key_is_refused(app, provider):
    forger = new_key("one")  # the same name, another key
    provider.mint = lambda claims: provider.sealed(claims, key=forger)
    client = app.test_client()
    response = come_back(client, provider, set_out(client, provider))
    refused(response, "identity.sso-answer-wrong", client)


@pytest.mark.parametrize("rubbish", ["", "x", "a.b.c", "é.é.é", "." * 400, "e30.e30.e30"])
def test_what_is_no_token_at_all_is_refused(app, provider, rubbish):
    provider.mint = lambda _: rubbish
    client = app.test_client()
    response = come_back(client, provider, set_out(client, provider))
    refused(response, "identity.sso-answer-wrong", client)


def test_new_keys_of_the_provider_are_fetched_and_old_ones_hold_no_longer(
    app, provider, monkeypatch
):
    from builder.identity import oidc

    monkeypatch.setattr(oidc, "_KEYS_AGAIN_S", 0.0)
    first = provider.keys[0]
    client = app.test_client()
    assert come_back(client, provider, set_out(client, provider)).status_code == 303
    provider.rotate("two")
    client = app.test_client()
    assert come_back(client, provider, set_out(client, provider)).status_code == 303
    assert provider.looked >= 2
    provider.mint = lambda claims: provider.sealed(claims, key=first)
    client = app.test_client()
    response = come_back(client, provider, set_out(client, provider))
    refused(response, "identity.sso-answer-wrong", client)


def test_rubbish_does_not_make_us_ask_for_keys_without_end(app, provider):
    provider.mint = lambda _: "a.b.c"
    for _ in range(5):
        client = app.test_client()
        come_back(client, provider, set_out(client, provider))
    assert provider.looked == 1


# ── the way back ─────────────────────────────────────────────────────────────────────────────────


def test_an_answer_holds_once(app, provider):
    client = app.test_client()
    said = set_out(client, provider)
    cookie = client.get_cookie("scenarist").value
    assert come_back(client, provider, said).status_code == 303
    thief = app.test_client()
    thief.set_cookie("scenarist", cookie)
    refused(come_back(thief, provider, said), "identity.sso-state", thief)
    again = come_back(client, provider, said)
    assert "identity.sso-state" in again.text


@pytest.mark.parametrize("state", ["", "x", "é", "0" * 5000])
def test_an_answer_that_this_browser_did_not_ask_for_is_refused(app, provider, state):
    client = app.test_client()
    said = set_out(client, provider)
    refused(come_back(client, provider, said, state=state), "identity.sso-state", client)


def test_somebody_elses_answer_signs_nobody_in(app, provider):
    """A link with the attacker's own code and state would sign the victim in as the attacker."""
    attacker, victim = app.test_client(), app.test_client()
    said = set_out(attacker, provider)
    set_out(victim, provider)
    refused(come_back(victim, provider, said), "identity.sso-state", victim)


def test_an_answer_after_ten_minutes_is_too_late(app, provider, clock):
    client = app.test_client()
    said = set_out(client, provider)
    clock.move(minutes=11)
    refused(come_back(client, provider, said), "identity.sso-state", client)


@pytest.mark.parametrize("issuer", ["https://evil.example", ""])
def test_an_answer_of_another_provider_never_gets_our_code_exchanged(app, provider, issuer):
    client = app.test_client()
    said = set_out(client, provider)
    refused(come_back(client, provider, said, iss=issuer), "identity.sso-answer-wrong", client)
    assert provider.asked == []


def test_a_refusal_at_the_provider_is_said_and_shows_no_words_of_others(app, provider):
    client = app.test_client()
    said = set_out(client, provider)
    response = come_back(client, provider, said, code="", error="access_denied")
    refused(response, "identity.sso-refused", client)
    assert "access_denied" in response.text
    said = set_out(client, provider)
    response = come_back(client, provider, said, code="", error="<script>alert(1)</script>")
    assert "alert(1)" not in response.text
    provider.token_status = 400
    response = come_back(client, provider, set_out(client, provider))
    refused(response, "identity.sso-refused", client)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"],
)
def test_single_sign_on_never_leads_to_another_site(app, provider, elsewhere):
    client = app.test_client()
    said = set_out(client, provider, next=elsewhere)
    assert come_back(client, provider, said).headers["Location"] == "/matters"


def test_single_sign_on_leads_back_to_the_page_asked_for(app, provider):
    client = app.test_client()
    said = set_out(client, provider, next="/cases?after=x")
    assert come_back(client, provider, said).headers["Location"] == "/cases?after=x"


def test_a_sign_in_of_before_does_not_outlive_the_next(app, provider):
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    before = client.get_cookie("scenarist").value
    provider.claims = {"sub": "p-2"}
    come_back(client, provider, set_out(client, provider))
    old = app.test_client()
    old.set_cookie("scenarist", before)
    assert not is_in(old)


# ── who comes in ─────────────────────────────────────────────────────────────────────────────────


def test_nobody_becomes_an_officer_by_a_claim(app, platform, provider):
    provider.claims |= {"roles": ["officer", "auditor"], "party": "police"}
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    (found,) = [a for a in platform.accounts.all() if a.account.startswith("c-")]
    assert (found.party, found.roles) == (None, ("citizen",))


def test_a_closed_account_stays_closed_and_an_account_goes_with_one_person(app, platform, provider):
    provider.claims = {"sub": "p-1", "login": "officer-police"}
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    assert is_in(client)
    provider.claims = {"sub": "p-2", "login": "officer-police"}
    other = app.test_client()
    refused(come_back(other, provider, set_out(other, provider)), "identity.sso-no-account", other)
    platform.accounts.set_active("officer-police", active=False)
    provider.claims = {"sub": "p-1", "login": "officer-police"}
    late = app.test_client()
    refused(come_back(late, provider, set_out(late, provider)), "identity.sso-no-account", late)


class TestStrict:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {
            "oidc_claims": {
                "account": "login", "name": "name", "party": "dept", "roles": "duties",
                "email": "email",
            },
            "oidc_roles": {"window": "officer", "data": "steward"},
            "local_sign_in": False,
        }  # fmt: skip

    def test_whoever_is_not_known_stays_outside(self, app, platform, provider):
        before = len(platform.accounts.all())
        client = app.test_client()
        response = come_back(client, provider, set_out(client, provider))
        assert response.status_code == 403
        refused(response, "identity.sso-no-account", client)
        assert len(platform.accounts.all()) == before
        with read(platform.hub_engine) as conn:
            assert conn.scalar(select(func.count()).select_from(link_table)) == 0
            assert conn.scalar(select(func.count()).select_from(flow_table)) == 0

    def test_what_the_provider_says_of_an_officer_holds(self, app, platform, provider):
        provider.claims |= {
            "login": "officer-police", "dept": "health", "duties": ["window", "data", "king"],
            "email": "zhang@example.gov.cn",
        }  # fmt: skip
        client = app.test_client()
        come_back(client, provider, set_out(client, provider))
        found = platform.accounts.load("officer-police")
        assert found.roles == ("officer", "steward")
        assert (found.party, found.email) == ("health", "zhang@example.gov.cn")

    @pytest.mark.parametrize(
        ("claims", "party", "email"),
        [({"dept": "no-such"}, "police", None), ({"email": "a@b\nBcc: x@y.cn"}, "police", None)],
    )
    def test_claims_without_the_right_shape_are_left_out(
        self, app, platform, provider, claims, party, email
    ):
        provider.claims |= {"login": "officer-police", "duties": "window", **claims}
        client = app.test_client()
        come_back(client, provider, set_out(client, provider))
        found = platform.accounts.load("officer-police")
        assert (found.party, found.email) == (party, email)

    def test_an_officer_from_whom_every_duty_was_taken_stays_outside(self, app, provider):
        provider.claims |= {"login": "officer-police", "duties": []}
        client = app.test_client()
        response = come_back(client, provider, set_out(client, provider))
        refused(response, "identity.sso-no-account", client)

    def test_no_password_opens_a_city_of_single_sign_on_only(self, app):
        client = app.test_client()
        page = Reader(client).open("/sign-in")
        assert page.links.count("统一身份认证登录") == 1
        assert page.tree.xpath('//input[@name="password"]') == []
        token = page.client.get("/sign-in")
        assert token.status_code == 200
        app.config["WTF_CSRF_ENABLED"] = False
        said = {"account": "chen-jing", "password": demo_password()}
        response = client.post("/sign-in", data=said)
        assert response.status_code == 403
        assert "这座城市只通过统一身份认证登录" in response.text


# ── a provider that is not there ─────────────────────────────────────────────────────────────────


def test_while_the_provider_is_down_its_absence_is_named_and_passwords_still_work(app, provider):
    provider.down = True
    client = app.test_client()
    page = Reader(client).open("/sso/start")
    assert page.status == 503
    assert "统一身份认证（127.0.0.1）现在没有应答" in page.text
    page.fill("账号", "chen-jing").fill("密码", demo_password()).press("登录")
    assert page.heading == "办什么事"


def test_a_provider_that_is_another_or_of_plain_http_elsewhere_is_not_used(app, provider):
    for said in (
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"code_challenge_methods_supported": ["plain"]},
    ):
        provider.said = said
        response = app.test_client().get("/sso/start")
        assert response.status_code == 503
        assert "identity.sso-misconfigured" in response.text


def test_a_city_without_single_sign_on_says_so(platform):
    client = create_app(platform, secret=b"s" * 32).test_client()
    assert "统一身份认证登录" not in client.get("/sign-in").text
    for address in ("/sso/start", "/sso/callback?code=c&state=s"):
        response = client.get(address)
        assert response.status_code == 404
        assert "identity.sso-off" in response.text


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────


def test_signing_out_here_signs_out_there_with_the_token_as_a_hint(app, provider):
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    page = client.get("/account/sign-ins")
    assert f"form-action 'self' {provider.issuer};" in page.headers["Content-Security-Policy"]
    token = (
        Reader(client).open("/account/sign-ins").tree.xpath('//input[@name="csrf_token"]/@value')[0]
    )
    response = client.post("/sign-out", data={"csrf_token": token})
    address = urlsplit(response.headers["Location"])
    said = parse_qs(address.query)
    assert address.path == "/end"
    assert said["client_id"] == [CLIENT]
    assert said["post_logout_redirect_uri"] == ["http://localhost/sign-in"]
    assert said["id_token_hint"][0].count(".") == 2
    assert not is_in(client)


def _logout(provider, **changed: object) -> str:
    claims = {
        **{k: v for k, v in provider.usual().items() if k not in ("nonce", "exp")},
        "jti": "j", "sid": "s-1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **changed,
    }  # fmt: skip
    return provider.sealed({k: v for k, v in claims.items() if v is not None})


def test_the_providers_own_word_ends_the_sign_in_it_names(app, provider):
    clients = {}
    for sid in ("s-1", "s-2"):
        provider.claims["sid"] = sid
        clients[sid] = app.test_client()
        come_back(clients[sid], provider, set_out(clients[sid], provider))
    outside = app.test_client()
    response = outside.post("/sso/back-channel", data={"logout_token": _logout(provider)})
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert not is_in(clients["s-1"])
    assert is_in(clients["s-2"])
    everywhere = _logout(provider, sid=None)
    assert outside.post("/sso/back-channel", data={"logout_token": everywhere}).status_code == 200
    assert not is_in(clients["s-2"])


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "n"},
        {"events": {}},
        {"events": None},
        {"jti": None},
        {"iat": 1},
        {"aud": "somebody-else"},
        {"iss": "https://evil.example"},
        {"sid": None, "sub": None},
    ],
    ids=str,
)
def test_a_word_that_is_no_logout_ends_nothing(app, provider, changed):
    provider.claims["sid"] = "s-1"
    client = app.test_client()
    come_back(client, provider, set_out(client, provider))
    response = app.test_client().post(
        "/sso/back-channel", data={"logout_token": _logout(provider, **changed)}
    )
    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"
    assert is_in(client)
