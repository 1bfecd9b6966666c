"""The pages' pictures are those of the notebooks, in fewer bytes."""

import base64

import numpy as np
from PIL import Image

from _ext.small_pictures import LARGE, SmallPictures
from tests.chapters import reader


def test_a_smaller_copy_shows_the_same(tmp_path):
    chapter = reader.notebook("07-data")
    shown = [o.data for c in chapter.cells for o in c.get("outputs", []) if "data" in o]
    for text in [data["image/png"] for data in shown if "image/png" in data]:
        png, webp = tmp_path / "a.png", tmp_path / "a.webp"
        png.write_bytes(base64.b64decode(text))
        assert SmallPictures.convert(None, str(png), str(webp))
        assert webp.stat().st_size < png.stat().st_size
        before, after = (np.asarray(Image.open(p).convert("RGBA")) for p in (png, webp))
        seen = before[..., 3] > 0  # a clear pixel has no colour
        off = np.abs(before[seen].astype(int) - after[seen])
        assert off.mean() < 4 and off.max() < 64
        if webp.stat().st_size < LARGE / 4:  # too small to have been large
            assert (before == after)[seen].all()
