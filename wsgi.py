"""Serve a city's hub: `gunicorn wsgi:app`, with SCENARIST_HOME naming the city's folder."""

import os
from pathlib import Path

from builder.app import create_web

app = create_web(Path(os.environ.get("SCENARIST_HOME", ".scenarist")))
