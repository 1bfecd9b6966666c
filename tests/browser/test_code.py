"""Code typed in the page gets the verdict that the notebook gives it."""

import ast
import shutil
from html import escape
from pathlib import Path

import pytest

from _ext import page_python
from lenet_course import exercises
from lenet_course.exercises import limit
from lenet_course.exercises.page_code import code_form
from lenet_course.html import inline
from tests.browser.test_answers import COLAB
from tests.browser.test_learn import REFUSED, ROOT, STYLE
from tests.browser.web_runner import axe_violations, html_page, opened

CODED = {one.id: one for one in exercises.all() if code_form(one)}
ASK_ALL = """async (tasks) => {
  const worker = LenetCode.start(await LenetCode.fetchPython());
  await worker.begun;
  const said = [];
  for (const task of tasks) {
    worker.postMessage({ task });
    said.push(await new Promise((end, fail) => {
      worker.onerror = fail;
      worker.onmessage = ({ data }) => data.status && end(data);
    }));
  }
  worker.terminate();
  const { inline, readable } = LenetCode;
  return said.map(({ status, said }) => [status, inline(readable(said, 590))]);
}"""
STRANGE = [
    "...",
    "None",
    "7",
    "'f'",
    "lambda *a: ...",
    "lambda *a: 'six'",
    "lambda *a: (1, 516)",
    "lambda *a: [[1.5, 2], 'x']",
    "lambda *a: True",
    "lambda *a: float('nan')",
    "lambda *a: 10 ** 400",
    "lambda *a: print",
    "lambda *a: f(*a)",
    "lambda *a: (_ for _ in ()).throw(NotImplementedError)",
    "lambda *a: (_ for _ in ()).throw(ValueError('a `b` <c>'))",
    "lambda *a: {}['`key`']",
    "lambda: 1",
    # Where Brython itself had to be repaired
    "lambda *a: list(__import__('itertools').islice(range(9), 2))",
    "lambda *a: list(__import__('itertools').pairwise('abc'))",
    "lambda *a: list(__import__('itertools').accumulate([1, 2], initial=3))",
    "lambda *a: list(__import__('itertools').accumulate([1, 2], max))",
]


@pytest.fixture(scope="session")
def scripts(tmp_path_factory):
    """The page's scripts, with Python beside them as the build puts it there."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "python.js").write_text(page_python.script(), "utf-8")
    names = "storage", "progress", "answers", "code", "ask"
    return [Path(shutil.copy(ROOT / f"_static/{n}.js", folder)) for n in names]


def task(id: str, text: str) -> dict:
    return {"form": code_form(CODED[id]), "text": text, "answer": "f"}


def in_the_page(browser, folder, scripts, answers: list[tuple[str, str]]) -> list:
    with opened(browser, html_page(folder, "", scripts)) as page:
        return page.evaluate(ASK_ALL, [task(*answer) for answer in answers])


def in_a_notebook(id: str, text: str) -> list[str]:
    names: dict = {}
    exec(text, names)
    verdict = exercises.check(id, names["f"])
    said = "" if verdict.status == "not attempted" else inline(verdict.text)
    return [verdict.status, said]


# The answers that judge the checkers, as texts


def judged() -> list[tuple[str, str]]:
    """Those of tests/chapters/judged that need nothing but the standard library."""
    found = []
    for room in sorted({id.partition(".")[0] for id in CODED}):
        path = ROOT / f"tests/chapters/judged/{room}.py"
        if path.exists():
            found += standing_alone(ast.parse(path.read_text("utf-8")))
    return found


def standing_alone(module: ast.Module) -> list[tuple[str, str]]:
    tables = [part.value for part in module.body if defined(part) & {"RIGHT", "WRONG"}]
    rows = [row for table in tables for row in zip(table.keys, table.values)]
    texts = [
        (key.value, with_its_names(module, answer))
        for key, answers in rows
        if key.value in CODED
        for answer in answers.elts
    ]
    return [(id, text) for id, text in texts if text]


def with_its_names(module: ast.Module, answer: ast.expr) -> str:
    """``f = answer`` below all that it needs of its module; "" if that is more than
    Python's own."""
    parts, missing = [], [answer]
    while missing:
        used = {n.id for n in ast.walk(missing.pop()) if isinstance(n, ast.Name)}
        fresh = [p for p in module.body if used & defined(p) and p not in parts]
        parts += fresh
        missing += fresh
    parts.sort(key=lambda part: part.lineno)
    lines = [ast.unparse(part) for part in parts] + [f"f = {ast.unparse(answer)}"]
    foreign = ("torch", "numpy", "pandas", "scipy", "lenet_")
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    return (
        "" if any(n in line for line in imports for n in foreign) else "\n".join(lines)
    )


def defined(part: ast.stmt) -> set[str]:
    if isinstance(part, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in part.names}
    if isinstance(part, ast.Assign):
        return {n.id for n in ast.walk(part.targets[0]) if isinstance(n, ast.Name)}
    return {getattr(part, "name", "")}


def solutions() -> list[tuple[str, str]]:
    return [
        (id, f"{one.source()}\nf = {one.solution.__name__}")
        for id, one in CODED.items()
    ]


def test_code_of_twenty_exercises_runs_in_the_page():
    assert len(CODED) >= 21 and len({id.partition(".")[0] for id in CODED}) >= 7


def test_page_and_notebook_judge_code_alike(browser, tmp_path, scripts, monkeypatch):
    monkeypatch.setattr(limit, "can_copy", lambda: False)  # a thread takes less time
    answers = solutions() + judged()
    odd = "coding.output-size", "tricks.ema"
    answers += [(id, f"f = {text}") for id in odd for text in STRANGE]
    said = in_the_page(browser, tmp_path, scripts, answers)
    for answer, got in zip(answers, said, strict=True):
        assert got == in_a_notebook(*answer), answer


# In a page


ID = "coding.output-size"
STUB = f"""def output_size(n, kernel, stride=1, padding=0, dilation=1): ...


exercises.check("{ID}", output_size)
"""
RIGHT = f"{CODED[ID].source()}\nprint('sizes')"
FIELD, SAID = "#answer-coding-output-size", ".lx-said"
SECONDS = "&quot;seconds&quot;: 5.0"


def cell_page(folder, scripts, before="", seconds=20) -> str:
    """A page with the cell of one exercise, as the book shows it."""
    verdict = exercises.check(ID)._repr_html_()
    assert SECONDS in verdict
    verdict = verdict.replace(SECONDS, SECONDS.replace("5.0", str(seconds)))
    inks = "light-dark(#222, #ced6dd)"
    colours = f"<style>:root{{color-scheme:light dark;color:{inks}}}</style>"
    cell = (
        f'<div class="cell"><div class="cell_input"><pre>{escape(STUB)}</pre></div>'
        f'<div class="cell_output">{verdict}</div></div>'
    )
    return html_page(folder, before + COLAB + colours + STYLE + cell, scripts)


def run(page, code: str) -> str:
    """What the page says to the code."""
    page.fill(FIELD, code)
    page.get_by_role("button", name="Run").click()
    page.locator(f"{SAID}:not(:empty)").wait_for(timeout=60_000)
    return page.inner_text(SAID)


def test_a_reader_runs_code_and_finds_it_again(browser, tmp_path, scripts):
    with opened(browser, cell_page(tmp_path, scripts)) as page:
        assert page.input_value(FIELD) == STUB.splitlines()[0]
        assert not page.is_visible("pre")  # the field is there instead
        assert "Not attempted" in run(page, page.input_value(FIELD))
        assert "Line 2: SyntaxError" in run(
            page, "def output_size(n):\n    return n +* 2"
        )
        talks = "def output_size(n, *rest):\n    print('<b>', n)\n    return 28"
        said = run(page, talks)
        assert "Your code printed:\n<b> 32" in said
        assert said.count("<b>") > 20  # every call
        assert "Correct." in (said := run(page, RIGHT)) and said.endswith("sizes")
        page.reload()
        assert page.input_value(FIELD) == RIGHT and "Correct." in page.inner_text(SAID)


def test_an_endless_loop_is_stopped_by_time_or_by_hand(browser, tmp_path, scripts):
    endless = "def output_size(*given):\n    while True: pass"
    with opened(browser, cell_page(tmp_path, scripts, seconds=1)) as page:
        assert "still running after 1 s and was stopped" in run(page, endless)
    with opened(browser, cell_page(tmp_path, scripts, seconds=100)) as page:
        page.fill(FIELD, "while True: pass")
        page.press(FIELD, "Control+Enter")
        page.get_by_text("Running").wait_for(timeout=60_000)
        page.get_by_role("button", name="Stop").click()
        assert "You stopped it" in page.inner_text(SAID)
        assert page.is_visible("text=Run")


def test_keys_indent_and_never_hold_the_reader(browser, tmp_path, scripts):
    with opened(browser, cell_page(tmp_path, scripts)) as page:
        page.fill(FIELD, "")
        page.focus(FIELD)
        page.keyboard.type("if n:")
        page.keyboard.press("Enter")
        page.keyboard.type("a")
        page.keyboard.press("Tab")
        page.keyboard.type("b")
        assert page.input_value(FIELD) == "if n:\n    a   b"
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Run"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")  # nothing was typed since
        assert page.evaluate("document.activeElement.textContent") == "Run"


def test_code_runs_where_storage_is_refused(browser, tmp_path, scripts):
    with opened(browser, cell_page(tmp_path, scripts, before=REFUSED)) as page:
        assert "Correct." in run(page, RIGHT)


NO_WORKER = "<script>delete globalThis.Worker</script>"
NO_BLOB = "<script>Worker = class { constructor() { throw new Error() } }</script>"


@pytest.mark.parametrize("missing", [NO_WORKER, NO_BLOB])
def test_an_old_browser_is_told_where_the_chapter_runs(
    browser, tmp_path, scripts, missing
):
    with opened(browser, cell_page(tmp_path, scripts, before=missing)) as page:
        if missing == NO_BLOB:
            run(page, RIGHT)
        assert page.locator(".lx-run a").get_attribute("href").endswith("05.ipynb")
        assert page.locator(".lx-run").inner_text().startswith("Python")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_field_for_code_is_accessible_and_fits_a_phone(
    browser, tmp_path, scripts, scheme
):
    options = {"color_scheme": scheme, "viewport": {"width": 320, "height": 700}}
    with opened(browser, cell_page(tmp_path, scripts), **options) as page:
        run(page, "print('wide ' * 60)\n" + RIGHT)
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_the_stub_stands_in_its_cell(browser, tmp_path, scripts):
    address = cell_page(tmp_path, scripts)
    with opened(browser, address, java_script_enabled=False) as page:
        assert page.is_visible("pre") and not page.is_visible(".lx")
