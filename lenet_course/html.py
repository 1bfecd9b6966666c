"""Small pieces of HTML that read well in Jupyter, Colab and the book, light or dark.

Nothing here needs a style sheet: tints are translucent and text keeps the colour of
the page around it.
"""

import re
from html import escape

TINT = {"good": "46,160,67", "look": "219,109,40", "calm": "128,128,128"}

# For an element with keys of its own: without this JupyterLab takes arrows and space
# as commands to the notebook and moves the focus away.
OWN_KEYS = (
    'data-lm-suppress-shortcuts="true" '
    'onkeydown="event.ctrlKey||event.metaKey||event.stopPropagation()"'
)

_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_EM = re.compile(r"(?<!\*)\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?!\*)")


def inline(text: str) -> str:
    """Escape ``text``, then turn `code`, **strong** and *emphasis* into tags.

    >>> inline("a < b, `x * y * z` and *so* on")
    'a &lt; b, <code>x * y * z</code> and <em>so</em> on'
    """
    parts = _CODE.split(escape(" ".join(text.split())))
    for i in range(0, len(parts), 2):
        parts[i] = _EM.sub(
            r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", parts[i])
        )
        if i:
            parts[i - 1] = f"<code>{parts[i - 1]}</code>"
    return "".join(parts)


def paragraphs(text: str) -> str:
    """Each block of ``text`` as a paragraph of `inline` markup.

    >>> paragraphs("One\\nline.\\n\\nTwo.")
    '<p>One line.</p><p>Two.</p>'
    """
    blocks = re.split(r"\n\s*\n", text.strip())
    return "".join(f"<p>{inline(block)}</p>" for block in blocks if block.strip())


def plain(text: str) -> str:
    """``text`` as it reads without markup.

    >>> plain("`code` and **more**")
    'code and more'
    """
    parts = _CODE.split(" ".join(text.split()))
    parts[::2] = [_EM.sub(r"\1", _STRONG.sub(r"\1", part)) for part in parts[::2]]
    return "".join(parts)


def box(tone: str, body: str, **data: str) -> str:
    """``body`` (HTML) beside a bar whose colour says how it went.

    ``data`` become the element's ``data-`` attributes, where they say something.

    >>> box("good", "Yes.").startswith('<div class="lx"')
    True
    """
    rgb = TINT[tone]
    style = (
        f"border-left:.25rem solid rgb({rgb});background:rgba({rgb},.1);"
        "padding:.5rem .8rem;margin:.3rem 0;color:inherit;max-width:46rem"
    )
    marks = "".join(f' data-{k}="{escape(v)}"' for k, v in data.items() if v)
    return f'<div class="lx"{marks} style="{style}">{body}</div>'


def fold(title: str, body: str) -> str:
    """``body`` (HTML) folded under ``title``; opens without a script.

    >>> fold("Hint 1", "<p>Look up.</p>").count("<details")
    1
    """
    style = (
        "border:1px solid rgba(128,128,128,.45);border-radius:.3rem;"
        "padding:.2rem .8rem;margin:.3rem 0;color:inherit;max-width:46rem"
    )
    return (
        f'<details class="lx" style="{style}">'
        f'<summary style="cursor:pointer;padding:.3rem 0">{escape(title)}</summary>'
        f"{body}</details>"
    )


def code(text: str) -> str:
    """``text`` as a block of code.

    >>> code("a < b")[-27:]
    '<code>a &lt; b</code></pre>'
    """
    style = (
        "background:rgba(128,128,128,.12);color:inherit;padding:.6rem .8rem;"
        "overflow-x:auto;border-radius:.3rem;border:0"
    )
    # A block that scrolls must be reachable by keyboard.
    return f'<pre tabindex="0" style="{style}"><code>{escape(text)}</code></pre>'
