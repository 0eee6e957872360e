"""What the way between two machines costs: rows as Arrow, one document, one new connection.

    python -m pytest tests/bench/link.py --benchmark-enable

One server process for each, one client, loopback. The rivals stand beside: the same server over
plain HTTP, the same rows as JSON. `extra_info` holds megabytes a second, or the 50th and 95th
percentile in milliseconds.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import urllib3
from werkzeug.wrappers import Request, Response

from federation.link import ask_json
from federation.link.arrow import ask_rows, read_stream, write_stream
from federation.link.base import ARROW, JSON
from federation.link.certificates import certify, create_authority
from federation.link.https import HttpsLink
from federation.link.service import json_answer, read_document, service
from federation.link.tls import Tls

SIZE_MB = 200
JSON_MB = 10  # as Arrow; the same rows as JSON are larger
BATCHES = {"1e3": 1_000, "1e4": 10_000, "65536": 65_536, "1e6": 1_000_000}
NODE = "scenarist://node/police"
DOCUMENT = {"text": "x" * 1_000}


# ── the server ───────────────────────────────────────────────────────────────────────────────────


@cache
def table(size_mb: int) -> pa.Table:
    """Return a table of people: two texts, three numbers, a day."""
    rows = size_mb * 1_000_000 // 64
    numbers = np.random.default_rng(7).integers(0, 10**9, rows)
    texts = pa.array(np.char.add("34010019", numbers.astype("U10")))
    return pa.table(
        {
            "id": texts,
            "name": pa.array(np.char.add("某", (numbers % 1000).astype("U3"))),
            "n": pa.array(numbers),
            "share": pa.array(numbers / 7),
            "count": pa.array((numbers % 97).astype("int32")),
            "day": pa.array((numbers % 20_000).astype("int32")).cast(pa.date32()),
        }
    )


def rows_door(request: Request) -> Response:
    asked: Any = read_document(request)
    batches = table(asked["mb"]).to_batches(max_chunksize=asked["batch"])
    chunks = write_stream(table(asked["mb"]).schema, batches)
    return Response(chunks, content_type=ARROW, direct_passthrough=True)


def json_door(request: Request) -> Response:
    asked: Any = read_document(request)
    body = json.dumps(table(asked["mb"]).to_pylist(), default=str).encode()
    return Response(body, content_type=JSON)


def echo_door(request: Request) -> Response:
    return json_answer(dict(read_document(request)))


def app() -> Any:
    table(SIZE_MB)  # made before the first measurement
    return service(
        "police",
        {
            ("POST", "/v1/rows"): rows_door,
            ("POST", "/v1/json"): json_door,
            ("POST", "/v1/echo"): echo_door,
        },
    )


def node_app(folder: Path) -> Any:
    from federation.node import Node

    city = runpy.run_path(str(Path(__file__).parents[1] / "node" / "city.py"))
    return Node.open(folder, clock=lambda: city["NOON"], catalog=city["CATALOG"]).app


def told(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def main() -> None:
    from federation.link.serving import AfterFork, serve

    folder, *node = sys.argv[1:]
    serve(
        AfterFork(partial(node_app, Path(node[0])) if node else app),
        host="127.0.0.1",
        port=0,
        tls=None if folder == "-" else Tls.at(Path(folder)),
        started=told,
    )


# ── the client ───────────────────────────────────────────────────────────────────────────────────


@contextmanager
def server(*arguments: Path | str) -> Iterator[int]:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-P", __file__, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home, now = tmp_path_factory.mktemp("link"), datetime.now(UTC)
    create_authority(home / "ca", name="合肥市", now=now)
    for folder, identity in (("police", NODE), ("hub", "scenarist://hub/hefei")):
        certify(home / folder, home / "ca", identity=identity, hosts=["127.0.0.1"], now=now)
    return home


@pytest.fixture(scope="module")
def tls_port(home: Path) -> Iterator[int]:
    with server(home / "police") as port:
        yield port


@pytest.fixture(scope="module")
def plain() -> Iterator[urllib3.HTTPConnectionPool]:
    with server("-") as port, urllib3.HTTPConnectionPool("127.0.0.1", port) as pool:
        yield pool


def new_link(home: Path, port: int) -> HttpsLink:
    return HttpsLink("police", f"https://127.0.0.1:{port}", Tls.at(home / "hub"), identity=NODE)


@pytest.fixture(scope="module")
def link(home: Path, tls_port: int) -> Iterator[HttpsLink]:
    with closing(new_link(home, tls_port)) as made:
        yield made


def posted(pool: urllib3.HTTPConnectionPool, path: str, document: Any) -> Iterable[bytes]:
    body = json.dumps(document).encode()
    return pool.urlopen("POST", path, body, preload_content=False).stream(1 << 20)


def rate(benchmark: Any, act: Callable[[], int], rounds: int = 5) -> None:
    sizes: list[int] = []
    benchmark.pedantic(lambda: sizes.append(act()), rounds=rounds, warmup_rounds=1)
    if benchmark.stats:
        benchmark.extra_info["mb"] = round(sizes[-1] / 1e6)
        benchmark.extra_info["mb_per_s"] = round(sizes[-1] / 1e6 / benchmark.stats.stats.median)


@pytest.mark.parametrize("batch", BATCHES)
def test_rows_over_mutual_tls(benchmark: Any, link: HttpsLink, batch: str):
    asked = {"mb": SIZE_MB, "batch": BATCHES[batch]}
    rate(benchmark, lambda: ask_rows(link, "/v1/rows", asked).size_bytes)


@pytest.mark.parametrize("batch", BATCHES)
def test_rows_over_plain_http(benchmark: Any, plain: urllib3.HTTPConnectionPool, batch: str):
    asked = {"mb": SIZE_MB, "batch": BATCHES[batch]}
    rate(benchmark, lambda: read_stream(posted(plain, "/v1/rows", asked), "police")[1])


def test_rows_as_arrow_a_tenth(benchmark: Any, link: HttpsLink):
    asked = {"mb": JSON_MB, "batch": 65_536}
    rate(benchmark, lambda: ask_rows(link, "/v1/rows", asked).size_bytes)


def test_rows_as_json_a_tenth(benchmark: Any, link: HttpsLink):
    size = sum(b.nbytes for b in table(JSON_MB).to_batches())

    def act() -> int:
        reply = link.send("POST", "/v1/json", json.dumps({"mb": JSON_MB}).encode(), timeout_s=60)
        pa.Table.from_pylist(json.loads(b"".join(reply.chunks)))
        return size  # of the rows as Arrow, so that the two rates compare

    rate(benchmark, act, rounds=3)


def percentiles(benchmark: Any, act: Callable[[], object], rounds: int) -> None:
    benchmark.pedantic(act, rounds=rounds, warmup_rounds=20)
    if benchmark.stats:
        times = sorted(benchmark.stats.stats.data)
        for share in (50, 95):
            milliseconds = times[int(len(times) * share / 100) - 1] * 1e3
            benchmark.extra_info[f"p{share}_ms"] = round(milliseconds, 3)


def test_a_document_over_mutual_tls(benchmark: Any, link: HttpsLink):
    percentiles(benchmark, lambda: ask_json(link, "/v1/echo", DOCUMENT), 2_000)


def test_a_document_over_plain_http(benchmark: Any, plain: urllib3.HTTPConnectionPool):
    percentiles(benchmark, lambda: b"".join(posted(plain, "/v1/echo", DOCUMENT)), 2_000)


def test_a_document_over_a_new_connection(benchmark: Any, home: Path, tls_port: int):
    link = new_link(home, tls_port)

    def act() -> None:
        ask_json(link, "/v1/echo", DOCUMENT)
        link.close()

    percentiles(benchmark, act, 300)


# ── a whole question ─────────────────────────────────────────────────────────────────────────────


PEOPLE = 10_000
PREFILL = "SELECT name, address, moved_in, members FROM household"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The small city of the node's tests, its police with 1e4 households."""
    founded = runpy.run_path(str(Path(__file__).parents[1] / "node" / "city.py"))
    made = founded["City"](tmp_path_factory.mktemp("city"))
    rate = {"per_minute": 1_000_000, "per_case_hour": 1_000_000}
    for party, policy in founded["POLICIES"].items():
        made.write_policy(party, {**policy, "rate": rate})
        made.reopen(party)
    people = (
        (f"p{n:06d}", "某", "某路", f"H-{n}", "registered", "2000-01-01", 3) for n in range(PEOPLE)
    )
    made.insert("police/household", *people)
    made.grant_all()
    made.running()
    yield made
    made.close()


def test_a_prefill_in_one_process(benchmark: Any, city: Any):
    percentiles(benchmark, lambda: city.ask(PREFILL), 200)


def test_a_prefill_over_mutual_tls(benchmark: Any, city: Any, home: Path):
    folder, entry = city.folder / "police", city.hub.nodes["police"]
    (folder / "NODE.toml").write_text(city.config["police"].to_toml(), encoding="utf-8")
    city.nodes["police"].close()
    with server(home / "police", folder) as port, closing(new_link(home, port)) as link:
        city.hub.nodes["police"] = replace(entry, link=link)
        percentiles(benchmark, lambda: city.ask(PREFILL), 200)
    city.hub.nodes["police"] = entry
    city.nodes["police"] = city.open_node("police")


if __name__ == "__main__":
    main()
