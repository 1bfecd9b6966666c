"""Search finds numbers as they are written, and Chinese words of any length.

Sphinx splits at every sign, so that 61,706 becomes two numbers, which it then ignores,
and takes a Chinese sentence for one word. Here a number is one word, with commas
between thousands however it was typed, and Chinese is cut into pairs of characters: a
page is found that holds all pairs of what was asked; pairs with a word such as 的 are
left out. The page's part does the same.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

HAN = "\u3400-\u9fff"
PART = re.compile(rf"[{HAN}]+|\d[\d,_]*(?:\.\d+)?|[^\W\d{HAN}][^\W{HAN}]*")
THOUSANDS = re.compile(r"\B(?=(?:\d{3})+(?!\d))")

LITTLE = "的了是在和与也就都而及或把被对为从到会能要"
LITTLE += "用时等以其它他每只才再又很更最这那一个不有"

IN_PAGE = r"""
var splitQuery = (query) => {
  const parts = query.replaceAll("{,}", ",")
    .match(/[HAN]+|\d[\d,_]*(?:\.\d+)?|[\p{L}_](?:(?![HAN])[\p{L}\p{N}_])*/gu) ?? [];
  return parts.flatMap((part) => {
    if (/^\d/.test(part)) {
      const [whole, rest] = part.replace(/[,_]/g, "").split(".");
      const typed = whole.replace(/\B(?=(?:\d{3})+(?!\d))/g, ",");
      return [rest === undefined ? typed : typed + "." + rest];
    }
    if (!/[HAN]/.test(part) || part.length === 1) return [part];
    const pairs = [...part].slice(1).map((second, i) => part[i] + second);
    return pairs.filter((pair) => !/[LITTLE]/.test(pair));
  });
};
""".replace("HAN", r"\u3400-\u9fff").replace("LITTLE", LITTLE)


def split(text: str) -> list[str]:
    """Words of ``text`` as they are looked up.

    >>> split("61706 weights, $61{,}706$ or 1_000.5; LeNet-5 的感受野")
    ['61,706', 'weights', '61,706', 'or', '1,000.5', 'LeNet', '5', '感受', '受野']
    """
    return [
        word for part in PART.findall(text.replace("{,}", ",")) for word in _of(part)
    ]


def _of(part: str) -> list[str]:
    if part[0].isdigit():
        whole, dot, rest = re.sub("[,_]", "", part).partition(".")
        return [THOUSANDS.sub(",", whole) + dot + rest]
    if not re.match(f"[{HAN}]", part) or len(part) == 1:
        return [part]
    pairs = [a + b for a, b in zip(part, part[1:], strict=False)]
    return [pair for pair in pairs if not set(pair) & set(LITTLE)]


class NumbersAndChinese(SearchEnglish):
    """English with its stems and stop words, and the two kinds above."""

    js_splitter_code = IN_PAGE

    def split(self, input: str) -> list[str]:
        return split(input)


def add_excerpts(app: Sphinx, page: str, template: str, context: dict, doctree):
    """The script that cuts excerpts, on the page of results alone."""
    if page == "search":
        app.add_js_file("search.js", priority=900)


def show_first(app: Sphinx, error: Exception | None) -> None:
    """The page of results is seen before its index, half a megabyte, has come."""
    page = Path(app.outdir) / "search.html"
    if error or app.builder.format != "html" or not page.exists():
        return
    text = page.read_text(encoding="utf-8")
    index = '<script src="searchindex.js">'
    page.write_text(text.replace(index, index.replace("src", "defer src")), "utf-8")


def setup(app: Sphinx) -> dict:
    app.add_search_language(NumbersAndChinese)  # for English, which is the book's
    app.connect("html-page-context", add_excerpts)
    app.connect("build-finished", show_first)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
