"""A slider without a kernel: every frame is drawn now and travels with the page.

With JavaScript off, or in a notebook that is not trusted, the frames stand side by
side in a strip. Needs matplotlib only when `frames` is called.
"""

import base64
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from lenet_course.html import OWN_KEYS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = 256  # of a frame's palette: a third of the bytes, no visible difference
LIMIT = 600_000  # bytes of all frames together: more makes a page slow to load

# Inline, as scripts inside an output run only in some notebooks. `this` finds its
# own frames, so nothing needs an id and any number of sliders share a page. What
# starts them is a picture of one dot that comes last: a picture may load while a
# browser still reads what follows it, and by then all frames and the slider are there.
_MOVE = (
    "const f=this.closest('.lf').querySelectorAll('figure'),"
    "c=f[this.value].lastElementChild.textContent;"
    "f.forEach((g,i)=>{g.hidden=i!=this.value;g.lastElementChild.hidden=true});"
    "this.setAttribute('aria-valuetext',c);"
    "this.parentNode.nextElementSibling.textContent=c"
)
_START = (
    "this.onload=null;const b=this.closest('.lf'),r=b.querySelector('input');"
    "b.lastElementChild.hidden=false;b.firstElementChild.removeAttribute('tabindex');"
    "r.dispatchEvent(new Event('input'))"
)
_DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAUwAOw=="


@dataclass(frozen=True)
class Frame:
    """One picture: a PNG, its size in pixels as shown, its caption and alt text."""

    png: bytes
    width: int
    height: int
    caption: str
    alt: str

    def html(self) -> str:
        source = base64.b64encode(self.png).decode()
        return (
            '<figure style="margin:0;flex:0 0 auto;max-width:100%">'
            f'<img src="data:image/png;base64,{source}" alt="{escape(self.alt)}" '
            f'width="{self.width}" height="{self.height}" '
            'style="max-width:100%;height:auto">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


@dataclass(frozen=True)
class Frames:
    """Pictures under one slider; shows itself in a notebook."""

    label: str
    pictures: tuple[Frame, ...]
    start: int = 0

    def __repr__(self) -> str:
        first, last = self.pictures[0].caption, self.pictures[-1].caption
        return f"{len(self.pictures)} pictures, {self.label} from {first} to {last}"

    def _repr_html_(self) -> str:
        label, last = escape(self.label), len(self.pictures) - 1
        figures = "".join(picture.html() for picture in self.pictures)
        return (
            f'<div class="lf" style="color:inherit" {OWN_KEYS}>'
            f'<div tabindex="0" role="group" aria-label="{label}: {last + 1} pictures" '
            f'style="display:flex;gap:1.5rem;overflow-x:auto">{figures}</div>'
            '<p hidden style="margin:.4rem 0"><label style="display:inline-flex;'
            f'flex-wrap:wrap;align-items:center;gap:.7rem">{label} '
            f'<input type="range" min="0" max="{last}" value="{self.start}" '
            'autocomplete="off" style="width:14rem;max-width:100%;accent-color:#2d7dd2;'
            f'margin:.5rem 0" oninput="{_MOVE}"></label> '
            '<output aria-live="off" style="font-weight:600;margin-left:.5rem">'
            f'</output><img src="{_DOT}" alt="" hidden onload="{_START}"></p></div>'
        )


def frames(
    draw: Callable[[Any], "Figure | None"],
    values: Iterable[Any],
    *,
    label: str,
    alt: str | Callable[[Any], str],
    format: str | Callable[[Any], str] = "{}",
    start: int = 0,
    dpi: int = 110,
) -> Frames:
    """One picture for each of ``values``, under a slider called ``label``.

    ``draw(value)`` returns a matplotlib figure, or draws on the current one; its
    figures are closed afterwards. ``format`` writes a value as the reader sees it.
    ``alt`` says what a picture shows: a text with ``{value}``, or a function of the
    value. The slider begins at the picture number ``start``.

    Raises ValueError without values, for alt texts that are empty or all the same,
    and when the pictures weigh more than `LIMIT` bytes.

    >>> from matplotlib.figure import Figure
    >>> def dot(x):
    ...     figure = Figure(figsize=(1, 1))
    ...     figure.subplots().plot([x], [x], "o")
    ...     return figure
    >>> frames(dot, [1, 2, 3], label="place", alt="A dot at {value}.")
    3 pictures, place from 1 to 3
    """
    values = list(values)
    if not values:
        raise ValueError("frames needs at least one value to draw")
    if start not in range(len(values)):
        raise ValueError(f"start is {start!r}; there are frames 0 to {len(values) - 1}")
    captions = [_text(format, value) for value in values]
    alts = [
        alt(value) if callable(alt) else alt.format(value=caption)
        for value, caption in zip(values, captions)
    ]
    if not all(text.strip() for text in alts):
        raise ValueError("alt is empty: say what each frame shows")
    if len(values) > 1 and len(set(alts)) == 1:
        raise ValueError("alt says the same of every frame: use {value} or a function")
    drawn = [_picture(draw, value, dpi) for value in values]
    weight = sum(len(png) for png, _, _ in drawn)
    if weight > LIMIT:
        raise ValueError(
            f"{len(drawn)} frames weigh {weight:,} bytes, more than {LIMIT:,}: "
            "draw fewer, smaller, or with a lower dpi"
        )
    pictures = (Frame(*one, *text) for one, *text in zip(drawn, captions, alts))
    return Frames(label, tuple(pictures), start)


def _text(format: str | Callable[[Any], str], value: Any) -> str:
    return format(value) if callable(format) else format.format(value)


def _picture(
    draw: Callable[[Any], Any], value: Any, dpi: int
) -> tuple[bytes, int, int]:
    """PNG, width and height of what ``draw(value)`` draws."""
    from matplotlib import pyplot as plt
    from PIL import Image

    before = set(plt.get_fignums())
    try:
        figure = draw(value) or (plt.gcf() if set(plt.get_fignums()) - before else None)
        if not hasattr(figure, "savefig"):
            raise TypeError(
                f"draw({value!r}) must return a figure or draw on a new one"
            )
        raw = io.BytesIO()
        figure.savefig(raw, format="png", dpi=dpi, transparent=True)
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    image = Image.open(raw).quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    small = io.BytesIO()
    image.save(small, format="png", optimize=True)
    return small.getvalue(), *image.size
