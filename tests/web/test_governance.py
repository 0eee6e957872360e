"""What stewards and auditors do: decide on grants, look up the ledger, read and verify journals."""

from __future__ import annotations

import sqlite3

from afterlife import DECEASED, begin, fill, hand_in


def grant_page(reader, title: str):
    """Open the first of the reader's grants on a dataset."""
    return reader.open("/grants").follow(title)


def test_a_steward_sees_the_grants_of_the_own_department_only(sign_in, platform):
    steward = sign_in("steward-police")
    owners = {r.text_content() for r in steward.tree.find_class("table__sub")}
    assert owners
    foreign = next(g.id for g in platform.hub.grants(owner="health"))
    assert steward.open(f"/grants/{foreign}").status == 404
    assert "web.no-such-grant" in steward.text


def test_a_grant_is_not_taken_back_without_a_reason(sign_in):
    steward = grant_page(sign_in("steward-police"), "亲属关系登记").press("收回授权")
    assert steward.status == 422
    assert "请写明理由" in steward.text
    assert "已批准" in steward.text


def test_a_revoked_grant_stops_the_next_use_and_the_citizen_goes_on_by_hand(sign_in, platform):
    steward = sign_in("steward-police")
    for grant in platform.hub.grants(owner="police"):
        if grant.ask.dataset == "police.kinship":
            steward.open(f"/grants/{grant.id}").fill("理由", "演练").press("收回授权")
            assert "已收回" in steward.text
    citizen = begin(sign_in("chen-jing"))
    fill(citizen, DECEASED).press("保存并继续")
    assert citizen.heading == "逝者的情况"
    assert "亲属关系需要人工核对" in citizen.text
    assert not citizen.tree.find_class("field__source")


def test_an_auditor_reads_all_grants_and_decides_none(sign_in, platform):
    auditor = sign_in("auditor").open("/grants")
    grant = next(iter(platform.hub.grants()))
    auditor.open(f"/grants/{grant.id}")
    assert auditor.status == 200
    assert auditor.buttons == []


def test_the_ledger_is_searched_by_any_two_characters(sign_in):
    reader = sign_in("scientist").open("/ledger?q=亲属")
    assert "亲属关系登记" in reader.links
    assert "police.kinship" in reader.text
    reader.follow("亲属关系登记")
    assert reader.heading == "亲属关系登记"
    assert "市公安局" in reader.text


def test_the_ledger_says_when_nothing_is_found(sign_in):
    reader = sign_in("scientist").open("/ledger?q=从来没有这样的数据")
    assert "没有找到" in reader.text


def test_the_ledger_survives_any_question(sign_in):
    reader = sign_in("scientist")
    for q in ('"', "'", "*", "NEAR(", "a AND", "%", "-", "：；", "x" * 500):
        assert reader.client.get("/ledger", query_string={"q": q, "at": "z"}).status_code == 200
        response = reader.client.get("/ledger", query_string={"q": q, "grade": q, "party": q})
        assert response.status_code == 200, q


def test_a_changed_byte_is_named_in_the_audit_page(sign_in, home):
    hand_in(sign_in("chen-jing"))
    store = sqlite3.connect(home / "nodes" / "police" / "node.db")
    table = next(
        name
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type='table'")
        if "entry" in name
    )
    with store:
        store.execute(f"UPDATE {table} SET actor='somebody' WHERE seq=1")
    store.close()
    auditor = sign_in("auditor").follow("校验全部日志")
    assert "有日志与记录不符" in auditor.text
    broken = auditor.tree.find_class("journal--broken")
    assert len(broken) == 1
    assert "市公安局节点" in broken[0].text_content()


def test_the_journals_are_filtered(sign_in):
    case_no = hand_in(sign_in("chen-jing"))
    auditor = sign_in("auditor")
    auditor.open(f"/audit/?case={case_no}&journal=node:police&kind=opened&dataset=police.kinship")
    rows = auditor.tree.xpath("//main//tbody/tr")
    assert rows
    assert all("亲属关系登记" in r.text_content() for r in rows)
    auditor.open("/audit/?journal=nothing&kind=x&case=x&dataset=x")
    assert auditor.status == 200
    assert "没有这样的条目" in auditor.text


def test_a_node_that_is_down_is_named_and_the_others_are_read(sign_in, home):
    (home / "nodes" / "police" / "NODE.toml").unlink()
    auditor = sign_in("auditor").open("/audit/")
    assert auditor.status == 200
    assert "暂时读不到，其条目不在下面：市公安局节点" in auditor.text
    assert auditor.tree.xpath("//main//tbody/tr")


def test_overdue_tasks_are_counted_and_marked(sign_in, clock):
    hand_in(sign_in("chen-jing"))
    clock.move(days=30)
    officer = sign_in("officer-civil-affairs").open("/desk/?state=overdue")
    assert "受理申请" in officer.links
    chips = [c.text_content().strip() for c in officer.tree.find_class("chip--bad")]
    assert any(c.startswith("逾期") for c in chips)
    assert "逾期 1" in officer.links


def test_the_worklist_is_searched_by_part_of_a_number(sign_in):
    case_no = hand_in(sign_in("chen-jing"))
    officer = sign_in("officer-civil-affairs")
    assert "受理申请" in officer.open(f"/desk/?q={case_no[-6:]}").links
    assert "受理申请" not in officer.open("/desk/?q=ZZZZZZ").links
    for odd in ("after=x", "after=a|b|c", "state=nowhere", "q=%25", "after=||"):
        assert officer.open(f"/desk/?{odd}").status == 200
