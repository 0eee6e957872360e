"""What every link does, in this process and between machines."""

from collections.abc import Iterator
from typing import Any

import pytest
from link_machines import Call, Server
from link_program import PIECES, TABLE, app

from federation.link import ARROW, JSON, Breaker, InProcessLink, Link, ask_json, fetch_json
from federation.link.arrow import ask_rows
from federation.link.errors import (
    LinkBroken,
    LinkGarbled,
    LinkTruncated,
    RequestNotJson,
    RequestTooLarge,
    RouteUnknown,
)
from federation.link.service import LIMIT_BYTES
from federation.trust.errors import CaseClosed

pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.fixture(params=["in-process", "https", "https behind a breaker"])
def link(request: pytest.FixtureRequest) -> Link:
    if request.param == "in-process":
        return InProcessLink("police", app, peer="hefei")
    call: Call = request.getfixturevalue("call")
    police: Server = request.getfixturevalue("police")
    https = call(police.url)
    return https if request.param == "https" else Breaker(https)


def test_a_document_goes_there_and_one_comes_back(link: Link):
    answer = ask_json(link, "/v1/echo", {"名": [1, None, "é"]})
    assert answer["document"] == {"名": [1, None, "é"]}


def test_the_other_side_learns_who_calls(link: Link):
    assert ask_json(link, "/v1/echo", {})["peer"] == "hefei"


def test_a_link_says_who_is_at_its_other_end(link: Link):
    assert link.party == "police"


def test_a_document_can_be_fetched(link: Link):
    assert fetch_json(link, "/v1/health") == {"running": True}


def test_rows_come_whole(link: Link):
    rows = ask_rows(link, "/v1/rows", {})
    assert rows.table.equals(TABLE)
    assert rows.size_bytes == len(b"".join(PIECES))


def test_header_names_come_in_lower_case(link: Link):
    reply = link.send("POST", "/v1/rows", b"{}", timeout_s=10)
    assert reply.status == 200
    assert reply.headers["content-type"] == ARROW
    assert b"".join(reply.chunks) == b"".join(PIECES)


def test_a_refusal_is_the_fault_it_was(link: Link):
    with pytest.raises(CaseClosed) as caught:
        ask_json(link, "/v1/refused", {})
    assert caught.value.facts == {"case": "HF-1"}


def test_a_refusal_does_not_spoil_the_next_request(link: Link):
    with pytest.raises(CaseClosed):
        ask_json(link, "/v1/refused", {})
    assert ask_json(link, "/v1/echo", {"a": 1})["document"] == {"a": 1}


@pytest.mark.parametrize("path", ["/v1/failing", "/v1/broken"])
def test_a_failure_inside_says_nothing_about_itself(link: Link, path: str):
    with pytest.raises(LinkBroken) as caught:
        ask_json(link, path, {})
    assert caught.value.facts == {"party": "police"}


def test_rows_that_break_off_are_truncated(link: Link):
    with pytest.raises(LinkTruncated):
        ask_rows(link, "/v1/cut", {})


def test_an_answer_of_another_kind_is_garbled(link: Link):
    for ask in (ask_json, ask_rows):
        with pytest.raises(LinkGarbled):
            ask(link, "/v1/page", {})  # type: ignore[operator]


def test_a_redirection_is_not_followed(link: Link):
    assert link.send("POST", "/v1/away", b"{}", timeout_s=10).status == 302
    with pytest.raises(LinkGarbled):
        ask_json(link, "/v1/away", {})


def test_an_endless_answer_is_given_up_and_the_link_lives_on(link: Link):
    with pytest.raises(LinkGarbled):
        ask_json(link, "/v1/endless", {})
    assert ask_json(link, "/v1/echo", {"a": 1})["document"] == {"a": 1}


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/v1/nothing", b"{}", RouteUnknown),
        ("/v1/echo", b"nonsense", RequestNotJson),
        ("/v1/echo", b'{"a":"' + b"x" * LIMIT_BYTES + b'"}', RequestTooLarge),
        ("/v1/echo", b'{"a":"' + b"x" * 7_000_000 + b'"}', RequestTooLarge),
        ("/v1/nothing", b'{"a":"' + b"x" * 1_000_000 + b'"}', RouteUnknown),
    ],
)
def test_a_request_nobody_can_serve_is_refused(
    link: Link, path: str, body: bytes, fault: type[Exception]
):
    reply = link.send("POST", path, body, timeout_s=10)
    assert reply.headers["content-type"] == JSON
    assert fault.code.encode() in b"".join(reply.chunks)  # type: ignore[attr-defined]


@pytest.mark.parametrize("begun", [0, 1])
def test_an_answer_may_be_given_up_at_any_time(link: Link, begun: int):
    reply = link.send("POST", "/v1/rows", b"{}", timeout_s=10)
    for _ in range(begun):
        next(reply.chunks)
    reply.chunks.close()
    assert ask_json(link, "/v1/echo", {"a": 1})["document"] == {"a": 1}


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_requests_of_any_size_arrive_whole(link: Link, size: int):
    text = "字" * (size // 3)
    assert ask_json(link, "/v1/echo", {"text": text})["document"] == {"text": text}


def test_two_links_do_not_share_what_they_carry(link: Link):
    first = link.send("POST", "/v1/echo", b'{"n":1}', timeout_s=10)
    second = link.send("POST", "/v1/echo", b'{"n":2}', timeout_s=10)
    assert b'{"n":2}' in b"".join(second.chunks)
    assert b'{"n":1}' in b"".join(first.chunks)


@pytest.mark.parametrize("begun", [0, 1, 2])
def test_an_application_learns_that_its_answer_was_given_up(begun: int):
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"a", b"b", b"c"])

        def close(self) -> None:
            closed.append(True)

    def answering(_environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return Body()

    reply = InProcessLink("police", answering, peer="hefei").send("GET", "/", b"", timeout_s=1)
    for _ in range(begun):
        next(reply.chunks)
    reply.chunks.close()
    assert closed == [True]
