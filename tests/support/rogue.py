"""Stand in for a department's node, with its certificate and its port, and misbehave.

python rogue.py garbage|truncated|slow NODE_FOLDER PORT
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from pathlib import Path

import pyarrow as pa

from federation.link.arrow import write_stream
from federation.link.tls import Tls

ROWS = pa.table({"answer": [True] * 5000})
SLOW_S = 30.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apache.arrow.stream\r\n"


def answer(mode: str, line: ssl.SSLSocket) -> None:
    while b"\r\n\r\n" not in line.recv(65536):
        pass
    if mode == "slow":
        threading.Event().wait(SLOW_S)
    elif mode == "garbage":
        line.sendall(b"\x00\xff this is no HTTP \x00\r\n\r\n" * 20)
    else:
        whole = b"".join(write_stream(ROWS.schema, ROWS.to_batches()))
        line.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(whole) + whole[: len(whole) // 2])


def handle(mode: str, context: ssl.SSLContext, connection: socket.socket) -> None:
    try:
        with connection, context.wrap_socket(connection, server_side=True) as line:
            answer(mode, line)
    except OSError:
        pass  # whoever called went away


def main(mode: str, folder: str, port: str) -> None:
    tls = Path(folder) / "tls"  # not looked at for soundness, as `Tls.at` would
    context = Tls(tls / "tls.crt", tls / "tls.key", tls / "ca.crt").server_context()
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=handle, args=(mode, context, connection), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
