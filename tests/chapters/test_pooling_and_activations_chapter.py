"""What the chapter on pooling and activations says, held against other code."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import integrate, stats
from torch import nn

from experiments.layers import pooling
from lenet_course import exercises, interview, quiz
from lenet_helpers import models, shapes
from lenet_helpers.models.layers import ScaledTanh, Subsampling
from tests.chapters import reader
from tests.experiments.rated_runs import by_rate

CHAPTER = "04-pooling-and-activations"


def table(id: str) -> list[str]:
    """The lines of a table that the chapter shows, without its heading."""
    (shown,) = (o.data for o in reader.cells(CHAPTER)[id].outputs if "data" in o)
    return shown["text/plain"].splitlines()[1:]


def said(*ids: str) -> str:
    sources = reader.sources(CHAPTER)
    return " ".join(" ".join(sources[f"pool-{id}"] for id in ids).split())


@pytest.fixture(scope="module")
def built() -> dict:
    """What the chapter defines, as it defines it."""
    wanted = ("pool", "MaxBlur", "collapse", "is_affine", "squash", "models")
    known = reader.names(CHAPTER, *wanted, "Subsampling", "ScaledTanh", "nn")
    reader.run(reader.sources(CHAPTER)["pool-22"], known)
    return known


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


# --- the operations written by hand ------------------------------------------------


def by_numpy(x, how, size, stride):
    """Window by window, in NumPy."""
    x = x.double().numpy()
    rows, columns = ((n - size) // stride + 1 for n in x.shape[-2:])
    out = np.empty((*x.shape[:-2], rows, columns))
    for i, j in itertools.product(range(rows), range(columns)):
        top, left = i * stride, j * stride
        window = x[..., top : top + size, left : left + size]
        out[..., i, j] = how(window, axis=(-2, -1))
    return torch.tensor(out)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(9, 7), (3, 9, 7), (2, 3, 9, 7)])
@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (2, 1), (7, 1)])
def test_pooling_by_hand_is_that_of_numpy(built, shape, dtype, size, stride):
    x = drawn(*shape, dtype=dtype)
    pairs = [(torch.mean, np.mean), (torch.amax, np.max), (torch.sum, np.sum)]
    for mine, theirs in pairs:
        got = built["pool"](x, mine, size, stride)
        assert got.dtype == dtype
        want = by_numpy(x, theirs, size, stride or size)
        assert torch.allclose(got.double(), want, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "size", "stride", "words"),
    [
        ((6, 4, 9), 5, 2, "does not fit into 4"),
        ((6, 9, 4), 5, 2, "does not fit into 4"),
        ((6, 9, 9), 2, 0, "stride=0"),
        ((6, 9, 9), 2, -1, "stride=-1"),
        ((6, 9, 9), 0, 1, "kernel=0"),
        ((120,), 2, 2, "no rows and columns"),
    ],
)
def test_what_cannot_be_pooled_is_refused_in_words(built, shape, size, stride, words):
    for how in (torch.mean, torch.amax, torch.sum):
        with pytest.raises(ValueError, match=words):
            built["pool"](torch.zeros(shape), how, size, stride)


@pytest.mark.parametrize("shape", [(1, 2, 2), (3, 1, 9), (2, 6, 9, 1)])
def test_a_map_too_small_to_blur_is_refused_in_words(built, shape):
    with pytest.raises(ValueError, match="too small|does not fit"):
        built["MaxBlur"]()(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(6, 28, 28), (2, 16, 10, 10), (1, 5, 7)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blur_pooling_is_a_dense_maximum_a_blur_and_every_second_place(
    built, shape, dtype
):
    x = drawn(*shape, dtype=dtype)
    dense = by_numpy(x, np.max, 2, 1).numpy()
    around = [(0, 0)] * (len(shape) - 2) + [(1, 1)] * 2
    framed = np.pad(dense, around, mode="reflect")
    line = [0.25, 0.5, 0.25]
    for axis in (-2, -1):
        n = framed.shape[axis] - 2
        parts = [np.take(framed, range(k, k + n), axis) for k in range(3)]
        framed = sum(weight * part for weight, part in zip(line, parts))
    got = built["MaxBlur"]()(x)
    assert got.dtype == dtype
    want = torch.tensor(framed[..., ::2, ::2])
    assert torch.allclose(got.double(), want, atol=1e-5)


def test_the_experiment_blurs_as_the_chapter_does(built):
    x = drawn(2, 6, 28, 28)
    assert torch.allclose(pooling.MaxBlur()(x), built["MaxBlur"]()(x), atol=1e-6)


def test_an_even_grey_stays_what_it_is(built):
    assert torch.allclose(built["MaxBlur"]()(torch.ones(3, 9, 9)), torch.ones(3, 4, 4))


def test_the_published_layer_from_the_same_windows(built):
    layer, x = Subsampling(6), drawn(6, 28, 28)
    with torch.no_grad():
        layer.coefficient.uniform_(-1, 1), layer.bias.uniform_(-1, 1)
        sums = built["pool"](x, torch.sum)
        w, b = (p[:, None, None] for p in (layer.coefficient, layer.bias))
        want = ScaledTanh()(layer(x[None])[0])
        assert torch.allclose(built["squash"](w * sums + b), want, atol=1e-5)


def test_the_experiments_networks_are_the_chapters(built):
    for kind in ("subsampling", "average", "max", "blur", "stride", "none"):
        theirs = pooling.network(kind, "scaled tanh")
        mine, x = built["lenet"](kind), drawn(2, 1, 32, 32)
        mine.load_state_dict(theirs.state_dict(), strict=False)
        with torch.no_grad():
            assert torch.allclose(mine(x), theirs(x), atol=1e-5)


# --- counts --------------------------------------------------------------------------


def test_multiply_adds_are_those_of_an_independent_count(built):
    """Every use of a weight, counted from the tensors that come out."""
    for kind, want in {
        "average": 416_520,
        "stride": 148_320,
        "none": 2_616_840,
        "subsampling": 418_096,
        "blur": 430_704,
    }.items():
        net, total = built["lenet"](kind), 0

        def count(layer, inputs, output):
            nonlocal total
            if isinstance(layer, nn.Conv2d | nn.Linear):
                total += output[0].numel() * layer.weight[0].numel()
            elif isinstance(layer, Subsampling):
                total += output[0].numel()
            elif type(layer).__name__ == "MaxBlur":
                total += 9 * output[0].numel()

        for layer in net.modules():
            layer.register_forward_hook(count)
        net(torch.zeros(1, 1, 32, 32))
        assert total == want == shapes.trace(net).macs
    text = said("25")
    assert "36 %" in text and f"{148_320 / 416_520:.0%}" == "36%"
    assert "6.3 times" in text and f"{2_616_840 / 416_520:.1f}" == "6.3"
    assert "1,106,040" in text and 120 * (16 * 24**2 + 1) == 1_106_040
    assert "18 times" in text and round(1_119_626 / 61_706) == 18


def test_44_of_the_60_000():
    parts = [models.LeNet5().s2, models.LeNet5().s4]
    assert [sum(p.numel() for p in s.parameters()) for s in parts] == [12, 32]


# --- noise ---------------------------------------------------------------------------


def largest(n, distribution):
    """Mean and variance of the largest of n, by integrating its density."""
    f, F_ = distribution.pdf, distribution.cdf
    low, high = distribution.support()
    low, high = max(low, -12), min(high, 60)

    def moment(k):
        def density(x):
            return x**k * n * f(x) * F_(x) ** (n - 1)

        return integrate.quad(density, low, high, limit=200)[0]

    mean = moment(1)
    return mean, moment(2) - mean**2


@pytest.mark.parametrize("n", [1, 2, 4, 9, 25])
def test_closed_forms_of_the_largest_of_n(n):
    mean, variance = largest(n, stats.uniform())
    assert math.isclose(mean, n / (n + 1), rel_tol=1e-6)
    assert math.isclose(variance, n / ((n + 1) ** 2 * (n + 2)), rel_tol=1e-5)
    mean, variance = largest(n, stats.expon())
    assert math.isclose(mean, sum(1 / k for k in range(1, n + 1)), rel_tol=1e-5)
    assert math.isclose(variance, sum(k**-2 for k in range(1, n + 1)), rel_tol=1e-4)


def test_four_normal_values():
    mean, variance = largest(4, stats.norm())
    assert f"{mean:.2f} ± {variance**0.5:.2f}" == "1.03 ± 0.70"
    assert "varies by 0.70" in said("55")


def test_a_lone_response_is_found_better_by_the_maximum_a_common_one_by_the_mean():
    def mean_finds(places, height=3.0):
        return stats.norm.cdf(height * places / 4 / (0.5 * 2**0.5))

    def max_finds(places, height=3.0):
        def cdf(x):
            shifted = stats.norm.cdf(x - height) ** places
            return shifted * stats.norm.cdf(x) ** (4 - places)

        def beaten(x):  # density of the empty window's maximum, times P(filled > x)
            empty = 4 * stats.norm.pdf(x) * stats.norm.cdf(x) ** 3
            return empty * (1 - cdf(x))

        return integrate.quad(beaten, -10, 12)[0]

    assert max_finds(1) > mean_finds(1) + 0.05
    assert max_finds(4) < mean_finds(4)
    for places in (1, 2, 4):
        line = next(x for x in table("pool-56") if x.startswith(f"in {places} "))
        found = [float(word.rstrip("%,")) for word in line.split() if "%" in word]
        assert abs(found[0] - 100 * max_finds(places)) < 0.6
        assert abs(found[1] - 100 * mean_finds(places)) < 0.6


# --- curves --------------------------------------------------------------------------

NUMPY = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "scaled tanh": lambda a: 1.7159 * np.tanh(2 / 3 * a),
    "ReLU": lambda a: np.maximum(0, a),
    "leaky ReLU": lambda a: np.where(a > 0, a, 0.01 * a),
    "ELU": lambda a: np.where(a > 0, a, np.exp(a) - 1),
    "GELU": lambda a: a * stats.norm.cdf(a),
    "SiLU": lambda a: a / (1 + np.exp(-a)),
}


def test_the_table_of_slopes_by_central_differences():
    shown = table("pool-74")
    assert len(shown) == len(NUMPY)
    wide, h = np.linspace(-6, 6, 1202), 1e-5
    for line, (name, f) in zip(shown, NUMPY.items(), strict=True):
        assert line.startswith(name)
        zero, most, three, value = (float(x) for x in line.split()[-4:])
        slope = (f(wide + h) - f(wide - h)) / (2 * h)
        assert abs(most - slope.max()) < 0.006
        assert abs(three - (f(3 + h) - f(3 - h)) / (2 * h)) < 0.006
        right = 1e-3  # of the kink
        assert abs(zero - (f(right + h) - f(right - h)) / (2 * h)) < 0.01
        assert value == pytest.approx(float(f(np.zeros(()))), abs=0.05)


def test_the_scaled_tanh_is_still_steep_at_one():
    assert f"{1.7159 * 2 / 3 * (1 - math.tanh(2 / 3) ** 2):.2f}" == "0.76"
    assert "0.76" in said("76") and f"{1.7159 * 2 / 3:.2f}" == "1.14"


# --- a LeNet without a bend ----------------------------------------------------------


def test_an_affine_network_collapses_into_one_matrix(built):
    net = models.ModernLeNet5()
    net.act = nn.Identity()
    net = net.double()
    matrix, constants = built["collapse"](net)
    assert matrix.numel() + len(constants) == 10_250
    x = drawn(5, 1, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(x.flatten(1) @ matrix.T + constants, net(x), atol=1e-9)


@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", None])
def test_affine_is_recognised(built, pool, activation):
    net = models.ModernLeNet5(activation=activation or "tanh", pool=pool)
    if activation is None:
        net.act = nn.Identity()
    assert built["is_affine"](net) == (activation is None and pool == "avg")


# --- the condition number ------------------------------------------------------------


def test_the_hessian_is_covariance_and_mean():
    x = drawn(400, 5).double().numpy() + 2
    hessian, mean = x.T @ x / 400, x.mean(0)
    assert np.allclose(hessian, np.cov(x.T, ddof=0) + np.outer(mean, mean))


def test_fair_coins_have_condition_number_26():
    coins = np.array(list(itertools.product((0, 1), repeat=4)), dtype=float)
    eigenvalues = np.linalg.eigvalsh(coins.T @ coins / len(coins))
    assert math.isclose(eigenvalues[-1] / eigenvalues[0], 1 + 4 * 0.25 / 0.25)
    assert 1 + 25 * 0.25 / 0.25 == 26


def test_centring_shortens_the_way_as_printed():
    pairs = [line.replace(",", "").split()[-2:] for line in table("pool-93")]
    conditions, steps = zip(*[map(int, pair) for pair in pairs], strict=True)
    assert sorted(conditions, reverse=True) == list(conditions)
    assert sorted(steps, reverse=True) == list(steps)


# --- answers in another style, and subtly wrong ones ---------------------------------


def verdict(id, answer):
    return exercises.check(f"pooling_and_activations.{id}", answer)


@pytest.mark.parametrize(
    ("id", "answers"),
    [
        ("learned-average", (110.0, torch.tensor(22 * 5), np.int64(110))),
        ("largest-of-four", (4 / 5, torch.tensor(0.8), np.float32(0.8))),
        ("condition", (26.0, torch.tensor(26), 1 + 25)),
    ],
)
def test_right_numbers_in_another_style_are_accepted(id, answers):
    assert all(verdict(id, answer) for answer in answers)


@pytest.mark.parametrize(
    ("id", "answers"),
    [
        ("learned-average", (44, 88, 1190, "110")),
        ("largest-of-four", (0.5, 0.75, 1, float("nan"))),
        ("condition", (25, 6.5, 101, (1, 26))),
    ],
)
def test_wrong_numbers_are_refused(id, answers):
    assert not any(verdict(id, answer) for answer in answers)


def tournament(larger):
    def pool(x):
        a, b = x[..., ::2, ::2], x[..., ::2, 1::2]
        c, d = x[..., 1::2, ::2], x[..., 1::2, 1::2]
        return larger(larger(a, b), larger(c, d))

    return pool


RELU_MAX = [
    tournament(lambda a, b: F.relu(a) - F.relu(-a) + nn.ReLU()(b - a)),
    tournament(lambda a, b: (a + b + (a - b).relu() + (b - a).relu()) / 2),
    tournament(lambda a, b: b + (a - b).clamp(min=0)),
]
NOT_RELU_MAX = [
    tournament(torch.maximum),
    lambda x: x.unfold(-2, 2, 2).unfold(-2, 2, 2).amax((-2, -1)),
    nn.MaxPool2d(2),
    tournament(lambda a, b: F.relu(a) + F.relu(b - a)),
    tournament(lambda a, b: a + F.relu(b)),
    lambda x: tournament(lambda a, b: a + F.relu(b - a))(x).relu(),
]


@pytest.mark.parametrize("answer", RELU_MAX)
def test_a_maximum_of_relus_in_other_styles(answer):
    assert verdict("relu-max", answer)


@pytest.mark.parametrize("answer", NOT_RELU_MAX)
def test_a_maximum_of_relus_refuses(answer):
    assert not verdict("relu-max", answer)


def by_slices(x):
    a = x[..., :-2] + 2 * x[..., 1:-1] + x[..., 2:]
    a = a[..., :-2, :] + 2 * a[..., 1:-1, :] + a[..., 2:, :]
    return a[..., ::2, ::2] / 16


def map_by_map(x):
    kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None] / 16
    parts = [F.conv2d(x[:, c : c + 1], kernel, stride=2) for c in range(x.shape[1])]
    return torch.cat(parts, 1)


def by_averages(x):
    return F.avg_pool2d(F.avg_pool2d(x, 2, stride=1), 2)


@pytest.mark.parametrize("answer", [by_slices, map_by_map, by_averages])
def test_blur_pool_in_other_styles(answer):
    assert verdict("blur-pool", answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: 16 * by_slices(x),
        lambda x: by_slices(F.pad(x, [1] * 4)),
        lambda x: by_slices(x[..., 1:, 1:]),
        lambda x: F.avg_pool2d(x, 3, 2),
        lambda x: F.interpolate(x, scale_factor=0.5),
    ],
)
def test_blur_pool_refuses(answer):
    assert not verdict("blur-pool", answer)


def by_new_image(model, images, shift, paper):
    moved = torch.full_like(images, paper)
    moved[..., shift:] = images[..., : images.shape[-1] - shift]
    same = torch.eq(model(images).max(1).indices, model(moved).max(1).indices)
    return same.float().mean()


def one_by_one(model, images, shift, paper):
    kept = 0
    for image in images:
        frame = torch.full((1, image.shape[1], shift), paper)
        moved = torch.cat([frame, image], -1)[..., : image.shape[-1]]
        answers = [model(x[None]).argmax().item() for x in (image, moved)]
        kept += answers[0] == answers[1]
    return kept / len(images)


@pytest.mark.parametrize("answer", [by_new_image, one_by_one])
def test_consistency_in_other_styles(answer):
    assert verdict("consistency", answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda m, x, s, p: (m(x).argmax(1) == m(x.roll(s, -1)).argmax(1))
        .float()
        .mean(),
        lambda m, x, s, p: by_new_image(m, x, s, 0.0),
        lambda m, x, s, p: 100 * by_new_image(m, x, s, p),
        lambda m, x, s, p: by_new_image(m, x, s + 1, p),
    ],
)
def test_consistency_refuses(answer):
    assert not verdict("consistency", answer)


def mirrored(w, b, v, c):
    """σ(−a) = 1 − σ(a): the same function with other signs."""
    return -2 * w, -2 * b, -2 * v, c + v.sum(1)


def in_steps(w, b, v, c):
    ones = torch.ones(w.shape[0])
    return [w + w, b + b, v + v, c - v @ ones]


@pytest.mark.parametrize("answer", [mirrored, in_steps])
def test_as_sigmoid_in_other_styles(answer):
    assert verdict("as-sigmoid", answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda w, b, v, c: (2 * w, 2 * b, 2 * v, c - v.sum()),
        lambda w, b, v, c: (2 * w, 2 * b, 2 * v, c + v.sum(1)),
        lambda w, b, v, c: (w / 2, b / 2, 2 * v, c - v.sum(1)),
        lambda w, b, v, c: (2 * w, 2 * b, 2 * v),
        lambda w, b, v, c: (2 * w, 2 * b, 2 * v.T, c),
    ],
)
def test_as_sigmoid_refuses(answer):
    assert not verdict("as-sigmoid", answer)


# --- the quiz ------------------------------------------------------------------------


def test_numbers_of_the_quiz():
    asked = quiz.load("pooling_and_activations").questions
    number = {q.id: q.number.value for q in asked if q.number}
    assert number["published-parameters"] == 2 * models.LeNet5().s4.maps
    assert number["affine"] == 10 * 32 * 32 + 10
    x = drawn(1, 1, 32, 64)

    def twice(shift):
        moved = x.roll(shift, -1)
        return F.max_pool2d(F.max_pool2d(moved, 2), 2)[..., 4:12]

    still = F.max_pool2d(F.max_pool2d(x, 2), 2)
    exact = [
        any(torch.equal(twice(s), still[..., 4 - u : 12 - u]) for u in range(4))
        for s in range(1, 5)
    ]
    assert exact == [False, False, False, True]
    assert number["which-shift"] == 4


# --- the long runs -------------------------------------------------------------------

ONCE, FEW = (30_000, 1), (1_000, 6)
SHOWN = ("average", "max", "blur", "stride")


def right(run):
    return run["test_accuracy"]


def gap(run):
    return run["train_accuracy"] - run["test_accuracy"]


def kept(shift):
    return lambda run: run["shifted"]["kept"][str(shift)]


def noisy(size):
    return lambda run: run["noisy"][str(size)]


def five(pool, read, budget=ONCE, activation="scaled tanh"):
    key = (pool, activation, *budget, 0.002)
    names = ("pool", "activation", "digits", "epochs", "rate")
    rows = [
        run
        for run in reader.results("pooling")["runs"]
        if tuple(run[name] for name in names) == key
    ]
    by_seed = {run["seed"]: 100 * read(run) for run in rows}
    assert sorted(by_seed) == list(range(5))
    return [by_seed[seed] for seed in range(5)]


def interval(a, b):
    """a − b: mean and half of the paired 95 % interval, by SciPy."""
    low, high = stats.ttest_rel(a, b).confidence_interval(0.95)
    return (low + high) / 2, (high - low) / 2


def versus(a, b, read, budget=ONCE):
    return interval(five(a, read, budget), five(b, read, budget))


@pytest.mark.parametrize(
    ("a", "b", "read", "budget", "words"),
    [
        ("max", "average", kept(2), ONCE, "10.6 ± 4.1 at two pixels"),
        ("blur", "max", kept(2), ONCE, "2.4 ± 0.2 more"),
        ("average", "stride", kept(2), ONCE, "by 3.4 ± 1.8"),
        ("average", "stride", right, ONCE, "by 0.28 ± 0.20"),
        ("max", "average", right, ONCE, "+1.35 ± 0.36"),
        ("subsampling", "average", right, ONCE, "0.54 ± 0.09"),
        ("squashed", "average", right, ONCE, "0.27 ± 0.08"),
        ("subsampling", "squashed", right, ONCE, "another 0.28 ± 0.07"),
        ("max", "average", right, FEW, "+2.50 ± 1.18 points"),
        ("max", "average", kept(2), FEW, "8.4 ± 3.2 of consistency"),
        ("blur", "max", right, FEW, "adds 0.76 ± 0.10"),
        ("blur", "max", kept(2), FEW, "and 6.9 ± 1.7"),
        ("max", "blur", gap, FEW, "by 2.0 ± 0.8"),
        ("none", "average", gap, FEW, "is 3.7 ± 2.0 wider"),
        ("average", "none", kept(2), FEW, "and 6.2 ± 2.9 fewer"),
    ],
)
def test_differences_that_are_told_apart(a, b, read, budget, words):
    mean, half = versus(a, b, read, budget)
    assert mean > half
    digits = len(words.split("±")[1].split()[0].split(".")[1])
    assert f"{mean:.{digits}f} ± {half:.{digits}f}" in words
    assert words in said("37")


@pytest.mark.parametrize(
    ("a", "b", "budget", "words"),
    [
        ("blur", "max", ONCE, "(+0.20 ± 0.22)"),
        ("stride", "average", FEW, "−0.18 ± 0.26"),
        ("none", "average", FEW, "(+0.13 ± 0.58)"),
    ],
)
def test_differences_that_are_not(a, b, budget, words):
    mean, half = versus(a, b, right, budget)
    assert abs(mean) < half
    assert f"{mean:+.2f} ± {half:.2f}".replace("-", "−") in words
    assert words in said("37")


def test_what_a_non_linearity_is_worth():
    def scores(activation, pool="average"):
        return five(pool, right, activation=activation)

    text = said("68", "105")
    assert f"{np.mean(scores('none', 'max')):.1f}" == "97.8" and "97.8 %" in said("70")
    mean, half = interval(scores("scaled tanh", "max"), scores("none", "max"))
    assert abs(mean) < half and f"({mean:+.2f} ± {half:.2f})" in text
    for a, b, words in [
        (scores("none", "max"), scores("none"), "are worth 6.7 ± 0.2"),
        (scores("none", "no layers"), scores("none"), "by 0.61 ± 0.23 points"),
        (scores("tanh"), scores("none"), "is worth 5.9 ± 0.3"),
        (scores("none"), scores("sigmoid"), "ends 1.7 ± 1.0 points behind"),
        (scores("tanh"), scores("scaled tanh"), "ahead by 0.38 ± 0.12 points"),
    ]:
        mean, half = interval(a, b)
        digits = len(words.split("±")[1].split()[0].split(".")[1])
        assert mean > half and words in text
        assert f"{mean:.{digits}f} ± {half:.{digits}f}" in words


def test_the_classes_that_stay_in_the_box():
    shares = {
        pool: np.mean(five(pool, kept(2)))
        for pool in ("average", "max", "blur", "stride")
    }
    text = said("37")
    for pool, words in {
        "average": "78 % of 500 test digits with average pooling",
        "max": "89 % with max pooling",
        "blur": "91 % with blurred maxima",
        "stride": "75 % with strides",
    }.items():
        assert words in text and f"{shares[pool]:.0f} %" in words


def test_the_published_layer_became_a_stronger_blur():
    rows = [r for r in reader.results("pooling")["runs"] if r["pool"] == "subsampling"]
    rows = [r for r in rows if r["digits"] == 30_000]
    coefficients = np.array([r["coefficients"] for r in rows])
    assert coefficients.shape == (5, 22) and coefficients.min() > 0.25
    assert f"{coefficients.mean():.2f}" == "0.36" and coefficients.max() < 0.5
    assert np.abs([r["biases"] for r in rows]).max() < 0.08
    assert "from 0.25 to 0.36 and nowhere beyond 0.50" in said("39")


def test_the_gain_of_the_maximum_by_budget():
    text = said("44")
    gains = [versus("max", "average", right, budget)[0] for budget in (ONCE, FEW)]
    bridge = reader.results("bridge")["runs"]
    errors = {
        step: [r["error"] for r in bridge if r["step"] == step]
        for step in ("linear", "max")
    }
    mean, half = interval(errors["linear"], errors["max"])
    assert mean > half
    gains.append(mean)
    assert "by 1.35 to 2.5 points on MNIST" in text
    assert f"{min(gains):.2f} {max(gains):.1f}" == "1.35 2.5"
    ranking = reader.results("weights")["activation_and_pool"]["ranking"]
    found = {(r["activation"], r["pool"]): r["val_accuracy"] for r in ranking}
    for activation in ("tanh", "relu"):
        pair = found[activation, "max"], found[activation, "avg"]
        mean, half = interval(*[[100 * x for x in one] for one in pair])
        assert abs(mean) < half and 0.15 < mean < 0.25 and 0.45 < half < 0.6
    rows = by_rate("lenet-vs-alexnet", "dataset", "variant")
    for start, told in (("-torch", "by 2.0 on CIFAR-10"), ("", "0.8 ± 0.7 *behind*")):
        maximum, average = (
            [100 * r["test_accuracy"] for r in rows["cifar10", name + start][0.003]]
            for name in ("lenet-relu-max", "lenet-relu")
        )
        mean, half = interval(maximum, average)
        assert told in text and abs(mean) > half and (mean > 0) == ("by" in told)
        assert f"{abs(mean):.1f}" in told
    long = [r for r in reader.results("lenet-vs-alexnet-long")["runs"] if r["seed"] < 5]
    maximum, average = (
        [
            100 * r["test_accuracy"]
            for r in sorted(long, key=lambda row: row["seed"])
            if (r["network"], r["lr"], r["passes"]) == (name, 0.003, 8)
        ]
        for name in ("lenet-relu-max", "lenet-relu")
    )
    mean, half = interval(maximum, average)
    assert abs(mean) < half and f"({mean:.1f} ± {half:.1f})".replace("-", "−") in text


def test_noise_fells_the_maximum():
    for size, words in ((0.25, "31 ± 21"), (0.5, "58 ± 18")):
        mean, half = versus("average", "max", noisy(size))
        assert mean > half and f"{mean:.0f} ± {half:.0f}" == words
        mean, half = versus("average", "stride", noisy(size))
        assert mean < 4
    for size, words in {0.25: "93 to 94 % at a", 0.5: "82 to 84 % at a"}.items():
        low, high = (np.mean(five(p, noisy(size))) for p in ("stride", "average"))
        assert f"{low:.0f} to {high:.0f} %" in words and words in said("58b")
    mean, half = versus("max", "blur", noisy(0.25))
    assert mean > half and f"{mean:.1f} ± {half:.1f}" == "12.5 ± 6.6"
    assert "12.5 ± 6.6" in said("58b")
    mean, half = versus("max", "blur", noisy(0.5))
    assert abs(mean) < half


def test_noise_fells_maxima_without_a_tanh_as_well():
    bare = five("max", noisy(0.25), activation="none")
    bent = five("max", noisy(0.25))
    mean, half = interval(bare, bent)
    assert abs(mean) < half and "It takes no tanh for that" in said("58b")
    plain = five("average", noisy(0.25), activation="none")
    mean, half = interval(plain, bare)
    assert mean > half and mean > 20


def test_the_shares_that_stay_run_from_stride_to_blur():
    text, low, high = said("37"), {}, {}
    for shift in (1, 2, 4):
        found = [np.mean(five(p, kept(shift))) for p in SHOWN]
        low[shift], high[shift] = min(found), max(found)
    assert f"one pixel {low[1]:.0f} to {high[1]:.0f} % of the classes stay" in text
    assert f"two {low[2]:.0f} to {high[2]:.0f} %" in text
    assert f"four {low[4]:.0f} to {high[4]:.0f} %" in text


def test_a_bare_lenet_has_fewer_numbers_than_its_matrix():
    bare = models.ModernLeNet5()
    weights = bare.c1.weight.numel() + bare.c3.weight.numel()
    assert weights == 2_550 and bare.c5.weight[0].numel() == 400
    assert weights + 10 * 400 == 6_550 < 10 * 1024
    assert "2,550 weights" in said("68") and "6,550 numbers" in said("68")


CARDS = {
    "pooling-max-or-average": ["1.35 ± 0.36", "31 ± 21 points"],
    "pooling-translation-invariance": [
        "95, 78 and 34 %",
        "97, 89 and 50 %",
        "98, 91 and 57 %",
        "94, 75 and 31 %",
    ],
    "pooling-anti-aliasing": ["2.4 ± 0.2", "+0.20 ± 0.22"],
    "comparisons-faithful-modern": ["1.35 ± 0.36"],
    "history-tanh-and-averaging": ["1.35 ± 0.36"],
}


def test_cards_say_what_was_measured():
    by_id = {card.id: card for card in interview.questions()}
    for id, numbers in CARDS.items():
        text = " ".join(by_id[id].deep.split())
        assert all(number in text for number in numbers), id
    shares = CARDS["pooling-translation-invariance"]
    for pool, words in zip(("average", "max", "blur", "stride"), shares):
        found = [f"{np.mean(five(pool, kept(s))):.0f}" for s in (1, 2, 4)]
        assert f"{found[0]}, {found[1]} and {found[2]} %" == words
