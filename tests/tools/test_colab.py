"""From MyST to plain Markdown: what is replaced, what stays, what is refused, where."""

import nbformat
import pytest
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from tools.colab.markdown import translate
from tools.colab.notebook import NotPlain, edition
from tools.colab.page import Page, Unknown, notes_places

HOME = "https://a.github.io/b/chapters"
EXTENSIONS = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist"}
EXTENSIONS |= {"dollarmath", "substitution", "tasklist"}


@pytest.fixture
def page() -> Page:
    config = MdParserConfig(enable_extensions=EXTENSIONS)
    return Page(
        address=f"{HOME}/05-loss.html",
        source="https://github.com/a/b/blob/main/",
        parser=notes_places(create_md_parser(config, RendererHTML)),
        references={":term:`loss <loss function>`": LOSS},
        numbers={"eq-p": "(3)", "fig-p": "Fig. 7"},
        elsewhere={"#case": "18-clinic.html#case"},
    )


BROKEN = "{term}`loss\n  <loss function>`"
TERM, LOSS = "{term}`loss <loss function>`", "[loss](https://x/g)"
AS_IT_IS = """\
# Title with `{term}` and $a_b$

- one **two**
  three \\{term}`x`

| `{doc}` | $|x|$ |
|---|---|
| a | b |

```python
# {term}`a`
x = {1: 2}  # ::: % (a)=
```

$$
x \\\\ y
$$

> a quotation
1. [a link](https://example.org/x.md)
"""


@pytest.mark.parametrize(
    "myst, plain",
    [
        (f"The {TERM}.", f"The {LOSS}."),
        (f"The {BROKEN} {{math}}`a|b`,", f"The {LOSS} $a|b$,"),
        (f"- a {BROKEN}", f"- a {LOSS}"),
        (f"- a\n  - b {TERM}\n    c", f"- a\n  - b {LOSS}\n    c"),
        (f"> ## A {TERM}", f"> ## A {LOSS}"),
        (f"|{TERM}|`b`|{TERM}|\n|-|-|-|", f"|{LOSS}|`b`|{LOSS}|\n|-|-|-|"),
        ("(a-b)=\n## T\n% hm\n\nend", "## T\n\nend"),
        ("$$\na \\\\\nb\n$$ (eq-p)", "$$\na \\\\\nb\n\\tag{3}\n$$"),
        (f"[*a* {TERM}](02-x.ipynb#y)", f"[*a* {LOSS}]({HOME}/02-x.html#y)"),
        ("[a](16-q.md)", f"[a]({HOME}/16-q.html)"),
        ("[a](#here)", f"[a]({HOME}/05-loss.html#here)"),
        ("[a](#case)", f"[a]({HOME}/18-clinic.html#case)"),
        ("[a](../web/x.js)", "[a](https://github.com/a/b/blob/main/web/x.js)"),
        ('<a href="s.html">s</a>', f'<a href="{HOME}/s.html">s</a>'),
        (":::{div} narrow\nwords\n:::", "words"),
    ],
)
def test_what_is_replaced(page, myst, plain):
    assert translate(myst, page) == plain


def test_all_else_stays_as_it_was_written(page):
    assert translate(AS_IT_IS, page) == AS_IT_IS


def test_boxes_fold_where_the_page_folds_and_may_hold_each_other(page):
    myst = f"""\
:::{{admonition}} Asked: `a<b` or $a<b$?
:class: interview dropdown

{TERM}

```{{dropdown}} More
words
```
:::

:::{{admonition}} A *mistake*
:class: mistake

no
:::"""
    plain = """\
<blockquote>
<details>
<summary><b>Asked: <code>a&lt;b</code> or $a&lt;b$?</b></summary>

[loss](https://x/g)

<blockquote>
<details>
<summary><b>More</b></summary>

words

</details>
</blockquote>

</details>
</blockquote>

<blockquote>

**A *mistake***

no

</blockquote>"""
    assert translate(myst, page) == plain


def test_a_box_in_a_list_keeps_its_indentation(page):
    plain = translate("- a\n\n  :::{admonition} T\n  w\n  :::\n\nb", page)
    assert plain == ("- a\n\n  <blockquote>\n\n  **T**\n\n  w\n\n  </blockquote>\n\nb")


def test_a_question_keeps_its_numbers_and_folds_its_answer(page):
    myst = f":::{{order}}\n:right: 2 1 3\n\nA {TERM}?\n\n1. b\n2. a\n3. c\n\n"
    myst += "- 3: No.\n\nSo.\n:::"
    plain = f"""\
<blockquote>

**Put in order**

A {LOSS}?

1. b
2. a
3. c

<details>
<summary><b>Answer</b></summary>

Right: 2, 1, 3.

- 3: No.

So.

</details>

</blockquote>"""
    assert translate(myst, page) == plain


def test_what_is_to_be_predicted_is_covered(page):
    text = ":::{predict}\n:right: 3\n\nA?\n\n1. a\n2. b\n3. c\n\nSo.\n:::"
    cells = [nbformat.v4.new_markdown_cell(text, id="one")]
    cells += [nbformat.v4.new_code_cell("1", id=id) for id in ("two", "three")]
    known = {"kernelspec": {"name": "p", "display_name": "p"}, "language_info": {}}
    known["language_info"]["name"] = "python"
    made = edition(nbformat.v4.new_notebook(cells=cells, metadata=known), page)
    nbformat.validate(made)
    _, covered, open_ = (cell.metadata for cell in made.cells)
    assert covered == {
        "collapsed": True,
        "jupyter": {"outputs_hidden": True},
        "_kg_hide-output": True,
    }
    assert not open_


def test_in_place_of_a_widget_stands_a_link_to_the_page(page):
    plain = translate(":::{widget} pad\nNo scripts.\n:::", page)
    assert f"[pad]({HOME}/05-loss.html)" in plain and "No scripts" not in plain


BOX = ":::{admonition} T\n:class: x\n\na\n"


@pytest.mark.parametrize(
    "myst, what, line",
    [
        ("a\n\nb\n{term}`new`", "{term}`new`", 4),
        ("a {kbd}`x`", "{kbd}`x`", 1),
        ("a\n\n| b |\n|---|\n| {kbd}`x` |", "{kbd}", 5),
        (f"a\n\n{BOX}b {{kbd}}`x`\n:::", "{kbd}", 7),
        (f"a\n\n{BOX}\n```{{figure}} x.png\n```\n:::", "{figure}", 8),
        (":::{admonition} {kbd}`x`\n:::", "{kbd}", 1),
        (f"a\n\n{BOX}".replace(":class:", ":name:"), ":name:", 4),
        ("a\n\n- :::{div}\n  a\n  :::", "{div}", 3),
        ("> (a)=\n> b", "myst_target", 1),
        (":::note\na\n:::", "note", 1),
        ("a\n\n<div>\nb\n</div>", "html_block", 3),
        ("a <span>b</span>", "<span>", 1),
        ("a {{ b }}", "substitution", 1),
        ("[a]{.b}", "span_open", 1),
        ("![{kbd}`x`](https://x/y.png)", "image", 1),
        ("a\n: b", "dl_open", 1),
        ("[a][b]\n\n[b]: c.md", "c.md", 3),
        ("$$\na\n$$ (eq-new)", "eq-new", 1),
        ("\\begin{align}\na\n\\end{align}", "amsmath", 1),
    ],
)
def test_what_no_table_knows_is_refused_with_its_line(page, myst, what, line):
    with pytest.raises(Unknown) as caught:
        translate(myst, page)
    assert what in str(caught.value) and caught.value.line == line


def test_a_notebook_keeps_its_code_and_gets_captions_as_cells(page):
    figure = {"caption": f"The {TERM}", "name": "fig-p"}
    metadata = {"tags": ["hide-input"], "mystnb": {"figure": figure, "image": {}}}
    code = nbformat.v4.new_code_cell("1 + 1", id="two", metadata=metadata)
    kernel = {"name": "python3", "display_name": "Python"}
    known = {"kernelspec": kernel, "language_info": {"name": "python"}}
    chapter = nbformat.v4.new_notebook(cells=[code], metadata=known | {"lenet": {}})
    made = edition(chapter, page)
    nbformat.validate(made)
    drawn, caption = made.cells
    assert (drawn.id, drawn.source) == ("two", "1 + 1") and drawn.metadata.cellView
    assert caption.source == f"**Fig. 7** The {LOSS}"
    assert caption.id == "two-caption"
    assert set(made.metadata) == {"kernelspec", "language_info", "colab"}
    assert "mystnb" in chapter.cells[0].metadata  # the chapter itself is left alone
    chapter.cells[0].metadata.mystnb.figure.caption = "a\n{kbd}`x`"
    with pytest.raises(NotPlain, match="cell two, line 2: .*kbd"):
        edition(chapter, page)
