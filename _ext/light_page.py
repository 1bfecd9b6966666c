"""What a page loads, and when: text and styles first, the rest while one reads.

Scripts run in their order once the page stands (``defer``), but for four small ones
that words in the page speak to. The letters come with the styles. MathJax comes where
formulas stand; Sphinx brings it to every page whose contents list one that has some.
Pictures below the first come when they are near, and say their size beforehand, so that
nothing jumps.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.images import get_image_size

AT_ONCE = {"documentation_options.js", "doctools.js", "sphinx_highlight.js"}
AT_ONCE |= {"storage.js"}
MATHJAX = "tex-chtml.js"
# Not from a file: there a browser may refuse to fetch beforehand what it uses gladly.
LETTERS = """<script>if (location.protocol !== "file:")
  for (const name of ["text", "text-semibold"])
    document.head.append(Object.assign(document.createElement("link"), {{
      rel: "preload", as: "font", type: "font/woff2", crossOrigin: "",
      href: `{}/${{name}}.woff2` }}));</script>
"""
PICTURE = re.compile(r'<img (?![^>]*\bloading=)[^>]*?\bsrc="(?!data:)([^"]+)"[^>]*?>')


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", lighten, priority=950)  # after all have added
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lighten(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    body = context.get("body") or ""
    formulas = 'class="math' in body or "cell_output" in body
    kept = []
    for script in context.get("script_files", []):
        name = Path(str(getattr(script, "filename", "") or "")).name
        if name and name not in AT_ONCE:
            script.attributes.setdefault("defer", "defer")
        if formulas or name != MATHJAX:
            kept.append(script)
    context["script_files"] = kept
    fonts = context["pathto"]("_static/fonts", 1)
    context["metatags"] = context.get("metatags", "") + LETTERS.format(fonts)
    sources = {
        file: Path(app.srcdir, name) for name, file in app.builder.images.items()
    }
    first = PICTURE.search(body)

    def place(found: re.Match) -> str:
        marks = "" if found.start() == first.start() else 'loading="lazy" '
        source = sources.get(Path(found[1]).name)
        size = source and get_image_size(source)
        if size and not re.search(r"\b(width|height)[=:]", found[0]):
            marks += f'width="{size[0]}" height="{size[1]}" '
        return found[0].replace("<img ", f"<img {marks}", 1)

    if body:
        context["body"] = PICTURE.sub(place, body)
