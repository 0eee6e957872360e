"""Whatever the other side does, a link ends in time and says what is wrong."""

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from link_machines import POLICE, Begin, Call, Scripted, Server, Start, tls_of
from ports import free_port

from federation.errors import Fault
from federation.link import ask_json
from federation.link.arrow import END, ask_rows
from federation.link.certificates import certify
from federation.link.errors import (
    CertificateEarly,
    CertificateExpired,
    CertificateMissing,
    CertificateRefused,
    CertificateUntrusted,
    LinkGarbled,
    LinkTimeout,
    LinkTruncated,
    LinkUnreachable,
    PeerWrong,
    UrlWrong,
)
from federation.link.https import HttpsLink

pytestmark = pytest.mark.slow

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
OK = HEAD + b'Content-Length: 8\r\n\r\n{"a": 1}'
CHUNKED = HEAD + b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n5\r\n": 1}\r\n0\r\n\r\n'


def always(answer: bytes) -> Callable[[Any, Scripted], None]:
    """Read requests and answer each with these bytes, then leave."""

    def script(sock: Any, server: Scripted) -> None:
        server.read(sock)
        sock.sendall(answer)

    return script


def asked(link: HttpsLink, timeout_s: float = 20.0) -> object:
    return ask_json(link, "/v1/x", {"n": 1}, timeout_s=timeout_s)


# ── who is there ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.processes
@pytest.mark.parametrize(
    ("folder", "fault"),
    [
        ("police-expired", CertificateExpired),
        ("police-early", CertificateEarly),
        ("police-of-another-city", CertificateUntrusted),
        ("water", PeerWrong),
    ],
)
def test_nothing_is_sent_to_one_who_cannot_show_who_it_is(
    scripted: Begin, call: Call, folder: str, fault: type[Fault]
):
    server = scripted(always(OK), folder=folder)
    with pytest.raises(fault) as caught:
        asked(call(server.url))
    assert caught.value.facts["party"] == "police"
    assert server.requests == []


def test_parties_of_two_authorities_meet_where_both_count(
    machines: Path, tmp_path: Path, scripted: Begin
):
    shutil.copytree(machines / "hub" / "tls", tmp_path / "tls")
    both = [(machines / ca / "ca.crt").read_bytes() for ca in ("ca", "ca-of-another-city")]
    (tmp_path / "tls" / "ca.crt").write_bytes(b"".join(both))
    for folder in ("police", "police-of-another-city"):
        url = scripted(always(OK), folder=folder).url
        with closing(HttpsLink("police", url, tls_of(tmp_path), identity=POLICE)) as link:
            assert asked(link) == {"a": 1}


def test_a_wrong_peer_is_named(scripted: Begin, call: Call):
    with pytest.raises(PeerWrong) as caught:
        asked(call(scripted(always(OK), folder="water").url))
    assert caught.value.facts["found"] == "scenarist://node/water"
    assert caught.value.facts["expected"] == POLICE


def test_the_peer_is_checked_on_each_new_connection(scripted: Begin, call: Call, machines: Path):
    turns = iter([tls_of(machines / "police"), tls_of(machines / "water")])
    server = scripted(always(OK), contexts=lambda: next(turns).server_context())
    link = call(server.url)
    asked(link)
    server.left.wait(60)
    with pytest.raises(PeerWrong):
        asked(link)
    assert len(server.requests) == 1


@pytest.mark.processes
@pytest.mark.parametrize("by", ["hub-expired", "hub-of-another-city"])
def test_one_whose_certificate_is_refused_is_told_so(police: Server, call: Call, by: str):
    with pytest.raises(CertificateRefused) as caught:
        asked(call(police.url, by=by))
    assert caught.value.facts == {"party": "police", "identity": "scenarist://hub/hefei"}


def test_a_certificate_of_ours_that_is_missing_is_named(tmp_path: Path, scripted: Begin):
    tls = tls_of(tmp_path)
    link = HttpsLink("police", scripted(always(OK)).url, tls, identity=POLICE)
    with pytest.raises(CertificateMissing):
        asked(link)


def test_a_new_certificate_of_ours_is_shown_on_the_next_connection(
    machines: Path, tmp_path: Path, scripted: Begin
):
    shown = []

    def script(sock: Any, server: Scripted) -> None:
        shown.append(sock.getpeercert()["serialNumber"])
        always(OK)(sock, server)

    shutil.copytree(machines / "hub" / "tls", tmp_path / "tls")
    link = HttpsLink("police", scripted(script).url, tls_of(tmp_path), identity=POLICE)
    asked(link)
    now = datetime.now(UTC)
    certify(tmp_path, machines / "ca", identity="scenarist://hub/hefei", hosts=(), now=now)
    asked(link)
    assert len(set(shown)) == 2


# ── who is not there ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "node.invalid:{port}", "[::1]:{port}"])
def test_nobody_there_is_unreachable(call: Call, host: str):
    with pytest.raises(LinkUnreachable) as caught:
        asked(call("https://" + host.format(port=free_port())))
    assert caught.value.facts == {"party": "police"}


def test_one_that_accepts_and_leaves_is_unreachable(scripted: Begin, call: Call):
    with pytest.raises(LinkUnreachable):
        asked(call(scripted(lambda _sock, _server: None, tls=False).url))


def test_one_that_leaves_after_the_request_is_asked_once_only(scripted: Begin, call: Call):
    server = scripted(lambda sock, server: server.read(sock))
    with pytest.raises(LinkUnreachable):
        asked(call(server.url))
    assert len(server.requests) == 1


@pytest.mark.parametrize("tls", [True, False])
def test_one_that_never_answers_is_left_when_the_time_is_over(
    scripted: Begin, call: Call, tls: bool
):
    server = scripted(lambda _sock, server: server.gone.wait(60), tls=tls)
    with pytest.raises(LinkTimeout) as caught:
        asked(call(server.url), timeout_s=0.3)
    assert caught.value.facts == {"party": "police", "timeout_s": 0.3}


def test_a_connection_nobody_takes_is_given_up_in_time(call: Call):
    with socket.socket() as listener:  # bound, never listening to more than its backlog
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        with pytest.raises(LinkTimeout):
            asked(call(f"https://127.0.0.1:{port}"), timeout_s=0.3)
        for sock in waiting:
            sock.close()


# ── what comes is not what was agreed ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\x00" * 64, b"hello\n"])
def test_one_that_does_not_speak_tls_is_garbled(scripted: Begin, call: Call, answer: bytes):
    def script(sock: Any, _server: Scripted) -> None:
        sock.recv(1)
        sock.sendall(answer)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass

    with pytest.raises(LinkGarbled):
        asked(call(scripted(script, tls=False).url))


@pytest.mark.parametrize(
    "answer",
    [
        b"hello, this is no HTTP\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"HTTP/1.1 xyz\r\n\r\n",
        HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n",
        HEAD + b"\r\n{}",  # its end is where the connection ends: nobody could know it is whole
        HEAD + b"Content-Length: many\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_an_answer_that_is_not_what_was_agreed_is_garbled(
    scripted: Begin, call: Call, answer: bytes
):
    with pytest.raises(LinkGarbled):
        asked(call(scripted(always(answer)).url))


@pytest.mark.parametrize("size", [b"-1", b"-5", b"0x2", b"ffffffffffffffff", b"2 2", b"1_0"])
def test_a_chunk_of_no_size_is_never_an_answer(scripted: Begin, call: Call, size: bytes):
    answer = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n{\r\n0\r\n\r\n"
    with pytest.raises((LinkGarbled, LinkTruncated)):
        asked(call(scripted(always(answer)).url))


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b'Content-Length: 800\r\n\r\n{"a": 1}',
        HEAD + b"Content-Length: 8\r\n\r\n",
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nff\r\n{"a": 1}',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n8',
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_an_answer_that_is_cut_is_truncated(scripted: Begin, call: Call, answer: bytes):
    with pytest.raises(LinkTruncated):
        asked(call(scripted(always(answer)).url))


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_rows_are_whole_or_not_at_all(scripted: Begin, call: Call, framing: str):
    from link_program import PIECES, TABLE

    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apache.arrow.stream\r\n"
    stream = b"".join(PIECES)
    if framing == "length":
        whole = head + b"Content-Length: %d\r\n\r\n" % len(stream) + stream
        short = head + b"Content-Length: %d\r\n\r\n" % (len(stream) - 8) + stream[:-8]
    else:
        framed = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in PIECES]
        whole = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(framed) + b"0\r\n\r\n"
        short = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(framed[:-1]) + b"0\r\n\r\n"
    assert stream.endswith(END)
    assert ask_rows(call(scripted(always(whole)).url), "/v1/x", {}).table.equals(TABLE)
    for size in range(whole.index(b"\r\n\r\n") + 4, len(whole) - 5, 7):
        with pytest.raises(LinkTruncated):
            ask_rows(call(scripted(always(whole[:size])).url), "/v1/x", {})
    with pytest.raises(LinkTruncated):  # HTTP says it is whole; its end mark is not there
        ask_rows(call(scripted(always(short)).url), "/v1/x", {})


# ── slowly ───────────────────────────────────────────────────────────────────────────────────────


def trickling(start: bytes, drop: bytes) -> Callable[[Any, Scripted], None]:
    """Begin an answer and go on drop by drop, each in good time."""

    def script(sock: Any, server: Scripted) -> None:
        server.read(sock)
        sock.sendall(start)
        while not server.gone.wait(0.02):
            sock.sendall(drop)

    return script


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (HEAD, b"X: y\r\n"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
)
def test_the_time_is_for_the_whole_exchange(scripted: Begin, call: Call, start: bytes, drop: bytes):
    server = scripted(trickling(start, drop))
    began = time.monotonic()
    with pytest.raises(LinkTimeout):
        asked(call(server.url), timeout_s=0.5)
    assert time.monotonic() - began < 30  # it would go on for ever


def test_one_that_does_not_take_the_request_is_given_up(scripted: Begin, call: Call):
    link = call(scripted(lambda _sock, server: server.gone.wait(60)).url)
    with pytest.raises(LinkTimeout):
        link.send("POST", "/v1/x", b"x" * 50_000_000, timeout_s=0.5)


def test_a_handshake_that_trickles_is_given_up(scripted: Begin, call: Call):
    def script(sock: Any, server: Scripted) -> None:
        sock.recv(1)
        sock.sendall(b"\x16\x03\x03\x40\x00")
        while not server.gone.wait(0.02):
            sock.sendall(b"\x02")

    with pytest.raises((LinkTimeout, LinkGarbled)):
        asked(call(scripted(script, tls=False).url), timeout_s=0.5)


def test_a_name_server_that_does_not_answer_takes_no_longer_than_there_is_time(
    call: Call, monkeypatch: pytest.MonkeyPatch
):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: over.wait(60) and [])
    with pytest.raises(LinkTimeout):
        asked(call("https://node.example.org:1"), timeout_s=0.3)
    over.set()


# ── anything at all ──────────────────────────────────────────────────────────────────────────────


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_answer_gives_anything_but_a_document_or_a_fault(
    scripted: Begin, call: Call, data: st.DataObject
):
    answer = bytearray(data.draw(st.sampled_from([OK, CHUNKED, OK.replace(b"200", b"403")])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(answer)))
        match data.draw(st.sampled_from(["cut", "put", "change", "leave out"])):
            case "cut":
                del answer[place:]
            case "put":
                answer[place:place] = data.draw(st.binary(max_size=8))
            case "change" if place < len(answer):
                answer[place] = data.draw(st.integers(0, 255))
            case "leave out":
                del answer[place : place + 3]
    server = scripted(always(bytes(answer)))
    with suppress(Fault):
        assert isinstance(asked(call(server.url), timeout_s=5), dict)
    server.close()


# ── connections ──────────────────────────────────────────────────────────────────────────────────


def staying(answers: int, answer: bytes = OK) -> Callable[[Any, Scripted], None]:
    """Answer so many requests of a connection, then leave."""

    def script(sock: Any, server: Scripted) -> None:
        for _ in range(answers):
            server.read(sock)
            sock.sendall(answer)

    return script


@pytest.mark.parametrize("answer", [OK, CHUNKED], ids=["length", "chunked"])
def test_a_connection_is_used_again(scripted: Begin, call: Call, answer: bytes):
    server = scripted(staying(5, answer))
    link = call(server.url)
    for _ in range(5):
        asked(link)
    assert (server.connections, len(server.requests)) == (1, 5)


def test_a_connection_the_other_side_closed_is_replaced(scripted: Begin, call: Call):
    server = scripted(staying(1))
    link = call(server.url)
    for n in range(3):
        asked(link)
        server.left.wait(60)
        server.left.clear()
        assert server.connections == n + 1
    assert len(server.requests) == 3


def test_a_request_that_may_have_been_handled_is_never_repeated(scripted: Begin, call: Call):
    def script(sock: Any, server: Scripted) -> None:
        server.read(sock)
        sock.sendall(OK)
        server.read(sock)  # and it leaves without an answer

    server = scripted(script)
    link = call(server.url)
    asked(link)
    with pytest.raises(LinkUnreachable):
        asked(link)
    assert (server.connections, len(server.requests)) == (1, 2)
    asked(link)


@pytest.mark.parametrize("limit", ["_IDLE_S", "_AGE_S"])
def test_a_connection_that_is_idle_or_old_is_not_used_again(
    scripted: Begin, call: Call, monkeypatch: pytest.MonkeyPatch, limit: str
):
    server = scripted(staying(5))
    link = call(server.url)
    asked(link)
    monkeypatch.setattr(f"federation.link.https.{limit}", 0.0)
    asked(link)
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("timeout_s", [0, -1.0])
def test_no_time_is_no_exchange(scripted: Begin, call: Call, timeout_s: float):
    server = scripted(staying(1))
    with pytest.raises(LinkTimeout):
        asked(call(server.url), timeout_s=timeout_s)
    assert server.connections == 0


def test_a_link_that_was_closed_can_be_used_again(scripted: Begin, call: Call):
    server = scripted(staying(5))
    link = call(server.url)
    asked(link)
    link.close()
    asked(link)
    assert server.connections == 2


def test_an_answer_given_up_halfway_costs_its_connection_only(scripted: Begin, call: Call):
    server = scripted(always(HEAD + b"Content-Length: 80000\r\n\r\n" + b" " * 40_000))
    link = call(server.url)
    for n in range(3):
        link.send("POST", "/v1/x", b"{}", timeout_s=20).chunks.close()
        assert server.connections == n + 1


def test_a_fork_does_not_share_connections(scripted: Begin, call: Call):
    server = scripted(staying(9))
    link = call(server.url)
    asked(link)
    asked(link)
    assert server.connections == 1
    link._process = os.getpid() + 1  # what a fork changes
    asked(link)
    assert server.connections == 2


@pytest.mark.processes
def test_many_threads_share_a_link(police: Server, call: Call):
    link = call(police.url)
    barrier = threading.Barrier(32)

    def act(n: int) -> list[object]:
        barrier.wait(60)
        return [ask_json(link, "/v1/echo", {"n": [n, k]}, timeout_s=60) for k in range(10)]

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(act, range(32)))
    for n, found in enumerate(answers):
        assert [a["document"] for a in found] == [{"n": [n, k]} for k in range(10)]  # type: ignore[index]


@pytest.mark.processes
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_node_that_was_restarted_is_found_again(
    machines: Path, start: Start, call: Call, how: str
):
    first = start(machines / "police")
    link = call(first.url)
    worker = ask_json(link, "/v1/echo", {"n": 1})["process"]
    first.stop() if how == "stop" else first.kill(cast("int", worker))
    with pytest.raises(LinkUnreachable):
        ask_json(link, "/v1/echo", {"n": 2})
    second = start(machines / "police", port=first.port)
    answer = ask_json(link, "/v1/echo", {"n": 3})
    assert (answer["document"], second.port) == ({"n": 3}, first.port)


@pytest.mark.processes
def test_a_node_that_is_killed_while_it_answers_is_truncated(
    machines: Path, start: Start, call: Call
):
    server = start(machines / "police")
    link = call(server.url)
    worker = cast("int", ask_json(link, "/v1/echo", {})["process"])
    chunks = link.send("POST", "/v1/endless", b"{}", timeout_s=60).chunks
    next(chunks)
    server.kill(worker)
    with pytest.raises(LinkTruncated):
        for _ in chunks:
            pass


@pytest.mark.processes
def test_a_node_that_is_frozen_is_left_when_the_time_is_over(
    machines: Path, start: Start, call: Call
):
    server = start(machines / "police")
    link = call(server.url)
    worker = cast("int", ask_json(link, "/v1/echo", {})["process"])
    os.kill(worker, signal.SIGSTOP)
    try:
        for chosen in (link, call(server.url)):  # on a kept connection, on a new one
            with pytest.raises(LinkTimeout):
                ask_json(chosen, "/v1/echo", {}, timeout_s=0.5)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert ask_json(link, "/v1/echo", {"n": 1}, timeout_s=60)["document"] == {"n": 1}


@pytest.mark.processes
def test_the_environment_sends_nothing_through_a_proxy(
    police: Server, call: Call, monkeypatch: pytest.MonkeyPatch
):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert ask_json(call(police.url), "/v1/echo", {"a": 1})["document"] == {"a": 1}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "127.0.0.1:1",
        "https://",
        "https://a@b:1",
        "https://h:1/path",
        "https://h:1?q",
        "https://h:port",
        "https://h:99999",
        "",
        "ftp://h",
    ],
)
def test_an_address_that_is_none_is_refused(call: Call, url: str):
    with pytest.raises(UrlWrong):
        call(url)
