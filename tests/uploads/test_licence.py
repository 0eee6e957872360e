"""A licence comes from the department that holds it; who has none there uploads a scan."""

from __future__ import annotations

from pathlib import Path

import papers
import pytest
from people import Reader

from builder.app import bring, open_platform
from builder.cases import commands, keeping, views
from builder.cases.commands import Wish
from builder.forms.question import Question
from builder.forms.widgets.e_licence import licence
from builder.process.engine import find_task
from builder.scenario.model import Text
from builder.web import Limits, create_app

SPEC = Path(__file__).parents[1] / "cases" / "spec" / "t08-licence"


@pytest.fixture(scope="session")
def city_with_licence(demo_city, copy_city, tmp_path_factory) -> Path:
    home = copy_city(demo_city, tmp_path_factory.mktemp("licence") / "city")
    brought = bring(home, SPEC, None, "designer")
    platform = open_platform(home)
    steward = platform.accounts.named("steward-police").account.principal
    for grant in brought.grants:
        platform.hub.approve_grant(grant.id, platform.steward_signer("police"), steward)
    platform.close()
    return home


@pytest.fixture
def platform(city_with_licence, copy_city, tmp_path, clock):
    found = open_platform(copy_city(city_with_licence, tmp_path / "city"), clock=clock)
    yield found
    found.close()


def _begin(platform, account: str):
    app = create_app(platform, secret=b"s" * 32, limits=Limits(posts="10000 per minute"))
    client = app.test_client()
    who = platform.accounts.named(account)
    with client.session_transaction() as session:
        session["sign_in"] = platform.sessions.begin(who)
    case_no = commands.open_draft(platform, who, "340100/t08-licence").case_no
    reader = Reader(client)
    reader.open(f"/drafts/{case_no}/pages/words")
    reader.fill("内容", "补办").press("保存并继续")
    return reader, case_no


def _stored(platform, case_no: str):
    return keeping.load_case(platform.deployments.of_case(case_no), case_no)


def test_what_the_police_hold_is_shown_proven_and_read_by_the_officer(platform):
    reader, case_no = _begin(platform, "chen-jing")
    assert "已核验 市公安局" in reader.text
    assert "340190000001" in reader.text
    assert "户口簿扫描件" not in [
        label.split(" ")[0] for label in reader.text.split("选择文件")[1:]
    ]
    reader.press("保存并继续")
    reader.press("提交申请")
    answer = _stored(platform, case_no).case.answers["wish"]["household"]
    assert answer["status"] == "verified"
    assert answer["number"] == "340190000001"
    assert answer["holder"]["zh"] == "市公安局"
    uses = keeping.read_uses(platform.deployments.of_case(case_no), case_no)
    assert answer["entry"] in {use.entry for use in uses}
    police = platform.accounts.named("officer-police")
    commands.act_with_answers(platform, police, case_no, "look", Wish("approve"), {})
    task = find_task(_stored(platform, case_no).case, "answer")
    officer = platform.accounts.named("officer-civil-affairs")
    shown = views.task(platform, officer, case_no, task.id).visible
    said = {row.pointer: row.value for s in shown.sections for row in s.rows}
    assert said["/wish/household"].zh.startswith("已核验 市公安局 ")
    assert said["/wish/household"].zh.endswith("登记号 340190000001")


def test_a_licence_that_was_fetched_says_so_and_one_that_is_not_there_too():
    question = Question(
        "q", "e-licence", Text("证", "L"), "q", options={"query": "x", "number": "no"}
    )
    holder = Text("市公安局", "Police")
    said = licence(question, "answered", {"no": "A1", "until": "2030-01-01"}, holder, "2026", "e")
    assert (said["status"], said["number"], said["entry"]) == ("found", "A1", "e")
    assert licence(question, "empty", {}, holder, "2026", None)["status"] == "none"
    assert licence(question, "failed", {}, holder, "2026", None)["status"] == "silent"
    assert licence(question, "answered", {"answer": False}, holder, "2026", "e")["number"] is None


def test_nothing_that_is_posted_becomes_a_licence(platform):
    _, case_no = _begin(platform, "sun-lei")
    who = platform.accounts.named("sun-lei")
    forged = {"status": "verified", "number": "1", "query": "household_licence"}
    commands.save_answers(platform, who, case_no, "papers", {"/wish/household": forged})
    deployment = platform.deployments.of_case(case_no)
    kept = keeping.load_draft(deployment, case_no).answers["wish"].get("household")
    assert kept["number"] == "340190000003"
    assert kept["entry"].startswith("police#")


def test_who_has_no_entry_uploads_a_scan_instead(platform):
    account = _without_entry(platform)
    reader, case_no = _begin(platform, account)
    assert "没有查到" in reader.text
    reader.press("保存并继续")
    assert "请上传“户口簿扫描件”。" in reader.text
    reader.fill("选择文件 户口簿扫描件", [("户口簿.pdf", papers.pdf())]).press("保存并继续")
    reader.press("提交申请")
    assert _stored(platform, case_no).case.answers["wish"]["household"]["status"] == "none"


def _without_entry(platform) -> str:
    """Return a citizen whom the police do not know."""
    from builder.identity import Account

    account = Account(
        account="lin-xin",
        name={"zh": "林新", "en": "Lin Xin"},
        party=None,
        roles=("citizen",),
        person={"name": "林新", "id_card": "340100199001019995", "phone": "16000000777"},
        county=None,
    )
    platform.accounts.add([account], "hefei-2026")
    return account.account


def test_while_the_police_are_silent_the_licence_is_asked_for_again_later(platform):
    node = platform.hub.nodes["police"]
    link = node.link
    platform.hub.nodes["police"] = type(node)(**{**_parts(node), "link": _Silent(link)})
    reader, _ = _begin(platform, "chen-jing")
    assert "部门暂时没有应答" in reader.text
    platform.hub.nodes["police"] = node
    reader.press("再调取一次 户口登记")
    assert "已核验 市公安局" in reader.text


class _Silent:
    """A link whose other end is away."""

    def __init__(self, link) -> None:
        self.party = link.party

    def __getattr__(self, name: str):
        from federation.link.errors import LinkRefused

        def away(*_: object, **__: object):
            raise LinkRefused(party=self.party)

        return away


def _parts(node) -> dict[str, object]:
    return {name: getattr(node, name) for name in node.__dataclass_fields__}
