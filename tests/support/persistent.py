"""People who do not give up: they try again what failed, and look first how far they had come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import urllib3
from afterlife import ACCOUNT, DECEASED, HANDLED, YES, fill
from http_client import HttpClient
from people import Reader

MATTER = "公民身后“一件事”"
PATIENCE_S = 90.0
PASSWORD = "hefei-2026"
Told = Callable[[str], None]
"""Is told what is about to be done: ``prefill``, ``page``, ``submit``, ``act`` or ``close``."""


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
        self._address = address
        self._reader: Reader | None = None

    def at(self, path: str) -> Reader:
        """Return a signed-in reader who just opened a page that worked."""
        if self._reader is None:
            reader = Reader(HttpClient(self._address))
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
    for _ in range(12):
        assert reader.status in (200, 422)
        if "提交申请" in reader.buttons:
            told("submit")
            reader.press("提交申请")
            return
        labels = {" ".join(x.text_content().split()) for x in reader.tree.iter("label")}
        is_first = any(x.startswith("逝者姓名") for x in labels)
        if is_first:
            fill(reader, DECEASED)
        for legend in _legends(reader):
            if any(legend.startswith(y) for y in YES):
                reader.fill(f"{next(y for y in YES if legend.startswith(y))} / 是", True)
            if legend.startswith("开户银行"):
                reader.fill("开户银行 / 徽商银行", True)
        if any(x.startswith("银行卡号") for x in labels):
            fill(reader, ACCOUNT)
        for label in reader.tree.iter("label"):
            if label.text_content().strip() == "我已阅读并同意":
                reader.tree.get_element_by_id(label.get("for")).set("checked", "")
        told("prefill" if is_first else "page")
        reader.press("保存并继续")
    raise AssertionError("the form never ends")


def _legends(reader: Reader) -> list[str]:
    return [" ".join(x.text_content().split()) for x in reader.tree.iter("legend")]


def handle_all(people: Mapping[str, Person], case_no: str, told: Told = lambda _: None) -> None:
    """Let every department do its steps of one case, each once, whatever fails meanwhile."""
    done: set[str] = set()
    for account, title, answers in HANDLED:

        def attempt(account=account, title=title, answers=answers) -> bool:
            reader = people[account].at(f"/desk/?q={case_no}")
            if title not in reader.links:
                return title in done or _is_done(people[account], case_no, title)
            reader.follow(title)
            assert reader.status == 200
            done.add(title)
            told("close" if title == HANDLED[-1][1] else "act")
            fill(reader, answers).press("通过并办结")
            return False  # the next look finds it gone

        persist(attempt, f"{account}: {title}")


def _is_done(officer: Person, case_no: str, title: str) -> bool:
    reader = officer.at(f"/desk/?state=done&q={case_no}")
    return title in reader.links
