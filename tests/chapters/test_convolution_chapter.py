"""What the chapter on convolution says and builds, held against other code."""

import ast
import itertools
import json
import math
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import signal, stats
from torch import nn

from lenet_course import exercises, quiz
from lenet_course.ch03_convolution.figures import unfolded
from lenet_course.ch03_convolution.memory import new_bytes
from lenet_course.exercises.engine import get
from lenet_helpers import shapes

WAYS = ("conv_loops", "conv_windows", "conv_product", "conv_fourier")
STRIDED = WAYS[:3]
BUILT = {*WAYS, "places", "Local", "learn_kernel"}
BUILT |= {"unread", "with_holes", "count_paths", "see", "down"}


@pytest.fixture(scope="module")
def cells(root):
    path = root / "chapters" / "03-convolution.ipynb"
    cells = json.loads(path.read_text())["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


@pytest.fixture(scope="module")
def built(cells):
    """The operations that the chapter writes, as it writes them."""
    names = {"torch": torch, "nn": nn, "F": F, "shapes": shapes, "itertools": itertools}
    for name, source in cells.items():
        if any(f" {wanted}(" in source for wanted in BUILT):
            kept = [n for n in ast.parse(source).body if getattr(n, "name", 0) in BUILT]
            exec(compile(ast.Module(kept, []), name, "exec"), names)
    return names


def said(cells, *ids):
    return " ".join(" ".join(cells[f"conv-{id}"] for id in ids).split())


# --- the operations written by hand ----------------------------------------------


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def by_scipy(x, w, b):
    """Correlate map by map with SciPy, which shares no code with PyTorch."""
    out = [
        sum(signal.correlate2d(x[c], w[m, c], mode="valid") for c in range(len(x)))
        + b[m].item()
        for m in range(len(w))
    ]
    return torch.tensor(np.stack(out))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_way_is_the_correlation_of_scipy(built, way, dtype):
    x, w, b = drawn(3, 9, 7, dtype=dtype), drawn(4, 3, 3, 2, dtype=dtype), drawn(4)
    got = built[way](x, w, b.to(dtype))
    assert got.dtype == dtype
    assert torch.allclose(got.double(), by_scipy(x, w, b).double(), atol=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_with_or_without_a_batch_axis_it_is_the_same(built, way):
    x, w, b = drawn(2, 3, 8, 8), drawn(4, 3, 5, 5), drawn(4)
    batch = built[way](x, w, b)
    assert torch.allclose(batch, F.conv2d(x, w, b), atol=1e-4)
    for image, result in zip(x, batch):
        assert torch.allclose(built[way](image, w, b), result, atol=1e-4)


@pytest.mark.parametrize("way", STRIDED)
@pytest.mark.parametrize("stride", [2, 3, 9])
def test_strides(built, way, stride):
    x, w, b = drawn(2, 8, 9), drawn(3, 2, 3, 3), drawn(3)
    got = built[way](x, w, b, stride)
    assert torch.allclose(got, F.conv2d(x, w, b, stride), atol=1e-4)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 4, 9), "does not fit into 4"),
        ((2, 9, 4), "does not fit into 4"),
        ((3, 9, 9), "reads 2 maps"),
        ((1, 9, 9), "reads 2 maps"),
        ((9, 9), "reads 2 maps"),
    ],
)
def test_what_cannot_be_convolved_is_refused_in_words(built, way, shape, words):
    with pytest.raises(ValueError, match=words):
        built[way](torch.zeros(shape), torch.zeros(3, 2, 5, 5), torch.zeros(3))


@pytest.mark.parametrize("way", STRIDED)
@pytest.mark.parametrize("stride", [0, -1])
def test_a_stride_below_one_is_refused(built, way, stride):
    x, w, b = torch.zeros(2, 9, 9), torch.zeros(3, 2, 5, 5), torch.zeros(3)
    with pytest.raises(ValueError, match="stride"):
        built[way](x, w, b, stride)


@pytest.mark.parametrize("way", WAYS)
def test_a_kernel_as_large_as_the_map_leaves_one_unit(built, way):
    x, w, b = drawn(2, 5, 5), drawn(3, 2, 5, 5), drawn(3)
    assert torch.allclose(built[way](x, w, b), F.conv2d(x, w, b), atol=1e-4)


def test_the_local_layer_with_one_kernel_is_the_convolution(built):
    local, shared = built["Local"](), nn.Conv2d(1, 6, 5)
    assert sum(p.numel() for p in local.parameters()) == 122_304
    with torch.no_grad():
        local.weight.copy_(shared.weight.flatten(1).T.expand(784, 25, 6))
        local.bias.copy_(shared.bias.expand(784, 1, 6))
        x = drawn(3, 1, 32, 32)
        assert torch.allclose(local(x), shared(x).flatten(2), atol=1e-4)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_holes_are_dilation(built, d):
    x, w = drawn(1, 2, 20, 20), drawn(3, 2, 3, 3)
    spread = built["with_holes"](w, d)
    assert torch.allclose(F.conv2d(x, spread), F.conv2d(x, w, dilation=d), atol=1e-4)


def test_unread_pixels_are_those_without_a_window(built):
    for n, k, s, p in [(28, 5, 4, 0), (16, 5, 2, 2), (32, 2, 3, 0), (9, 3, 1, 1)]:
        starts = range(0, n + 2 * p - k + 1, s)
        read = {i + u for i in starts for u in range(k)}
        assert built["unread"](n, k, s, p) == sorted(set(range(n + 2 * p)) - read)


def test_no_pixel_is_missed_while_dilations_stay_within_the_field(built):
    for dilations in itertools.product(range(1, 5), repeat=3):
        steps = itertools.product(*[(-d, 0, d) for d in dilations])
        read, fields = {sum(path) for path in steps}, [1]
        for d in dilations:
            fields.append(fields[-1] + 2 * d)
        if all(d <= field for d, field in zip(dilations, fields)):
            assert len(read) == fields[-1]
    assert (built["count_paths"](1, 4)[1:-1] == 0).any()


def test_paths_are_sums_of_one_step_of_each_layer(built):
    for dilations in [(2, 2, 2), (1, 2, 3), (1, 2)]:
        steps = itertools.product(*[(-d, 0, d) for d in dilations])
        ends = [sum(path) for path in steps]
        wanted = [ends.count(place) for place in range(-6, 7)]
        assert built["count_paths"](*dilations).tolist() == wanted


def test_centres_are_where_the_gradient_lies(built):
    stacks = [[(5, 1, 2, 1), (2, 2, 0, 1), (5, 1, 0, 1)], [(3, 2, 1, 2), (4, 1, 0, 3)]]
    for layers in stacks:
        row = torch.zeros(1, 1, 80, requires_grad=True)
        x = row
        for (k, s, p, d), (r, c, j) in zip(layers, built["see"](layers)):
            x = F.conv1d(x, torch.ones(1, 1, k), None, s, p, d)
            (grad,) = torch.autograd.grad(x[0, 0, 7], row, retain_graph=True)
            places = grad.flatten().nonzero().flatten().tolist()
            assert (places[0] + places[-1] + 1) / 2 == c + 7 * j
            assert places[-1] - places[0] + 1 == r


def test_the_recurrence_downwards_and_from_the_wrong_end(built):
    stack = [(3, 1), (3, 2), (3, 2)]
    right = [built["down"](stack[: n + 1]) for n in range(3)]
    wrong = [built["down"](stack[n::-1]) for n in range(3)]
    assert (right, wrong) == ([3, 5, 9], [3, 7, 15])
    by_hand, r = [], 1
    for k, s in stack:
        r = (r - 1) * s + k
        by_hand.append(r)
    assert by_hand == wrong


def test_a_kernel_is_learned_as_it_was_or_turned(built):
    torch.manual_seed(3)
    kernel, noise = drawn(1, 1, 3, 3, seed=5), drawn(1, 1, 40, 40, seed=6)
    learned = built["learn_kernel"](noise, F.conv2d(noise, kernel))
    assert torch.allclose(learned, kernel, atol=1e-3)
    convolved = signal.convolve2d(noise[0, 0], kernel[0, 0], mode="valid")
    turned = built["learn_kernel"](noise, torch.tensor(convolved).float()[None, None])
    assert torch.allclose(turned, kernel.flip(2, 3), atol=1e-3)


def test_memory_counts_what_is_new():
    x = torch.zeros(6, 14, 14)
    assert new_bytes(lambda: x.view(-1)) == []
    assert new_bytes(lambda: x.add_(1)) == []
    assert new_bytes(lambda: F.unfold(x[None], 5)) == [150 * 100 * 4]
    assert new_bytes(lambda: (x.double(), x[0].clone())) == [1176 * 8, 196 * 4]


# --- numbers in the text ----------------------------------------------------------


def test_counts_of_c1s_wiring(cells):
    dense, local = nn.Linear(1024, 4704), 4704 * (25 + 1)
    shared = nn.Conv2d(1, 6, 5)
    size = [sum(p.numel() for p in layer.parameters()) for layer in (dense, shared)]
    assert size == [4_821_600, 156] and local == 122_304
    for number in (*size, local):
        assert f"{number:,}" in said(cells, "100")


def test_the_matrix_of_a_layer_is_toeplitz_and_its_transpose_runs_back():
    w, x = drawn(1, 1, 3, 3), drawn(36)
    matrix = torch.zeros(16, 36)
    for i, j, u, v in itertools.product(range(4), range(4), range(3), range(3)):
        matrix[4 * i + j, 6 * (i + u) + j + v] = w[0, 0, u, v]
    forth = F.conv2d(x.view(1, 1, 6, 6), w).flatten()
    assert torch.allclose(matrix @ x, forth, atol=1e-5)
    back = F.conv_transpose2d(x[:16].view(1, 1, 4, 4), w).flatten()
    assert torch.allclose(matrix.T @ x[:16], back, atol=1e-5)
    assert (matrix != 0).sum() == 144 and matrix.unique().numel() == 10


def test_the_marked_pixel_stands_where_the_matrix_holds_its_value():
    image = torch.zeros(14, 14)
    image[7, 7] = 1
    matrix = unfolded(image, side=5, place=34, pixel=(7, 7)).axes[1]
    marks = matrix.lines[-1].get_xydata().tolist()
    values = matrix.images[0].get_array()
    assert len(marks) == 25 and all(values[int(y), int(x)] == 1 for x, y in marks)


def test_separable_costs_one_over_maps_and_one_over_window():
    for reads, makes, k in [(6, 16, 5), (256, 256, 3)]:
        split = nn.Sequential(
            nn.Conv2d(reads, reads, k, groups=reads, bias=False),
            nn.Conv2d(reads, makes, 1, bias=False),
        )
        whole = nn.Conv2d(reads, makes, k, bias=False)
        count = [sum(p.numel() for p in m.parameters()) for m in (split, whole)]
        assert math.isclose(count[0] / count[1], 1 / makes + 1 / k**2)


def test_the_layer_of_the_box_has_these_counts(cells):
    layer = nn.Conv2d(3, 10, 3)
    units = layer(torch.zeros(1, 3, 32, 32)).numel()
    macs, links = units * layer.weight[0].numel(), units * (layer.weight[0].numel() + 1)
    assert (macs, links) == (243_000, 252_000)
    assert all(f"{n:,}" in said(cells, "71") for n in (macs, links, 2 * macs))


def test_a_checkerboard_where_the_stride_does_not_divide_the_kernel():
    for k, s in itertools.product(range(1, 7), range(1, 5)):
        if k < s:
            continue
        copies = F.conv_transpose1d(torch.ones(1, 1, 12), torch.ones(1, 1, k), stride=s)
        inner = copies[0, 0, k:-k].unique()
        assert (len(inner) == 1) == (k % s == 0)


def test_same_padding_puts_the_odd_pixel_behind():
    solution = get("convolution.same-padding").answer()
    x = drawn(1, 1, 24)
    for k, d in itertools.product(range(1, 7), range(1, 4)):
        w = drawn(1, 1, k, seed=k)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch says that it may copy
            want = F.conv1d(x, w, padding="same", dilation=d)
        got = F.conv1d(F.pad(x, solution(k, d)), w, dilation=d)
        assert torch.allclose(got, want, atol=1e-5)


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("convolution").questions}
    layer = nn.ConvTranspose2d(8, 4, kernel_size=4, stride=2, padding=1)
    side = layer(torch.zeros(1, 8, 7, 7)).shape[-1]
    assert by_id["transposed-size"].number.value == side
    row = torch.zeros(1, 1, 30, requires_grad=True)
    F.conv1d(row, torch.ones(1, 1, 5), stride=4).sum().backward()
    assert by_id["unread-columns"].number.value == (row.grad == 0).sum()
    read = {a + b + c for a, b, c in itertools.product((-2, 0, 2), repeat=3)}
    right = next(o for o in by_id["gridding"].options if o.correct)
    assert len(read) ** 2 == 49 and "49 pixels" in right.text and "13×13" in right.text
    assert f"{-0.1307 / 0.3081:.2f}" == "-0.42"


# --- answers in another style, and subtly wrong ones ------------------------------


def verdict(id, answer):
    return exercises.check(f"convolution.{id}", answer)


def test_right_numbers_in_another_style_are_accepted():
    assert verdict("local-weights", 241600.0)
    assert verdict("local-weights", torch.tensor(16 * 100 * 151))
    assert verdict("fields", [5, 9, 13])
    assert verdict("fields", np.array([5, 9, 13]))


def test_same_padding_in_two_other_styles():
    def by_halves(kernel, dilation):
        return [(dilation * (kernel - 1)) // 2, -(-(dilation * (kernel - 1)) // 2)]

    def by_trying(kernel, dilation):
        span = 1 + (kernel - 1) * dilation
        for before in range(span):
            for after in (before, before + 1):
                if before + after == span - 1:
                    return before, after

    assert verdict("same-padding", by_halves)
    assert verdict("same-padding", by_trying)


def test_merge_in_two_other_styles():
    def by_taps(a, b):
        side = a.shape[2] + b.shape[2] - 1
        out = torch.zeros(b.shape[0], a.shape[1], side, side)
        for u, v in itertools.product(range(a.shape[2]), repeat=2):
            for p, q in itertools.product(range(b.shape[2]), repeat=2):
                out[:, :, u + p, v + q] += b[:, :, p, q] @ a[:, :, u, v]
        return out

    assert verdict("merge", by_taps)
    assert verdict("merge", lambda a, b: F.conv_transpose2d(b, a))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a, b: F.conv_transpose2d(b, a) / a.shape[0],
        lambda a, b: F.conv_transpose2d(b, a).transpose(2, 3),
        lambda a, b: F.conv_transpose2d(b.flip(2, 3), a.flip(2, 3)),
    ],
    ids=["mean over the middle", "rows and columns swapped", "both turned"],
)
def test_merge_refuses(wrong):
    assert not verdict("merge", wrong)


def test_stamp_in_two_other_styles():
    def by_matrix(x, kernel, stride):
        n, k = len(x), len(kernel)
        matrix = torch.zeros(n, (n - 1) * stride + k)
        for i in range(n):
            matrix[i, i * stride : i * stride + k] = kernel
        return x @ matrix

    def value_by_value(x, kernel, stride):
        out = [0.0] * ((len(x) - 1) * stride + len(kernel))
        for i, value in enumerate(x.tolist()):
            for u, weight in enumerate(kernel.tolist()):
                out[i * stride + u] += value * weight
        return torch.tensor(out)

    assert verdict("stamp", by_matrix)
    assert verdict("stamp", value_by_value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, k, s: F.conv_transpose1d(x[None, None], k[None, None], stride=s)[
            0, 0
        ],
        lambda x, k, s: F.conv1d(
            F.pad(x[None, None], [len(k) - 1] * 2), k.flip(0)[None, None]
        ).flatten(),
        lambda x, k, s: torch.zeros((len(x) - 1) * s + len(k)),
        lambda x, k, s: F.pad(x[:1] * k, (0, (len(x) - 1) * s)),
    ],
    ids=["the library's", "a convolution", "zeros", "the first stamp only"],
)
def test_stamp_refuses(wrong):
    assert not verdict("stamp", wrong)


def test_stamp_refuses_autograd():
    def stamp(x, kernel, stride):
        with torch.enable_grad():
            wide = torch.zeros(1, 1, (len(x) - 1) * stride + len(kernel))
            out = F.conv1d(wide.requires_grad_(), kernel[None, None], stride=stride)
            return torch.autograd.grad(out, wide, x[None, None])[0].flatten()

    assert "write that yourself" in verdict("stamp", stamp).text


class Split(nn.Module):
    """Right: the pointwise part as a dense layer over the maps."""

    def __init__(self):
        super().__init__()
        self.places = nn.Conv2d(6, 6, kernel_size=(5, 5), groups=6)
        self.maps = nn.Linear(6, 16)

    def forward(self, x):
        return self.maps(self.places(x).movedim(1, -1)).movedim(-1, 1)


def test_separable_in_two_other_styles():
    depthwise, pointwise = nn.Conv2d(6, 6, 5, groups=6), nn.Conv2d(6, 16, 1)
    assert verdict("separable", Split)
    assert verdict("separable", nn.Sequential(depthwise, nn.ReLU(), pointwise))


class Mixed(nn.Module):
    """268 parameters, but each pair of maps has a window of its own."""

    def __init__(self):
        super().__init__()
        self.numbers = nn.Parameter(torch.randn(268))

    def forward(self, x):
        return F.conv2d(x, self.numbers.repeat(9)[:2400].view(16, 6, 5, 5))


class Everywhere(Split):
    """268 parameters and the right shape, but it reads the whole map."""

    def forward(self, x):
        return super().forward(x - x.mean((2, 3), keepdim=True))


@pytest.mark.parametrize("wrong", [Mixed, Everywhere, nn.Conv2d(6, 16, 5, groups=2)])
def test_separable_refuses(wrong):
    assert not verdict("separable", wrong)


# --- the long runs ------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(root):
    def load(name):
        path = root / "experiments" / "results" / f"{name}.json"
        return sorted(json.loads(path.read_text())["runs"], key=lambda r: r["seed"])

    return load


@pytest.fixture(scope="module")
def sharing(results):
    """Five errors in percent at the rate that was best with seed 0."""
    rows = results("sharing")

    def scores(kind, digits, pixels, rate):
        found = [
            r
            for r in rows
            if (r["kind"], r["digits"], r["rate"]) == (kind, digits, rate)
        ]
        return {r["seed"]: r["test_accuracy"] for r in found if r["pixels"] == pixels}

    def errors(kind, digits, pixels="in place"):
        like = "shared" if kind == "wide" else kind
        rates = (0.0003, 0.001, 0.003)
        rate = max(rates, key=lambda r: scores(like, digits, "in place", r)[0])
        found = scores(kind, digits, pixels, rate)
        assert sorted(found) == list(range(5))
        return [100 - 100 * found[seed] for seed in range(5)]

    return errors


def interval(a, b):
    "b − a: mean and half of the paired 95 % interval, by SciPy."
    low, high = stats.ttest_rel(b, a).confidence_interval(0.95)
    return (low + high) / 2, (high - low) / 2


@pytest.mark.parametrize("digits", [300, 5_000])
@pytest.mark.parametrize("other", ["dense", "local"])
def test_sharing_is_not_told_apart_in_place(sharing, digits, other):
    mean, half = interval(sharing(other, digits), sharing("shared", digits))
    assert abs(mean) < half and 0.75 < half < 1.25  # "about a point wide"


@pytest.mark.parametrize("digits", [300, 5_000])
def test_locality_helps(sharing, cells, digits):
    mean, half = interval(sharing("dense", digits), sharing("local", digits))
    assert mean < -half and f"{-mean:.1f} ± {half:.1f}" in said(cells, "17e")


def test_18_maps_beat_the_dense_layer_but_not_the_local_one(sharing, cells):
    wide = sharing("wide", 5_000)
    mean, half = interval(sharing("dense", 5_000), wide)
    assert mean < -half and f"{-mean:.1f} ± {half:.1f}" in said(cells, "17e")
    mean, half = interval(sharing("local", 5_000), wide)
    assert abs(mean) < half


def test_shuffled_pixels_cost_what_the_text_says(sharing, cells):
    local, shared = (sharing(kind, 5_000, "shuffled") for kind in ("local", "shared"))
    pairs = [
        (sharing("dense", 5_000), shared),
        (sharing("dense", 5_000), local),
        (local, shared),
    ]
    for pair in pairs:
        mean, half = interval(*pair)
        assert mean > half
        assert f"{mean:.2f} ± {half:.2f}" in said(cells, "17e")


def test_what_moves_with_the_rate(results, cells):
    def at(kind, pixels="in place", rate=0.001):
        key = {"kind": kind, "pixels": pixels, "digits": 5_000, "rate": rate}
        rows = [r for r in results("sharing") if key.items() <= r.items()]
        return [100 - 100 * r["test_accuracy"] for r in rows]

    for kind in ("local", "wide"):
        mean, half = interval(at("dense"), at(kind))
        assert abs(mean) < half
        assert f"(−{-mean:.1f} ± {half:.1f})" in said(cells, "17e")
    for kind in ("local", "shared"):
        mean, half = interval(at("dense"), at(kind, "shuffled"))
        assert mean > half and f"{mean:.1f} ± {half:.1f}" in said(cells, "17e")
    for control in [("local", "shuffled"), ("shared", "shuffled"), ("wide",)]:
        assert at(*control, rate=0.003)[0] < at(*control)[0]


def test_how_far_the_intervals_of_sharing_reach(sharing, cells):
    mean, half = interval(sharing("local", 5_000), sharing("shared", 5_000))
    assert f"up to {mean + half:.1f} points" in said(cells, "17e")
    mean, half = interval(sharing("dense", 5_000), sharing("shared", 5_000))
    assert f"up to {half - mean:.1f} on the dense one" in said(cells, "17e")
    assert 4_704 * 10 + 10 == 47_050 and 3 * 47_040 + 10 == 141_130


def test_the_shared_layer_scatters_most(sharing):
    for digits in (300, 5_000):
        spread = {k: np.std(sharing(k, digits)) for k in ("dense", "local", "shared")}
        assert max(spread, key=spread.get) == "shared"


def test_the_wide_network_is_smaller_than_the_local_one():
    head = 784 * 18 * 10 + 10
    assert 18 * 26 + head == 141_598 < 122_304 + 4704 * 10 + 10 == 169_354


EQUAL = [(3, 17), (5, 6), (7, 3)]  # kernel and maps, at equal parameters


@pytest.fixture(scope="module")
def by_kernel(results):
    def errors(kernel, maps, epochs=8):
        rows = [r for r in results("kernel-size") if r["kernel"] == kernel]
        rows = [r for r in rows if r["maps"] == maps]
        assert [r["seed"] for r in rows] == list(range(5))
        return [100 - 100 * r["test_accuracy"][str(epochs)] for r in rows]

    return errors


@pytest.mark.parametrize("epochs", [2, 8])
@pytest.mark.parametrize("pair", list(itertools.combinations(EQUAL, 2)))
def test_sizes_are_not_told_apart_at_equal_parameters(by_kernel, epochs, pair):
    mean, half = interval(*[by_kernel(*one, epochs) for one in pair])
    assert abs(mean) < half


def test_smaller_kernels_lose_at_equal_maps(by_kernel, cells):
    mean, half = interval(by_kernel(5, 6), by_kernel(3, 6))
    assert mean > half and f"{mean:.2f} ± {half:.2f}" in said(cells, "97")
    mean, half = interval(by_kernel(5, 6), by_kernel(7, 6))
    assert abs(mean) < half


def test_the_networks_have_the_size_that_is_said(cells):
    def size(kernel, maps):
        layers = nn.Conv2d(1, maps, kernel), nn.Conv2d(maps, 16, kernel)
        layers += (nn.Linear(16 * 7 * 7, 10),)
        return sum(p.numel() for layer in layers for p in layer.parameters())

    sizes = [size(3, 17), size(5, 6), size(7, 3)]
    assert sizes == [10_484, 10_422, 10_368] and size(3, 6) == 8_790
    assert "8,790 parameters against 10,422" in said(cells, "97")
    assert size(7, 6) == 12_870 and "12,870" in said(cells, "97")


def test_training_narrowed_the_effective_field(results):
    rows = [r for r in results("kernel-size") if (r["kernel"], r["maps"]) == (5, 6)]
    before, after = (
        [r[f"field_{w}"]["rms"] for r in rows] for w in ("before", "after")
    )
    mean, half = interval(before, after)
    assert mean < -half and 0.09 < -mean / np.mean(before) < 0.11  # "by a tenth"
    assert {r["field_before"]["reach"] for r in rows} == {14}
    assert f"{(sum((i - 6.5) ** 2 for i in range(14)) / 14) ** 0.5:.2f}" == "4.03"
