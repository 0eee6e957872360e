"""People who do not give up: they try again what failed, and look first how far they had come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import urllib3
from afterlife import ACCOUNT, CERTIFIED, DECEASED, HANDLED, YES, fill
from http_client import HttpClient
from people import Reader

KNOWN = {
    "死亡医学证明编号": "SW3401009000001",
    "去世日期": "2026-10-19",
    "火化证明编号": "HFHH2026900001",
    "火化日期": "2026-10-22",
}
CHOSEN = {"开户银行": "徽商银行", "去世地点": "医疗卫生机构", "是否已经火化": "是"}
MATTER = "公民身后“一件事”"
PATIENCE_S = 90.0
PASSWORD = "hefei-2026"
Told = Callable[[str], None]
"""Is told what is about to be done: ``prefill page submit act ask close``."""
_MOMENTS = {CERTIFIED[-1][1]: "ask", HANDLED[-1][1]: "close"}


class GaveUp(AssertionError):
    """Something never worked, however often it was tried."""


def persist(attempt: Callable[[], bool], what: str, limit_s: float = PATIENCE_S) -> None:
    """Try until `attempt` says that it is done; failures of the city are what is being tested."""
    deadline, last = time.monotonic() + limit_s, "never tried"
    while time.monotonic() < deadline:
        try:
            if attempt():
                return
            last = "not done"
        except (urllib3.exceptions.HTTPError, AssertionError, StopIteration, KeyError) as trouble:
            last = f"{type(trouble).__name__}: {str(trouble)[:300]}"
        threading.Event().wait(0.2)
    raise GaveUp(f"{what}: {last}")


class Person:
    """Someone with an account who comes back after every failure."""

    def __init__(self, address: str, account: str) -> None:
        self.account = account
        self._reader: Reader | None = None
        self._client = HttpClient(address)

    @property
    def failures(self) -> list[str]:
        """Return the pages on which the city said that it could not."""
        return self._client.failures

    def at(self, path: str) -> Reader:
        """Return a signed-in reader who just opened a page that worked."""
        if self._reader is None:
            reader = Reader(self._client)
            reader.open("/sign-in?lang=zh")
            reader.fill("账号", self.account).fill("密码", PASSWORD).press("登录")
            assert reader.status == 200
            self._reader = reader
        try:
            self._reader.open(path)
        except urllib3.exceptions.HTTPError:
            self._reader = None
            raise
        if self._reader.status >= 500 or self._reader.address.startswith("/sign-in"):
            self._reader = None
            raise AssertionError(f"{path} did not open")
        return self._reader


@cache
def person(address: str, account: str) -> Person:
    """Return the one who has the account; they stay signed in from matter to matter."""
    return Person(address, account)


def hand_in(citizen: Person, told: Told = lambda _: None) -> str:
    """Fill in the matter after a death and hand it in, once, whatever fails meanwhile."""
    numbers: list[str] = []
    before = set(_handed_in(citizen))

    def attempt() -> bool:
        handed = [n for n in _handed_in(citizen) if n not in before]
        if handed:
            numbers.extend(handed)
            return True
        reader = citizen.at("/cases")
        going_on = [x for x in reader.links if x.startswith("继续填写")]
        if going_on:
            reader.follow(going_on[0])
        else:
            citizen.at("/matters").follow(MATTER).press("开始办理")
        _fill_on(reader, told)
        return False  # the next look finds the receipt

    persist(attempt, "handing in")
    return numbers[0]


def _handed_in(citizen: Person) -> list[str]:
    found = []
    for link in citizen.at("/cases").tree.iter("a"):
        parts = (link.get("href") or "").split("/")
        is_case = len(parts) >= 3 and parts[1] == "cases" and parts[2].startswith("HF")
        if is_case and "继续填写" not in link.text_content() and parts[2] not in found:
            found.append(parts[2])
    return found


def _fill_on(reader: Reader, told: Told) -> None:
    """Fill in page after page from wherever the draft stands, and hand in."""
    patience = 2
    for _ in range(12):
        assert reader.status in (200, 422), reader.status
        if patience and "再取一次" in reader.buttons:
            patience -= 1
            threading.Event().wait(0.5)
            reader.press("再取一次")
            continue
        if "提交申请" in reader.buttons:
            told("submit")
            reader.press("提交申请")
            return
        is_first = _fill_page(reader)
        told("prefill" if is_first else "page")
        reader.press("保存并继续")
    raise AssertionError(f"the form never ends: {reader.heading}: {reader.text[:200]}")


def _fill_page(reader: Reader) -> bool:
    """Fill in one page; tell whether it was the first. What did not come is filled in by hand."""
    labels = {" ".join(x.text_content().split()) for x in reader.tree.iter("label")}

    def is_asked(label: str) -> bool:
        return any(x == label or x.startswith(f"{label} ") for x in labels)

    for answers in (DECEASED, ACCOUNT):
        fill(reader, {k: v for k, v in answers.items() if is_asked(k)})
    fill(reader, {k: v for k, v in KNOWN.items() if is_asked(k) and not reader.value(k)})
    for legend in _legends(reader):
        if any(legend.startswith(y) for y in YES):
            reader.fill(f"{next(y for y in YES if legend.startswith(y))} / 是", True)
        for asked, chosen in CHOSEN.items():
            if legend.startswith(asked):
                reader.fill(f"{asked} / {chosen}", True)
    for label in reader.tree.iter("label"):
        if label.text_content().strip() == "我已阅读并同意":
            reader.tree.get_element_by_id(label.get("for")).set("checked", "")
    return is_asked("逝者姓名")


def _legends(reader: Reader) -> list[str]:
    return [" ".join(x.text_content().split()) for x in reader.tree.iter("legend")]


def handle_all(
    people: Mapping[str, Person],
    case_no: str,
    told: Told = lambda _: None,
    steps: Sequence[tuple[str, str, Mapping[str, str]]] = HANDLED,
    limit_s: float = PATIENCE_S,
) -> None:
    """Let every department do its steps of one case, each once, whatever fails meanwhile."""
    done: set[str] = set()
    for account, title, answers in steps:

        def attempt(account=account, title=title, answers=answers) -> bool:
            reader = people[account].at(f"/desk/?q={case_no}")
            if title not in reader.links:
                return title in done or _is_done(people[account], case_no, title)
            reader.follow(title)
            assert reader.status == 200
            done.add(title)
            told(_MOMENTS.get(title, "act"))
            fill(reader, answers).press("通过并办结")
            return False  # the next look finds it gone

        persist(attempt, f"{account}: {title}", limit_s)


def _is_done(officer: Person, case_no: str, title: str) -> bool:
    reader = officer.at(f"/desk/?state=done&q={case_no}")
    return title in reader.links
