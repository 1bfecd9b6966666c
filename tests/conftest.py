"""What all tests share: the folders, the built book, and who runs what beside whom.

chapters     each chapter as committed, each run anew, and what each says, checked;
             ``reader`` reads chapters and results for all tests
helpers      lenet_helpers: data, networks, training, plots
course       lenet_course: exercises, quizzes, interview, drills, frames
experiments  the experiments' code, and that their records hold what is told of them
book         the whole book, built: links, pictures, files beside its pages, and
             its Colab edition
tools        what makes the edition, and what gives everything another address
browser      its pages and the programs in them, in Chromium or node

What concerns all of these stands beside this file.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOW = """
Browser tests were skipped: no Chromium was found. To enable them,
  apt-get install chromium       (Debian; Ubuntu: chromium-browser; or Chrome)
or name one: CHROMIUM=/path/to/chrome make test
"""


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share one worker, and with it what they prepare once.

    Those of the built book share one as well. The runs of chapters are dealt out one
    by one, after all groups: they are many and long, and fill both workers to the end.
    """
    for item in items:
        name = item.nodeid.partition("::")[0]
        if "html" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("book"))
        elif not name.endswith("test_anywhere.py"):
            item.add_marker(pytest.mark.xdist_group(name))


def pytest_terminal_summary(terminalreporter) -> None:
    reports = terminalreporter.stats.get("skipped", [])
    if any("Chromium" in str(report.longrepr) for report in reports):
        terminalreporter.write(HOW, yellow=True)


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The whole book, built anew with every warning an error: the finished process."""
    out = tmp_path_factory.mktemp("book")
    options = ["--quiet", "--warningiserror", "--keep-going", "--nitpick"]
    command = [Path(sys.executable).with_name("jupyter-book"), "build", *options]
    process = subprocess.run(
        [*command, "--path-output", str(out), str(ROOT)], capture_output=True, text=True
    )
    process.html = out / "_build" / "html"
    return process


@pytest.fixture(scope="session")
def html(build) -> Path:
    """The folder of the built pages."""
    assert build.html.is_dir(), build.stderr
    return build.html


@pytest.fixture(scope="session")
def pages(html) -> list[str]:
    """The built pages, named from that folder; the theme's own templates left out.

    And 404.html, which stands alone: it has no article and asks nothing of the theme.
    """
    names = (path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    return sorted(name for name in names if not name.startswith(("_static/", "404")))
