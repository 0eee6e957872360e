"""A matter carried to its end, with its notice of completion, shared by the tests of one file."""

from __future__ import annotations

from types import SimpleNamespace

import pypdfium2 as pdfium
import pytest

from builder.app import rehearsal
from builder.cases import keeping, walks

MATTER = "s23-afterlife"


ON_BOTH = ("test_issuing", "test_lists", "test_paging")
"""Files whose finished matter is kept in PostgreSQL as well."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Keep the finished matter of some files in either store."""
    if "finished" in metafunc.fixturenames and metafunc.module.__name__.endswith(ON_BOTH):
        postgresql = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])
        metafunc.parametrize("finished", ["sqlite", postgresql], indirect=True, scope="module")


@pytest.fixture(scope="module")
def finished(request, copy_city, tmp_path_factory):
    """The happy walk, walked: platform, clock, case number, the applicant signed in."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield from _finished(request.getfixturevalue("demo_city"))
        return
    city = request.getfixturevalue("postgres_city")
    home = city.copy(tmp_path_factory.mktemp("finished") / "city", copy_city)
    yield from _finished(home)
    city.drop(home)


def _finished(city):
    with rehearsal(city) as (platform, clock):
        deployment = platform.deployments.get(MATTER)
        (walk,) = walks.read_walks(MATTER, "happy")
        outcome = walks.run(platform, clock, deployment.id, walk)
        assert outcome.fault is None, outcome.fault.message("en")
        stored = keeping.load_case(deployment, outcome.case_no)
        yield SimpleNamespace(
            platform=platform,
            clock=clock,
            deployment=deployment,
            case_no=str(outcome.case_no),
            stored=stored,
            owner=platform.accounts.named(stored.account),
        )


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF as a reader copies it, page by page."""
    with pdfium.PdfDocument(pdf) as paper:
        pages = [paper[i] for i in range(len(paper))]
        texts = []
        for page in pages:
            words = page.get_textpage()
            texts.append(words.get_text_bounded())
            words.close()
            page.close()
        return "\n".join(texts)


def codes_of(pdf: bytes) -> list[str]:
    """Return what the QR codes on the pages of a PDF say, as a camera reads them."""
    import zxingcpp

    with pdfium.PdfDocument(pdf) as paper:
        found = []
        for index in range(len(paper)):
            page = paper[index]
            bitmap = page.render(scale=3)
            found += [c.text for c in zxingcpp.read_barcodes(bitmap.to_numpy())]
            bitmap.close()
            page.close()
        return found
