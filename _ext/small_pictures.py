"""Pictures in half the bytes: the pages show each PNG of the book as lossless WebP.

The notebooks keep their PNG, which every reader of notebooks knows.
"""

from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms.images import ImageConverter

PNG, WEBP = "image/png", "image/webp"


class SmallPictures(ImageConverter):
    """Sphinx's converter, for a kind of picture that a browser could show as it is."""

    conversion_rules = ((PNG, WEBP),)

    def match(self, node: nodes.image) -> bool:
        return self.app.builder.format == "html" and PNG in self.guess_mimetypes(node)

    def convert(self, _from: str, _to: str) -> bool:
        """Whether the copy is smaller; the same pixels either way."""
        with Image.open(_from) as picture:
            # Slower settings save one per cent more.
            picture.save(_to, lossless=True, quality=30, method=2)
        return Path(_to).stat().st_size < Path(_from).stat().st_size


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", know_webp)
    app.add_post_transform(SmallPictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def know_webp(app: Sphinx) -> None:
    """Sphinx does not list it among what browsers show."""
    if app.builder.format == "html":
        app.builder.supported_image_types = [WEBP, *app.builder.supported_image_types]
