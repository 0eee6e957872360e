"""Make requests nobody meant: mutated pages, JSON bodies, uploads, headers, paths, queries."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from fuzz_world import PEOPLE, VISITOR, World
from hostile import hostile_texts
from lxml import html
from programs import ANSWERS

_HOSTILE = hostile_texts()
_SHORT = [h.text for h in _HOSTILE if len(h.text) < 400]
_LONG = [h.text for h in _HOSTILE if len(h.text) >= 400]
_CARD = "6200000000000000059"
_WORDS = ("approve", "submit", "reject", "return", "correct", "revoke", "refuse", "again", "later")
_MISSES = ("HF20260101-AAAAAA", "HF0000000000", "x", "-", "..", "%", "accept.1", "who")
_KINDS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
    "application/json; charset=utf-16",
    "application/xml",
    "image/svg+xml",
    "",
    "x",
    "a/b; c=\x7f",
)
_CITIZENS = ("chen-jing", "zhou-ming", "sun-lei")
_DESKS = tuple(p for p in PEOPLE if p.startswith("officer-"))
_STEWARDS = ("steward-police", "steward-housing-fund")
_READERS = (
    ("/cases", _CITIZENS),
    ("/drafts", _CITIZENS),
    ("/matters/", _CITIZENS),
    ("/desk", _DESKS),
    ("/grants", _STEWARDS),
    ("/ledger", (*_STEWARDS, "designer")),
    ("/audit", ("auditor",)),
    ("/account", PEOPLE[1:]),
    ("/api/v1/cases", _CITIZENS),
    ("/api/v1/drafts", _CITIZENS),
    ("/api/v1/matters/", _CITIZENS),
    ("/api/v1/tasks", _DESKS),
    ("/api/v1/grants", _STEWARDS),
    ("/api/v1/ledger", _STEWARDS),
    ("/api/v1/notices", (*_CITIZENS, *_DESKS)),
)
_VERBS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "X")


def text(rng: random.Random, *, any_text: bool = True) -> str:
    """Return a hostile text; rarely a huge one."""
    while True:
        found = rng.choice(_LONG if rng.random() < 0.02 else _SHORT)
        if any_text or not any("\ud800" <= c <= "\udfff" for c in found):
            return found


def _sane(said: str) -> str:
    return said.encode("utf-8", "replace").decode("utf-8")


def one(rng: random.Random, world: World) -> None:
    """Send one or two requests and look at what came."""
    world.tick()
    chosen = rng.choices((_page, _address, _program, _upload, _raw), weights=(28, 32, 26, 7, 7))[0]
    chosen(rng, world, rng.choice(PEOPLE))


# ── valid pages, mutated ─────────────────────────────────────────────────────────────────────────


def _fitting(rng: random.Random, address: str, account: str) -> str:
    """Return, three times in four, somebody who may open an address: deeper states are met."""
    if rng.random() < 0.25:
        return account
    for start, people in _READERS:
        if address.startswith(start):
            return rng.choice(people)
    return account


def _page(rng: random.Random, world: World, account: str) -> None:
    address = _known_address(rng, world)
    account = _fitting(rng, address, account)
    client = world.cookie[account]
    answer = client.get(address, follow_redirects=True)
    world.look_at(account, f"GET {address[:200]}", answer)
    if answer.mimetype != "text/html" or answer.status_code != 200:
        return
    forms = [f for f in html.fromstring(answer.data).iter("form") if f.method == "POST"]
    forms = [f for f in forms if "sign-out" not in (f.action or "")]
    if not forms:
        return
    form = rng.choice(forms)
    fields = [(k, v) for k, v in form.form_values() if k]
    buttons = [b for b in form.iter("button") if b.get("name")]
    if buttons and rng.random() < 0.8:
        button = rng.choice(buttons)
        fields.append((button.get("name"), button.get("value", "")))
    target = form.action or answer.request.path
    if rng.random() < 0.05:
        target = _known_address(rng, world)
    if account == "chen-jing" and any(n in target for n in world.protected):
        return
    data = _mutated(rng, fields, form)
    answer = client.post(target, data=data)
    world.look_at(account, f"POST {target[:200]} {sorted(data)[:9]}", answer)


def _mutated(rng: random.Random, fields: list[tuple[str, str]], form: object) -> dict[str, object]:
    """Return what a form would send, with some of it changed, doubled, dropped or added."""
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    names = sorted(set(form.inputs.keys()) | set(data)) or ["x"]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        name = rng.choice(names)
        if name == "csrf_token" and rng.random() < 0.9:
            continue
        match rng.randrange(6):
            case 0:
                data.pop(name, None)
            case 1:
                data.setdefault(name, []).append(_sane(text(rng)))
            case 2:
                data[_sane(text(rng))[:60] or "x"] = [rng.choice(_WORDS)]
            case 3:
                data[name] = [rng.choice(_WORDS)]
            case _:
                data[name] = [_sane(text(rng))]
    return data


def _known_address(rng: random.Random, world: World) -> str:
    case, draft = rng.choice(world.own["case"]), rng.choice(world.own["draft"])
    pages = ("who", "death", "accounts", "promises")
    return rng.choice(
        (
            "/matters",
            f"/matters/{_matter(rng)}",
            "/cases",
            f"/cases/{case}",
            f"/cases/{case}/receipt",
            f"/cases/{case}/withdraw",
            f"/drafts/{draft}",
            f"/drafts/{draft}/review",
            f"/drafts/{draft}/pages/{rng.choice(pages)}",
            f"/drafts/{draft}/discard",
            "/desk/",
            f"/desk/{case}/{rng.choice(_tasks())}",
            "/grants",
            f"/grants/{_grant(rng, world)}",
            "/ledger",
            "/ledger/police.household",
            "/sign-in",
            "/desk/?state=done",
            "/account/password",
            "/account/sign-ins",
            "/api",
        )
    )


def _matter(rng: random.Random) -> str:
    return (
        "340100/s23-afterlife"
        if rng.random() < 0.8
        else rng.choice(("349999/s23-afterlife", "340100/x"))
    )


def _tasks() -> tuple[str, ...]:
    return (
        "accept.1",
        "cancel-household.1",
        "pay-fund.1",
        "pay-pension.1",
        "settle-hospital.1",
        "verify-death.1",
        "verify-cremation.1",
        "pay-medical.1",
    )


def _grant(rng: random.Random, world: World) -> str:
    if "grants" not in world.own:
        world.own["grants"] = [g.id for g in world.platform.hub.grants()]
    return rng.choice([*world.own["grants"], "G-nothing"])


# ── addresses, headers, cookies ──────────────────────────────────────────────────────────────────


def _address(rng: random.Random, world: World, account: str) -> None:
    rules = world.own.setdefault("rules", sorted({r.rule for r in world.app.url_map.iter_rules()}))
    address = rng.choice(rules)
    if address.startswith("/audit") and rng.random() < 0.8:
        address = "/cases"  # reading thirty journals takes its time
    while "<" in address:
        start, end = address.index("<"), address.index(">")
        address = address[:start] + _part(rng, world) + address[end + 1 :]
    account = _fitting(rng, address, account)
    keys = (
        "q",
        "domain",
        "state",
        "case",
        "journal",
        "kind",
        "dataset",
        "after",
        "lang",
        "theme",
        "skin",
        "next",
        "at",
        "party",
        "grade",
        "limit",
        "x",
    )
    if rng.random() < 0.6:
        query = [(rng.choice(keys), _sane(text(rng))[:2000]) for _ in range(rng.randrange(1, 4))]
        address += "?" + urlencode(query)
    elif rng.random() < 0.1:
        address += rng.choice(
            ("?%00", "?%ff%fe", "?a=%", "?&&=&", "?" + "a=1&" * 300, "?q=%ED%A0%80")
        )
    headers = {**_headers(rng), **(world.bearer[account] if rng.random() < 0.3 else {})}
    client = world.cookie[account]
    if rng.random() < 0.08:
        client = world.app.test_client()
        client.set_cookie("scenarist", _header_text(rng))
        account = VISITOR
        headers.pop("Authorization", None)
    verb = "GET" if rng.random() < 0.9 else rng.choice(_VERBS)
    answer = client.open(address, method=verb, headers=headers)
    if verb == "HEAD":
        world.met["HEAD"] += 1
        if answer.status_code >= 500:
            world.wrong.append(f"{answer.status_code} HEAD {address[:200]}")
        return
    world.look_at(
        account, f"{verb} {address[:300]} {headers if len(str(headers)) < 400 else ''}", answer
    )


def _part(rng: random.Random, world: World) -> str:
    known = [
        *world.own["case"],
        *world.own["draft"],
        *_tasks(),
        "340100",
        "s23-afterlife",
        "who",
        "police.household",
        *_MISSES,
    ]
    said = rng.choice(known) if rng.random() < 0.6 else _sane(text(rng))[:300]
    return quote(said, safe="") or "-"


def _header_text(rng: random.Random) -> str:
    said = _sane(text(rng))[:600].encode("utf-8", "replace").decode("latin-1")
    return "".join(c for c in said if c not in "\r\n\x00")


def _headers(rng: random.Random) -> dict[str, str]:
    names = (
        "Accept",
        "Accept-Language",
        "Referer",
        "User-Agent",
        "If-None-Match",
        "If-Match",
        "Range",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Origin",
        "Idempotency-Key",
        "If-Modified-Since",
        "Content-Length",
        "Accept-Encoding",
        "HX-Request",
    )
    found = {}
    for _ in range(rng.choice((0, 0, 1, 2))):
        name = rng.choice(names)
        if name != "Content-Length":
            found[name] = _header_text(rng)
    if rng.random() < 0.1:
        found["Authorization"] = rng.choice(
            ("Bearer ", "Bearer sct_0", "Basic eDp5", "bearer\t", "x")
        )
    return found


# ── programs ─────────────────────────────────────────────────────────────────────────────────────


def _program(rng: random.Random, world: World, account: str) -> None:
    from builder.web.api.resources import operations

    operation = rng.choice(operations())
    address = "/api/v1" + operation.path
    while "<" in address:
        start, end = address.index("<"), address.index(">")
        address = (
            address[:start]
            + _program_part(rng, world, address[start + 1 : end])
            + address[end + 1 :]
        )
    account = _fitting(rng, address, account)
    if account == "chen-jing" and operation.changes and any(n in address for n in world.protected):
        return
    headers = {**world.bearer[account]}
    if operation.changes and rng.random() < 0.4:
        headers["Idempotency-Key"] = rng.choice(("k1", "k2", str(rng.random()), _header_text(rng)))
    if operation.versioned and rng.random() < 0.3:
        headers["If-Match"] = rng.choice(('"1"', '"2"', "*", "x", 'W/"1"', _header_text(rng)))
    body = None if operation.takes is None else _body(rng, operation)
    sent = (
        None
        if body is None
        else json.dumps(body, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    )
    query = ""
    if operation.query and rng.random() < 0.7:
        query = "?" + urlencode(
            [
                (
                    rng.choice([p.name for p in operation.query] + ["x"]),
                    rng.choice(("1", "2", "200", "0", "open", "done", _sane(text(rng))[:300])),
                )
                for _ in range(rng.randrange(1, 3))
            ]
        )
    answer = world.cookie[VISITOR].open(
        address + query,
        method=operation.method,
        data=sent,
        headers=headers,
        content_type="application/json" if sent is not None else None,
    )
    world.look_at(
        account, f"{operation.method} {address[:200]}{query[:200]} {str(body)[:300]}", answer
    )
    _keep(rng, world, operation.name, answer)


def _program_part(rng: random.Random, world: World, name: str) -> str:
    if rng.random() < 0.12:
        return _part(rng, world)
    known = {
        "case_no": [*world.own["case"], *world.own["draft"]],
        "task_id": _tasks(),
        "grant_id": [_grant(rng, world)],
        "page_id": ("who", "death", "accounts", "promises"),
        "county": ["340100"],
        "scenario": ["s23-afterlife"],
        "dataset_id": ["police.household"],
        "token_id": ["0123456789abcdef"],
    }
    return rng.choice(known.get(name, ["x"]))


def _body(rng: random.Random, operation: object) -> object:
    """Return a body that fits, mutated more often than not."""
    fits: Mapping[str, Callable[[], object]] = {
        "answers": lambda: _answered(rng),
        "account": lambda: rng.choice(("nobody", "chen-jing")),
        "password": lambda: "wrong",
        "action": lambda: rng.choice(_WORDS),
        "verb": lambda: rng.choice(("approve", "refuse")),
        "reason": lambda: _sane(text(rng))[:600],
        "remark": lambda: _sane(text(rng))[:600],
        "to": lambda: rng.choice(("apply", "accept", "x")),
        "task": lambda: rng.choice(_tasks()),
        "fields": lambda: rng.sample(["/application/contact_phone", "/x", "y"], 2),
    }
    names = list(operation.takes["properties"])
    body: object = {
        n: fits[n]()
        for n in names
        if n in fits and (n in operation.takes["required"] or rng.random() < 0.4)
    }
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        body = _bent(rng, body)
    return body


def _answered(rng: random.Random) -> object:
    own = {**ANSWERS["answers"]["application"], "payee_account": _CARD}
    keys = rng.sample(sorted(own), rng.randrange(len(own) + 1)) if rng.random() < 0.5 else list(own)
    return {"application": {k: own[k] for k in keys}}


def _bent(rng: random.Random, value: object) -> object:
    """Return a JSON value with one place of it changed."""
    if isinstance(value, dict) and value and rng.random() < 0.75:
        key = rng.choice(sorted(value))
        return {**value, key: _bent(rng, value[key])}
    if isinstance(value, dict) and rng.random() < 0.5:
        return {**value, text(rng)[:50]: 1}
    return rng.choice(
        (
            None,
            True,
            0,
            -1,
            1.5,
            10**30,
            [],
            {},
            [[]],
            {"a": {}},
            "",
            ["x"] * 50,
            text(rng),
            text(rng),
            text(rng),
            [text(rng)],
            {"zh": text(rng)},
        )
    )


def _keep(rng: random.Random, world: World, name: str, answer: object) -> None:
    """Go on with some of what was made, so that later states are met as well."""
    if answer.status_code != 201 or name == "begin_token":
        return
    number = answer.json.get("case_no")
    kind = "draft" if name in ("begin_draft", "mend_case") else "case"
    if number and number not in world.own[kind]:
        held = world.own[kind]
        if len(held) > 24:
            held[rng.randrange(3, len(held))] = number
        else:
            held.append(number)


# ── uploads and raw bodies ───────────────────────────────────────────────────────────────────────


def _upload(rng: random.Random, world: World, account: str) -> None:
    address = _known_address(rng, world)
    account = _fitting(rng, address, account)
    client = world.cookie[account]
    if account == "chen-jing" and any(n in address for n in world.protected):
        return
    name = _sane(text(rng))[:200].replace("\x00", "") or "a"
    content = rng.choice(
        (b"", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"<svg onload=1>", b"\x00" * 4096)
    )
    data = {
        rng.choice(("file", "x", "application.deceased_name")): (io.BytesIO(content), name),
        "version": "1",
    }
    answer = client.post(address, data=data, content_type="multipart/form-data")
    world.look_at(account, f"UPLOAD {address[:200]} {name[:80]!r}", answer)


def _raw(rng: random.Random, world: World, account: str) -> None:
    address = rng.choice(
        (_known_address(rng, world), "/api/v1/tokens", "/api/v1/matters/340100/s23-afterlife/cases")
    )
    if account == "chen-jing" and any(n in address for n in world.protected):
        return
    body = rng.choice(
        (
            b"",
            b"{",
            b"\xff\xfe{\x00}",
            b"a=" + b"%" * 50,
            b"--x\r\nContent-Disposition: form-data\r\n\r\n",
            b"[" * 3000,
            b'{"a":' * 500,
            b"\x00" * 100,
            b"=&=&",
            b'{"answers":{"a":"\\ud800"}}',
            b"1e999",
            b"NaN",
            _sane(text(rng)).encode()[:4000],
            rng.randbytes(rng.randrange(1, 300)),
        )
    )
    kind = rng.choice(_KINDS)
    if kind == "multipart/form-data" and rng.random() < 0.5:
        kind += "; boundary=" + rng.choice(("x", "", "x" * 200, '"', "é"))
    verb = rng.choice(("POST", "POST", "PUT", "DELETE", "PATCH"))
    answer = world.cookie[account].open(
        address,
        method=verb,
        data=body,
        content_type=kind,
        headers={**_headers(rng), **world.bearer[account]},
    )
    world.look_at(account, f"RAW {verb} {address[:200]} {kind} {body[:80]!r}", answer)
