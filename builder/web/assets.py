"""Find and send built assets: the build's manifest maps a name to the name with its content's hash.

What a browser takes compressed is sent as the build has compressed it.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, send_from_directory

__all__ = ["add_assets", "read_manifest"]

_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


def read_manifest(folder: Path) -> Mapping[str, str]:
    """Return built names by asset name; empty where nothing was built."""
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(name): str(built) for name, built in found.items()}


def add_assets(app: Flask, folder: Path) -> None:
    """Serve a folder of built assets at ``/static/``."""
    built = frozenset(p.name for p in folder.iterdir()) if folder.is_dir() else frozenset[str]()

    def send(filename: str) -> Response:
        packed = next(
            (
                (encoding, filename + ending)
                for encoding, ending in _ENCODINGS
                if request.accept_encodings.quality(encoding) > 0 and filename + ending in built
            ),
            None,
        )
        if packed is None:
            return send_from_directory(folder, filename)
        encoding, name = packed
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        response = send_from_directory(folder, name, mimetype=kind)
        response.headers["Content-Encoding"] = encoding
        response.vary.add("Accept-Encoding")
        return response

    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=send)
