"""The minutes that a chapter promises, against a count of its words and cells."""

import re

import pytest

from tests.chapters import reader

READ = [path.stem for path in reader.NOTEBOOKS if path.stem < "16"]


@pytest.mark.parametrize("name", READ)
def test_two_hundred_words_a_minute_and_a_minute_a_code_cell(name):
    cells = list(reader.cells(name).values())
    words = len(reader.text(name).split())
    code = sum(
        c.cell_type == "code"
        and "exercises.check" not in c.source
        and "solution(" not in c.source
        for c in cells
    )
    opening = cells[0].source.replace("an hour", "60 minutes")
    promised = int(re.search(r"\b(\d+) minutes", opening)[1])
    assert words / 200 + code == pytest.approx(promised, abs=8)
