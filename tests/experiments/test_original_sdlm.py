"""The compiled training of 1998 against autograd, Jacobians and plain steps."""

import argparse

import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("numba", reason="only the original training needs numba")
import numpy as np

from experiments.originals import kernels as kernels
from experiments.originals import sdlm as sdlm
from lenet_helpers.models.original import criterion_eq8, criterion_eq9

CRITERIA = [  # eq. 8, and eq. 9 with some constants; penalties as sums and as means
    (None, "sum"),
    (5.0, "sum"),
    (60.0, "sum"),
    (None, "mean"),
    (1.0, "mean"),
]


def criterion(penalties, labels, j, penalty):
    if penalty == "mean":
        penalties = penalties / 84
    if j is None:
        return criterion_eq8(penalties, labels)
    return criterion_eq9(penalties, labels, j=j)


@pytest.fixture
def digits():
    """Noise for images: nothing in the algebra depends on what they show."""
    draw = np.random.default_rng(0)
    images = draw.normal(0.2, 0.5, (12, 1024)).astype(np.float32)
    return images, draw.integers(0, 10, 12)


def trainer(j, penalty="sum", seed=0):
    made = sdlm.Trainer(seed, j, penalty=penalty)
    with torch.no_grad():  # far from zero, so that no gradient is small by accident
        for parameter in made.model.parameters():
            parameter.mul_(3)
    return made


def tensor(image):
    return torch.from_numpy(image).view(1, 1, 32, 32)


def test_squashing_is_exact_to_float32():
    a = np.linspace(-30, 30, 100_001).astype(np.float32)
    values, slopes = a.copy(), np.empty_like(a)
    kernels.squash(values, slopes)
    t = np.tanh(2 * a.astype(np.float64) / 3)
    np.testing.assert_allclose(values, 1.7159 * t, atol=3e-7)
    np.testing.assert_allclose(slopes, 1.7159 * 2 / 3 * (1 - t**2), atol=5e-7)


def test_forward_pass_is_that_of_the_model(digits):
    images, labels = digits
    made = trainer(None)
    with torch.no_grad():
        penalties = made.model(torch.from_numpy(images).view(-1, 1, 32, 32))
    found = made.score(images, labels)
    wrong = (penalties.argmin(1).numpy() != labels).mean()
    assert found["error"] == pytest.approx(100 * wrong)
    expected = criterion_eq8(penalties, torch.from_numpy(labels)).item()
    assert found["penalty"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("j, penalty", CRITERIA)
def test_one_step_moves_every_weight_along_autograds_gradient(digits, j, penalty):
    images, labels = (part[:1] for part in digits)
    made = trainer(j, penalty)
    penalties = made.model(tensor(images[0]))
    loss = criterion(penalties, torch.from_numpy(labels), j, penalty)
    loss.backward()
    before = [p.detach().clone() for p in made.model.parameters()]
    # A rate of its own for each weight, so that none can be applied elsewhere; long
    # enough a step for float32 where the mean makes the gradient small.
    draw = np.random.default_rng(1)
    rate = kernels.Weights(
        *(
            -(draw.uniform(0.01, 0.1, a.shape) / made.c).astype(np.float32)
            for a in made.w
        )
    )
    made.train(images, labels, np.arange(1), rate)
    for old, new, r in zip(before, made.model.parameters(), rate, strict=True):
        expected = torch.from_numpy(r).view_as(new) * new.grad
        scale = expected.abs().max().item()
        torch.testing.assert_close(new - old, expected, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize("j, penalty", CRITERIA)
def test_curvature_at_f6_is_the_diagonal_of_the_hessian(j, penalty):
    made = trainer(j, penalty)
    codes = made.model.output.codes.double()
    # Between two codes, so that under eq. 9 classes do compete.
    x = ((codes[3] + codes[8]) / 2).requires_grad_()
    output, label = made.model.output.double(), torch.tensor([3])
    hessian = torch.autograd.functional.hessian(
        lambda x: criterion(output(x)[None], label, j, penalty), x
    )
    f6 = x.detach().float().numpy()
    shares, out = np.zeros(10, np.float32), np.zeros(84, np.float32)
    codes = codes.float().numpy()
    sdlm.compare(f6, codes, 3, made.c, made.j, made.competes, shares)
    sdlm.curvature_at_f6(f6, codes, made.c, shares, out)
    np.testing.assert_allclose(out, hessian.diag().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("j", [None, 60.0])
def test_curvature_is_carried_down_by_squared_jacobians(digits, j):
    images, labels = (part[:2] for part in digits)
    made = trainer(j)
    found = made.curvature(images, labels)
    expected = [curvature_by_jacobians(made, *pair) for pair in zip(images, labels)]
    for name, h, one, two in zip(found._fields, found, *expected, strict=True):
        mean = ((one + two) / 2).numpy().ravel()
        np.testing.assert_allclose(
            h.ravel(), mean, rtol=1e-3, atol=1e-5 * mean.max(), err_msg=name
        )
        assert mean.max() > 0


def curvature_by_jacobians(made, image, label):
    """h_kk of one image, layer by layer from the top, in the order of parameters()."""
    model = made.model
    values, x = {}, tensor(image)
    for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
        x = x.flatten(1) if name == "f6" else x
        values[name] = (x.detach(), getattr(model, name)(x).detach())
        x = model.act(values[name][1])
    f6 = x[0].detach().requires_grad_()
    hessian = torch.autograd.functional.hessian(
        lambda f6: criterion(
            model.output(f6)[None], torch.tensor([label]), made.j, "sum"
        )
        if made.competes
        else criterion_eq8(model.output(f6)[None], torch.tensor([label])),
        f6,
    )
    above, h = hessian.diag(), []
    for name in reversed(values):
        x, a = values[name]
        slope = torch.func.vmap(torch.func.grad(model.act))(a.flatten())
        above = above * slope**2
        by_weight, by_bias, by_input = squared_jacobians(getattr(model, name), x)
        h += [above @ by_bias, above @ by_weight]
        above = above @ by_input
    return h[::-1]


def squared_jacobians(layer, x):
    """Of the outputs by weights, biases and inputs, connection by connection."""
    parameters = {k: p.detach() for k, p in layer.named_parameters()}
    weight = next(iter(parameters))

    def outputs(w, b, x):
        if weight == "coefficient":  # one weight a connection: four of each map's
            y = F.conv2d(x, w, b, stride=2, groups=len(w))
        else:
            y = torch.func.functional_call(layer, {weight: w, "bias": b}, (x,))
        return y.flatten()

    w, b = parameters[weight], parameters["bias"]
    if weight == "coefficient":
        w = w[:, None, None, None].expand(-1, 1, 2, 2).contiguous()
    by_w, by_b, by_x = torch.func.jacrev(outputs, (0, 1, 2), chunk_size=400)(w, b, x)
    if weight == "coefficient":
        by_w = by_w.square().sum((2, 3, 4)).sqrt()  # shared weights: sum of squares
    return [j.flatten(1).square() for j in (by_w, by_b, by_x)]


def test_shared_memory_trains_the_model_itself(digits):
    images, labels = digits
    made = trainer(None)
    rate = kernels.Weights(*(np.full_like(a, -1e-4) for a in made.w))
    before = made.score(images, labels)["penalty"]
    made.train(images, labels, np.tile(np.arange(12), 20), rate)
    with torch.no_grad():
        penalties = made.model(torch.from_numpy(images).view(-1, 1, 32, 32))
    after = criterion_eq8(penalties, torch.from_numpy(labels)).item()
    assert after < 0.9 * before


def options(**changes):
    defaults = sdlm.parser().parse_args([])
    return argparse.Namespace(**{**vars(defaults), "held": "test", **changes})


def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(
    digits, tmp_path, monkeypatch
):
    monkeypatch.setattr(sdlm, "SAMPLES", 4)
    monkeypatch.setattr(sdlm.records, "RUNS", tmp_path)
    monkeypatch.setattr(sdlm.records, "RESULTS", tmp_path)
    whole = sdlm.run((digits, digits), 0, options(name="whole", passes=3))
    sdlm.run((digits, digits), 0, options(name="stopped", passes=1))
    resumed = sdlm.run((digits, digits), 0, options(name="stopped", passes=3))
    for passes in (whole, resumed):
        for entry in passes:
            del entry["seconds"]
    assert whole == resumed


def test_results_hold_each_run_once(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(sdlm, "SAMPLES", 4)
    monkeypatch.setattr(sdlm.records, "RUNS", tmp_path)
    monkeypatch.setattr(sdlm.records, "RESULTS", tmp_path)
    for seed, j in ((0, None), (1, None), (0, 5.0), (0, None)):
        args = options(name="runs", seeds=[seed], passes=1, j=j)
        sdlm.measure((digits, digits), args)
    runs = sdlm.records.load("runs")["runs"]
    found = [(r["seed"], r["j"], len(r["passes"])) for r in runs]
    assert len(found) == 3
    assert set(found) == {(0, None, 1), (1, None, 1), (0, 5.0, 1)}
    sdlm.measure((digits, digits), options(name="runs", seeds=[0], passes=2))
    runs = sdlm.records.load("runs")["runs"]
    assert sorted(len(r["passes"]) for r in runs) == [1, 1, 2]


def test_the_schedule_is_the_published_one():
    assert len(sdlm.ETAS) == 20
    assert [sdlm.ETAS.count(eta) for eta in (5e-4, 2e-4, 1e-4, 5e-5, 1e-5)] == [
        2, 3, 3, 4, 8,
    ]  # fmt: skip
    assert all(a >= b for a, b in zip(sdlm.ETAS, sdlm.ETAS[1:]))
