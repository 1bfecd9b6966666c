"""The index of exercises lists each once, and leads to its heading."""

from bs4 import BeautifulSoup

from _ext.exercise_index import entries
from lenet_course.exercises import registry
from lenet_course.exercises.form import form
from tests.chapters.reader import NOTEBOOKS
from tools.freshness import load, stale


def test_every_exercise_is_listed_once_and_no_other():
    listed = [one.id for path in NOTEBOOKS for one in entries(load(path))]
    assert sorted(listed) == sorted(
        one.id
        for one in registry.all()
        if one.solution.__module__.startswith("lenet_course.")  # not a test's own
    )
    assert len(listed) > 100


def test_what_the_page_asks_is_what_can_be_typed():
    """In chapters whose outputs are of the present code; test_as_committed asks all."""
    fresh = [load(path) for path in NOTEBOOKS]
    for one in [one for book in fresh if not stale(book) for one in entries(book)]:
        assert one.typed == bool(form(registry.get(one.id))), one.id


def test_each_link_leads_to_the_heading_above_the_exercise(html):
    page = html / "chapters" / "back" / "exercises.html"
    index = BeautifulSoup(page.read_text(), "html.parser")
    links = index.select("article section section li a")
    wanted = [one for path in NOTEBOOKS for one in entries(load(path))]
    chapters = {}
    assert len(links) == len(wanted)
    typed = sum(one.typed for one in wanted)
    said = f"{len(wanted)} exercises; {typed} are answered in the page."
    assert links[0].find_previous("p", string=said)  # before the first list
    for title in index.select("article section section > h2"):
        said = title.find(string=True).replace("’", "'")
        number, _, words = said.partition(". ")
        (path,) = (path for path in NOTEBOOKS if int(path.stem[:2]) == int(number))
        assert load(path)["cells"][0]["source"].startswith(f"# {words}\n")
    for link, one in zip(links, wanted):
        name, _, anchor = link["href"].partition("#")
        path = (page.parent / name).resolve()
        if path not in chapters:
            chapters[path] = BeautifulSoup(path.read_text(), "html.parser")
        part = chapters[path].find(id=anchor)
        assert part.select_one("h3, h2").get_text().startswith(one.heading), one.id
        assert one.heading.endswith(link.get_text()[1:])
        assert one.id in part.get_text(), one.id
