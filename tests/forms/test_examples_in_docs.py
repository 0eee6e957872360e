"""The examples in the docstrings of forms run."""

import doctest
import importlib
import pkgutil

import pytest

from builder import forms

MODULES = [m.name for m in pkgutil.walk_packages(forms.__path__, "builder.forms.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
