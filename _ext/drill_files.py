"""The problems of chapter 17 for its page: ``web/drills-bank.js``."""

from pathlib import Path

from sphinx.application import Sphinx

from lenet_course.ch17_drills.bank import script


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", write_bank)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_bank(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    web = Path(app.outdir) / "web"
    web.mkdir(exist_ok=True)
    (web / "drills-bank.js").write_text(script(), encoding="utf-8")
