"""The three paper problems as one sheet: in the notebook, and as a page to print.

python -m lenet_course.ch06_backpropagation.sheet  # writes the page anew
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lenet_course.ch06_backpropagation import problems

PAGE = Path(__file__).parents[2] / "_static" / "backpropagation-sheet.html"

CSS = """
.bp{max-width:46rem;line-height:1.45}
.bp h4{margin:1.1rem 0 .3rem;font-size:1.05rem}
.bp p{margin:.3rem 0}
.bp .bp-r{display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;align-items:center;
margin:.5rem 0}
.bp .bp-r>div{display:flex;align-items:center;gap:.45rem}
.bp table{border-collapse:collapse;margin:0;width:auto;color:inherit;
background:none;font-size:.95rem}
.bp td{border:1px solid currentColor!important;width:2.1rem;height:2.1rem;
min-width:2.1rem;padding:0!important;text-align:center!important;background:none}
.bp .bp-l{height:2rem;border-bottom:1px solid currentColor;opacity:.55}
"""

PRINT = """
body{font:11.5pt/1.4 system-ui,sans-serif;margin:1.4rem auto;max-width:46rem;
padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.25rem;margin:0 0 .2rem}
.bp td{width:1.9rem;height:1.9rem;min-width:1.9rem}
@page{size:auto;margin:14mm}
@media print{body{margin:0;max-width:none;padding:0}.bp{max-width:none}
.bp section{break-inside:avoid}a{display:none}}
"""


def _table(values: Sequence) -> str:
    rows = values if isinstance(values[0], tuple | list) else [values]
    cells = ("".join(f"<td>{v}</td>" for v in row) for row in rows)
    # A minus sign, not a hyphen.
    body = "".join(f"<tr>{row}</tr>" for row in cells).replace("-", "−")
    return f"<table><tbody>{body}</tbody></table>"


def _blank(*shape: int) -> str:
    columns = shape[-1]
    rows = shape[0] if len(shape) == 2 else 1
    return _table([("&nbsp;",) * columns] * rows)


def _given(**named: str) -> str:
    parts = (f"<div><i>{name}</i> = {table}</div>" for name, table in named.items())
    return f'<div class="bp-r">{"".join(parts)}</div>'


def _lines(count: int) -> str:
    return '<div class="bp-l"></div>' * count


def _body(lines: int) -> str:
    first = (
        "<h4>Problem 1, easy: a row and a kernel of three</h4>"
        "<p>Forward: y<sub>i</sub> = Σ<sub>j</sub> w<sub>j</sub> x<sub>i+j</sub>. "
        "δ arrives at the three outputs.</p>"
        + _given(
            x=_table(problems.ROW),
            w=_table(problems.KERNEL),
            δ=_table(problems.ROW_DELTA),
        )
        + "<p>Find the gradients of w and of x.</p>"
        + _given(dw=_blank(3), dx=_blank(5))
    )
    second = (
        "<h4>Problem 2, medium: windows that overlap</h4>"
        "<p>Windows of 3 at stride 2: x₀x₁x₂, x₂x₃x₄, x₄x₅x₆. Of equal values the "
        "first wins.</p>"
        + _given(x=_table(problems.POOLED), δ=_table(problems.POOLED_DELTA))
        + "<p>Find the gradient of x for the maximum, and for the average.</p>"
        + _given(dx_max=_blank(7))
        + _given(dx_average=_blank(7))
    )
    third = (
        "<h4>Problem 3, hard: a convolution with stride 2 and padding 1</h4>"
        "<p>(a) In one dimension, y<sub>i</sub> = Σ<sub>j</sub> w<sub>j</sub> "
        "x<sub>si+j−p</sub> (x = 0 outside). Derive the gradients of w<sub>j</sub> and "
        "of x<sub>k</sub>. From how many outputs does x<sub>k</sub> hear, for a kernel "
        "of 3, s = 2, p = 1?</p>"
        + _lines(lines)
        + "<p>(b) In two dimensions, with these numbers:</p>"
        + _given(
            x=_table(problems.IMAGE),
            w=_table(problems.SQUARE),
            δ=_table(problems.DELTA),
        )
        + _given(dw=_blank(3, 3), dx=_blank(4, 4))
    )
    return "".join(f"<section>{part}</section>" for part in (first, second, third))


@dataclass(frozen=True)
class Sheet:
    """Shows itself in a notebook."""

    html: str

    def __repr__(self) -> str:
        return "Three paper problems: one dimension, overlapping windows, a stride"

    def _repr_html_(self) -> str:
        return self.html


def sheet() -> Sheet:
    """The three problems with empty tables for the answers.

    >>> sheet()
    Three paper problems: one dimension, overlapping windows, a stride
    """
    return Sheet(f'<div class="bp"><style>{CSS.strip()}</style>{_body(0)}</div>')


def page() -> str:
    """The same as a page of its own, with lines to write the derivation on."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>Backpropagation: three problems on paper</title>"
        f"<style>{CSS.strip()}{PRINT.strip()}</style></head><body>"
        "<h1>Backpropagation: three problems on paper</h1>"
        "<p>LeNet, Inside Out, chapter 6. Answers are checked, and solutions found, in "
        'the chapter. <a href="../chapters/06-backpropagation.html">Back to it</a></p>'
        f'<div class="bp">{_body(9)}</div></body></html>\n'
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
