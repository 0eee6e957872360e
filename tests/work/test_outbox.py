"""What others must be told is told in the end, under one id, and holds up no case."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from builder.cases import commands, outbox
from builder.cases.commands import Wish
from builder.notices import Notice, open_channels
from builder.notices.errors import ChannelSilent, NoticeRefused
from builder.store import cases as tables
from builder.work import work_once
from federation.crypto import KeyStore, hmac_sm3
from federation.store import read
from federation.trust.errors import CaseClosed


@dataclass
class Receiver:
    """A real HTTP server that keeps what it is sent; it answers with the next of `statuses`."""

    address: str = ""
    statuses: list[int] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.taken.append((dict(self.headers), body))
            self.send_response(found.statuses.pop(0) if found.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}/notices"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def posted(platform, receiver):
    """The city posts its notices to the receiver."""
    platform.settings = replace(platform.settings, notice_webhook=receiver.address)
    return receiver


def rows(matter, channel: str):
    with read(matter.deployment.engine) as conn:
        return conn.execute(
            select(tables.outbox)
            .where(tables.outbox.c.case_no == matter.case_no, tables.outbox.c.channel == channel)
            .order_by(tables.outbox.c.made_at, tables.outbox.c.id)
        ).all()


# ── notices ──────────────────────────────────────────────────────────────────────────────────────


def test_a_notice_is_posted_again_until_it_is_taken_always_under_the_same_id(
    platform, posted, handed_in, clock
):
    posted.statuses = [503, 500, 204]
    clock.move(days=20)
    for _ in range(4):
        work_once(platform, checkpoint=False)
        clock.move(minutes=1)
    assert len(posted.taken) == 3
    (row,) = rows(handed_in, "webhook")
    assert row.state == "done"
    assert {h["Idempotency-Key"] for h, _ in posted.taken} == {row.id}
    secret = KeyStore(platform.settings.home / "keys").secret("webhook")
    for headers, body in posted.taken:
        assert headers["Scenarist-Signature"] == hmac_sm3(secret, body)
        said = json.loads(body)
        assert said["notice"] == "overdue"
        assert said["to"] == {"party": "civil-affairs", "role": "officer"}
        assert said["address"] == "civil-affairs/officer"
        assert handed_in.case_no in said["text"]["zh"]
        assert "cases" not in said


def test_a_notice_that_is_refused_is_laid_aside_and_can_be_seen(platform, posted, handed_in, clock):
    posted.statuses = [410]
    clock.move(days=20)
    for _ in range(3):
        work_once(platform, checkpoint=False)
        clock.move(hours=1)
    (row,) = rows(handed_in, "webhook")
    assert (row.state, row.fault, len(posted.taken)) == ("dead", "notices.refused", 1)


def test_a_receiver_that_is_not_there_holds_up_no_case(platform, handed_in, clock):
    platform.settings = replace(platform.settings, notice_webhook="http://127.0.0.1:9/nobody")
    clock.move(days=20)
    work_once(platform, checkpoint=False)
    handed_in.handle("accept")
    (row,) = [r for r in rows(handed_in, "webhook") if r.payload["notice"] == "overdue"]
    assert (row.state, row.attempts, row.fault) == ("waiting", 1, "notices.channel-silent")
    assert handed_in.open_steps == {"verify-death", "verify-cremation"}


def test_a_city_without_a_webhook_writes_no_messages(platform, handed_in, clock):
    clock.move(days=20)
    work_once(platform, checkpoint=False)
    assert open_channels(platform.settings, KeyStore(platform.settings.home / "keys")) == {}
    assert rows(handed_in, "webhook") == []


@pytest.mark.parametrize(
    ("status", "fault"),
    [(200, None), (299, None), (301, NoticeRefused), (404, NoticeRefused), (408, ChannelSilent),
     (429, ChannelSilent), (502, ChannelSilent)],
)  # fmt: skip
def test_what_a_receivers_answer_means(platform, posted, status, fault):
    channel = open_channels(platform.settings, KeyStore(platform.settings.home / "keys"))["webhook"]
    posted.statuses = [status]
    notice = Notice("id", "somebody", {"title": {"zh": "题", "en": "t"}})
    try:
        if fault is None:
            channel.send(notice)
        else:
            with pytest.raises(fault):
                channel.send(notice)
    finally:
        channel.close()


# ── closing ──────────────────────────────────────────────────────────────────────────────────────


def closed_at_issuer(platform, matter) -> bool:
    try:
        platform.hub.declare_subject(matter.case_no, "deceased", "x")
    except CaseClosed:
        return True
    except Exception:  # noqa: BLE001 - refused for another reason: it is open
        return False
    return False


def test_a_case_that_ended_while_the_issuer_was_down_is_closed_when_it_is_back(
    platform, line, handed_in, clock
):
    issuer = line("issuer")
    issuer.cut()
    commands.withdraw(platform, handed_in.me, handed_in.case_no)
    assert handed_in.case.status == "withdrawn"
    (row,) = rows(handed_in, outbox.CLOSE)
    assert (row.state, row.fault) == ("waiting", "link.unreachable")
    clock.move(minutes=1)
    work_once(platform, checkpoint=False)
    issuer.mend()
    assert not closed_at_issuer(platform, handed_in)
    clock.move(minutes=1)
    work_once(platform, checkpoint=False)
    assert closed_at_issuer(platform, handed_in)
    (row,) = rows(handed_in, outbox.CLOSE)
    assert (row.state, row.fault) == ("done", None)


def test_nodes_that_could_not_be_told_of_the_end_are_told_later(platform, line, handed_in, clock):
    fund, police = line("housing-fund"), line("police")
    fund.cut()
    commands.withdraw(platform, handed_in.me, handed_in.case_no)
    assert police.asked["/v1/case-closed"] == 1
    (row,) = rows(handed_in, outbox.CLOSE)
    assert row.payload == {"parties": ["housing-fund"]}
    fund.mend()
    clock.move(minutes=1)
    work_once(platform, checkpoint=False)
    assert fund.asked["/v1/case-closed"] == 1
    assert police.asked["/v1/case-closed"] == 1
    assert rows(handed_in, outbox.CLOSE)[0].state == "done"


def test_a_draft_thrown_away_while_the_issuer_is_down_is_closed_later(
    platform, line, matter, clock
):
    matter.begin()
    issuer = line("issuer")
    issuer.cut()
    commands.discard_draft(platform, matter.me, matter.case_no)
    issuer.mend()
    clock.move(minutes=1)
    work_once(platform, checkpoint=False)
    assert closed_at_issuer(platform, matter)
    assert rows(matter, outbox.CLOSE)[0].state == "done"


def test_a_case_that_was_refused_is_closed_once(platform, line, handed_in):
    issuer = line("issuer")
    issuer.asked.clear()
    account, _ = handed_in.handling["accept"]
    commands.act_with_answers(
        platform, platform.accounts.named(account), handed_in.case_no, "accept",
        Wish("reject", "材料不符"), {},
    )  # fmt: skip
    work_once(platform, checkpoint=False)
    assert handed_in.case.status == "rejected"
    assert issuer.asked["/v1/case-close"] == 1
    assert [r.state for r in rows(handed_in, outbox.CLOSE)] == ["done"]
