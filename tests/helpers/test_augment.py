"""Distortions: exact in the cases where the answer is known."""

import torch

from lenet_helpers.augment import RandomAffine

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
