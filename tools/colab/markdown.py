"""MyST as the Markdown that Colab, Kaggle and Jupyter show.

The book's own parser says what stands where; only that is replaced, and all else
stays as it was written.
"""

import re
from collections.abc import Callable

from markdown_it.token import Token

from lenet_course import act_first
from tools.colab.page import Page, Unknown, html

PLAIN = ["blockquote", "bullet_list", "code_block", "em", "heading", "hr", "link"]
PLAIN += ["list_item", "ordered_list", "paragraph", "strong", "table", "tbody", "td"]
PLAIN += ["th", "thead", "tr", "math_block", "math_inline", "code_inline", "text"]
PLAIN += ["hardbreak", "softbreak", "text_special"]
RESOLVED = ["cite:p", "cite:t", "doc", "eq", "numref", "ref", "term"]  # by Sphinx
Directive = Callable[[str, list[str], list[str], Page], list[str]]


def translate(text: str, page: Page, first: int = 1) -> str:
    """The text of a cell, or a part of it that begins with line ``first``.

    Raises:
        Unknown: it holds what no table here knows.
    """
    lines, done, environment = text.split("\n"), [], {}
    tokens = page.parser.parse(text, environment)
    for where in environment.get("references", {}).values():
        raise Unknown(f"a link by name to {where['href']}", first + where["map"][0])
    for token in tokens:
        place = token.map and tuple(token.map)
        if _is_plain(token) or place in [where for where, _ in done]:
            continue  # the cells of a table's row share their place
        try:
            done.append((place, _block(token, lines, page)))
        except Unknown as unknown:
            unknown.line += first + token.map[0]
            raise
    for (start, end), new in reversed(done):
        lines[start:end] = new
    return "\n".join(lines)


def _is_plain(token: Token) -> bool:
    return re.sub("_(open|close)$", "", token.type) in PLAIN


def _is_code(token: Token) -> bool:
    return token.type == "fence" and not token.info.startswith("{")


def _block(token: Token, lines: list[str], page: Page) -> list[str]:
    """What stands for a block, given all lines of its text."""
    start, end = token.map
    old = lines[start:end] or [""]
    indent = re.match(" *", old[0])[0]
    name, _, title = token.info.partition(" ")
    if token.type == "inline":
        return _inline("\n".join(old), page).split("\n")
    if re.match(r" *([>*+-]|\d+[.)])\s", old[0]) and not _is_code(token):
        raise Unknown(f"{name or token.type} beside the mark of a list or quotation", 0)
    if token.type in ("myst_target", "myst_line_comment"):
        return []
    if token.type == "math_block_label":
        number = page.number(token.info).strip("()")
        new = ["$$", *token.content.strip().split("\n"), rf"\tag{{{number}}}", "$$"]
    elif _is_code(token):
        return old
    elif token.type in ("fence", "colon_fence") and name[1:-1] in DIRECTIVES:
        new = _directive(name[1:-1], title, token.content, page)
    else:
        raise Unknown(name or token.type, 0)
    return [indent + line if line else line for line in new]


# ---- Directives ----


def _directive(name: str, title: str, content: str, page: Page) -> list[str]:
    lines, values, options = content.rstrip("\n").split("\n"), [], 0
    while option := re.match(r":([\w-]+):(.*)", lines[options]):
        if option[1] != OPTIONS.get(name, "class"):
            raise Unknown(f"{{{name}}} with {option[0]}", 1 + options)
        values += option[2].split()
        options += 1
    body = translate("\n".join(lines[options:]).rstrip(), page, 1 + options)
    words = body.strip("\n").split("\n")
    return DIRECTIVES[name](_inline(title, page), values, words, page)


def _admonition(title: str, classes: list[str], body: list[str], page: Page):
    return _box(title, body, folded="dropdown" in classes)


def _dropdown(title: str, classes: list[str], body: list[str], page: Page):
    return _box(title, body, folded=True)


def _box(title: str, body: list[str], folded: bool) -> list[str]:
    """Tags, not ``>``: that would get into formulas of more than one line."""
    if folded:
        opening = ["<details>", f"<summary><b>{html(title)}</b></summary>"]
        return ["<blockquote>", *opening, "", *body, "", "</details>", "</blockquote>"]
    return ["<blockquote>", "", f"**{title}**", "", *body, "", "</blockquote>"]


def _div(title: str, classes: list[str], body: list[str], page: Page) -> list[str]:
    return body


def _widget(name: str, options: list[str], body: list[str], page: Page) -> list[str]:
    return [f"*This part is live in the page: [{name}]({page.address}).*"]


def _acts_first(kind: str) -> Directive:
    """The box of this kind, its answer folded."""

    def box(title: str, right: list[str], body: list[str], page: Page) -> list[str]:
        task = act_first.read(kind, " ".join(right), "\n".join(body))
        asked = f"{task.asked}\n\n{task.list}".split("\n")
        answer = ["<details>", "<summary><b>Answer</b></summary>", ""]
        answer += [*task.answer.split("\n"), "", "</details>"]
        return _box(act_first.TITLES[kind], [*asked, "", *answer], folded=False)

    return box


DIRECTIVES: dict[str, Directive] = {
    "admonition": _admonition,
    "div": _div,
    "dropdown": _dropdown,
    "order": _acts_first("order"),
    "predict": _acts_first("predict"),
    "widget": _widget,
}
OPTIONS = dict.fromkeys(act_first.TITLES, "right")  # all others take classes

# ---- Roles, links and tags ----


def _inline(text: str, page: Page) -> str:
    """Words with their roles and links, one or several lines of them."""
    environment: dict = {"places": []}
    for token in page.parser.parseInline(text, environment)[0].children:
        if token.type not in INLINE and not _is_plain(token):
            raise Unknown(f"{token.type} {token.content}", 0)
    new = []
    for start, end, token in environment["places"]:
        try:
            new.append((start, end, INLINE[token.type](text[start:end], token, page)))
        except Unknown as unknown:
            unknown.line += text.count("\n", 0, start)
            raise
    for start, end, said in reversed(new):  # what stands in a link comes before it
        text = text[:start] + said + text[end:]
    return text


def _role(written: str, role: Token, page: Page) -> str:
    name, content = role.meta["name"], role.content
    if name == "math":
        return f"${content}$"
    key = f":{name}:`{' '.join(content.split())}`"  # lines of a list are indented
    if name in RESOLVED and (found := page.references.get(key)):
        return found
    raise Unknown(written, 0)


def _link(written: str, opening: Token, page: Page) -> str:
    label = written.rpartition("](")[0]
    return f"{label}]({page.link(opening.attrs['href'])})"


def _tag(written: str, tag: Token, page: Page) -> str:
    if link := re.fullmatch('<a href="(.+)">', written):
        return f'<a href="{page.link(link[1])}">'
    if written == "</a>":
        return written
    raise Unknown(written, 0)


INLINE = {"myst_role": _role, "link_open": _link, "html_inline": _tag}
