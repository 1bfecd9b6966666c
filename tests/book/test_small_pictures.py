"""The pages' pictures are those of the notebooks, pixel by pixel, in fewer bytes."""

import base64

import numpy as np
from PIL import Image

from _ext.small_pictures import SmallPictures
from tests.chapters import reader


def test_a_smaller_copy_shows_the_same_pixels(tmp_path):
    chapter = reader.notebook("07-data")
    shown = [o.data for c in chapter.cells for o in c.get("outputs", []) if "data" in o]
    for text in [data["image/png"] for data in shown if "image/png" in data]:
        png, webp = tmp_path / "a.png", tmp_path / "a.webp"
        png.write_bytes(base64.b64decode(text))
        assert SmallPictures.convert(None, str(png), str(webp))
        assert webp.stat().st_size < png.stat().st_size
        before, after = (np.asarray(Image.open(p).convert("RGBA")) for p in (png, webp))
        seen = before[..., 3] > 0  # a clear pixel has no colour
        assert (before[..., 3] == after[..., 3]).all()
        assert (before[seen] == after[seen]).all()
