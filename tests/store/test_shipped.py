"""Files that travel with the code are found, and nothing else is."""

import pytest

from federation.store import resource


def test_a_checkout_is_read_where_people_edit_it():
    root = resource("templates/x").parents[1]
    assert (root / "pyproject.toml").is_file()
    assert resource("specs/schema/a.json") == root / "specs" / "schema" / "a.json"
    assert resource("static/app.js") == root / "builder" / "_static" / "app.js"
    assert resource("specs") == root / "specs"


@pytest.mark.parametrize(
    "path",
    ["", "etc/passwd", "specs/../pyproject.toml", "/specs/a", "specs//etc/passwd", "Specs/a"],
)
def test_a_path_never_leaves_its_home(path):
    with pytest.raises(ValueError, match="no shipped files"):
        resource(path)
