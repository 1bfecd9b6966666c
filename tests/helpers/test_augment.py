"""Distortions: exact in the cases where the answer is known."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from lenet_helpers.augment import ElasticDistortion, RandomAffine

NOTHING = {"shift": 0, "scale": 0, "squeeze": 0, "shear": 0}
BOX = torch.full((400, 1, 32, 32), -0.4)
BOX[:, :, 10:22, 12:20] = 2.0


def extent(image):
    rows = (image[0] > 0.8).any(1).nonzero()
    columns = (image[0] > 0.8).any(0).nonzero()
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_no_distortion_is_the_identity():
    assert torch.allclose(RandomAffine(**NOTHING)(BOX[:3]), BOX[:3], atol=1e-5)


def test_background_stays_background_and_images_differ():
    torch.manual_seed(0)
    warped = RandomAffine(shift=4, scale=0.2, shear=0.3, degrees=15)(BOX)
    assert torch.allclose(warped[:, :, 0, 0], BOX[:, :, 0, 0], atol=1e-5)
    assert not torch.allclose(warped[0], warped[1])


def test_shift_moves_by_at_most_the_pixels_asked_for():
    torch.manual_seed(0)
    warped = RandomAffine(**NOTHING | {"shift": 3})(BOX)
    moves = torch.tensor([[extent(w)[0] - 10, extent(w)[2] - 12] for w in warped])
    assert moves.abs().max() == 3
    assert {-3, 0, 3} <= set(moves[:, 0].tolist())


def test_scale_and_squeeze_change_the_size_by_the_share_asked_for():
    torch.manual_seed(0)
    for name, ratio_changes in (("scale", False), ("squeeze", True)):
        warped = RandomAffine(**NOTHING | {name: 0.25})(BOX)
        ink = (warped + 0.4).sum((1, 2, 3)) / (BOX[0] + 0.4).sum()
        if ratio_changes:
            assert (ink - 1).abs().max() < 0.03
        else:
            assert 0.56 < ink.min() < 0.62 and 1.50 < ink.max() < 1.60


def test_seeded_draws_repeat():
    torch.manual_seed(7)
    first = RandomAffine()(BOX[:4])
    torch.manual_seed(7)
    assert torch.equal(first, RandomAffine()(BOX[:4]))


def drawn(*shape, dtype=torch.float32):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_affine_maps_keep_the_type(dtype):
    assert RandomAffine()(drawn(2, 1, 32, 32, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 1, 32, 32), (2, 3, 20, 30)])
def test_elastic_reads_where_its_field_says_as_scipy_does(dtype, shape):
    images = drawn(*shape, dtype=dtype)
    images[..., :4, :] = images[..., -4:, :] = images.amin((1, 2, 3), keepdim=True)
    images[..., :4] = images[..., -4:] = images.amin((1, 2, 3), keepdim=True)
    elastic = ElasticDistortion(pixels=1.5, sigma=3)
    torch.manual_seed(5)
    field = elastic.field(images).double().numpy()
    torch.manual_seed(5)
    got = elastic(images)
    assert got.dtype == dtype and got.shape == images.shape
    rows, columns = np.mgrid[: shape[2], : shape[3]]
    for n, c in np.ndindex(*shape[:2]):
        at = [rows + field[n, ..., 1], columns + field[n, ..., 0]]
        image = images[n, c].double().numpy()
        ground = images[n].min().item()
        wanted = ndimage.map_coordinates(image, at, order=1, cval=ground)
        inner = (slice(6, -6),) * 2
        assert np.allclose(got[n, c].numpy()[inner], wanted[inner], atol=1e-4)


def test_the_field_is_noise_that_scipys_gaussian_would_have_blurred():
    elastic = ElasticDistortion(pixels=2.0, sigma=2)
    images = torch.zeros(1, 1, 24, 24, dtype=torch.float64)
    torch.manual_seed(1)
    noise = torch.randn(2, 1, 36, 36, dtype=torch.float64)
    torch.manual_seed(1)
    field = elastic.field(images)[0].permute(2, 0, 1).numpy()
    blurred = [
        ndimage.gaussian_filter(part[0].numpy(), 2, truncate=3)[6:-6, 6:-6]
        for part in noise
    ]
    wanted = np.stack(blurred)
    wanted *= 2 / np.sqrt((wanted**2).sum(0).mean())
    assert np.allclose(field, wanted, atol=1e-9)


def test_the_length_asked_for_is_the_length_that_comes_out():
    for pixels in (0.5, 3.0):
        field = ElasticDistortion(pixels, sigma=4).field(torch.zeros(8, 1, 32, 32))
        length = field.square().sum(-1).mean((1, 2)).sqrt()
        assert torch.allclose(length, torch.full((8,), pixels), atol=1e-4)


def test_a_blur_wider_than_the_image_is_no_trouble():
    assert ElasticDistortion(1, sigma=30)(drawn(2, 1, 8, 8)).shape == (2, 1, 8, 8)


def test_elastic_background_and_draws():
    torch.manual_seed(2)
    warped = ElasticDistortion(2, 4)(BOX[:4])
    assert torch.allclose(warped[:, :, 0, 0], BOX[:4, :, 0, 0], atol=1e-5)
    assert not torch.allclose(warped[0], warped[1])
    torch.manual_seed(2)
    assert torch.equal(warped, ElasticDistortion(2, 4)(BOX[:4]))


@pytest.mark.parametrize(
    ("pixels", "sigma"), [(1, 0), (1, -1), (0, 4), (1, float("nan"))]
)
def test_strengths_that_mean_nothing_are_refused(pixels, sigma):
    with pytest.raises(ValueError, match="positive"):
        ElasticDistortion(pixels, sigma)


@pytest.mark.parametrize(
    "images", [torch.zeros(1, 32, 32), torch.zeros(1, 1, 8, 8).byte()]
)
def test_images_without_a_batch_axis_or_of_bytes_are_refused(images):
    with pytest.raises(ValueError, match="N, C, H, W"):
        ElasticDistortion()(images)
