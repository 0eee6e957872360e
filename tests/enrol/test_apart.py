"""The matter after a death goes through with one department on its own machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from bureau import PARTY, REASON, Bureau
from ports import free_port
from town import until

from builder.app import open_platform
from builder.app.enrolling import city_of
from builder.cases import commands
from builder.cases.commands import Wish
from federation.errors import Fault
from federation.hub.errors import NodeRetired
from federation.link.errors import LinkRefused
from federation.node.folder import renewal
from federation.node.joining import decide
from federation.store import resource
from federation.trust.decisions import open_asks, read_decisions, seal_asks
from federation.trust.errors import GrantForged

pytestmark = [pytest.mark.slow, pytest.mark.processes]

MATTER = "s23-afterlife"


def _json(path: str):
    return json.loads(resource(f"specs/scenarios/{MATTER}/{path}").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Apart:
    """A city one of whose departments runs a node of its own."""

    home: Path
    bureau: Bureau
    port: int
    program: subprocess.Popen[bytes]
    decided: dict[str, object] = field(default_factory=dict)

    def asked(self):
        """What the hub exports for this department's steward."""
        with city_of(self.home) as city:
            grants = [g for g in city.platform.hub.grants(owner=PARTY) if g.state == "asked"]
            sealed = seal_asks(grants, PARTY, city.registrar.signer, city.platform.clock())
            return sealed, {city.registrar.hub: city.registrar.signer.public_key}

    def approve(self) -> None:
        """Decide as the department's steward does, on its own machine."""
        grants = open_asks(*self.asked(), PARTY)
        now = datetime.now().astimezone()
        self.decided = decide(self.bureau.folder, grants, "approve", by="zhou", remark="", now=now)
        assert {g.state for g in self.take(self.decided)} == {"approved"}

    def take(self, file, *, steward: str | None = None):
        owner, decisions = read_decisions(file)
        with city_of(self.home) as city:
            key = steward or next(
                n.steward_key for n in city.registrar.listed() if n.party == PARTY
            )
            return [city.platform.hub.take_decision(d, owner, {owner: key}) for d in decisions]


def answers(platform) -> bool:
    try:
        return platform.hub.offer(PARTY).party == PARTY
    except Fault:
        return False


@pytest.fixture(scope="module")
def apart(demo_city, copy_city, tmp_path_factory) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("apart")
    home, port = copy_city(demo_city, folder / "city"), free_port()
    bureau = Bureau(folder / "bureau", datetime.now().astimezone())
    with city_of(home) as city:
        city.retire(PARTY, reason=REASON, by="admin")
        bureau.accept(city.admit(bureau.begin(city.kit(PARTY, by="admin"), port=port), by="admin"))
    bureau.bind(home / "nodes" / PARTY)
    command = [sys.executable, "-m", "federation.node.main", bureau.folder / "NODE.toml"]
    with subprocess.Popen(command) as program:
        platform = open_platform(home)
        until(lambda: answers(platform))
        platform.close()
        made = Apart(home, bureau, port, program)
        made.approve()
        yield made
        program.terminate()


def test_a_decision_taken_in_twice_counts_once(apart: Apart):
    assert {g.state for g in apart.take(apart.decided)} == {"approved"}


def test_a_decision_that_the_steward_did_not_seal_is_none(apart: Apart):
    with city_of(apart.home) as city, pytest.raises(GrantForged):
        apart.take(apart.decided, steward=city.registrar.signer.public_key)


def test_the_matter_after_a_death_goes_through(apart: Apart):
    platform = open_platform(apart.home)
    me = platform.accounts.named("chen-jing")
    draft = commands.open_draft(platform, me, MATTER)
    case = commands.fill_in(platform, me, draft.case_no, _json("answers.json"))
    commands.submit(platform, me, case)
    for step in _json("walks/happy.json")["steps"]:
        if step["do"] == "act":
            who, given = platform.accounts.named(step["as"]), step["answers"]
            commands.act_with_answers(platform, who, case, step["task"], Wish("approve"), given)
    trail = platform.hub.trail(PARTY, case=case)
    assert {"opened", "closed"} <= {e.kind for e in trail}
    assert platform.hub.verify_journal(PARTY).ok
    platform.close()


def test_a_renewed_certificate_needs_no_restart(apart: Apart):
    asked = renewal(apart.bureau.folder, hosts=["127.0.0.1"], now=apart.bureau.now)
    with city_of(apart.home) as city:
        renewed = city.renew(asked, by="admin")
    apart.bureau.accept(renewed)
    platform = open_platform(apart.home)
    assert answers(platform)
    assert renewed.node.url == f"https://127.0.0.1:{apart.port}"
    platform.close()


def test_another_departments_certificate_asks_a_node_nothing(apart: Apart, tmp_path):
    from federation.link import ask_json
    from federation.link.certificates import certify
    from federation.link.https import HttpsLink
    from federation.link.tls import Tls
    from federation.trust.errors import RequestMisdirected

    now = datetime.now().astimezone()
    identity = "scenarist://node/police"
    certify(tmp_path, apart.home / "ca", identity=identity, hosts=["127.0.0.1"], now=now)
    link = HttpsLink(
        PARTY,
        f"https://127.0.0.1:{apart.port}",
        Tls.at(tmp_path),
        identity=f"scenarist://node/{PARTY}",
    )
    with city_of(apart.home) as city:
        document = city.platform.hub.issuer.desk.request("offer", PARTY, {"rows": False})
    with pytest.raises((RequestMisdirected, LinkRefused)):
        ask_json(link, "/v1/offer", document)


def test_the_program_needs_no_web_and_no_builder():
    code = (
        "import sys; from federation.node import main, node, service, gate; "
        "from federation.link import serving; "
        "print([m for m in sys.modules if m.split('.')[0] in ('flask', 'builder', 'typer')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_once_retired_it_is_asked_no_more_though_it_still_runs(apart: Apart, copy_city, tmp_path):
    home = copy_city(apart.home, tmp_path / "city")
    platform = open_platform(home)
    assert answers(platform)
    with city_of(home) as city:
        city.retire(PARTY, reason=REASON, by="admin")
    with pytest.raises(NodeRetired):
        platform.hub.offer(PARTY)
    assert apart.program.poll() is None
    platform.close()
