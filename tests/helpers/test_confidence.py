"""AUROC, calibration and temperature against scikit-learn, NumPy and SciPy."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from sklearn.metrics import roc_auc_score

from lenet_helpers.confidence import auroc, calibration, fit_temperature


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def by_sklearn(known, strange):
    truth = [1] * known.numel() + [0] * strange.numel()
    return roc_auc_score(truth, [*known.flatten(), *strange.flatten()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize("sizes", [(1, 1), (40, 25), (3, 300)])
def test_auroc_is_that_of_scikit_learn_with_ties(sizes, dtype):
    known, strange = (torch.randint(9, (n,), generator=generator(n)) for n in sizes)
    known = (known + 2).to(dtype)
    want = by_sklearn(known, strange.to(dtype))
    assert auroc(known, strange.to(dtype)) == pytest.approx(want, abs=1e-12)


def test_auroc_turns_over_and_knows_its_ends():
    a, b = torch.randn(50, generator=generator()), torch.randn(2, 9).flatten()
    assert auroc(a, b) + auroc(b, a) == pytest.approx(1)
    assert auroc(b.max() + 1, b) == 1 and auroc(torch.ones(4), torch.ones(3)) == 0.5
    infinite = torch.tensor([math.inf, 1.0])
    assert auroc(infinite, torch.tensor([-math.inf, 0.0])) == 1


@pytest.mark.parametrize(
    "known, strange, word",
    [
        (torch.zeros(0), torch.zeros(3), "0 known"),
        (torch.zeros(3), torch.zeros(0), "0 strange"),
        (torch.tensor([0.0, math.nan]), torch.zeros(3), "nan"),
        (torch.zeros(3), torch.tensor([math.nan]), "nan"),
    ],
)
def test_auroc_refuses_what_has_no_rank(known, strange, word):
    with pytest.raises(ValueError, match=word):
        auroc(known, strange)


def by_numpy(confidence, right, bins):
    confidence, right = np.asarray(confidence, float), np.asarray(right, float)
    where = np.maximum(np.ceil(confidence * bins).astype(int) - 1, 0)
    gaps = 0.0
    for b in np.unique(where):
        mine = where == b
        gaps += mine.sum() * abs(confidence[mine].mean() - right[mine].mean())
    return gaps / len(right)


@pytest.mark.parametrize("bins", [1, 4, 15, 200])
def test_calibration_error_is_numpys(bins):
    confidence = torch.rand(500, generator=generator(bins))
    right = torch.rand(500, generator=generator(1)) < confidence**2
    found = calibration(confidence, right, bins)
    assert found.error == pytest.approx(by_numpy(confidence, right, bins), abs=1e-9)
    assert found.count.sum() == 500 and len(found.count) == bins
    for part, whole in ((found.promised, confidence), (found.kept, right)):
        total = (part.nan_to_num() * found.count).sum().item()
        assert total == pytest.approx(whole.double().sum().item())


def test_an_edge_belongs_to_the_bin_below_and_empty_bins_count_nothing():
    confidence = torch.tensor([0.0, 0.25, 0.5, 1.0, 1.0], dtype=torch.float64)
    found = calibration(confidence, torch.tensor([0, 0, 1, 1, 1]), 4)
    assert found.count.tolist() == [2, 1, 0, 2]
    assert found.kept[2].isnan() and found.error == pytest.approx(0.75 / 5)


@pytest.mark.parametrize(
    "confidence, right, bins, word",
    [
        (torch.zeros(0), torch.zeros(0), 5, "no answers"),
        (torch.zeros(3), torch.zeros(4), 5, "one length"),
        (torch.zeros(3, 2), torch.zeros(3, 2), 5, "one length"),
        (torch.tensor([1.2]), torch.ones(1), 5, "between 0 and 1"),
        (torch.tensor([-0.1]), torch.ones(1), 5, "between 0 and 1"),
        (torch.tensor([math.nan]), torch.ones(1), 5, "between 0 and 1"),
        (torch.ones(1), torch.ones(1), 0, "bins=0"),
    ],
)
def test_calibration_names_what_is_wrong(confidence, right, bins, word):
    with pytest.raises(ValueError, match=word):
        calibration(confidence, right, bins)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_temperature_is_the_one_that_scipy_finds(true, dtype):
    z = 3 * torch.randn(4000, 10, generator=generator(), dtype=dtype)
    y = torch.multinomial((z / true).softmax(1), 1, generator=generator(1))[:, 0]

    def loss(log_t):
        return F.cross_entropy(z.double() / math.exp(log_t), y).item()

    want = math.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    found = fit_temperature(z, y)
    assert found == pytest.approx(want, rel=1e-3) == pytest.approx(true, rel=0.1)


def test_where_no_finite_temperature_is_best_it_stays_within_its_bounds():
    z = torch.eye(10) * 5
    assert fit_temperature(z, torch.arange(10)) == pytest.approx(0.02, rel=1e-6)
    assert fit_temperature(z, torch.arange(10).roll(1)) == pytest.approx(50, rel=1e-6)


@pytest.mark.parametrize(
    "z, y, word",
    [
        (torch.zeros(3, 10), torch.zeros(4).long(), "belong|needed"),
        (torch.zeros(10), torch.tensor(3), "needed"),
        (torch.zeros(0, 10), torch.zeros(0).long(), "needed"),
        (torch.full((2, 10), math.nan), torch.zeros(2).long(), "finite"),
        (torch.full((2, 10), math.inf), torch.zeros(2).long(), "finite"),
    ],
)
def test_a_temperature_needs_finite_logits_and_labels(z, y, word):
    with pytest.raises(ValueError, match=word):
        fit_temperature(z, y)
