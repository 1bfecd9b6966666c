"""The minutes that a chapter promises, against a count of its words and cells."""

import json
import re

import pytest

MINUTES = {
    "01-history": 60,
    "02-architecture": 50,
    "07-data": 75,
    "08-training": 70,
    "03-convolution": 90,
    "04-pooling-and-activations": 80,
    "05-classifier-and-loss": 75,
    "06-backpropagation": 70,
    "09-training-tricks": 100,
    "10-gpu-training": 100,
    "11-feature-maps": 80,
    "12-three-lenets": 60,
}


@pytest.mark.parametrize("name", MINUTES)
def test_two_hundred_words_a_minute_and_a_minute_a_code_cell(root, name):
    path = root / "chapters" / f"{name}.ipynb"
    cells = [
        (c["cell_type"], "".join(c["source"]))
        for c in json.loads(path.read_text())["cells"]
    ]
    words = sum(len(text.split()) for kind, text in cells if kind == "markdown")
    code = sum(
        kind == "code" and "exercises.check" not in text and "solution(" not in text
        for kind, text in cells
    )
    assert words / 200 + code == pytest.approx(MINUTES[name], abs=8)
    opening = cells[0][1].replace("an hour", "60 minutes")
    found = re.search(r"\b(\d+) minutes", opening)
    assert int(found[1]) == MINUTES[name]
