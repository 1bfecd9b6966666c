"""What a chapter's words are translated by: its address, parser and references."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, html_inline, link
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role.index import myst_role

Rule = Callable[[StateInline, bool], bool]


class Unknown(Exception):
    """Something that the edition cannot say, with its line in the text."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


@dataclass
class Page:
    """A chapter's page as it is published.

    Attributes:
        address: of the page.
        source: where the repository's files can be read, with a slash at its end.
        parser: the book's own, of MyST, after ``notes_places``.
        references: Markdown of each role that Sphinx resolves, such as
            ``:doc:`02-architecture```.
        numbers: of labelled equations and figures: "(3)", "Fig. 12".
        elsewhere: addresses of targets that stand on another page: "#case-mask".
    """

    address: str
    source: str
    parser: MarkdownIt
    references: dict[str, str]
    numbers: dict[str, str]
    elsewhere: dict[str, str]

    def number(self, label: str) -> str:
        """Of an equation or a figure."""
        if label not in self.numbers:
            raise Unknown(f"the label {label}", 0)
        return self.numbers[label]

    def link(self, target: str) -> str:
        """A link as it leads from anywhere: to a page, or to a file's source."""
        target = self.elsewhere.get(target, target)
        parts = urlsplit(target)
        if parts.scheme:
            return target
        stem, _, kind = parts.path.rpartition(".")
        if kind in ("ipynb", "md"):
            target = parts._replace(path=f"{stem}.html").geturl()
        elif stem and kind != "html":
            return urljoin(f"{self.source}chapters/", target)
        return urljoin(self.address, target)


def notes_places(parser: MarkdownIt) -> MarkdownIt:
    """Let the parser note in its environment where roles, links and tags stand."""
    rules = {"myst_role": myst_role, "link": link, "html_inline": html_inline}
    for name, rule in rules.items():
        parser.inline.ruler.at(name, _noting(rule))
    return parser


def _noting(rule: Rule) -> Rule:
    def note(state: StateInline, silent: bool) -> bool:
        start, before = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent:
            new = (one for one in state.tokens[before:] if one.type != "text")
            state.env.setdefault("places", []).append((start, state.pos, next(new)))
        return found

    return note


def _inline_html() -> MarkdownIt:
    parser = MarkdownIt("commonmark").use(dollarmath_plugin)

    def dollars(self, tokens, index, options, environment) -> str:
        return f"${tokens[index].content}$".replace("<", "&lt;")

    parser.add_render_rule("math_inline", dollars)
    return parser


_HTML = _inline_html()


def html(line: str) -> str:
    """A line of plain Markdown as HTML; formulas stay as they are."""
    return _HTML.renderInline(line)
