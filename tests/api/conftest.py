"""A city of one's own with its interface, and programs that sign in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from programs import Program, program_of

from builder.app import demo_password
from builder.web import Limits, create_app

MANY = Limits(*["100000 per minute"] * 5)


@pytest.fixture
def limits() -> Limits:
    return MANY


@pytest.fixture
def app(platform, limits: Limits) -> Flask:
    made = create_app(platform, secret=b"s" * 32, demo_password=demo_password(), limits=limits)
    made.testing = False
    return made


@pytest.fixture
def program(app: Flask) -> Callable[..., Program]:
    """Sign a program in by the account's name."""
    return lambda account, **more: program_of(app, account, **more)
