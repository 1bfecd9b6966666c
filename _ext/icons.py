"""Only the icons that the pages show: 30 kB to transfer instead of 820.

The theme brings Font Awesome whole, some 2,000 drawings in one script, and once more as
letters, which the style sheets use and a page shows until the script has run. Once all
pages stand there, what neither they nor their scripts and styles name is taken out.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

SCRIPT = "_static/scripts/fontawesome.js"
# "magnifying-glass":[512,512,[128269,"search"],"f002","M416 208c…"],
DRAWING = re.compile(
    r'"?(?P<name>[\w$-]+)"?:\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]*",'
    r'(?:"[^"]*"|\[[^\]]*\])\],?'
)
USED = re.compile(r"\bfa-([a-z0-9-]+)")
LETTERS = "_static/vendor/fontawesome/webfonts"
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", keep_used_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keep_used_icons(app: Sphinx, error: Exception | None) -> None:
    script = Path(app.outdir) / SCRIPT
    if error or app.builder.format != "html" or not script.is_file():
        return
    out = Path(app.outdir)
    whole, names = script.read_text(encoding="utf-8"), used(out)
    script.write_text(only(whole, names), encoding="utf-8")
    styles = "".join(file.read_text("utf-8") for file in out.rglob("*.css"))
    for file in (out / LETTERS).iterdir():
        keep_letters(file, letters(styles, names))


def letters(styles: str, names: set[str]) -> set[int]:
    """The code points of these icons, and of those that a style shows by itself.

    >>> css = '.fa-a:before{content:"\\\\f0a1"}.fa-b:before{content:"\\\\f0b1"}'
    >>> sorted(map(hex, letters(css + 'p::after{content: "\\\\f0c1"}', {"b"})))
    ['0xf0b1', '0xf0c1']
    """
    codes = set()
    for selector, body in RULE.findall(styles):
        icons = set(re.findall(r"\.fa-([a-z0-9-]+)::?before", selector))
        if not icons or icons & names:
            codes |= {int(c, 16) for c in re.findall(r'"\\(f[0-9a-f]{3})"', body)}
    return codes


def keep_letters(file: Path, codes: set[int]) -> None:
    font = TTFont(file)
    subsetter = Subsetter(Options(layout_features=[], notdef_outline=True))
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.save(file)


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
