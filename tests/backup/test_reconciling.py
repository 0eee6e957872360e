"""After one machine went back in time and the others did not, what differs is named."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from builder.app import opened, rehearsal
from builder.app.backup import back_up, restore_city
from builder.app.places import now_in_shanghai
from builder.app.reconciling import last_restored, reconcile, tell_again
from builder.cases import commands, governance, walks
from builder.cases.commands import Wish
from federation.errors import Fault
from federation.node.backup import back_up_node, restore_node

pytestmark = pytest.mark.slow

MATTER = "s23-afterlife"


def silent(_zh, _en):
    pass


def answers():
    found = {}
    for step in walks.read_walks(MATTER, "happy")[0].steps:
        if step["as"] == "chen-jing" and "page_errors" not in step.get("expect", {}):
            found |= step.get("answers", {})
    return found


def hand_in(platform):
    who = platform.accounts.named("chen-jing")
    return commands.apply_from_answers(
        platform, who, platform.deployments.get(MATTER).id, answers()
    ).case_no


def owned(platform, dataset="health.death_certificate"):
    return next(g for g in platform.hub.grants(dataset=dataset) if g.state == "approved")


def revoke(platform, grant):
    steward = platform.accounts.named(f"steward-{grant.ask.owner}").account
    platform.hub.revoke_grant(
        grant.id,
        platform.steward_signer(grant.ask.owner),
        steward.principal,
        remark="不再需要",
    )


@pytest.fixture(scope="module")
def parted(demo_city, tmp_path_factory, copy_city):
    """A hub that went back to its backup, beside issuer and nodes that went on."""
    folder = tmp_path_factory.mktemp("parted")
    home = copy_city(demo_city, folder / "city")
    with opened(home) as platform:
        running = hand_in(platform)
    back_up(home, folder / "city.tar.zst", say=silent)
    with opened(home) as platform:
        who = platform.accounts.named("chen-jing")
        before = {p: platform.hub.verify_journal(p).entries for p in platform.hub.nodes}
        commands.withdraw(platform, who, running)
        later = hand_in(platform)
        used = sum(
            1
            for p in platform.hub.nodes
            for e in platform.hub.trail(p, kind="opened", limit=500)
            if e.seq > before[p]
        )
        grant = owned(platform)
        revoke(platform, grant)
    restore_city(folder / "city.tar.zst", folder / "back", say=silent)
    for part in ("nodes", "issuer"):  # they did not burn: they are as they were last
        shutil.rmtree(folder / "back" / part)
        shutil.copytree(home / part, folder / "back" / part)
    return folder / "back", running, later, used, grant.id


@pytest.fixture
def back(parted, tmp_path):
    shutil.copytree(parted[0], tmp_path / "back")
    return tmp_path / "back"


def test_uses_newer_than_the_backup_are_counted_and_named(back, parted):
    _, running, later, used, grant = parted
    with opened(back) as platform:
        since = last_restored(platform)
        found = reconcile(platform, since)
    assert used > 3
    assert len(found.unknown_here) == used
    assert {u.case_no for u in found.unknown_here} == {later}
    assert found.unknown_there == ()
    assert found.ended_elsewhere == (running,)
    assert found.lost == (later,)
    assert found.grants == {grant: "revoked"}
    assert found.silent == ()
    assert not found.is_none


def test_all_journals_verify_although_the_hub_went_back(back):
    with opened(back) as platform:
        assert all(s.intact for s in governance.verify_all(platform))


def test_the_walks_pass_where_no_grant_was_taken_back(back, parted):
    with opened(back) as platform:
        again = platform.hub.grant(parted[4])
        wanted = again.ask
        asked = platform.hub.request_grant(
            wanted, platform.accounts.named("designer").account.principal
        )
        steward = platform.accounts.named(f"steward-{wanted.owner}").account.principal
        revoke(platform, again)  # the hub learns what the node knows
        platform.hub.approve_grant(asked.id, platform.steward_signer(wanted.owner), steward)
    with rehearsal(back) as (platform, clock):
        (walk,) = walks.read_walks(MATTER, "happy")
        outcome = walks.run(platform, clock, platform.deployments.get(MATTER).id, walk)
    # No case number, nonce or token of before stands in the way of new ones.
    assert outcome.fault is None, outcome.fault.message("en")


def test_a_grant_taken_back_since_gives_nothing_whatever_the_hub_believes(back, parted):
    with opened(back) as platform:
        assert platform.hub.grant(parted[4]).state == "approved"
        draft_case = commands.open_draft(
            platform,
            platform.accounts.named("chen-jing"),
            platform.deployments.get(MATTER).id,
        ).case_no
        refused = [
            e
            for e in platform.hub.trail("health", kind="refused", limit=50)
            if e.facts.get("grant") == parted[4]
        ]
        commands.save_answers(
            platform,
            platform.accounts.named("chen-jing"),
            draft_case,
            "who",
            {
                "/application/deceased_name": "陈国强",
                "/application/deceased_id": "340100195705089073",
            },
        )
        after = [
            e
            for e in platform.hub.trail("health", kind="refused", limit=50)
            if e.facts.get("grant") == parted[4]
        ]
    assert len(after) > len(refused)


def test_a_case_that_has_ended_elsewhere_gets_no_data_and_says_so(back, parted):
    _, running, *_ = parted
    with opened(back) as platform:
        officer = platform.accounts.named("officer-civil-affairs")
        fetched = None
        try:
            fetched = commands.ask_for_case(
                platform, platform.accounts.named("chen-jing"), running, "kinship"
            )
        except Fault as fault:
            assert fault.code.startswith(("trust.", "cases."))  # noqa: PT017 - any named one
        if fetched is not None:
            assert fetched.state in ("refused", "failed")
        # People can still end it by hand.
        commands.act_with_answers(
            platform,
            officer,
            running,
            next(
                t
                for t in commands.own_case(platform, platform.accounts.named("chen-jing"), running)[
                    1
                ].case.tasks
            ),
            Wish("reject", reason="备份之后已由申请人撤回"),
            {},
        )
        found = reconcile(platform, last_restored(platform))
    assert found.ended_elsewhere == ()


def test_a_grant_given_twice_is_refused_by_name_and_asked_anew(demo_city, tmp_path, copy_city):
    home = copy_city(demo_city, tmp_path / "city")
    with opened(home) as platform:
        wanted = owned(platform).ask
        designer = platform.accounts.named("designer").account.principal
        asked = platform.hub.request_grant(wanted, designer)
    back_up(home, tmp_path / "a.tar", say=silent)
    with opened(home) as platform:
        steward = platform.accounts.named(f"steward-{wanted.owner}").account.principal
        signer = platform.steward_signer(wanted.owner)
        platform.hub.approve_grant(asked.id, signer, steward)
    restore_city(tmp_path / "a.tar", tmp_path / "back", say=silent)
    shutil.rmtree(tmp_path / "back" / "nodes")
    shutil.copytree(home / "nodes", tmp_path / "back" / "nodes")
    with opened(tmp_path / "back") as platform:
        with pytest.raises(Fault) as found:
            platform.hub.approve_grant(asked.id, signer, steward, remark="again")
        assert found.value.code == "trust.grant-taken"
        platform.hub.refuse_grant(asked.id, signer, steward, remark="given before the restore")
        anew = platform.hub.request_grant(wanted, designer)
        assert platform.hub.approve_grant(anew.id, signer, steward).state == "approved"


def test_a_node_that_went_back_is_told_what_its_owner_decided_since(demo_city, tmp_path, copy_city):
    home = copy_city(demo_city, tmp_path / "city")
    node = home / "nodes" / "health"
    written = back_up_node(node, tmp_path / "n.tar", program="1", clock=now_in_shanghai)
    begun = now_in_shanghai()
    with opened(home) as platform:
        hand_in(platform)
        grant = owned(platform)
        revoke(platform, grant)
        uses = [e for e in platform.hub.trail("health", kind="opened", limit=100) if e.at >= begun]
    (node / "source.db").rename(tmp_path / "source.db")
    shutil.rmtree(node)
    restore_node(tmp_path / "n.tar", node, clock=now_in_shanghai, expected=written.digest)
    (tmp_path / "source.db").rename(node / "source.db")
    with opened(home) as platform:
        found = reconcile(platform, begun)
        assert [u.party for u in found.unknown_there] == ["health"] * len(uses)
        assert len(uses) > 0
        assert platform.hub.grant(grant.id).state == "revoked"
        assert _state_at_node(home, grant.id) == "approved"  # it has forgotten
        assert tell_again(platform, "health") == ()
        assert _state_at_node(home, grant.id) == "revoked"
        assert tell_again(platform, "health") == ()  # saying it again changes nothing


def _state_at_node(home, grant):
    with closing(sqlite3.connect(home / "nodes" / "health" / "node.db")) as store:
        return store.execute("SELECT state FROM node_grant WHERE id = ?", (grant,)).fetchone()[0]


def test_a_restored_city_whose_nodes_came_back_with_it_differs_in_nothing(
    demo_city, tmp_path, copy_city
):
    home = copy_city(demo_city, tmp_path / "city")
    with opened(home) as platform:
        hand_in(platform)
    back_up(home, tmp_path / "a.tar", say=silent, with_sources=True)
    restore_city(tmp_path / "a.tar", tmp_path / "back", say=silent)
    with opened(tmp_path / "back") as platform:
        assert reconcile(platform, last_restored(platform)).is_none
