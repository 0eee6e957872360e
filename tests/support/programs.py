"""Programs with tokens, as they use the interface."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from builder.app import demo_password

MATTER = "/api/v1/matters/340100/s23-afterlife"
_FLAT = json.loads(Path("specs/scenarios/s23-afterlife/answers.json").read_text("utf-8"))
ANSWERS = {"answers": {"application": {k.rpartition("/")[2]: v for k, v in _FLAT.items()}}}


class Program:
    """A program with a token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, address: str, **headers: str):
        return self.client.get(full(address), headers={**self.headers, **headers})

    def send(self, method: str, address: str, body: object = None, **headers: str):
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.open(
            full(address), method=method, json=body, headers={**self.headers, **named}
        )

    def post(self, address: str, body: object = None, **headers: str):
        return self.send("POST", address, body, **headers)

    def put(self, address: str, body: object, **headers: str):
        return self.send("PUT", address, body, **headers)


def full(address: str) -> str:
    return address if address.startswith("/api") else f"/api/v1{address}"


def ask_token(client: FlaskClient, account: str, **more: object):
    body = {"account": account, "password": demo_password(), **more}
    return client.post("/api/v1/tokens", json=body)


def program_of(app: Flask, account: str, **more: object) -> Program:
    """Return a program that signed in."""
    answer = ask_token(app.test_client(), account, **more)
    assert answer.status_code == 201, answer.text
    return Program(app.test_client(), answer.json["token"])
