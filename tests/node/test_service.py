"""The node's doors: what a hub may ask about the node itself, and who else may knock."""

import threading
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

import pytest
from city import HOUSEHOLD, KINSHIP, LI, City
from werkzeug.serving import WSGIRequestHandler, make_server

from federation.crypto import canonical
from federation.errors import Fault, Findings
from federation.fragment import Column, Named, Project, Scan, Source
from federation.link import ARROW, JSON, PEER, InProcessLink, ask_json, fetch_json
from federation.link.arrow import read_stream
from federation.link.errors import LinkGarbled
from federation.trust import errors as faults
from federation.trust.request import Desk


def test_an_offer_counts_rows_and_shows_none(city: City):
    offer = city.hub.offer("police")
    assert {d.id: d.rows for d in offer.datasets} == {HOUSEHOLD: 3, KINSHIP: 2}
    assert offer.policy == city.nodes["police"].policy
    assert "李某" not in str(offer)


def test_a_source_that_is_gone_has_no_count(city: City):
    city.nodes["police"].sources.close()
    (city.folder / "police" / "main.db").unlink()
    assert {d.rows for d in city.hub.offer("police").datasets} == {None}


def test_a_trail_reads_the_nodes_own_entries_newest_first(city: City):
    city.running()
    city.ask("SELECT name FROM household")
    trail = city.hub.trail("police", case="HF-1")
    assert [e.kind for e in trail] == ["closed", "opened", "closed", "opened"]
    assert trail[1].facts["fields"] == ["name"]
    assert trail[1].facts["person"] == city.nodes["police"].pseudonyms.of(LI)
    older = city.hub.trail("police", case="HF-1", after=trail[1].seq)
    assert [e.seq for e in older] == [e.seq for e in trail[2:]]
    assert city.hub.trail("police", case="HF-2") == ()
    assert len(city.hub.trail("police", limit=1)) == 1
    assert {e.kind for e in city.hub.trail("police", kind="grant-approved")} == {"grant-approved"}


def test_a_trail_finds_a_case_whose_number_is_not_plain(city: City):
    city.running("办件 1")
    assert len(city.hub.trail("police", case="办件 1")) == 2


def test_a_node_verifies_its_own_journal(city: City):
    city.running()
    report = city.hub.verify_journal("police")
    assert (report.ok, report.findings, report.unclosed) == (True, (), ())
    assert report.entries == len(city.kinds())


def test_a_changed_entry_is_named_to_the_hub(city: City):
    from sqlalchemy import text

    from federation.store import write

    with write(city.nodes["police"].engine) as conn:
        conn.execute(text("UPDATE audit_entry SET actor = 'nobody' WHERE seq = 1"))
    report = city.hub.verify_journal("police")
    assert not report.ok
    assert report.findings[0].code == "audit.entry-changed"
    assert "1" in report.findings[0].message("zh")


@pytest.mark.parametrize("kind", ["offer", "grants", "trail", "verify-journal"])
def test_only_a_trusted_hub_may_ask_about_a_node(city: City, kind: str):
    stranger = Desk("hefei", city.identity, city.clock, city.nonce)
    with pytest.raises(faults.HubUnknown):
        ask_json(city.link("police"), f"/v1/{kind}", stranger.request(kind, "police", {}))
    good = Desk("hefei", city.hub_key, city.clock, city.nonce)
    with pytest.raises(faults.RequestMisdirected):
        ask_json(city.link("police", peer="anhui"), f"/v1/{kind}", good.request(kind, "police", {}))
    with pytest.raises(faults.RequestMisdirected):
        ask_json(city.link("police"), f"/v1/{kind}", good.request(kind, "fund", {}))
    request = good.request(kind, "police", {})
    ask_json(city.link("police"), f"/v1/{kind}", request)
    with pytest.raises(faults.RequestReplayed):
        ask_json(city.link("police"), f"/v1/{kind}", request)


def test_rows_come_whole_over_real_http(city: City):
    """The same callable behind a socket: who calls is told by the transport, as TLS will."""
    city.running()
    columns = (Named("name", Column("name")),)
    made = city.fragment(Scan(Project(Source(HOUSEHOLD), columns)))

    def app(environ: dict[str, Any], start: Any) -> Any:
        return city.nodes["police"].app({**environ, PEER: "hefei"}, start)

    server = make_server("127.0.0.1", 0, app, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        headers = {"Content-Type": JSON}
        connection.request("POST", "/v1/fragment", canonical(made.seal(city.hub_key)), headers)
        reply = connection.getresponse()
        table, _ = read_stream([reply.read()], "police")
        connection.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (reply.status, reply.headers["Content-Type"]) == (200, ARROW)
    assert table.to_pylist() == [{"name": "李某"}]
    assert city.kinds()[-2:] == ["opened", "closed"]


class Quiet(WSGIRequestHandler):
    """Say nothing on the terminal."""

    def log(self, *_args: Any) -> None:  # type: ignore[override]
        """Keep still."""


def test_a_question_of_one_kind_opens_no_other_door(city: City):
    desk = Desk("hefei", city.hub_key, city.clock, city.nonce)
    for kind, door in (("offer", "trail"), ("trail", "fragment"), ("grants", "grant")):
        with pytest.raises((faults.HubUnknown, faults.GrantForged)):
            ask_json(city.link("police"), f"/v1/{door}", desk.request(kind, "police", {}))


@pytest.mark.parametrize(
    "args", [{"limit": -1}, {"limit": "x"}, {"after": 1.5}, {"case": 7}, {"dataset": ["x"]}]
)
def test_a_malformed_question_is_a_named_fault(city: City, args: dict[str, Any]):
    desk = Desk("hefei", city.hub_key, city.clock, city.nonce)
    try:
        document = desk.request("trail", "police", args)
    except ValueError:
        return
    with pytest.raises(faults.DocumentMalformed) as caught:
        ask_json(city.link("police"), "/v1/trail", document)
    assert caught.value.where == f"/{next(iter(args))}"


def test_anybody_may_ask_whether_a_node_runs(city: City):
    said = fetch_json(city.link("police", peer=""), "/v1/health")
    assert (said["party"], said["running"]) == ("police", True)
    assert datetime.fromisoformat(said["now"]) == city.clock()


@pytest.mark.parametrize(
    "path", ["/v1/fragment", "/v1/grant", "/v1/revoke", "/v1/case-closed", "/v1/offer", "/v1/trail"]
)
@pytest.mark.parametrize("document", [{}, {"body": 1}, {"body": {}, "key": "k", "sig": "s"}])
def test_nonsense_at_any_door_is_refused_by_name(city: City, path: str, document: dict[str, Any]):
    with pytest.raises(Fault) as caught:
        ask_json(city.link("police"), path, document)
    assert caught.value.http in (400, 403)


def test_rows_leave_by_one_door_only(city: City):
    city.running()
    from federation.crypto import canonical

    desk = Desk("hefei", city.hub_key, city.clock, city.nonce)
    for kind in ("offer", "grants", "trail", "verify-journal"):
        sealed = canonical(desk.request(kind, "police", {"rows": True}))
        reply = city.link("police").send("POST", f"/v1/{kind}", sealed, timeout_s=5)
        assert reply.headers["content-type"] != ARROW
        assert "李某" not in b"".join(reply.chunks).decode()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"party": "fund"},
        {"party": "police", "datasets": 3},
        {"party": "police", "datasets": [], "policy": {}},
        {"party": "police", "entries": [{}]},
        {"party": "police", "report": {}},
    ],
)
def test_a_node_that_talks_nonsense_is_garbled(city: City, said: dict[str, Any]):
    from dataclasses import replace

    from federation.link.service import json_answer, service

    doors = {
        ("POST", f"/v1/{kind}"): lambda _request: json_answer(said)
        for kind in ("offer", "trail", "verify-journal", "grants")
    }
    link = InProcessLink("police", service("police", doors), peer="hefei")
    city.hub.nodes["police"] = replace(city.hub.nodes["police"], link=link)
    for act in (
        lambda: city.hub.offer("police"),
        lambda: city.hub.trail("police"),
        lambda: city.hub.verify_journal("police"),
        lambda: city.hub.grant_uses("police"),
    ):
        with pytest.raises(LinkGarbled):
            act()
    assert city.hub.policy("police", fresh=True) is None


def test_an_unregistered_node_is_named(city: City):
    with pytest.raises(Fault) as caught:
        city.hub.offer("weather")
    assert caught.value.code == "hub.node-unknown"
    assert not isinstance(caught.value, Findings)
