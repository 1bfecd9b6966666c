"""Photographs become MNIST's kind of digit, or are refused in words."""

import contextlib
import io
import warnings

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

from lenet_helpers import data
from lenet_helpers.data import ink, picture


def sheet(mode: str = "L", size: tuple[int, int] = (300, 220), paper=255, pen=0):
    """A 7 in two thick lines."""
    image = Image.new(mode, size, paper)
    draw = ImageDraw.Draw(image)
    draw.line([(110, 60), (190, 60), (140, 170)], pen, width=14, joint="curve")
    return image


SEVEN = sheet()
WANTED = data.from_picture(SEVEN).pixels


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def near(seen, wanted=WANTED, gap=0.02):
    assert len(seen) == len(wanted)
    return (seen.pixels - wanted).abs().mean() < gap


# --- the same digit in every dress ------------------------------------------------


def test_the_digit_lies_as_mnists_do():
    (pixels,) = WANTED
    rows, columns = np.where(pixels.any(1))[0], np.where(pixels.any(0))[0]
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert np.abs(np.array(ndimage.center_of_mass(pixels.numpy())) - 14).max() <= 0.5
    assert pixels.min() == 0 and pixels.max() == 1


def test_images_are_padded_and_normalised_as_load_does():
    seen = data.from_picture(SEVEN)
    assert seen.images.shape == (1, 1, 32, 32) and seen.images.dtype == torch.float32
    back = seen.images * data.MNIST_STD + data.MNIST_MEAN
    assert torch.allclose(back[0, 0, 2:-2, 2:-2], seen.pixels[0], atol=1e-6)
    assert torch.allclose(back[0, 0, :2], torch.zeros(2, 32), atol=1e-6)
    other = data.from_picture(SEVEN, mean=0.5, std=0.25).images
    assert torch.allclose(other[0, 0, 2:-2, 2:-2], (seen.pixels[0] - 0.5) / 0.25)


def test_files_bytes_and_pictures_are_read_alike(tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(saved(SEVEN))
    for source in (path, str(path), path.read_bytes(), path.open("rb"), SEVEN):
        assert torch.equal(data.from_picture(source).pixels, WANTED)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB"])
def test_modes(mode):
    assert near(data.from_picture(SEVEN.convert("RGB").convert(mode)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_formats(kind):
    assert near(data.from_picture(saved(SEVEN, kind)))


def test_a_cmyk_jpeg():
    assert near(data.from_picture(saved(SEVEN.convert("CMYK"), "JPEG")))


@pytest.mark.parametrize("top", [65535, 4095])
def test_sixteen_bits(top):
    values = (np.array(SEVEN, dtype=np.float64) / 255 * top).astype(np.uint16)
    assert near(data.from_picture(saved(Image.fromarray(values))))


def test_numbers_without_a_range():
    values = np.array(SEVEN, dtype=np.float32) * 1e6
    values[0, :3] = np.nan, np.inf, -np.inf
    assert near(data.from_picture(Image.fromarray(values)))


@pytest.mark.parametrize("pen", [0, 255])
def test_transparent_paper_gets_a_ground(pen):
    image = Image.new("RGBA", SEVEN.size, (pen, pen, pen, 0))
    ink_only = Image.merge("RGBA", [Image.new("L", SEVEN.size, pen)] * 3 + [SEVEN])
    image = Image.composite(image, ink_only, SEVEN.point(lambda v: 255 * (v > 128)))
    image.putalpha(ImageOps.invert(SEVEN))
    seen = data.from_picture(saved(image))
    assert near(seen)
    assert any("transparent" in remark for remark in seen.remarks)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame(kind):
    frames = [Image.new("L", SEVEN.size, 255)]
    content = saved(SEVEN, kind, save_all=True, append_images=frames)
    seen = data.from_picture(content)
    assert near(seen)
    assert any("2 frames" in remark for remark in seen.remarks)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_it_upright(orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = SEVEN.transpose(undo[orientation]) if orientation > 1 else SEVEN
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = data.from_picture(saved(stored, "JPEG", quality=95, exif=exif))
    assert near(seen)
    assert ("EXIF" in " ".join(seen.remarks)) == (orientation > 1)


def test_damaged_exif_is_no_reason_to_refuse():
    content = saved(SEVEN, "JPEG", quality=95, exif=b"Exif\0\0" + b"\xff" * 40)
    assert near(data.from_picture(content))


def test_light_on_dark_is_swapped_and_said():
    seen = data.from_picture(ImageOps.invert(SEVEN))
    assert torch.equal(seen.pixels, WANTED)
    assert "swapped" in " ".join(seen.remarks)


@pytest.mark.parametrize("pen", [(20, 40, 150), (180, 20, 30), (10, 110, 40)])
@pytest.mark.parametrize("paper", [(250, 248, 240), (250, 240, 150)])
def test_pens_and_papers_of_any_colour(pen, paper):
    assert near(data.from_picture(sheet("RGB", paper=paper, pen=pen)))


def test_uneven_light():
    light = np.linspace(1, 0.3, 300)[None, :, None] * np.ones((220, 1, 3))
    values = np.array(sheet("RGB", paper=(250, 245, 235), pen=(20, 40, 150))) * light
    assert near(data.from_picture(Image.fromarray(values.astype(np.uint8))))


@pytest.mark.parametrize("size", [(10_000, 300), (10_000, 7_500)])
def test_ten_thousand_pixels_wide(size):
    large = Image.new("L", size, 255)
    side = min(size[0], size[1])
    digit = SEVEN.crop((90, 40, 210, 190)).resize((side // 2, side // 2 * 5 // 4))
    large.paste(digit, (4_000, side // 5))
    seen = data.from_picture(saved(large))
    assert len(seen) == 1 and seen.upright.numel() <= 3 * 1_500_000
    direct = data.as_mnist(torch.from_numpy(np.array(digit)) < 128)
    assert near(seen, direct[None], gap=0.05)


# --- several digits, and what is no digit -----------------------------------------


def written(*digits: Image.Image) -> Image.Image:
    return Image.fromarray(np.hstack([np.array(d) for d in digits]))


def test_several_digits_come_from_left_to_right():
    one = Image.new("L", (200, 220), 255)
    ImageDraw.Draw(one).line([(100, 50), (95, 170)], 0, width=14)
    seen = data.from_picture(written(one, SEVEN, one))
    assert len(seen) == 3 and "3 digits" in " ".join(seen.remarks)
    assert (seen.pixels[1] - WANTED[0]).abs().max() < 1e-6
    assert seen.boxes[0].left < seen.boxes[1].left < seen.boxes[2].left


def test_two_lines_are_read_one_after_the_other():
    two = np.vstack([np.array(written(SEVEN, SEVEN)), np.array(written(SEVEN, SEVEN))])
    boxes = data.from_picture(Image.fromarray(two)).boxes
    assert [box.top > 220 for box in boxes] == [False, False, True, True]
    assert [box.left > 300 for box in boxes] == [False, True, False, True]


def test_a_five_in_two_strokes_is_one_digit():
    five = Image.new("L", (300, 260), 255)
    draw = ImageDraw.Draw(five)
    draw.line([(120, 50), (200, 45)], 0, width=12)
    draw.line([(118, 75), (115, 120)], 0, width=12)
    draw.arc([90, 110, 200, 220], -120, 150, 0, width=12)
    assert len(data.from_picture(five)) == 1


def test_specks_lines_and_the_table_are_left_out():
    dirty = SEVEN.copy()
    draw = ImageDraw.Draw(dirty)
    draw.ellipse([40, 40, 46, 46], 0)
    draw.line([(30, 200), (280, 200)], 0, width=3)
    draw.rectangle([0, 0, 20, 220], 0)
    seen = data.from_picture(dirty)
    assert torch.equal(seen.pixels, WANTED)
    said = " ".join(seen.remarks)
    assert all(word in said for word in ("speck", "line", "edge"))


def test_ink_that_fills_its_picture_to_the_edge_is_kept():
    tight = SEVEN.crop((103, 53, 197, 177))
    seen = data.from_picture(tight)
    assert near(seen)
    assert any("cut off?" in remark for remark in seen.remarks)


@pytest.mark.parametrize("table", [20, 40, 60, 90, 150])
def test_a_sheet_on_a_dark_table_is_read_or_something_is_said(table):
    try:
        pixels = np.pad(np.array(sheet()), table, constant_values=20)
        seen = data.from_picture(Image.fromarray(pixels))
    except data.DataError as error:
        assert "cut it to that" in str(error)
    else:
        assert near(seen) or "swapped" in str(seen) or "shadow" in str(seen)
        assert seen.remarks


def test_the_edge_of_a_shadow_through_a_digit_is_said():
    pixels = np.array(SEVEN.convert("L"), dtype=np.float64)
    assert not data.from_picture(SEVEN).remarks
    pixels[:, 150:] *= 0.35
    seen = data.from_picture(Image.fromarray(pixels.astype(np.uint8)))
    assert any("edge of a shadow" in remark for remark in seen.remarks)


def test_a_pdf_with_another_name_and_a_folder_are_refused(tmp_path):
    renamed = tmp_path / "seven.jpg"
    SEVEN.save(renamed, "PDF")
    for source in (renamed, tmp_path, None, 3, np.zeros((30, 30))):
        with pytest.raises(data.DataError):
            data.from_picture(source)


@pytest.mark.parametrize("bands", ["LA", "P"])
def test_grey_or_a_palette_with_transparency(bands):
    seven = SEVEN.convert("L")
    if bands == "LA":
        picture = Image.merge("LA", [seven, ImageOps.invert(seven)])
    else:
        picture = seven.convert("P")
        picture.info["transparency"] = 255
    file = io.BytesIO()
    picture.save(file, "PNG")
    assert near(data.from_picture(file.getvalue()))


def test_white_chalk_on_black():
    grain = np.random.default_rng(0).uniform(0.5, 1, SEVEN.size[::-1])
    cover = 1 - np.array(SEVEN.convert("L")) / 255
    board = Image.fromarray((255 * (0.12 + 0.7 * cover * grain)).astype(np.uint8))
    seen = data.from_picture(board)
    assert near(seen) and "swapped" in " ".join(seen.remarks)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (Image.new("L", (300, 200), 255), "nothing is darker"),
        (Image.new("L", (300, 200), 0), "nothing is darker"),
        (Image.new("RGBA", (300, 200), (0, 0, 0, 0)), "transparent everywhere"),
        (Image.new("L", (1, 1), 0), "1×1 pixels"),
        (Image.new("L", (400, 3), 0), "400×3 pixels"),
        (Image.linear_gradient("L"), "no digit"),
        (Image.effect_noise((300, 300), 120), "no digit"),
    ],
    ids=["white", "black", "transparent", "one-pixel", "strip", "gradient", "noise"],
)
def test_where_there_is_no_digit_it_says_so(image, words):
    with pytest.raises(data.DataError, match=words):
        data.from_picture(image)


def test_lines_alone_are_no_digit():
    ruled = Image.new("L", (300, 200), 255)
    for y in range(20, 200, 40):
        ImageDraw.Draw(ruled).line([(20, y), (280, y)], 0, width=2)
    with pytest.raises(data.DataError, match="no digit"):
        data.from_picture(ruled)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>503</html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + b"\0" * 99],
    ids=["nothing", "a-web-page", "a-head-alone", "zeros"],
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(data.DataError, match="not a picture"):
        data.from_picture(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_picture_that_is_cut_off_is_refused_or_read(kind, share):
    content = saved(SEVEN, kind)
    with contextlib.suppress(data.DataError):
        data.from_picture(content[: int(share * len(content))])


def test_a_file_that_is_not_there(tmp_path):
    for place in (tmp_path / "none.png", tmp_path):
        with pytest.raises(data.DataError, match="cannot be read"):
            data.from_picture(place)


def test_too_many_pixels_are_refused_before_they_are_unpacked():
    bomb = saved(Image.new("1", (20_000, 20_000), 1))
    with warnings.catch_warnings(), pytest.raises(data.DataError, match="pixels"):
        warnings.simplefilter("error")
        data.from_picture(bomb)


def test_what_looks_wrong_is_said():
    seven = WANTED[0]
    bold = torch.nn.functional.max_pool2d(seven[None], 9, 1, 4)[0]

    def remarks(pixels):
        frame = torch.nn.functional.pad(pixels, [10] * 4).repeat_interleave(8, 0)
        image = Image.fromarray((255 * (1 - frame)).byte().numpy().repeat(8, 1))
        return " ".join(data.from_picture(image).remarks)

    assert remarks(seven) == ""
    assert "too bold" in remarks(bold)
    lying = SEVEN.resize((600, 220))
    assert "wider than high" in " ".join(data.from_picture(lying).remarks)
    small = SEVEN.resize((36, 26))
    assert "pixels high" in " ".join(data.from_picture(small).remarks)


# --- the pieces -------------------------------------------------------------------


def test_shares_are_those_of_an_integral():
    for old, new in [(3, 2), (7, 20), (50, 20), (20, 20), (1, 5)]:
        values = torch.rand(old, generator=torch.Generator().manual_seed(old)).double()
        integral = np.insert(np.cumsum(values.numpy()), 0, 0)
        edges = np.interp(np.linspace(0, old, new + 1), np.arange(old + 1), integral)
        wanted = np.diff(edges) / (old / new)
        assert np.allclose(picture.shares(old, new) @ values, wanted)


def test_ink_of_any_type_gives_the_same_digit():
    mask = torch.rand(40, 30, generator=torch.Generator().manual_seed(0)) > 0.7
    wanted = data.as_mnist(mask)
    assert torch.equal(data.as_mnist(mask.double()), wanted)
    assert torch.equal(data.as_mnist(mask.float()), wanted)


@pytest.mark.parametrize(
    "ink", [torch.zeros(20, 20), torch.zeros(0, 5), torch.ones(1, 28, 28)]
)
def test_ink_that_is_none_or_has_other_axes_is_refused(ink):
    with pytest.raises(data.DataError):
        data.as_mnist(ink)


def test_one_pixel_of_ink_fills_the_box():
    assert data.as_mnist(torch.ones(1, 1)).sum() == 400


def test_stroke_width_of_straight_strokes():
    for width in (2, 4, 6):
        stroke = torch.zeros(300, 40)
        stroke[10:-10, 10 : 10 + width] = 1
        assert picture.stroke_width(stroke) == pytest.approx(width, rel=0.05)


def test_the_paper_is_what_a_closing_of_scipy_gives():
    draw = torch.Generator().manual_seed(0)
    channels = torch.rand(1, 48, 48, generator=draw)
    reach = 2 * (48 // 6) + 1
    wanted = ndimage.grey_closing(channels[0].numpy(), (reach, reach), mode="nearest")
    inner = slice(reach, -reach)
    found = ink.paper(channels)[0].numpy()
    assert np.allclose(found[inner, inner], wanted[inner, inner])


# --- photographs made by code -----------------------------------------------------


def test_a_made_photograph_is_a_jpeg_that_lies_on_its_side():
    digits = torch.zeros(3, 28, 28)
    digits[:, 4:24, 12:16] = 1
    content = data.make_photograph(digits, seed=2)
    image = Image.open(io.BytesIO(content))
    assert image.format == "JPEG" and image.height > image.width
    assert image.getexif()[0x0112] == 6
    assert content == data.make_photograph(digits, seed=2)
    assert content != data.make_photograph(digits, seed=3)


def pieces(ink):
    return ndimage.label(ink, np.ones((3, 3)))[1]


def test_what_a_made_photograph_shows_is_found_again():
    digits = data.load("digits")
    pixels = digits.denormalise(digits.test.tensors[0])[:, 0, 2:-2, 2:-2].clamp(0, 1)
    whole = [p for p in pixels if {pieces(p > 0.4), pieces(p > 0.7)} == {1}]
    for number in range(0, 40, 8):
        some = torch.stack(whole[number : number + 8])
        seen = data.from_picture(data.make_photograph(some, seed=number))
        assert len(seen) == 8
        direct = torch.stack([data.as_mnist(p > 0.5) for p in some])
        assert (seen.pixels - direct).abs().mean() < 0.05
