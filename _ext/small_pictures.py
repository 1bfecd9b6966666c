"""Pictures in a third of the bytes: the pages show each PNG of the book as WebP.

A large one has 256 colours, where that saves much.

The notebooks keep their PNG, which every reader of notebooks knows. Those that travel
inside an output (lenet_course/frames.py) become files, so that a page's text does not
wait for them.
"""

import base64
import hashlib
import io
import re
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms.images import ImageConverter

PNG, WEBP = "image/png", "image/webp"
LARGE = 12_000  # bytes
INLINE = re.compile(r'(?<=src=")data:image/png;base64,([^"]+)(?=")')


class SmallPictures(ImageConverter):
    """Sphinx's converter, for a kind of picture that a browser could show as it is."""

    conversion_rules = ((PNG, WEBP),)

    def match(self, node: nodes.image) -> bool:
        return self.app.builder.format == "html" and PNG in self.guess_mimetypes(node)

    def convert(self, _from: str, _to: str) -> bool:
        """Whether the copy is smaller."""
        # Slower settings save one per cent more.
        how = {"format": "webp", "lossless": True, "quality": 30, "method": 2}
        made = Path(_to)
        with Image.open(_from) as picture:
            picture.save(made, **how)
            if (whole := made.stat().st_size) > LARGE:
                colours = Image.Quantize.FASTOCTREE
                small = picture.convert("RGBA").quantize(256, method=colours)
                few = io.BytesIO()
                small.convert("RGBA").save(few, **how)
                if few.tell() < 0.7 * whole:
                    made.write_bytes(few.getvalue())
        return made.stat().st_size < Path(_from).stat().st_size


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", know_webp)
    app.add_post_transform(SmallPictures)
    app.connect("html-page-context", make_files, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def know_webp(app: Sphinx) -> None:
    """Sphinx does not list it among what browsers show."""
    if app.builder.format == "html":
        app.builder.supported_image_types = [WEBP, *app.builder.supported_image_types]


def make_files(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    if app.builder.format == "html" and (body := context.get("body")):
        folder = Path(app.outdir, "_images")
        folder.mkdir(exist_ok=True)
        path = context["pathto"]
        context["body"] = INLINE.sub(
            lambda inline: path(f"_images/{_file(folder, inline[1])}", 1), body
        )


def _file(folder: Path, encoded: str) -> str:
    """The name of the smaller of PNG and WebP, written into the folder."""
    content = base64.b64decode(encoded)
    png = folder / f"{hashlib.sha256(content).hexdigest()}.png"
    png.write_bytes(content)
    smaller = SmallPictures.convert(
        None, str(png), str(webp := png.with_suffix(".webp"))
    )
    (png if smaller else webp).unlink()
    return webp.name if smaller else png.name
