"""What the chapter on limits and legacy says in words and uses, checked."""

import ast
import itertools
import json
import math
import re
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.backends.backend_agg import FigureCanvasAgg
from safetensors import safe_open
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import legacy

from lenet_helpers import exercises, models, quiz
from lenet_helpers.exercises import limits as solved
from lenet_helpers.models.descendants import Descendant
from lenet_helpers.plots import limits as figures


@pytest.fixture(scope="module")
def cells(root):
    path = root / "chapters" / "15-limits-and-legacy.ipynb"
    return json.loads(path.read_text())["cells"]


@pytest.fixture(scope="module")
def taught(cells):
    """The functions and classes that the chapter defines, by name."""
    names = {"torch": torch, "nn": nn, "F": F, "math": math}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or "exercises.check" in source:
            continue
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                exec(ast.unparse(node), names)
    return names


def result(root, name):
    return json.loads((root / "experiments" / "results" / f"{name}.json").read_text())


def test_warp_moves_turns_and_enlarges(taught):
    warp = taught["warp"]
    x = torch.rand(2, 1, 32, 32)
    right = np.pad(x.numpy(), ((0, 0), (0, 0), (0, 0), (5, 0)))[..., :32]
    assert np.allclose(warp(x, right=5), right, atol=1e-4)
    left = np.pad(x.numpy(), ((0, 0), (0, 0), (0, 0), (0, 5)))[..., 5:]
    assert np.allclose(warp(x, right=-5), left, atol=1e-4)
    turned = np.rot90(x.numpy(), axes=(2, 3))  # counter-clockwise
    assert np.allclose(warp(x, degrees=90), turned, atol=1e-4)
    middle = F.interpolate(x[..., 8:24, 8:24], scale_factor=2, mode="bilinear")
    inside = warp(x, size=2)[..., 2:-2, 2:-2]
    torch.testing.assert_close(inside, middle[..., 2:-2, 2:-2], atol=1e-4, rtol=0)


def test_contrast_and_ground_vanish_when_a_picture_is_standardised(taught):
    x = torch.rand(3, 1, 8, 8)
    changed = 0.3 + 0.2 * x
    same = [taught["standardised"](p, 0.1, 0.28) for p in (x, changed)]
    torch.testing.assert_close(*same, atol=1e-5, rtol=1e-4)
    assert same[0].mean().item() == pytest.approx(0.1, abs=1e-5)
    assert same[0][0].std().item() == pytest.approx(0.28, abs=1e-5)


def test_the_attack_raises_the_loss_by_the_signs_of_finite_differences(taught):
    torch.manual_seed(0)
    names = dict(taught)
    names["model"] = nn.Sequential(nn.Flatten(), nn.Linear(6, 3)).double()
    names["digits"] = type("D", (), {"mean": 0.3, "std": 0.5})
    for name in ("pixel_gradient", "fgsm"):
        function = taught[name]
        names[name] = type(function)(function.__code__, names)
    pixels = 0.2 + 0.6 * torch.rand(1, 1, 2, 3, dtype=torch.float64)
    label = torch.tensor([1])

    def loss(p):
        return F.cross_entropy(names["model"]((p - 0.3) / 0.5), label).item()

    moved = names["fgsm"](pixels, label, 0.01) - pixels
    for i in range(6):
        bump = torch.zeros(6, dtype=torch.float64)
        bump[i] = 1e-5
        rise = loss(pixels + bump.view_as(pixels)) - loss(pixels)
        assert moved.flatten()[i].item() == pytest.approx(math.copysign(0.01, rise))


def test_the_table_of_networks_is_that_of_torchvision(taught):
    import torchvision.models as tv
    from torch.utils.flop_counter import FlopCounterMode

    counted = taught["counted"]
    counted.__globals__["FlopCounterMode"] = FlopCounterMode
    for make, weights in (
        (tv.vgg16, tv.VGG16_Weights),
        (tv.resnet50, tv.ResNet50_Weights),
        (tv.vit_b_16, tv.ViT_B_16_Weights),
        (tv.convnext_tiny, tv.ConvNeXt_Tiny_Weights),
    ):
        _, params, macs, uses = counted(make, (3, 224, 224))
        about = weights.IMAGENET1K_V1.meta
        assert params == about["num_params"]
        assert macs / 1e9 == pytest.approx(about["_ops"], rel=0.01)
        assert uses > 100
    low = [
        counted(models.ModernLeNet5, (1, 32, 32)),
        counted(models.AlexNet, (3, 227, 227)),
    ]
    assert [row[1] for row in low] == [61_706, 60_965_224]
    assert [row[2] for row in low] == [416_520, 724_406_816]
    assert max(row[3] for row in low) < 12
    assert round(low[0][3]) == 7


def test_torch_starts_with_a_third_of_the_variance_that_keeps_the_size():
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 64, 3)
    inputs = 64 * 9
    assert conv.weight.var().item() == pytest.approx(1 / (3 * inputs), rel=0.02)


@pytest.mark.parametrize(
    "act, factor", [(torch.tanh, 3**-0.5), (torch.relu, 6**-0.5)], ids=["tanh", "relu"]
)
def test_the_error_shrinks_by_the_predicted_factor(act, factor):
    """One wide layer, no borders: the same law without the chapter's tower."""
    torch.manual_seed(0)
    layer = nn.Linear(3000, 3000, bias=False)
    x = 0.1 * torch.randn(64, 3000)
    x.requires_grad_(True)
    error = torch.randn(64, 3000)
    act(layer(x)).backward(error)
    assert (x.grad.std() / error.std()).item() == pytest.approx(factor, rel=0.03)


def test_solutions_agree_with_code_that_they_do_not_use():
    generator = torch.Generator().manual_seed(4)
    known = torch.rand(40, generator=generator)
    strange = torch.rand(30, generator=generator)
    fine = [t for t in known.tolist() if (known >= t).sum() / 40 >= 0.9]
    share = sum(s >= max(fine) for s in strange.tolist()) / 30
    assert solved.pass_rate(known, strange, 0.9) == pytest.approx(share)
    norm = nn.BatchNorm2d(3).eval()
    values = [torch.rand(3, generator=generator) + 0.1 for _ in range(4)]
    targets = norm.running_mean, norm.running_var, norm.weight, norm.bias
    with torch.no_grad():
        for own, value in zip(targets, values, strict=True):
            own.copy_(value)
    x = torch.randn(2, 3, 4, 4, generator=generator)
    torch.testing.assert_close(solved.batch_norm(x, *values), norm(x))
    stack = [nn.Conv2d(64, 64, 3, bias=False) for _ in range(3)]
    stack_weights = sum(layer.weight.numel() for layer in stack)
    seven = nn.Conv2d(64, 64, 7, bias=False).weight.numel()
    assert solved.stacked_weights() == seven - stack_weights
    assert round(100 * solved.stacked_weights() / seven) == 45
    patch = nn.Conv2d(3, 768, 16, 16)
    count = sum(p.numel() for p in patch.parameters())
    assert solved.patch_embedding() == count
    assert 0.25 ** solved.lost_in_depth() < 1e-6 < 0.25 ** (solved.lost_in_depth() - 1)


def test_other_right_answers_are_accepted():
    def ranked(known, strange, keep):
        cut = torch.topk(known, round(keep * len(known))).values.min()
        return (strange >= cut).float().mean()

    def folded(x, mean, var, scale, offset):
        factor = scale / (var + 1e-5).sqrt()
        shift = offset - factor * mean
        return x * factor[:, None, None] + shift[:, None, None]

    assert exercises.check("limits.pass-rate", ranked)
    assert exercises.check("limits.batch-norm", folded)


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("limits").questions}
    assert by_id["shortcut-adds"].number.value == 0
    dense, average = Descendant(), Descendant(head="average", widths=(24, 98))
    head = [p for m in (dense.head, dense.output) for p in m.parameters()]
    whole = sum(p.numel() for p in dense.parameters())
    assert round(100 * sum(p.numel() for p in head) / whole) == 95
    work = {}
    for net in (dense, average):
        total = 0

        def count(module, inputs, output):
            nonlocal total
            total += output[0].numel() * module.weight[0].numel()

        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(count)
        net(torch.zeros(1, 3, 32, 32))
        work[net] = total
    assert work == {dense: 651_720, average: 7_292_180}
    assert round(work[average] / work[dense]) == 11
    with safe_open(models.WEIGHTS, framework="pt") as file:
        mean, std = (float(file.metadata()[name]) for name in ("mean", "std"))
    noise = torch.rand(500, 1, 32, 32, generator=torch.Generator().manual_seed(9))
    with torch.inference_mode():
        p = models.load_pretrained()((noise - mean) / std).softmax(1)
    assert p.argmax(1).unique().tolist() == [8]
    assert round(100 * p.amax(1).median().item()) == 99


def test_every_source_of_the_chapter_is_in_the_bibliography(cells, root):
    text = "".join("".join(c["source"]) for c in cells if c["cell_type"] != "code")
    groups = re.findall(r"\{cite:.\}`([^`]+)`", text)
    cited = {key for group in groups for key in group.split(",")}
    known = set(
        re.findall(r"^@\w+\{(\w+),", (root / "references.bib").read_text(), re.M)
    )
    assert cited and cited <= known


def test_every_network_has_its_five_seeds_and_the_rate_that_was_best(root):
    record = result(root, "legacy")
    assert {"command", "date", "machine", "data"} <= set(record)
    runs = [row for row in record["runs"] if "seed" in row]
    pairs = {(row["network"], row["seed"]) for row in runs}
    assert len(pairs) == len(runs)
    for row in runs:
        trials = [r for r in record["runs"] if r.get("choosing") == row["network"]]
        assert len(trials) == 3
        assert row["lr"] == max(trials, key=lambda r: r["val_accuracy"])["lr"]
        assert 61_300 <= row["params"] <= 62_900
    assert pairs == set(itertools.product(legacy.NETWORKS, range(5)))


def test_the_sentences_about_the_nine_networks_hold(root):
    runs = [row for row in result(root, "legacy")["runs"] if "seed" in row]
    test = {(row["network"], row["seed"]): row["test_accuracy"] for row in runs}
    train = {(row["network"], row["seed"]): row["train_accuracy"] for row in runs}

    def gain(one, other):
        return [100 * (test[one, s] - test[other, s]) for s in range(5)]

    def middle(table, name):
        return statistics.mean(table[name, s] for s in range(5))

    assert round(statistics.mean(gain("relu-max", "lenet"))) == 3
    assert round(statistics.mean(gain("norm", "relu-max"))) == 7
    assert round(statistics.mean(gain("average", "relu-max"))) == -2
    stacked = gain("stacked", "relu-max")
    assert (round(max(stacked)), round(min(stacked))) == (-3, -33)
    assert min(test["stacked", s] for s in range(5)) == pytest.approx(0.1, abs=0.005)
    for name, points in (
        ("deep-shortcut", 11),
        ("deep-plain-norm", 21),
        ("deep-shortcut-norm", 30),
    ):
        assert round(statistics.mean(gain(name, "deep-plain"))) == points
    more = gain("deep-shortcut-norm", "deep-plain-norm")
    assert min(more) > 0 and round(statistics.mean(more)) == 9
    level = gain("deep-shortcut-norm", "norm")
    assert abs(statistics.mean(level)) < statistics.stdev(level)
    assert round(100 * middle(train, "norm")) == 61
    assert round(100 * middle(test, "norm")) == 49
    for name in ("relu-max", "stacked", "average"):
        assert middle(train, name) - middle(test, name) < 0.05
    work = {row["network"]: row["macs"] for row in runs}
    assert work["deep-shortcut-norm"] / work["norm"] > 5
    assert round(work["average"] / work["relu-max"]) == 11


def test_every_network_has_a_name_of_its_own_in_the_figure(cells):
    source = next("".join(c["source"]) for c in cells if "measured-shown" in c["id"])
    (assignment,) = [n for n in ast.parse(source).body if isinstance(n, ast.Assign)][:1]
    names = ast.literal_eval(assignment.value)
    assert set(names) == set(legacy.NETWORKS)
    assert len(set(names.values())) == len(names)


def test_capacity_was_measured_at_three_widths_over_five_seeds(root):
    runs = result(root, "capacity")["runs"]
    keys = {(row["params"], row["labels"], row["seed"]) for row in runs}
    assert len(keys) == len(runs) == 3 * 2 * 5
    for row in runs:
        if row["labels"] == "at random":  # nothing to learn but by heart
            assert row["test_accuracy"] < 0.2


@pytest.mark.parametrize(
    "figure",
    [
        figures.sweeps({"one (%)": ([0, 1], [1, 0.2]), "two": ([0, 1], [1, 0])}, {}),
        figures.confidences({"digits": torch.rand(50), "all": torch.rand(50)}, 0.9),
        figures.depth_gradients({"a name": torch.rand(5, 20), "b": torch.rand(5, 20)}),
        figures.seed_rows({"a long name of it": [0.4, 0.5]}, "accuracy", 0.1),
    ],
    ids=["sweeps", "confidences", "depth", "seeds"],
)
def test_figures_are_transparent_and_nothing_leaves_them(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert np.asarray(canvas.buffer_rgba())[0, 0, 3] == 0
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 > -0.02 and drawn.x1 < width + 0.02
    assert drawn.y0 > -0.02 and drawn.y1 < height + 0.02


def test_a_dot_is_a_seed_and_a_bar_their_mean():
    axis = figures.seed_rows({"a": [0.2, 0.6], "b": [0.5, 0.5]}, "accuracy").axes[0]
    dots, bar = axis.lines[:2]
    assert sorted(dots.get_xdata()) == [0.2, 0.6]
    assert list(bar.get_xdata()) == [statistics.mean([0.2, 0.6])] * 2
