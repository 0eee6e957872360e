"""Programs do what people do: by tokens, once only, without overwriting anyone, page by page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from programs import ANSWERS, MATTER, Program
from sqlalchemy import select, update

from builder.identity.tokens import token_table
from builder.store.once import once_table
from builder.web import Limits, create_app
from federation.store import read, write

# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_kept_as_a_hash_and_ends_when_revoked(program, platform):
    citizen = program("chen-jing", title="my script")
    secret = citizen.headers["Authorization"].removeprefix("Bearer ")
    with read(platform.hub_engine) as conn:
        kept = conn.execute(select(token_table)).one()
    assert secret not in repr(kept)
    listed = citizen.get("/tokens").json["items"]
    assert [t["title"] for t in listed] == ["my script"]
    assert citizen.send("DELETE", f"/tokens/{listed[0]['id']}").status_code == 204
    ended = citizen.get("/me")
    assert (ended.status_code, ended.json["code"]) == (401, "api.token-wrong")
    assert ended.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_by_itself(program, clock):
    citizen = program("chen-jing", hours=2)
    clock.move(hours=1)
    assert citizen.get("/me").status_code == 200
    clock.move(hours=1, seconds=1)
    assert citizen.get("/me").status_code == 401


def test_a_long_token_still_opens_cases_at_the_issuer(program, clock):
    citizen = program("chen-jing", hours=100)
    clock.move(hours=90)
    assert citizen.post(f"{MATTER}/drafts").status_code == 201


def test_nobody_ends_another_ones_token(program):
    citizen, other = program("chen-jing"), program("auditor")
    theirs = citizen.get("/tokens").json["items"][0]["id"]
    assert other.send("DELETE", f"/tokens/{theirs}").status_code == 404
    assert citizen.get("/me").status_code == 200


def test_a_narrow_token_does_no_more_than_it_was_given_for(program):
    reader = program("chen-jing", scopes=["cases:read"])
    assert reader.get("/cases").status_code == 200
    refused = reader.post(f"{MATTER}/drafts")
    assert (refused.status_code, refused.json["code"]) == (403, "api.scope-missing")


# ── a matter ─────────────────────────────────────────────────────────────────────────────────────


def test_a_matter_goes_from_answers_to_the_officers_decision(program):
    citizen, officer = program("chen-jing"), program("officer-civil-affairs")
    handed = citizen.post(f"{MATTER}/cases", ANSWERS)
    assert handed.status_code == 201, handed.text
    case = citizen.get(handed.headers["Location"]).json
    assert case["status"] == "running"
    assert citizen.get(f"/cases/{case['case_no']}/uses").json["items"]
    task = officer.get(f"/tasks?q={case['case_no']}").json["items"][0]
    address = f"/tasks/{task['case_no']}/{task['task']}"
    shown = officer.get(address)
    assert shown.json["actions"]
    acceptance = {"acceptance": {"register_no": "民事收-1"}}
    done = officer.post(
        f"{address}/actions", {"action": "approve", "answers": acceptance},
        If_Match=shown.headers["ETag"],
    )  # fmt: skip
    assert (done.status_code, done.json["state"]) == (200, "done")
    again = officer.post(f"{address}/actions", {"action": "approve"}, If_Match='"1"')
    assert again.status_code in (409, 412)


def test_a_draft_is_filled_page_by_page_and_handed_in(program):
    citizen = program("chen-jing")
    begun = citizen.post(f"{MATTER}/drafts")
    draft = begun.json
    assert (draft["complete"], draft["answers"]) == (False, {})
    who = {k: ANSWERS["answers"]["application"][k] for k in ("deceased_name", "deceased_id")}
    page = f"/drafts/{draft['case_no']}/pages/{draft['pages'][0]['id']}"
    saved = citizen.put(
        page, {"answers": {"application": who}}, If_Match=begun.headers["ETag"]
    ).json
    assert saved["answers"]["application"]["deceased_name"] == "陈国强"
    assert saved["sources"]  # departments filled in what they know
    stale = citizen.put(page, {"answers": {"application": who}}, If_Match=begun.headers["ETag"])
    assert (stale.status_code, stale.json["code"]) == (412, "api.version-old")
    early = citizen.post(f"/drafts/{draft['case_no']}/submission")
    assert early.status_code == 422
    full = citizen.put(f"/drafts/{draft['case_no']}/answers", ANSWERS)
    assert full.json["complete"], full.text
    assert citizen.get(f"/drafts/{draft['case_no']}/validation").json["complete"]
    receipts = [citizen.post(f"/drafts/{draft['case_no']}/submission").json for _ in "ab"]
    assert receipts[0] == receipts[1]


def test_what_is_wrong_is_named_by_its_pointer_and_leaves_nothing(program):
    citizen = program("chen-jing")
    wrong = {**ANSWERS["answers"]["application"], "payee_account": "1", "nothing": 1}
    refused = citizen.post(f"{MATTER}/cases", {"answers": {"application": wrong}})
    assert refused.status_code == 422
    assert {f["where"] for f in refused.json["findings"]} >= {"/application/nothing"}
    del wrong["nothing"]
    refused = citizen.post(f"{MATTER}/cases", {"answers": {"application": wrong}})
    assert {f["where"] for f in refused.json["findings"]} == {"/application/payee_account"}
    assert citizen.get("/drafts").json["items"] == []
    assert citizen.get("/cases").json["items"] == []


def test_another_persons_case_reads_like_none(program):
    citizen, other = program("chen-jing"), program("zhou-ming")
    number = citizen.post(f"{MATTER}/cases", ANSWERS).json["case_no"]
    for what in ("", "/uses", "/receipt"):
        theirs = other.get(f"/cases/{number}{what}").json
        none = other.get(f"/cases/HF20200101-AAAAAA{what}").json
        assert theirs["code"] == none["code"] == "cases.no-such-case"


def test_a_steward_decides_and_an_auditor_only_reads(program):
    steward, auditor = program("steward-police"), program("auditor")
    grants = steward.get("/grants?state=approved").json["items"]
    address = f"/grants/{grants[0]['id']}"
    assert auditor.post(f"{address}/decisions", {"verb": "revoke"}).status_code == 403
    bare = steward.post(f"{address}/decisions", {"verb": "revoke"})
    assert (bare.status_code, bare.json["code"]) == (422, "web.remark-missing")
    revoked = steward.post(f"{address}/decisions", {"verb": "revoke", "remark": "试验"})
    assert revoked.json["state"] == "revoked"
    assert len(auditor.get("/grants?limit=200").json["items"]) > len(grants)


# ── once only ────────────────────────────────────────────────────────────────────────────────────


def test_the_same_request_is_done_once_even_after_a_restart(program, platform, app):
    citizen = program("chen-jing")
    first = citizen.post(f"{MATTER}/cases", ANSWERS, Idempotency_Key="k-1")
    restarted = create_app(platform, secret=app.config["SECRET_KEY"])
    second = restarted.test_client().post(
        f"{MATTER}/cases", json=ANSWERS, headers={**citizen.headers, "Idempotency-Key": "k-1"}
    )
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert len(citizen.get("/cases").json["items"]) == 1


def test_a_key_belongs_to_one_request_of_one_account_for_a_day(program, clock):
    citizen, other = program("chen-jing", hours=100), program("zhou-ming")
    begun = citizen.post(f"{MATTER}/drafts", Idempotency_Key="k").json["case_no"]
    reused = citizen.send("DELETE", f"/drafts/{begun}", Idempotency_Key="k")
    assert (reused.status_code, reused.json["code"]) == (422, "api.key-reused")
    assert other.post(f"{MATTER}/drafts", Idempotency_Key="k").json["case_no"] != begun
    clock.move(hours=25)
    assert citizen.post(f"{MATTER}/drafts", Idempotency_Key="k").json["case_no"] != begun


def test_what_is_being_done_is_not_begun_again_and_what_was_cut_off_is_told(
    program, platform, clock
):
    citizen = program("chen-jing")
    citizen.post(f"{MATTER}/drafts", Idempotency_Key="k")
    with write(platform.hub_engine) as conn:
        conn.execute(update(once_table).values(state="working", answer=None, status=None))
    said = citizen.post(f"{MATTER}/drafts", Idempotency_Key="k").json["code"]
    assert said == "api.in-flight"
    clock.move(minutes=3)
    said = citizen.post(f"{MATTER}/drafts", Idempotency_Key="k").json["code"]
    assert said == "api.outcome-unknown"


def test_the_same_request_sent_from_two_threads_at_once_is_done_once(program):
    citizen = program("chen-jing")
    together = Barrier(2)

    def send(client):
        together.wait()
        return Program(client, "").send(
            "POST", f"{MATTER}/cases", ANSWERS, Idempotency_Key="k", **citizen.headers
        )

    clients = [citizen.client.application.test_client() for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(send, clients))
    assert {(a.status_code, a.json.get("code")) for a in answers} <= {
        (201, None),
        (409, "api.in-flight"),
    }
    made = [a for a in answers if a.status_code == 201]
    assert made
    assert len({a.data for a in made}) == 1
    (case,) = citizen.get("/cases").json["items"]
    assert case["case_no"] == made[0].json["case_no"]
    again = citizen.post(f"{MATTER}/cases", ANSWERS, Idempotency_Key="k")
    assert again.data == made[0].data


def test_what_failed_may_be_mended_under_the_same_key(program):
    citizen = program("chen-jing")
    refused = citizen.post(f"{MATTER}/cases", {"answers": {}}, Idempotency_Key="k")
    assert refused.status_code == 422
    assert citizen.post(f"{MATTER}/cases", ANSWERS, Idempotency_Key="k").status_code == 201


def test_kept_answers_name_nobody_in_the_store(program, platform):
    citizen = program("chen-jing")
    citizen.post(f"{MATTER}/cases", ANSWERS, Idempotency_Key="k")
    with read(platform.hub_engine) as conn:
        kept = conn.execute(select(once_table)).one()
    assert kept.state == "done"
    assert "陈静" not in repr(kept)
    assert "case_no" not in repr(kept.answer)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_read_page_by_page_holds_everything_once_though_something_is_added(program, clock):
    citizen = program("chen-jing")

    def begin() -> str:
        clock.move(seconds=1)
        return citizen.post(f"{MATTER}/drafts").json["case_no"]

    made = {begin() for _ in range(5)}
    answer, seen = citizen.get("/drafts?limit=2"), []
    while True:
        seen += [d["case_no"] for d in answer.json["items"]]
        begin()  # something new on top, after every page
        if answer.json["next"] is None:
            break
        assert answer.headers["Link"] == f'<{answer.json["next"]}>; rel="next"'
        answer = citizen.get(answer.json["next"])
    assert len(seen) == len(set(seen))
    assert set(seen) == made


class TestLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(programs="3 per minute")

    def test_too_many_requests_are_told_when_to_come_again(self, program):
        citizen = program("chen-jing")
        answers = [citizen.get("/me") for _ in range(4)]
        assert answers[-1].status_code == 429
        assert answers[-1].json["code"] == "web.too-many"
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
