"""A chapter's notebook as its edition."""

import copy
from itertools import pairwise

import nbformat
from nbformat import NotebookNode

from tools.colab.markdown import translate
from tools.colab.page import Page, Unknown

FOLDED = {"hide-cell", "hide-input", "remove-input"}
FOLDS = {"cellView": "form", "jupyter": {"source_hidden": True}}
FOLDS |= {"_kg_hide-input": True}
COVERED = {"collapsed": True, "jupyter": {"outputs_hidden": True}}
COVERED |= {"_kg_hide-output": True}


class NotPlain(Exception):
    """What the edition of a chapter cannot say, and where it stands."""


def edition(chapter: NotebookNode, page: Page) -> NotebookNode:
    """The chapter's cells, code and outputs untouched, words without MyST.

    Raises:
        NotPlain: with cell and line.
    """
    made = copy.deepcopy(chapter)
    for asked, answers in pairwise(made.cells):
        if asked.cell_type == "markdown" and ":::{predict}" in asked.source:
            answers.metadata |= COVERED
    cells = [one for cell in made.cells for one in _cells(cell, page)]
    kept = {key: made.metadata[key] for key in ("kernelspec", "language_info")}
    metadata = kept | {"colab": {"toc_visible": True}}
    return nbformat.from_dict(made | {"cells": cells, "metadata": metadata})


def _cells(cell: NotebookNode, page: Page) -> list[NotebookNode]:
    """The cell, and below it the caption of the figure that it draws."""
    if cell.cell_type != "code":
        cell.source = _plain(cell.source, cell, page)
        return [cell]
    figure = cell.metadata.pop("mystnb", {}).get("figure")
    if FOLDED & set(cell.metadata.get("tags", [])):
        cell.metadata |= FOLDS
    if not figure:
        return [cell]
    words = f"**{page.number(figure.name)}** {_plain(figure.caption, cell, page)}"
    return [cell, nbformat.v4.new_markdown_cell(words, id=f"{cell.id}-caption")]


def _plain(text: str, cell: NotebookNode, page: Page) -> str:
    try:
        return translate(text, page)
    except Unknown as unknown:
        place = f"cell {cell.id}, line {unknown.line}"
        raise NotPlain(f"{place}: no Colab edition of {unknown}") from None
