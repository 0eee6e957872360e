"""An application with a door for each behaviour of the other side, and a program that serves it.

python link_program.py FOLDER HOST PORT [WORKERS] [THREADS]; FOLDER is "-" for plain HTTP.
Prints its port once it takes connections.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from werkzeug.wrappers import Request, Response

from federation.link.arrow import write_stream
from federation.link.base import ARROW, JSON
from federation.link.service import json_answer, peer_of, read_document, service
from federation.trust.errors import CaseClosed

TABLE = pa.table({"name": pa.array(["甲", None, "丙"]), "n": pa.array([1, -1, 0], pa.int32())})
PIECES = list(write_stream(TABLE.schema, TABLE.to_batches(max_chunksize=2)))


def echo(request: Request) -> Response:
    return json_answer(
        {
            "peer": peer_of(request),
            "document": dict(read_document(request)),
            "process": os.getpid(),
            "thread": threading.get_ident(),
            "headers": sorted(k for k in request.environ if "scenarist" in k.lower()),
            "prefix": request.environ["SCRIPT_NAME"],
        }
    )


def rows(request: Request) -> Response:
    read_document(request)
    return Response(iter(PIECES), content_type=ARROW, direct_passthrough=True)


def refused(_request: Request) -> Response:
    raise CaseClosed(case="HF-1")


def failing(_request: Request) -> Response:
    raise ZeroDivisionError("340100195001010008")


def cut(_request: Request) -> Response:
    def chunks() -> Iterator[bytes]:
        yield PIECES[0]
        raise RuntimeError("340100195001010008")

    return Response(chunks(), content_type=ARROW, direct_passthrough=True)


def endless(_request: Request) -> Response:
    return Response((b" " * (1 << 20) for _ in range(64)), content_type=JSON)


def page(_request: Request) -> Response:
    return Response("<html>", content_type="text/html")


def waiting(request: Request) -> Response:
    """Say that the request is here, and answer once there is a file that allows it."""
    flags = Path(str(read_document(request)["folder"]))
    (flags / "here").touch()
    while not (flags / "go").exists():
        time.sleep(0.01)
    return json_answer({"done": True})


def health(_request: Request) -> Response:
    return json_answer({"running": True})


def away(_request: Request) -> Response:
    return Response(status=302, headers={"Location": "/v1/health"}, content_type="text/html")


_SERVICE = service(
    "police",
    {
        ("POST", "/v1/echo"): echo,
        ("POST", "/v1/rows"): rows,
        ("POST", "/v1/refused"): refused,
        ("POST", "/v1/failing"): failing,
        ("POST", "/v1/cut"): cut,
        ("POST", "/v1/endless"): endless,
        ("POST", "/v1/page"): page,
        ("POST", "/v1/away"): away,
        ("POST", "/v1/waiting"): waiting,
        ("GET", "/v1/health"): health,
    },
)


def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Serve the doors, and one at which the application itself fails."""
    if environ["PATH_INFO"] == "/v1/broken":
        raise ZeroDivisionError("340100195001010008")
    return _SERVICE(environ, start)


def make() -> Any:
    """Return the application, a node's, or fail as one whose database is not there."""
    if "FAILING" in os.environ:
        raise CaseClosed(case="HF-1")
    return node_app(Path(os.environ["NODE"])) if "NODE" in os.environ else app


def node_app(folder: Path) -> Any:
    """Return a node of the small city, opened in this process."""
    from federation.node import Node

    city = runpy.run_path(str(Path(__file__).parents[1] / "node" / "city.py"))
    return Node.open(folder, clock=lambda: city["NOON"], catalog=city["CATALOG"]).app


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    from federation.errors import Fault
    from federation.link.serving import AfterFork, serve
    from federation.link.tls import Tls

    folder, host, port, *more = sys.argv[1:]
    workers, threads = (int(n) for n in (*more, "1", "8")[:2])
    try:
        serve(
            AfterFork(make),
            host=host,
            port=int(port),
            tls=None if folder == "-" else Tls.at(Path(folder)),
            workers=workers,
            threads=threads,
            started=lambda taken: say(json.dumps({"port": taken})),
        )
    except Fault as fault:
        sys.exit(str(fault))
    say("ended")


if __name__ == "__main__":
    main()
