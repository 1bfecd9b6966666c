"""The hand-made way back of the chapter against autograd; its claims; its checkers."""

import ast
import copy
import json
import math
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from lenet_course import exercises, quiz
from lenet_course.ch06_backpropagation import problems, sheet
from lenet_helpers import models, shapes

WANTED = (
    "node gates more-gates c1-net dense gap taps conv max-pool subsample squash losses "
    "norm walk nets nets-1998 train-both"
).split()


@pytest.fixture(scope="module")
def cells(root):
    path = root / "chapters" / "06-backpropagation.ipynb"
    found = json.loads(path.read_text())["cells"]
    return {cell["id"].removeprefix("back-"): cell for cell in found}


@pytest.fixture(scope="module")
def hand(cells):
    """The functions that the chapter defines, as it defines them."""
    names = {"torch": torch, "F": F, "partial": partial, "models": models}
    for id in WANTED:
        source = "".join(cells[id]["source"])
        exec(compile(ast.parse(source), id, "exec"), names)
    return SimpleNamespace(**names, all=names)


def printed(cells, id):
    return "".join("".join(o.get("text", "")) for o in cells[id]["outputs"])


def draw(*shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, dtype=dtype, generator=generator)


# --- the small autograd -------------------------------------------------------------


def test_the_small_autograd_agrees_with_pytorch_on_a_graph_with_forks(hand):
    values = [draw(5, 4), draw(4, 3), draw(3)]
    a, b, c = nodes = [hand.Node(v) for v in values]
    y = hand.tanh(hand.add(hand.matmul(a, b), c))
    y = hand.maximum(hand.mul(y, y), hand.add(y, c))  # y is read three times
    hand.mean(hand.mul(y, hand.add(y, y))).backward()

    p, q, r = leaves = [v.clone().requires_grad_() for v in values]
    z = (p @ q + r).tanh()
    z = torch.maximum(z * z, z + r)
    for node, g in zip(nodes, torch.autograd.grad((z * (z + z)).mean(), leaves)):
        assert (node.grad - g).abs().max() < 1e-10


def test_the_graph_of_the_figure_has_the_gradients_that_its_alt_text_names(hand):
    x0, w, x1, b, t = map(hand.Node, (1, 2, 3, 4, 2))
    m = hand.maximum(hand.mul(w, x1), b)
    s = hand.add(hand.mul(w, x0), m)
    loss = hand.mul(t, s)
    loss.backward()
    assert loss.value == 16
    assert [n.grad.item() for n in (x0, w, x1, b, t, m, s)] == [4, 8, 4, 0, 8, 2, 2]


def test_a_value_used_twice_shows_the_mistake_of_overwriting(hand):
    a = hand.Node(3)
    square = hand.mul(a, a)
    square.backward()
    assert a.grad == 6 and square.pull(square.grad)[1] == 3


def test_the_small_autograd_is_about_sixty_lines(cells):
    ids = ("node", "gates", "more-gates")
    sources = "\n".join("".join(cells[id]["source"]) for id in ids)
    assert 50 <= len(sources.splitlines()) <= 70


# --- the layers ---------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [(1, 1), (3, 2), (5, 5), (9, 8)])
@pytest.mark.parametrize("stride, padding", [(1, 0), (1, 4), (2, 1), (3, 2), (4, 0)])
def test_convolution_is_pytorchs_both_ways(hand, kernel, stride, padding):
    how = {"stride": stride, "padding": padding}
    pair = (partial(f, **how) for f in (hand.conv, hand.conv_back, F.conv2d))
    inputs = draw(2, 3, 9, 8), draw(4, 3, *kernel), draw(4)
    assert hand.gap(*pair, *inputs) < 1e-10


@pytest.mark.parametrize("size, stride", [(2, 2), (3, 2), (3, 1), (2, 3), (4, 3)])
def test_pooling_is_pytorchs_both_ways(hand, size, stride):
    how = {"size": size, "stride": stride}
    theirs = {"kernel_size": size, "stride": stride}
    for ours, back, reference in (
        (hand.max_pool, hand.max_pool_back, F.max_pool2d),
        (hand.average, hand.average_back, F.avg_pool2d),
    ):
        pair = partial(ours, **how), partial(back, **how)
        assert hand.gap(*pair, partial(reference, **theirs), draw(2, 3, 9, 8)) < 1e-10


def test_a_tie_goes_to_the_first_as_in_pytorch(hand):
    x = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    pair = partial(hand.max_pool, size=3), partial(hand.max_pool_back, size=3)
    assert hand.gap(*pair, lambda x: F.max_pool2d(x, 3, 2), x) == 0


def test_the_other_layers_are_autograds(hand):
    x = draw(4, 6, 14, 14)
    inputs = draw(8, 5), draw(3, 5), draw(3)
    assert hand.gap(hand.dense, hand.dense_back, F.linear, *inputs) < 1e-10

    def sums(x, c, b):
        return 4 * F.avg_pool2d(x, 2) * c[:, None, None] + b[:, None, None]

    pair = hand.subsample, hand.subsample_back
    assert hand.gap(*pair, sums, x, draw(6), draw(6)) < 1e-10

    def by_table(x, kernels, b):
        dense = torch.zeros(16, 6, 5, 5, dtype=x.dtype)
        pairs = models.C3_TABLE.nonzero().T
        return F.conv2d(x, dense.index_put(tuple(pairs), kernels), b)

    pair = hand.partial_conv, hand.partial_conv_back
    assert hand.gap(*pair, by_table, x, draw(60, 5, 5), draw(16)) < 1e-10
    curve = lambda a: 1.7159 * torch.tanh(a * 2 / 3)  # noqa: E731
    assert hand.gap(hand.squash, hand.squash_back, curve, x) < 1e-10
    batch_norm = lambda x, c, b: F.batch_norm(x, None, None, c, b, True)  # noqa: E731
    assert hand.gap(hand.norm, hand.norm_back, batch_norm, x, draw(6), draw(6)) < 1e-10
    codes = models.LeNet5().output.codes.double()
    pair = (partial(f, codes=codes) for f in (hand.rbf, hand.rbf_back))
    squared = lambda x: torch.cdist(x, codes).square()  # noqa: E731
    assert hand.gap(*pair, squared, draw(4, 84)) < 1e-8  # cdist takes a root


def test_the_two_losses_are_autograds(hand):
    labels = torch.tensor([3, 0, 9, 3])
    for scale in (1, 300):
        z = (scale * draw(4, 10)).requires_grad_()
        loss, g = hand.cross_entropy(z.detach(), labels)
        want = F.cross_entropy(z, labels)
        (exact,) = torch.autograd.grad(want, z)
        assert abs(loss - want) < 1e-10 and (g - exact).abs().max() < 1e-10

    y = (40 * draw(4, 10).abs()).requires_grad_()
    loss, g = hand.equation9(y.detach(), labels, j=5.0)
    rubbish = math.exp(-5.0) + torch.exp(-y).sum(1)  # as the paper writes it
    want = (y[torch.arange(4), labels] + rubbish.log()).mean()
    (exact,) = torch.autograd.grad(want, y)
    assert abs(loss - want) < 1e-10 and (g - exact).abs().max() < 1e-10


def test_float32_stays_float32_and_float64_stays_float64(hand):
    for dtype in (torch.float32, torch.float64):
        x, w, b = (draw(*s, dtype=dtype) for s in ((1, 2, 6, 6), (3, 2, 3, 3), (3,)))
        y, kept = hand.conv(x, w, b, stride=2, padding=1)
        grads = hand.conv_back(torch.ones_like(y), kept, w, b, stride=2, padding=1)
        p, won = hand.max_pool(x)
        grads += hand.max_pool_back(torch.ones_like(p), won)
        assert {t.dtype for t in (y, p, *grads)} == {dtype}


@pytest.mark.parametrize(
    "shape, size, stride, word",
    [
        ((1, 2, 2, 9), 3, 1, "fits"),  # the window is larger than the map
        ((1, 2, 9, 2), 3, 1, "fits"),
        ((1, 2, 9, 9), 3, 0, "stride 0"),
        ((1, 2, 9, 9), 3, -1, "stride -1"),
        ((2, 9, 9), 3, 1, "[N, C, H, W]"),  # no batch axis
        ((9, 9), 3, 1, "[N, C, H, W]"),
    ],
)
def test_bad_input_is_named(hand, shape, size, stride, word):
    x, w, b = draw(*shape), draw(3, 2, size, size), draw(3)
    two = draw(2), draw(2)
    how = {"size": size, "stride": stride}
    for call in (
        lambda: hand.conv(x, w, b, stride=stride),
        lambda: hand.conv_back(x, (x,), w, b, stride=stride),
        lambda: hand.max_pool(x, **how),
        lambda: hand.average(x, **how),
        lambda: hand.subsample(x, *two, **how),
    ):
        with pytest.raises(ValueError) as error:
            call()
        assert word in str(error.value)


def test_the_way_back_is_a_transposed_convolution_and_needs_one_more_row(hand):
    x, w, b = draw(1, 1, 16, 16), draw(12, 1, 5, 5), draw(12)
    y, kept = hand.conv(x, w, b, stride=2, padding=2)
    assert y.shape[-1] == 8 == shapes.conv_output_size(15, 5, 2, 2)
    short = F.conv_transpose2d(y, w, stride=2, padding=2)
    whole = F.conv_transpose2d(y, w, stride=2, padding=2, output_padding=1)
    assert (short.shape[-1], whole.shape[-1]) == (15, 16)
    dx, _, _ = hand.conv_back(y, kept, w, b, stride=2, padding=2)
    assert (dx - whole).abs().max() < 1e-10


# --- the whole network --------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(hand):
    """`train_both` of the chapter, on noise instead of digits."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(240, 1, 32, 32, generator=generator)
    labels = torch.randint(10, (240,), generator=generator)
    hand.all["digits"] = SimpleNamespace(
        train=SimpleNamespace(tensors=(images, labels))
    )
    return hand.train_both


def test_todays_lenet_learns_by_hand_what_autograd_teaches_it(hand, trained):
    torch.manual_seed(3)
    model = models.ModernLeNet5()
    losses = hand.cross_entropy, F.cross_entropy
    double, fell = trained(copy.deepcopy(model).double(), hand.today, *losses, rate=0.1)
    single, _ = trained(model, hand.today, *losses, rate=0.1)
    assert max(double) < 1e-10 and 1e-10 < max(single) < 1e-3
    assert len(double) == 30 and min(fell) < fell[0]


def test_the_published_lenet_learns_by_hand_what_autograd_teaches_it(hand, trained):
    torch.manual_seed(3)
    model = models.LeNet5().double()
    before = [p.detach().clone() for p in model.parameters()]
    losses = (
        partial(hand.equation9, j=80.0),
        partial(models.original.criterion_eq9, j=80.0),
    )
    apart, _ = trained(model, hand.of_1998, *losses, rate=0.001)
    assert max(apart) < 1e-10
    assert all((a != b).any() for a, b in zip(before, model.parameters()))
    penalties = model(draw(8, 1, 32, 32)).detach()
    felt = (-penalties).logsumexp(1).exp()  # against the e^-j of "no digit"
    assert (felt > 0.1 * math.exp(-80)).all() and (felt < math.exp(-5) * 1e-6).all()


def test_with_the_papers_penalty_only_that_of_the_true_class_would_be_tested(
    hand, trained
):
    torch.manual_seed(3)
    model = models.LeNet5().double()
    assert model(draw(8, 1, 32, 32)).mean().item() == pytest.approx(84, abs=3)
    ours = partial(hand.equation9, j=5.0)
    theirs = partial(models.original.criterion_eq9, j=5.0)
    trained(model, hand.of_1998, ours, theirs, rate=0.001)
    shares = (5 - model(draw(8, 1, 32, 32)).detach()).exp()
    assert shares.max() < 1e-11


def test_max_pooling_alone_makes_the_black_units_of_the_first_figure():
    model = models.load_pretrained()
    x = draw(1, 1, 32, 32, dtype=torch.float32)
    c1 = model.act(model.c1(x))
    c3 = model.act(model.c3(model.s2(c1)))
    f6 = model.act(model.f6(model.act(model.c5(model.s4(c3))).flatten(1)))
    loss = F.cross_entropy(model.output(f6), torch.tensor([4]))
    asked = torch.autograd.grad(loss, (c1, c3, f6))
    black = [(g == 0).float().mean().item() for g in asked]
    assert black[0] == pytest.approx(0.75, abs=0.03) and black[1] == 0.75
    assert black[2] == 0 and (f6 == 0).float().mean() > 0.2  # off, and yet asked


def test_what_is_kept_is_the_9108_numbers_of_the_architecture_chapter(hand):
    params = [p.detach().double() for p in models.ModernLeNet5().parameters()]
    _, record = hand.forward(hand.today(params), draw(1, 1, 32, 32))
    tensors = [t for kept in record for t in kept if isinstance(t, torch.Tensor)]
    kept = sum({t.data_ptr(): t.numel() for t in tensors}.values())

    seen = {}

    def note(tensor):
        seen[tensor.data_ptr()] = tensor.numel()
        return tensor

    model = models.ModernLeNet5()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        out = model(torch.zeros(1, 1, 32, 32))
    for parameter in model.parameters():
        seen.pop(parameter.data_ptr(), None)
    assert kept == sum(seen.values()) == 9108 and out.shape == (1, 10)


# --- claims -------------------------------------------------------------------------


def test_the_counted_cost_is_that_of_the_layers():
    rows = shapes.trace(models.ModernLeNet5())
    back = 2 * rows.macs - rows["c1"].macs
    assert (rows.macs, back, rows["c1"].macs) == (416_520, 715_440, 117_600)
    assert f"{back / rows.macs:.2f}" == "1.72"
    assert f"{rows['c1'].macs / rows.macs:.2f}" == "0.28"
    assert back - rows["c1"].macs - rows["c3"].macs == 357_840


@pytest.fixture(scope="module")
def ratios(root):
    runs = json.loads((root / "experiments/results/way-back.json").read_text())["runs"]

    def of(version, batch):
        rows = [r for r in runs if (r["version"], r["batch"]) == (version, batch)]
        rows.sort(key=lambda r: r["seed"])
        assert [r["seed"] for r in rows] == list(range(5))
        return torch.tensor([r["backward"] / r["forward"] for r in rows])

    return of


def test_the_measured_cost_is_as_the_text_says(ratios, root):
    base = {n: ratios("as it is", n) for n in (1, 8, 64, 512)}
    means = [f"{r.mean():.2f}" for r in base.values()]
    assert means[0] == "1.44" and means[-1] == "1.55" and max(means) == "1.55"
    assert f"{ratios('no activation', 64).mean():.2f}" == "2.08"
    for version in ("no activation", "image gradient"):
        for n, first in base.items():
            d = ratios(version, n) - first
            assert d.mean() > 2.776 * d.std() / 5**0.5  # told apart
    for n in (64, 512):
        more = (ratios("image gradient", n) - base[n]).mean()
        assert 1.7 < more / 0.28 < 2.3  # "about twice that"


def test_tanh_costs_forward_and_hardly_back(root):
    runs = json.loads((root / "experiments/results/way-back.json").read_text())["runs"]

    def seconds(version, way):
        rows = [r for r in runs if (r["version"], r["batch"]) == (version, 512)]
        rows.sort(key=lambda r: r["seed"])
        return 1000 * torch.tensor([r[way] for r in rows])

    said = {"forward": ("47.6", "9.6", "3.4"), "backward": ("73.7", "0.1", "6.8")}
    for way, (level, less, half) in said.items():
        with_tanh = seconds("as it is", way)
        d = with_tanh - seconds("no activation", way)
        found = with_tanh.mean(), d.mean(), 2.776 * d.std() / 5**0.5
        assert [f"{value:.1f}" for value in found] == [level, less, half]


def test_the_best_step_is_near_the_root_that_the_text_names():
    """On a plain function: u to the 1/3 (central), u to the 1/2 (one-sided)."""
    for dtype, u in ((torch.float32, 6e-8), (torch.float64, 1.1e-16)):
        points = torch.linspace(0.5, 1.5, 41, dtype=dtype)
        steps = [10 ** (-e / 2) for e in range(1, 24)]

        def off(h, back, points=points):
            slope = (torch.exp(points + h) - torch.exp(points - back * h)).double()
            true = points.double().exp()
            return (slope / (h + back * h) / true - 1).abs().median().item()

        for back, power in ((1, 1 / 3), (0, 1 / 2)):
            best = min(steps, key=lambda h: off(h, back))
            assert abs(math.log10(best) - math.log10(u) * power) < 1.1


def test_numbers_of_the_quiz():
    by_id = {
        question.id: question for question in quiz.load("backpropagation").questions
    }
    a, b = (torch.tensor(v, requires_grad=True) for v in (3.0, -2.0))
    assert by_id["multiply-gate"].number.value == torch.autograd.grad(5 * a * b, a)[0]
    rows = shapes.trace(models.ModernLeNet5())
    macs = {row.name: row.macs for row in rows}
    frozen = macs["c5"] + 2 * (macs["f6"] + macs["output"])
    assert by_id["frozen"].number.value == frozen == 69_840
    wrong = {value for value, _ in by_id["frozen"].number.wrong}
    assert {frozen + macs["c5"], 715_440, 357_840, frozen + macs["c3"]} <= wrong

    x = torch.zeros(1, 1, 8, requires_grad=True)
    y = F.conv1d(x, torch.ones(1, 1, 3), stride=2)
    (g,) = torch.autograd.grad(y.sum(), x)
    assert y.shape[-1] == 3 and g[0, 0, 7] == 0 and g[0, 0, 6] != 0


def test_frozen_layers_cost_what_the_quiz_says():
    from torch.utils.flop_counter import FlopCounterMode

    model = models.ModernLeNet5()
    model.c1.requires_grad_(False)
    model.c3.requires_grad_(False)
    out = model(torch.zeros(1, 1, 32, 32))
    with FlopCounterMode(display=False) as count:
        out.sum().backward()
    assert count.get_total_flops() == 2 * 69_840


# --- the sheet and the three problems -----------------------------------------------


def _leaf(values):
    return torch.tensor(values, dtype=torch.float64)[None, None].requires_grad_()


def test_the_problems_are_what_autograd_finds():
    x, w = _leaf(problems.ROW), _leaf(problems.KERNEL)
    delta = torch.tensor(problems.ROW_DELTA, dtype=torch.float64)[None, None]
    dw, dx = torch.autograd.grad(F.conv1d(x, w), (w, x), delta)
    found = {"dw": dw.flatten().tolist(), "dx": dx.flatten().tolist()}
    assert problems.row_back() == found

    x = _leaf(problems.POOLED)
    delta = torch.tensor(problems.POOLED_DELTA, dtype=torch.float64)[None, None]
    best, mean = (
        torch.autograd.grad(pool(x, 3, 2), x, delta)[0].flatten().tolist()
        for pool in (F.max_pool1d, F.avg_pool1d)
    )
    assert problems.pool_back()["dx_max"] == best
    assert problems.pool_back()["dx_average"] == pytest.approx(mean)

    x, w = _leaf(problems.IMAGE), _leaf(problems.SQUARE)
    delta = torch.tensor(problems.DELTA, dtype=torch.float64)[None, None]
    y = F.conv2d(x, w, stride=problems.STRIDE, padding=problems.PADDING)
    dw, dx = torch.autograd.grad(y, (w, x), delta)
    found = {"dw": dw[0, 0].tolist(), "dx": dx[0, 0].tolist()}
    assert problems.square_back() == found


def test_a_pixel_hears_from_as_many_outputs_as_the_solution_says():
    x = torch.zeros(1, 1, 9, requires_grad=True)
    y = F.conv1d(x, torch.ones(1, 1, 3), stride=2, padding=1)
    (heard,) = torch.autograd.grad(y.sum(), x)
    assert heard.flatten().tolist() == [1, 2, 1, 2, 1, 2, 1, 2, 1]


def test_the_sheet_to_print_is_the_one_that_the_code_makes():
    assert sheet.PAGE.read_text(encoding="utf-8") == sheet.page()


def test_the_sheet_gives_the_numbers_and_not_the_answers():
    for text in (sheet.page(), sheet.sheet()._repr_html_()):
        given = 3 + 5 + 3 + 7 + 3 + 16 + 9 + 4
        asked = 3 + 5 + 7 + 7 + 9 + 16
        assert text.count("<td>") == given + asked
        assert text.count("<td>&nbsp;</td>") == asked
        assert "http" not in text


def test_the_sheet_is_a_module_to_run(root, tmp_path):
    code = (
        "from pathlib import Path; from lenet_course.ch06_backpropagation import sheet;"
        f"Path({str(tmp_path / 'page.html')!r}).write_text(sheet.page(), 'utf-8')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    assert "Problem 3" in (tmp_path / "page.html").read_text("utf-8")


# --- checkers: right in two other styles, wrong in subtle ways, never upset ---------


def pointer(id, answer):
    verdict = exercises.check(f"backpropagation.{id}", answer)
    assert not verdict
    return verdict.text


def test_other_right_ways_to_write_each_answer_are_accepted():
    def by_matrix(x, w, grad, stride, padding):
        """Toeplitz: the transpose of the forward matrix."""
        n = len(x) + 2 * padding
        matrix = torch.stack(
            [F.pad(w, (stride * i, n - len(w) - stride * i)) for i in range(len(grad))]
        )
        framed = F.pad(x, (padding, padding))
        windows = framed.unfold(0, len(w), stride)[: len(grad)]
        return (matrix.T @ grad)[padding : padding + len(x)], grad @ windows

    def by_slices(x, w, grad, stride, padding):
        framed = torch.cat([x.new_zeros(padding), x, x.new_zeros(padding)])
        dx, span = torch.zeros_like(framed), stride * (len(grad) - 1) + 1
        dw = []
        for j in range(len(w)):
            dw.append((framed[j : j + span : stride] * grad).sum())
            dx[j : j + span : stride] += grad * w[j]
        return [dx[padding : len(dx) - padding], torch.stack(dw)]

    def by_fold(grad, size, stride, shape):
        n, c = shape[:2]
        share = grad.flatten(2)[:, :, None] / size**2  # [N, C, 1, places]
        columns = share.expand(n, c, size * size, -1).reshape(n, c * size**2, -1)
        return F.fold(columns, shape[2:], size, stride=stride)

    def by_windows(grad, size, stride, shape):
        dx = torch.zeros(shape)
        for i in range(grad.size(2)):
            for j in range(grad.size(3)):
                a, b = i * stride, j * stride
                part = grad[..., i : i + 1, j : j + 1] / size**2
                dx[..., a : a + size, b : b + size] += part
        return dx

    def shifted(z, g):
        e = (z - z.max(1, keepdim=True).values).exp()
        return e / e.sum(1, keepdim=True) * g.reshape(-1, 1)

    def by_logs(z, g):
        return (z - torch.logsumexp(z, 1, keepdim=True)).exp().mul(g.unsqueeze(1))

    for answer in (by_matrix, by_slices):
        assert exercises.check("backpropagation.conv1d", answer)
    for answer in (by_fold, by_windows):
        assert exercises.check("backpropagation.average-pool", answer)
    for answer in (shifted, by_logs):
        assert exercises.check("backpropagation.logsumexp", answer)


@pytest.mark.parametrize(
    "id, right",
    [
        ("one-dimension", problems.row_back()),
        ("overlap", problems.pool_back()),
        ("strided", problems.square_back()),
    ],
)
def test_paper_answers_are_accepted_as_lists_tensors_and_arrays(id, right):
    tables = list(right.values())
    as_tensors = tuple(torch.tensor(table) for table in tables)
    for answer in (
        tables,
        tuple(tables),
        as_tensors,
        tuple(t.double().numpy() for t in as_tensors),
        [tuple(map(tuple, t)) if isinstance(t[0], list) else tuple(t) for t in tables],
    ):
        assert exercises.check(f"backpropagation.{id}", answer)


def test_subtly_wrong_code_is_told_where_to_look():
    def shifted_by_one(x, w, grad, stride, padding):
        dx, dw = torch.zeros_like(x), torch.zeros_like(w)
        for i in range(len(grad)):
            for j in range(len(w)):
                k = stride * i + j - padding
                if 0 < k < len(x):  # loses the first pixel
                    dw[j] += grad[i] * x[k]
                    dx[k] += grad[i] * w[j]
        return dx, dw

    def wraps_round(x, w, grad, stride, padding):
        dx, dw = torch.zeros_like(x), torch.zeros_like(w)
        for i in range(len(grad)):
            for j in range(len(w)):
                k = stride * i + j - padding
                if k < len(x):  # a negative index counts from the end
                    dw[j] += grad[i] * x[k]
                    dx[k] += grad[i] * w[j]
        return dx, dw

    def by_library(x, w, grad, stride, padding):
        a, b = x[None, None], w[None, None]
        how = {"stride": stride, "padding": padding}
        dx = torch.nn.grad.conv1d_input(a.shape, b, grad[None, None], **how)
        dw = torch.nn.grad.conv1d_weight(a, b.shape, grad[None, None], **how)
        return dx[0, 0], dw[0, 0]

    def tracked(x, w, grad, stride, padding):
        a, b = x.clone().requires_grad_(), w.clone().requires_grad_()
        y = F.conv1d(a[None, None], b[None, None], None, stride, padding)
        y.backward(grad[None, None])
        return a.grad, b.grad

    def product(x, w, padding, stride):
        return F.pad(x, (padding, padding)).unfold(0, len(w), stride) @ w

    def forward_mode(x, w, grad, stride, padding):
        call = partial(product, padding=padding, stride=stride)
        both = torch.func.jacfwd(call, (0, 1))(x, w)
        return tuple(grad @ jacobian for jacobian in both)

    def reverse_mode(x, w, grad, stride, padding):
        call = partial(product, padding=padding, stride=stride)
        return torch.func.vjp(call, x, w)[1](grad)

    assert "wire" in pointer("conv1d", shifted_by_one)
    assert "wire" in pointer("conv1d", wraps_round)
    assert "autograd" in pointer("conv1d", forward_mode)
    assert "autograd found" in pointer("conv1d", reverse_mode)
    assert "write that yourself" in pointer("conv1d", by_library)
    assert "autograd" in pointer("conv1d", tracked)

    def side_by_side(grad, size, stride, shape):
        wide = grad.repeat_interleave(size, 2).repeat_interleave(size, 3)
        return wide / size**2

    def tracked_pool(grad, size, stride, shape):
        x = torch.zeros(shape, requires_grad=True)
        F.avg_pool2d(x, size, stride).backward(grad)
        return x.grad

    def by_overlap(grad, size, stride, shape):  # divides by how often a pixel is met
        met = F.fold(
            torch.ones(1, size**2, grad[0, 0].numel()), shape[2:], size, stride=stride
        )
        n, c = shape[:2]
        columns = grad.flatten(2)[:, :, None].expand(n, c, size**2, -1)
        columns = columns.reshape(n, c * size**2, -1)
        spread = F.fold(columns, shape[2:], size, stride=stride)
        return spread / met.clamp(min=1)

    assert "shape" in pointer("average-pool", side_by_side)
    assert "autograd" in pointer("average-pool", tracked_pool)
    assert "share" in pointer("average-pool", by_overlap)

    def tracked_lse(z, g):
        z = z.detach().requires_grad_()
        with torch.enable_grad():
            (z.logsumexp(1) * g).sum().backward()
        return z.grad

    def one_shift(z, g):
        e = (z - z.max()).exp()
        return g[:, None] * e / e.sum(1, keepdim=True)

    assert "autograd" in pointer("logsumexp", tracked_lse)
    assert "Each row" in pointer("logsumexp", one_shift)
    assert "axis" in pointer("logsumexp", lambda z, g: g[:, None] * z.softmax(0))
    assert "logarithm" in pointer("logsumexp", lambda z, g: -g[:, None] * z.softmax(1))
    assert "logarithm" in pointer("logsumexp", lambda z, g: g[:, None] * z.sigmoid())


def test_wrong_paper_answers_are_told_which_entry():
    dw, dx = problems.square_back().values()
    off = [row[:] for row in dx]
    off[2][1] += 1
    assert "dx[2, 1]" in pointer("strided", (dw, off))
    transposed = [list(column) for column in zip(*dw)]
    assert "dw[0, 2]" in pointer("strided", (transposed, dx))
    assert "shape" in pointer("strided", (dx, dw))
    assert "shape" in pointer("one-dimension", ([2, 5], [1, -2, 5, -4, 6]))
    rows = problems.pool_back()
    assert "average" in pointer("overlap", (rows["dx_max"], rows["dx_average"][::-1]))


ODD = [
    3,
    "dw",
    (),
    [1],
    (1, 2, 3),
    ([1, [2]], [3]),
    ({"a": 1}, {1, 2}),
    (float("nan"), float("inf")),
    ([float("nan")] * 3, [0] * 5),
    (lambda: 0, print),
    torch.zeros(2),
    torch.zeros(2, 2),
    object(),
    ("12", "34"),
    ([True, 2, 2], [1, -2, 5, -4, 6j]),
]


@pytest.mark.parametrize("id", ["one-dimension", "overlap", "strided"])
@pytest.mark.parametrize("answer", ODD, ids=lambda a: type(a).__name__)
def test_odd_paper_answers_never_upset_a_checker(id, answer):
    verdict = exercises.check(f"backpropagation.{id}", answer)
    assert verdict.status == "not yet" and "could not be looked at" not in verdict.text


@pytest.mark.parametrize("id", ["one-dimension", "overlap", "strided"])
def test_dots_are_no_attempt(id):
    for answer in (..., None, (..., ...), ([1, ..., 2], [...])):
        verdict = exercises.check(f"backpropagation.{id}", answer)
        assert verdict.status == "not attempted"


@pytest.mark.parametrize("id", ["conv1d", "average-pool", "logsumexp"])
@pytest.mark.parametrize(
    "answer",
    [3, "f", [], lambda: 0, lambda *a: None, lambda *a: "x", lambda *a: a, print, int],
)
def test_odd_code_answers_never_upset_a_checker(id, answer):
    verdict = exercises.check(f"backpropagation.{id}", answer)
    assert not verdict and "could not be looked at" not in verdict.text
