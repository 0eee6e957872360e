"""Built assets travel compressed, stay for ever under their content's name, and hide nothing."""

from __future__ import annotations

import gzip

import pytest


@pytest.fixture
def style(visitor) -> str:
    return visitor.open("/sign-in").tree.xpath("//link[@rel='stylesheet']/@href")[0]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("", None), ("br;q=0, gzip", "gzip")],
)
def test_a_browser_gets_the_encoding_it_takes(visitor, style, accepted, encoding):
    answer = visitor.client.get(style, headers={"Accept-Encoding": accepted}, buffered=True)
    assert answer.status_code == 200
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    if encoding:
        assert "Accept-Encoding" in answer.headers["Vary"]
    if encoding == "gzip":
        assert b":root" in gzip.decompress(answer.data)


@pytest.mark.parametrize("name", ["nothing.css", "../wsgi.py", "%2e%2e/wsgi.py", "manifest.json/x"])
def test_nothing_else_is_sent(visitor, name):
    assert visitor.client.get(f"/static/{name}").status_code == 404
