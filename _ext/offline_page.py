"""Pages that need no other host: MathJax and the book's scripts lie beside them.

MathJax comes from the package sphinx-mathjax-offline, of which only what a page can
load is copied (2.7 of 24 MB). The scripts of sphinx-thebe, which point at a CDN and
which the theme emits twice, are dropped: the book has no Binder.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx

MATHJAX_PARTS = [
    "tex-chtml.js",
    "output/chtml",
    "input/tex/extensions",
    "a11y/assistive-mml.js",
    "ui",
]


def setup(app: Sphinx) -> dict:
    # Before the scripts that use them; the rest of _static comes in no fixed order.
    app.add_js_file("storage.js", priority=200)
    app.add_js_file("progress.js", priority=201)
    app.add_js_file("answers.js", priority=202)
    app.add_js_file("offline.js", priority=900)
    app.connect("html-page-context", clean_scripts, priority=900)
    app.connect("build-finished", copy_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def clean_scripts(app: Sphinx, page: str, template: str, context: dict, doctree):
    """Every script once, none of thebe's; colour mode as the reader's system has it."""
    context["default_mode"] = "auto"
    kept = {}
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body") or ""
        if "thebe" not in f"{script}{body}".lower():
            kept.setdefault((getattr(script, "filename", str(script)), body), script)
    context["script_files"] = list(kept.values())


def copy_files(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    copy_mathjax(out / "_static" / "mathjax")
    web = Path(app.srcdir) / "web"
    if web.is_dir():
        ignore = shutil.ignore_patterns("*.py", "*.md", "__pycache__")
        shutil.copytree(web, out / "web", ignore=ignore, dirs_exist_ok=True)
        (out / "web" / "sw.js").rename(out / "sw.js")  # it speaks for its own folder


def copy_mathjax(target: Path) -> None:
    package = find_spec("sphinx-mathjax-offline")
    if package is None:
        raise RuntimeError("install sphinx-mathjax-offline (requirements-book.txt)")
    source = Path(package.origin).parent / "static" / "mathjax"
    for part in MATHJAX_PARTS:
        if (target / part).exists():
            continue
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part)
        else:
            shutil.copy(source / part, target / part)
