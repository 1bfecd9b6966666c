"""feed.xml: what the page of errata and changes says, by date, as an Atom feed."""

import re
from datetime import datetime
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

CHANGES = "chapters/back/changes"
DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{4}\b")
FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>LeNet, Inside Out: errata and changes</title>
<id>{base}feed.xml</id><link rel="self" href="{base}feed.xml"/>
<updated>{latest}</updated><author><name>The LeNet, Inside Out authors</name></author>
{entries}
</feed>
"""
ENTRY = """<entry><title>{title}</title><id>{page}#{id}</id><link href="{page}"/>
<updated>{day}</updated><content type="text">{words}</content></entry>"""


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", name_it)
    app.connect("build-finished", write_feed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def name_it(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    link = '<link rel="alternate" type="application/atom+xml" href="{}feed.xml" />'
    up = "../" * page.count("/")
    context["metatags"] = context.get("metatags", "") + link.format(up)


def write_feed(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html" or CHANGES not in app.env.found_docs:
        return
    text = feed(app.env.get_doctree(CHANGES), app.config.html_baseurl)
    (Path(app.outdir) / "feed.xml").write_text(text, encoding="utf-8")


def feed(changes: nodes.document, base: str) -> str:
    """What stands under each date; the page has the newest first, part by part."""
    entries, days = [], []
    for paragraph in changes.findall(nodes.paragraph):
        found = DATE.search(paragraph.astext())
        if not found or isinstance(paragraph.parent, nodes.list_item):
            continue
        day = datetime.strptime(found[0], "%d %B %Y").strftime("%Y-%m-%dT00:00:00Z")
        part = paragraph.parent.next_node(nodes.title).astext()
        content = [paragraph]
        if paragraph.astext().endswith(":"):
            content.append(paragraph.next_node(descend=False, siblings=True))
        entries.append(
            ENTRY.format(
                title=f"{part}, {found[0]}",
                id=f"{part.lower()}-{day[:10]}",
                page=f"{base}{CHANGES}.html",
                day=day,
                words=escape("\n".join(" ".join(c.astext().split()) for c in content)),
            )
        )
        days.append(day)
    return FEED.format(base=base, latest=max(days), entries="\n".join(entries))
