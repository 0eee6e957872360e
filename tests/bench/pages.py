"""What pages take with very many matters: p50, p95, p99 of each, ten readers at once, real HTTP.

    PYTHONPATH=tests/support python -P tests/bench/pages.py HOME --requests 3000

HOME was filled by `fill.py`. Gunicorn serves `wsgi:app` as `scenarist serve` does; ten readers with
a connection and a sign-in each ask for the next page as soon as they have the last, or after a
pause (`--think-ms`). Half of them are citizens, half officers. For cases in PostgreSQL build HOME
first: `scenarist demo --no-serve --home HOME --hub-url URL`. After the mix, apart from it: saving
the page after which departments are asked (`prefill`), and the pages of auditors and stewards
(`wide`).
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from urllib.parse import quote

from kin import HEAVY, READERS, draft_of, kin_of
from load import Browser, Step, drive, fields_of, links_of, version_in
from served import Server, served

from builder.app import demo_password, open_platform
from builder.cases import commands, views

OFFICERS = (
    "officer-civil-affairs", "officer-hrss", "officer-health", "officer-police",
    "officer-housing-fund",
)  # fmt: skip
CITIZENS = READERS[:5]
DEEP = 12
PREFILLS = 8


def prepare(home: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return a draft for each citizen, filled in up to the accounts, and empty ones with owners."""
    platform, kin = open_platform(home), kin_of(home)
    try:
        for account in CITIZENS:
            who = platform.accounts.named(account)
            for line in views.my_matters(platform, who)[0]:
                commands.discard_draft(platform, who, line.case_no)
        pages = ("who", "death", "accounts")
        drafts = {a: draft_of(platform, kin[a], pages) for a in CITIZENS}
        empty = [(a, draft_of(platform, kin[a], ())) for a in CITIZENS for _ in range(PREFILLS)]
        return drafts, empty
    finally:
        platform.close()


class Citizen:
    """Looks, fills in, follows."""

    kinds: Mapping[str, int] = {"portal": 10, "mine": 15, "case": 15, "form": 30, "save": 30}

    def __init__(self, browser: Browser, account: str, draft: str) -> None:
        self.browser, self.dice = browser, Random(account)  # noqa: S311 - which page is next
        browser.sign_in(account, demo_password())
        self.cases = links_of(browser.get("/cases"), "/cases/HF")
        self.address = f"/drafts/{draft}/pages/accounts"
        shown = browser.get(self.address)
        self.fields, self.version = fields_of(shown), int(version_in(shown))

    def __call__(self) -> Iterator[Step]:
        while True:
            yield getattr(self, self.dice.choices([*self.kinds], [*self.kinds.values()])[0])

    def portal(self) -> tuple[str, int]:
        return "citizen: portal", self.browser.get("/matters").status

    def mine(self) -> tuple[str, int]:
        return "citizen: my matters", self.browser.get("/cases").status

    def case(self) -> tuple[str, int]:
        return "citizen: a matter", self.browser.get(self.dice.choice(self.cases)).status

    def form(self) -> tuple[str, int]:
        return "citizen: form page", self.browser.get(self.address).status

    def save(self) -> tuple[str, int]:
        said = self.browser.post(self.address, {**self.fields, "version": str(self.version)})
        self.version += said.status == 303
        return "citizen: form page saved", said.status if said.status != 200 else 599


class Officer:
    """Looks through the worklists, searches, opens tasks."""

    kinds: Mapping[str, int] = {
        "open": 20, "overdue": 10, "done": 10, "correcting": 5, "deep": 15, "deep_done": 5,
        "search": 10, "search_done": 5, "search_none": 2, "task": 20,
    }  # fmt: skip

    def __init__(self, browser: Browser, account: str) -> None:
        self.browser, self.dice = browser, Random(account)  # noqa: S311 - which page is next
        browser.sign_in(account, demo_password())
        self.pages = {s: self.walk(f"/desk/?state={s}") for s in ("open", "done")}
        self.tasks = links_of(browser.get("/desk/"), "/desk/HF")
        done = links_of(browser.get("/desk/?state=done"), "/desk/HF")
        self.words = {
            s: [w for t in found for n in [t.split("/")[2]] for w in (n, n[-6:], n[:8])]
            for s, found in (("open", self.tasks), ("done", done))
        }

    def walk(self, address: str) -> list[str]:
        """Return the addresses of the pages behind, as far as they go."""
        pages: list[str] = []
        while len(pages) < DEEP:
            more = [a for a in links_of(self.browser.get(address), "/desk/?") if "after=" in a]
            if not more:
                break
            address = more[0]
            pages.append(address)
        return pages or [address]

    def __call__(self) -> Iterator[Step]:
        while True:
            yield getattr(self, self.dice.choices([*self.kinds], [*self.kinds.values()])[0])

    def get(self, name: str, address: str) -> tuple[str, int]:
        return f"desk: {name}", self.browser.get(address).status

    def open(self) -> tuple[str, int]:
        return self.get("open", "/desk/")

    def overdue(self) -> tuple[str, int]:
        return self.get("overdue", "/desk/?state=overdue")

    def done(self) -> tuple[str, int]:
        return self.get("done", "/desk/?state=done")

    def correcting(self) -> tuple[str, int]:
        return self.get("correcting", "/desk/?state=correcting")

    def deep(self) -> tuple[str, int]:
        return self.get("open, pages behind", self.dice.choice(self.pages["open"]))

    def deep_done(self) -> tuple[str, int]:
        return self.get("done, pages behind", self.dice.choice(self.pages["done"]))

    def search(self) -> tuple[str, int]:
        return self.get("open, searched", f"/desk/?q={quote(self.dice.choice(self.words['open']))}")

    def search_done(self) -> tuple[str, int]:
        word = quote(self.dice.choice(self.words["done"]))
        return self.get("done, searched", f"/desk/?state=done&q={word}")

    def search_none(self) -> tuple[str, int]:
        return self.get("done, nothing found", "/desk/?state=done&q=ZZZZZZ")

    def task(self) -> tuple[str, int]:
        return self.get("a task", self.dice.choice(self.tasks))


def mixed(server: Server, drafts: Mapping[str, str], requests: int, think_s: float) -> None:
    """Measure the mix."""
    readers: list[Callable[[], Iterator[Step]]] = []
    browsers = [Browser(server.port, f"127.0.0.{n}") for n in range(2, 12)]
    readers += [Citizen(b, a, d) for b, (a, d) in zip(browsers[:5], drafts.items(), strict=True)]
    readers += [Officer(b, a) for b, a in zip(browsers[5:], OFFICERS, strict=True)]
    drive(readers, 200)  # what a process makes once is made
    spent = server.processor_s
    timings = drive(readers, requests, think_s)
    spent = server.processor_s - spent
    say("mix", timings.lines(), server)
    sys.stdout.write(f"processor time of the server: {spent / requests * 1e3:.2f} ms a request\n")


def prefill(server: Server, home: Path, empty: Sequence[tuple[str, str]]) -> None:
    """Measure saving the page after which four questions go to three departments."""
    kin = kin_of(home)
    browsers = {a: Browser(server.port, f"127.0.1.{n}") for n, a in enumerate(CITIZENS, start=2)}
    for account, browser in browsers.items():
        browser.sign_in(account, demo_password())

    def steps(account: str) -> Iterator[Step]:
        browser = browsers[account]
        for number in [n for a, n in empty if a == account]:
            address = f"/drafts/{number}/pages/who"
            shown = browser.get(address)
            names = fields_of(shown)
            given = [v for k, v in kin[account].answers.items() if "/deceased_" in k]
            fields = {**dict(zip(names, given, strict=True)), "version": version_in(shown)}
            yield lambda b=browser, a=address, f=fields: ("saved with prefill", b.post(a, f).status)

    say("prefill", drive([lambda a=a: steps(a) for a in CITIZENS], len(empty)).lines(), server)


def wide(server: Server, requests: int) -> None:
    """Measure the pages that look over everything, one reader at a time."""
    auditor, steward = (Browser(server.port, f"127.0.2.{n}") for n in (2, 3))
    auditor.sign_in("auditor", demo_password())
    steward.sign_in("steward-civil-affairs", demo_password())
    heavy = Browser(server.port, "127.0.2.4")
    heavy.sign_in(HEAVY, demo_password())
    case = links_of(heavy.get("/cases"), "/cases/HF")[0].split("/")[2]
    pages = (
        ("audit: newest", auditor, "/audit/"),
        ("audit: case store", auditor, "/audit/?journal=case:340100/s23-afterlife"),
        ("audit: kind, rare", auditor, "/audit/?journal=case:340100/s23-afterlife&kind=deployed"),
        ("audit: one matter", auditor, f"/audit/cases/{case}"),
        ("steward: grants", steward, "/grants"),
        ("steward: ledger", steward, "/ledger"),
        ("citizen of 400: my matters", heavy, "/cases"),
        ("citizen of 400: portal", heavy, "/matters"),
    )

    def steps() -> Iterator[Step]:
        for _ in range(requests):
            for name, browser, address in pages:
                yield lambda n=name, b=browser, a=address: (n, b.get(a).status)

    say("wide", drive([steps], requests * len(pages)).lines(), server)


def say(title: str, lines: Iterator[str], server: Server) -> None:
    """Print a table."""
    sys.stdout.write(f"\n── {title}\n")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.write(f"memory of the server: {server.memory_mib:.0f} MiB\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--wide", type=int, default=5)
    parser.add_argument("--think-ms", type=int, default=0, help="between a reader's requests")
    asked = parser.parse_args()
    drafts, empty = prepare(asked.home)
    with served(asked.home, workers=asked.workers, threads=asked.threads) as server:
        mixed(server, drafts, asked.requests, asked.think_ms / 1000)
        prefill(server, asked.home, empty)
        wide(server, asked.wide)


if __name__ == "__main__":
    main()
