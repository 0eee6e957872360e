"""A city with a matter that asks for files, its pages, and a scanner that speaks clamd's tongue."""

from __future__ import annotations

import json
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import papers
import pytest
from people import Reader

from builder.app import bring, open_platform
from builder.cases import commands, keeping
from builder.cases.commands import Wish
from builder.store import cases as tables
from builder.web import Limits, create_app
from federation.store import read

MATTER = "t07-files"
SPEC = Path(__file__).parents[1] / "cases" / "spec" / MATTER


@pytest.fixture(scope="session")
def city_with_files(demo_city, copy_city, tmp_path_factory) -> Path:
    home = copy_city(demo_city, tmp_path_factory.mktemp("files") / "city")
    bring(home, SPEC, None, "designer")
    return home


@pytest.fixture
def home(kept_in, request, copy_city, tmp_path) -> Iterator[Path]:
    if kept_in == "sqlite":
        yield copy_city(request.getfixturevalue("city_with_files"), tmp_path / "city")
        return
    city = request.getfixturevalue("postgres_city")
    copy = city.copy(tmp_path / "city", copy_city)
    bring(copy, SPEC, None, "designer")
    yield copy
    city.drop(copy)


class _Talk(socketserver.StreamRequestHandler):
    """One conversation in clamd's protocol."""

    def handle(self) -> None:
        server: Clamd = self.server.owner  # type: ignore[attr-defined]
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        if command == b"zVERSION\0":
            self.wfile.write(b"ClamAV 1.4.1/27500\0")
        if command == b"zINSTREAM\0":
            data = b""
            while size := struct.unpack("!I", self.rfile.read(4))[0]:
                data += self.rfile.read(size)
            server.seen.append(data)
            self.wfile.write(server.said(data))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@dataclass
class Clamd:
    """A scanner on loopback that knows one virus; `answer` changes what it says."""

    seen: list[bytes] = field(default_factory=list)
    answer: bytes | None = None
    port: int = 0
    _server: _Server | None = None

    def said(self, data: bytes) -> bytes:
        if self.answer is not None:
            return self.answer
        found = papers.EICAR in data
        return b"stream: Eicar-Test-Signature FOUND\0" if found else b"stream: OK\0"

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _Talk)
        self._server.owner = self  # type: ignore[attr-defined]
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def setting(self) -> str:
        return f"clamd://127.0.0.1:{self.port}"


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    made = Clamd()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def set_up(home) -> Callable[..., None]:
    """Return a function that writes settings before the city is opened."""

    def write(**settings: object) -> None:
        file = home / "scenarist.toml"
        kept = [x for x in file.read_text().splitlines() if x.partition(" ")[0] not in settings]
        for key, value in settings.items():
            kept.append(f"{key} = {json.dumps(value)}")
        file.write_text("\n".join(kept) + "\n")

    return write


@dataclass
class City:
    """The city opened with its pages."""

    home: Path
    platform: object
    app: object

    def reader(self, account: str) -> Reader:
        client = self.app.test_client()
        token = self.platform.sessions.begin(self.platform.accounts.named(account))
        with client.session_transaction() as session:
            session["sign_in"] = token
        return Reader(client)

    @property
    def deployment(self):
        return self.platform.deployments.get(MATTER)

    def rows(self) -> list:
        with read(self.deployment.engine) as conn:
            return conn.execute(tables.upload.select().order_by(tables.upload.c.made_at)).all()

    def files(self) -> list[Path]:
        root = self.home / "deployments" / self.deployment.id / "uploads" / "files"
        return sorted(root.glob("??/*"))

    def entries(self, kind: str) -> list:
        return self.deployment.journal.search(kind=kind, limit=50)

    def begin(self, account: str = "sun-lei") -> tuple[Reader, str]:
        """Open the form of a new application."""
        reader = self.reader(account)
        case_no = commands.open_draft(
            self.platform, self.platform.accounts.named(account), self.deployment.id
        ).case_no
        reader.open(f"/drafts/{case_no}/pages/papers")
        return reader, case_no

    def handed_in(self, account: str = "sun-lei") -> tuple[Reader, str]:
        """Hand in an application with one proof and two photographs."""
        reader, case_no = self.begin(account)
        reader.fill("内容", "修路灯")
        reader.fill("选择文件 证明材料", [("户口簿.pdf", papers.pdf())])
        reader.fill(
            "选择文件（可多选） 现场照片",
            [("一.jpg", papers.jpeg()), ("二.png", papers.png())],
        )
        reader.press("保存并继续")
        assert reader.heading.startswith("核对"), reader.text[:400]
        reader.press("提交申请")
        return reader, case_no

    def pass_police(self, case_no: str) -> None:
        who = self.platform.accounts.named("officer-police")
        commands.act_with_answers(self.platform, who, case_no, "look", Wish("approve"), {})

    def stored(self, case_no: str):
        return keeping.load_case(self.deployment, case_no)


@pytest.fixture
def city(home, clock) -> Iterator[City]:
    platform = open_platform(home, clock=clock)
    app = create_app(platform, secret=b"s" * 32, limits=Limits(posts="10000 per minute"))
    yield City(home, platform, app)
    platform.close()
