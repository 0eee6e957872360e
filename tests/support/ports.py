"""Ports for the servers that tests start, which nothing else on this machine is given meanwhile.

A port that the system picks may be picked again, for another test's server or for the near end of
a connection, before the server listens. These lie below what the system picks from, and each test
process has a range of its own.
"""

from __future__ import annotations

import os
import socket
from itertools import count

_FIRST, _EACH = 11000, 1000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_next = count(_FIRST + _WORKER * _EACH)

APART = 21000 + _WORKER * _EACH
"""Where the programs of a city set apart begin to look for ports of their own."""


def free_port() -> int:
    """Return a port on loopback that was not returned before."""
    for port in _next:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError
