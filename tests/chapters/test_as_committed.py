"""Every chapter is committed as a reader should find it, and belongs to the code."""

import re
from pathlib import Path

import pytest

from tests.chapters.reader import NOTEBOOKS, notebook
from tools.execute import CHAPTER_LIMIT
from tools.freshness import STAMP, stale

FIRST_CELL = (Path(__file__).parent / "first_cell.txt").read_text().strip()
PATHS = re.compile(r"(?<![\w.<])/(?:home|root|tmp|usr|work|Users)/|site-packages")
# Addresses, random ids, and those that pandas invents for each styled table.
RANDOM = re.compile(r"0x[0-9a-f]{6,}|[0-9a-f]{8}(-[0-9a-f]{4}){2}-|T_[0-9a-f]{5}\b")
IMAGES = {"image/png", "image/svg+xml", "image/jpeg"}

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict]:
    cells = notebook(path.stem)["cells"]
    return [c for c in cells if c["cell_type"] == "code" and c["source"].strip()]


def outputs(path: Path):
    """Each output with its cell and the text in it, pictures left out."""
    for cell in code_cells(path):
        for output in cell["outputs"]:
            data = {k: v for k, v in output.get("data", {}).items() if k not in IMAGES}
            texts = [output.get("text", ""), *data.values()]
            yield cell, output, "\n".join("".join(text) for text in texts)


def test_outputs_belong_to_the_present_code(path):
    assert stale(notebook(path.stem)) == [], f"make execute CHAPTER={path.stem}"


def test_it_was_run_on_real_data_or_needed_none(path):
    used = notebook(path.stem)["metadata"][STAMP]["data"]
    assert used in ("", "mnist", "digits+mnist", "cifar10", "cifar10+mnist")


def test_it_takes_a_minute_at_most(path):
    assert notebook(path.stem)["metadata"][STAMP]["seconds"] <= CHAPTER_LIMIT


def test_it_was_run_whole_and_in_order(path):
    counts = [cell["execution_count"] for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


def test_the_first_cell_finds_the_helpers(path):
    first = code_cells(path)[0]
    assert first["source"].strip() == FIRST_CELL
    assert "hide-cell" in first["metadata"].get("tags", [])


def test_it_opens_as_all_do(path):
    """Its title, what one can do afterwards, what that takes; imports are folded."""
    opening, *rest = notebook(path.stem)["cells"]
    assert re.match(r"# \S", opening["source"])
    if path.stem != "21-cheat-sheet":  # a sheet, not a chapter to work through
        promise, table = r"\*\*After this chapter you (can|know)\*\*", "Builds on"
        one = rf"# .+\n\n{promise} [^|]+\n\| Reading \| Running \| {table} \|\n"
        assert re.match(one, opening["source"])
    for cell in rest:
        if len(re.findall(r"^(?:import|from) ", cell["source"], re.MULTILINE)) > 6:
            assert "hide-cell" in cell["metadata"].get("tags", []), cell["source"]


def test_cells_are_short(path):
    for cell in code_cells(path):
        lines = [line for line in cell["source"].splitlines() if line.strip()]
        assert len(lines) <= 20, cell["source"]


def test_code_fits_its_column(path):
    """Wider lines have to be scrolled on a page of 1280 pixels."""
    for cell in code_cells(path)[1:]:
        assert max(map(len, cell["source"].splitlines())) <= 78, cell["source"]


def test_nothing_went_to_stderr_and_no_cell_failed_by_accident(path):
    for cell, output, text in outputs(path):
        meant = "raises-exception" in cell["metadata"].get("tags", [])
        assert output.get("name") != "stderr", text
        assert meant or output["output_type"] != "error", cell["source"]


def test_outputs_hold_no_path_and_nothing_random(path):
    for cell, _, text in outputs(path):
        assert not PATHS.search(text), cell["source"]
        assert not RANDOM.search(text), cell["source"]


def test_every_picture_says_what_it_shows(path):
    for cell, output, text in outputs(path):
        if IMAGES & output.get("data", {}).keys():
            image = cell["metadata"].get("mystnb", {}).get("image", {})
            assert len(image.get("alt", "")) >= 20, cell["source"]
        for tag in re.findall(r"<img\b(?![^>]* hidden)[^>]*>", text):
            assert re.search(r'\balt="[^"]+"', tag), cell["source"]
        for tag in re.findall(r"<svg\b[^>]*>", text):
            named = 'role="img"' in tag and "aria-label" in tag
            assert named or 'aria-hidden="true"' in tag, cell["source"]


def test_cell_ids_are_stable_names(path):
    ids = [cell["id"] for cell in notebook(path.stem)["cells"]]
    assert len(set(ids)) == len(ids)
    # Editors invent eight hexadecimal digits; ours are like arch-07.
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name) for name in ids)


def test_metadata_is_that_of_every_other_chapter(path):
    metadata = notebook(path.stem)["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"] == {"name": "python"}
    assert "widgets" not in metadata
    assert all("execution" not in c["metadata"] for c in notebook(path.stem)["cells"])


def test_it_is_no_burden_to_download(path):
    assert path.stat().st_size <= 1_500_000
