"""Carry requests between hub and nodes as bytes.

A `Link` sends one request to one party's WSGI callable and reads the reply chunk by chunk:
control documents as JSON (`ask_json`), rows as an Arrow IPC stream (`federation.link.arrow`,
which imports pyarrow). `InProcessLink` carries the very bytes that `federation.link.https` carries
to another machine; a `Breaker` around a link leaves a party alone that does not answer.

At the other end `federation.link.service` makes the WSGI callables and `federation.link.serving`
serves them over mutual TLS. `federation.link.certificates` is the city's certificate authority.
"""

from federation.link.base import ARROW, JSON, PEER, RECEIPT, Link, Reply
from federation.link.breaker import Breaker
from federation.link.control import ask_json, fetch_json
from federation.link.inprocess import InProcessLink

__all__ = [
    "ARROW",
    "JSON",
    "PEER",
    "RECEIPT",
    "Breaker",
    "InProcessLink",
    "Link",
    "Reply",
    "ask_json",
    "fetch_json",
]
