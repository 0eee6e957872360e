"""A link carries bytes whole or not at all."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from city import down

from federation.errors import Fault, Findings
from federation.link import ARROW, JSON, InProcessLink, ask_json
from federation.link.arrow import END, ask_rows, read_stream, write_stream
from federation.link.errors import (
    LinkBroken,
    LinkGarbled,
    LinkRefused,
    LinkTimeout,
    LinkTruncated,
    LinkUnreachable,
    RequestNotJson,
    RequestTooLarge,
    RouteUnknown,
)
from federation.link.service import LIMIT_BYTES, json_answer, peer_of, read_document, service
from federation.trust.errors import CaseClosed, GrantFields

Start = Callable[..., Any]

TABLE = pa.table(
    {
        "name": pa.array(["甲", None, "丙"]),
        # what the end-of-stream mark looks like when it is data
        "mark": pa.array([-1, 0, -1], pa.int32()),
        "when": pa.array([1, 2, None], pa.date32()),
    }
)
PIECES = list(write_stream(TABLE.schema, TABLE.to_batches(max_chunksize=2)))
STREAM = b"".join(PIECES)


def link_to(app: Any, **more: Any) -> InProcessLink:
    return InProcessLink("police", app, peer="hefei", **more)


def answering(chunks: list[bytes], content_type: str = ARROW, status: str = "200 OK") -> Any:
    def app(_environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        start(status, [("Content-Type", content_type)])
        return iter(chunks)

    return app


def test_rows_come_through_as_they_were_sent():
    rows = ask_rows(link_to(answering(PIECES)), "/v1/fragment", {})
    assert rows.table.equals(TABLE)
    assert rows.size_bytes == len(STREAM)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 64, 10_000])
def test_rows_come_through_however_the_bytes_are_cut_into_chunks(size: int):
    chunks = [STREAM[i : i + size] for i in range(0, len(STREAM), size)]
    assert read_stream(chunks, "police")[0].equals(TABLE)


def test_a_stream_cut_anywhere_is_truncated():
    for length in range(len(STREAM)):
        with pytest.raises(LinkTruncated):
            read_stream([STREAM[:length]], "police")


def test_a_stream_without_its_end_is_truncated_even_between_two_messages():
    for count in range(len(PIECES)):
        with pytest.raises(LinkTruncated):
            read_stream(PIECES[:count], "police")


def test_data_that_look_like_the_end_are_not_the_end():
    table = pa.table({"mark": pa.array([-1, 0] * 4, pa.int32())})
    pieces = list(write_stream(table.schema, table.to_batches()))
    assert pieces[1].endswith(END)
    with pytest.raises(LinkTruncated):
        read_stream(pieces[:-1], "police")


@pytest.mark.parametrize("more", [b"\0", b"more", STREAM])
def test_bytes_after_the_end_are_garbage(more: bytes):
    with pytest.raises(LinkGarbled):
        read_stream([STREAM, more], "police")


@pytest.mark.parametrize("body", [b"<html>not found</html>" * 9, b"\xff" * 64, b"{}" * 40])
def test_an_answer_that_is_no_stream_is_a_link_fault(body: bytes):
    with pytest.raises((LinkGarbled, LinkTruncated)):
        read_stream([body], "police")


@pytest.mark.parametrize("index", range(0, len(STREAM), 5))
def test_a_changed_byte_never_gives_an_unnamed_error(index: int):
    broken = bytearray(STREAM)
    broken[index] ^= 0xFF
    try:
        table, _ = read_stream([bytes(broken)], "police")
    except (LinkGarbled, LinkTruncated):
        return
    assert table.num_rows <= TABLE.num_rows * 2


def test_rows_under_another_content_type_are_garbled():
    with pytest.raises(LinkGarbled):
        ask_rows(link_to(answering(PIECES, "text/html")), "/v1/fragment", {})


def test_a_party_that_is_down_is_unreachable_and_says_what_happens_next():
    with pytest.raises(LinkUnreachable) as caught:
        ask_json(link_to(down), "/v1/offer", {})
    assert caught.value.facts["party"] == "police"
    assert "自动重试" in caught.value.next_step("zh")


def test_an_application_that_fails_before_answering_is_broken():
    def app(*_request: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(LinkBroken):
        ask_json(link_to(app), "/v1/offer", {})


def test_an_application_that_never_starts_its_answer_is_broken():
    with pytest.raises(LinkBroken):
        ask_json(link_to(lambda _environ, _start: [b"{}"]), "/v1/offer", {})


def test_an_answer_that_breaks_off_is_truncated():
    def app(_environ: Any, start: Start) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", ARROW)])
        yield PIECES[0]
        raise RuntimeError("the journal cannot be written")

    with pytest.raises(LinkTruncated):
        ask_rows(link_to(app), "/v1/fragment", {})


def test_the_time_is_spent_while_an_answer_drips():
    ticks = iter(range(100))
    link = link_to(answering([b"x"] * 50, JSON), clock_s=lambda: float(next(ticks)))
    with pytest.raises(LinkTimeout) as caught:
        ask_json(link, "/v1/offer", {}, timeout_s=10)
    assert caught.value.facts == {"party": "police", "timeout_s": 10}


def test_every_answer_is_closed_even_one_that_is_given_up():
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"nonsense"] * 3)

        def close(self) -> None:
            closed.append(True)

    def app(_environ: Any, start: Start) -> Any:
        start("200 OK", [("Content-Type", ARROW)])
        return Body()

    with pytest.raises((LinkGarbled, LinkTruncated)):
        ask_rows(link_to(app), "/v1/fragment", {})
    assert closed == [True]


def test_what_is_written_the_old_way_is_not_lost():
    def app(_environ: Any, start: Start) -> Any:
        put = start("200 OK", [("Content-Type", JSON)])
        put(b'{"a":')
        return [b"1}"]

    assert ask_json(link_to(app), "/v1/offer", {}) == {"a": 1}


def test_the_other_side_gets_real_bytes_and_learns_who_calls():
    seen: dict[str, Any] = {}

    def handler(request: Any) -> Any:
        seen["peer"] = peer_of(request)
        seen["body"] = read_document(request)
        return json_answer({"ok": True})

    link = link_to(service("police", {("POST", "/v1/x"): handler}))
    assert ask_json(link, "/v1/x", {"名": [1, None]}) == {"ok": True}
    assert seen == {"peer": "hefei", "body": {"名": [1, None]}}


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


def raising(fault: Exception) -> InProcessLink:
    def handler(_request: Any) -> Any:
        raise fault

    return link_to(service("police", {("POST", "/v1/x"): handler}))


def test_a_refusal_arrives_as_the_fault_it_was():
    with pytest.raises(GrantFields) as caught:
        ask_json(raising(GrantFields(grant="G1", dataset="a.b", fields=("x", "y"))), "/v1/x", {})
    assert caught.value.message("zh").endswith("x、y。")
    assert caught.value.message("en").endswith("x, y.")


def test_several_reasons_arrive_as_findings():
    sent = Findings([CaseClosed(case="HF-1"), GrantFields(grant="G", dataset="d", fields=("x",))])
    with pytest.raises(Findings) as caught:
        ask_json(raising(sent), "/v1/x", {})
    assert [f.code for f in caught.value.findings] == ["trust.case-closed", "trust.grant-fields"]


def test_an_inner_error_says_nothing_about_itself(caplog: pytest.LogCaptureFixture):
    with pytest.raises(LinkBroken) as caught:
        ask_json(raising(ValueError("340100195001010008")), "/v1/x", {})
    assert caught.value.facts == {"party": "police"}
    assert "340100195001010008" not in caplog.text
    assert "ValueError" in caplog.text


@pytest.mark.parametrize(
    "document",
    [
        {"code": "made.up"},
        {"code": None},
        {"code": 7, "facts": []},
        {"code": "trust.case-closed", "facts": {"other": 1}},
        {"code": "trust.case-closed", "facts": {"case": {"deep": 1}}},
        {"code": "input.findings", "findings": "x"},
        {"code": "trust.case-closed", "facts": {"case": "x", "self": 1}},
    ],
)
def test_a_refusal_nobody_knows_is_still_a_named_fault(document: dict[str, Any]):
    body = json.dumps(document).encode()
    with pytest.raises(LinkRefused) as caught:
        ask_json(link_to(answering([body], JSON, "403 FORBIDDEN")), "/v1/x", {})
    assert caught.value.message("zh")


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"[" * 100_000, b'"x"', b"\xff"])
@pytest.mark.parametrize("status", ["200 OK", "500 ERROR"])
def test_an_answer_that_is_no_document_is_garbled(body: bytes, status: str):
    with pytest.raises(LinkGarbled):
        ask_json(link_to(answering([body], JSON, status)), "/v1/x", {})


def test_an_answer_of_another_kind_is_garbled():
    with pytest.raises(LinkGarbled):
        ask_json(link_to(answering([b"{}"], "text/html")), "/v1/x", {})


def test_an_endless_answer_is_given_up():
    endless = answering([b" " * (1 << 20)] * 64, JSON)
    with pytest.raises(LinkGarbled):
        ask_json(link_to(endless), "/v1/x", {})


# ── the service ──────────────────────────────────────────────────────────────────────────────────


def call(app: Any, method: str, path: str, body: bytes, length: str | None = None) -> Any:
    reply: dict[str, Any] = {}

    def start(status: str, *_more: Any) -> Any:
        reply["status"] = int(status[:3])

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "x",
        "SERVER_PORT": "0",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)) if length is None else length,
    }
    reply["document"] = json.loads(b"".join(app(environ, start)))
    return reply


@pytest.fixture
def echo() -> Any:
    return service("police", {("POST", "/v1/x"): lambda r: json_answer(dict(read_document(r)))})


@pytest.mark.parametrize(
    ("method", "path", "fault"),
    [("GET", "/v1/x", RouteUnknown), ("POST", "/", RouteUnknown), ("POST", "/v1/x/", RouteUnknown)],
)
def test_an_unknown_address_is_one_fault(echo: Any, method: str, path: str, fault: type[Fault]):
    reply = call(echo, method, path, b"{}")
    assert (reply["status"], reply["document"]["code"]) == (404, fault.code)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 50_000,
        b'{"a":1}x',
        b"null",
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
    ],
)
def test_a_request_that_is_no_object_is_one_fault(echo: Any, body: bytes):
    reply = call(echo, "POST", "/v1/x", body)
    assert (reply["status"], reply["document"]["code"]) == (400, RequestNotJson.code)


def test_a_request_that_is_too_large_is_one_fault(echo: Any):
    reply = call(echo, "POST", "/v1/x", b'{"a":"' + b"x" * LIMIT_BYTES + b'"}')
    assert (reply["status"], reply["document"]["code"]) == (413, RequestTooLarge.code)


def test_every_error_has_the_one_shape(echo: Any):
    assert set(call(echo, "GET", "/", b"")["document"]) == {
        "code",
        "message",
        "facts",
        "where",
        "next",
    }
