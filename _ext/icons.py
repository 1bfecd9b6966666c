"""Only the icons that the pages show: 20 kB to transfer instead of 540.

The theme brings Font Awesome whole, some 2,000 drawings in one script. Once all pages
stand there, the drawings that neither they nor their scripts name are taken out.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

SCRIPT = "_static/scripts/fontawesome.js"
# "magnifying-glass":[512,512,[128269,"search"],"f002","M416 208c…"],
DRAWING = re.compile(
    r'"?(?P<name>[\w$-]+)"?:\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]*",'
    r'(?:"[^"]*"|\[[^\]]*\])\],?'
)
USED = re.compile(r"\bfa-([a-z0-9-]+)")


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", keep_used_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keep_used_icons(app: Sphinx, error: Exception | None) -> None:
    script = Path(app.outdir) / SCRIPT
    if error or app.builder.format != "html" or not script.is_file():
        return
    whole = script.read_text(encoding="utf-8")
    script.write_text(only(whole, used(Path(app.outdir))), encoding="utf-8")


def used(out: Path) -> set[str]:
    """The names of icons in the pages and scripts of a book."""
    files = {*out.rglob("*.html"), *out.glob("_static/*.js"), *out.glob("web/*.js")}
    files |= {*out.glob("_static/scripts/*.js")} - {out / SCRIPT}
    return {name for file in files for name in USED.findall(file.read_text("utf-8"))}


def only(script: str, names: set[str]) -> str:
    """Font Awesome's ``script`` with these drawings alone; an icon may have two names.

    >>> only('{"a":[1,2,[9,"old-a"],"f0","M0"],b:[1,2,[],"f1",["M","Z"]]}', {"old-a"})
    '{"a":[1,2,[9,"old-a"],"f0","M0"],}'
    """

    def keep(found: re.Match) -> str:
        others = re.findall(r'"([\w-]+)"', found["others"])
        return found[0] if names.intersection([found["name"], *others]) else ""

    return DRAWING.sub(keep, script)
