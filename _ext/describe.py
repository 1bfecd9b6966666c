"""What a page says of itself to search engines and to those who share its address.

Its first paragraph describes it, and the book's card stands beside it. Where it is
published follows from the address in _config.yml, which every page names as the one to
quote; sitemap.xml names them all, and 404.html stands for a page that is not there.
"""

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx

from tools.address import published

MISSING = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Not here · LeNet, Inside Out</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
body {{ font: 1.1rem/1.6 system-ui, sans-serif; margin: 15vh auto; max-width: 34rem; }}
input, button {{ font: inherit; }}
</style></head>
<body><h1>This page is not here</h1>
<p>It has another name by now, or you are without a network and have not read it before.
<a href="{root}index.html">The book begins here.</a></p>
<form action="{root}search.html"><label>Search it <input type="search" name="q"></label>
<button>Search</button></form></body></html>
"""
CARD = "_static/social-card.png"  # drawn by tools/social_card.py
CARD_SHOWS = (
    "The book's sign, its name, and: every layer opened up, every number computed"
)
LONG = 155  # characters, of which search engines show


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", say_where)
    app.connect("html-page-context", describe, priority=800)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def say_where(app: Sphinx, config) -> None:
    config.html_baseurl = published(config.html_theme_options["repository_url"])


def describe(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    if doctree is None or not (words := opening(doctree)):
        return
    said = {"og:title": context["title"], "og:description": words}
    base = app.config.html_baseurl
    said |= {"og:type": "article", "og:url": f"{base}{page}.html"}
    said |= {"og:image": f"{base}{CARD}", "og:image:alt": CARD_SHOWS}
    said |= {"og:image:width": "1200", "og:image:height": "630"}
    tags = [f'<meta name="description" content="{escape(words)}" />']
    tags += [f'<meta property="{k}" content="{escape(v)}" />' for k, v in said.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def opening(doctree: nodes.document) -> str:
    """The first paragraph as one line, cut between two words."""
    for paragraph in doctree.findall(nodes.paragraph):
        words = " ".join(paragraph.astext().split())
        if len(words) > 40:
            short = words[:LONG].rpartition(" ")[0]
            return words if len(words) <= LONG else f"{short.rstrip(' ,;:.')} …"
    return ""


def write_files(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    out, base = Path(app.outdir), app.config.html_baseurl
    write_sitemap(app, base)
    missing = MISSING.format(root=urlsplit(base).path)
    (out / "404.html").write_text(missing, encoding="utf-8")


def write_sitemap(app: Sphinx, base: str) -> None:
    rows = [f"<url><loc>{base}{p}.html</loc></url>" for p in sorted(app.env.found_docs)]
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps'
    text += '.org/schemas/sitemap/0.9">\n' + "\n".join(rows) + "\n</urlset>\n"
    (Path(app.outdir) / "sitemap.xml").write_text(text, encoding="utf-8")
