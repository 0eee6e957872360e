"""Carry requests between hub and nodes as bytes.

A `Link` sends one request to one party's WSGI callable and reads the reply chunk by chunk:
control documents as JSON (`ask_json`), rows as an Arrow IPC stream (`federation.link.arrow`,
which imports pyarrow). `InProcessLink` carries the very bytes that HTTPS will.
`federation.link.service` makes the WSGI callables at the other end.
"""

from federation.link.base import ARROW, JSON, PEER, RECEIPT, Link, Reply
from federation.link.control import ask_json, fetch_json
from federation.link.inprocess import InProcessLink

__all__ = [
    "ARROW",
    "JSON",
    "PEER",
    "RECEIPT",
    "InProcessLink",
    "Link",
    "Reply",
    "ask_json",
    "fetch_json",
]
