"""``trace`` tells PyTorch's own numbers, or says that it does not know.

Oracles that share no code with it: ``flop_counter`` in training mode, the footprint
of the gradient, and what torchvision publishes of its models.
"""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.flop_counter import FlopCounterMode

from lenet_helpers import shapes
from tests.helpers.test_shapes import as_pair, footprint


class Model(nn.Module):
    """What a function of the input and named layers makes."""

    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.function(self, x)


def conv(inputs=1, outputs=2, kernel=3, **options):
    return nn.Conv2d(inputs, outputs, kernel, **options)


class Own(nn.Module):
    """A layer without children, with weights and a functional convolution."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 1, 5, 5))
        self.bias = nn.Parameter(torch.randn(10))

    def forward(self, x):
        return F.conv2d(x, self.weight, padding=2) * self.bias.sum()


IMAGE, WORDS = (1, 24, 24), (10, 8)
COUNTED = {
    "transposed": (nn.ConvTranspose2d(1, 8, 4, 2, 1), IMAGE),
    "transposed-groups": (nn.ConvTranspose2d(4, 8, 3, groups=2), (4, 7, 7)),
    "conv1d": (nn.Conv1d(8, 4, 3), (8, 20)),
    "conv3d": (nn.Conv3d(1, 4, 3), (1, 8, 8, 8)),
    "attention": (
        Model(
            lambda m, x: m.head(m.mix(x, x, x)[0]),
            mix=nn.MultiheadAttention(8, 2, batch_first=True),
            head=nn.Linear(8, 3),
        ),
        WORDS,
    ),
    "transformer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), WORDS),
    "own-parameter": (
        Model(lambda m, x: m.c(x) + m.p, c=conv(), p=nn.Parameter(torch.ones(2, 1, 1))),
        IMAGE,
    ),
    "own-layer": (nn.Sequential(Own(), conv()), IMAGE),
    "weight-norm": (parametrizations.weight_norm(conv()), IMAGE),
    "spectral-norm": (parametrizations.spectral_norm(conv()), IMAGE),
    "doubled-batch": (
        Model(lambda m, x: m.c(torch.cat([x, x.flip(-1)])), c=conv()),
        IMAGE,
    ),
    "functional-linear": (
        Model(
            lambda m, x: F.linear(x.flatten(1), m.w), w=nn.Parameter(torch.ones(4, 576))
        ),
        IMAGE,
    ),
    "einsum": (
        Model(
            lambda m, x: torch.einsum("nchw,oc->nohw", x, m.w),
            w=nn.Parameter(torch.ones(4, 1)),
        ),
        IMAGE,
    ),
    "embedding": (
        Model(lambda m, x: m.e(x.long()).sum(1), e=nn.Embedding(5, 3)),
        (10,),
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_parameters_and_multiply_adds_are_torchs(name):
    model, shape = COUNTED[name]
    rows = shapes.trace(model, shape)
    with FlopCounterMode(display=False) as counter:  # with gradients: nothing is fused
        model.train()(torch.zeros(1, *shape))
    assert rows.params == sum(p.numel() for p in model.parameters())
    assert 2 * rows.macs == counter.get_total_flops()
    assert not rows.unused


@pytest.mark.parametrize("kind, gates", [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_products_are_counted_though_they_are_fused(kind, gates):
    rows = shapes.trace(getattr(nn, kind)(5, 7, batch_first=True), (10, 5))
    assert rows.macs == 10 * gates * 7 * (5 + 7)


def test_parameters_that_take_no_part_are_named():
    model = Model(lambda m, x: m.c(x), c=conv(), spare=nn.Linear(3, 4))
    rows = shapes.trace(model, IMAGE)
    assert rows.params == 20 and rows.unused == {"spare.weight": 12, "spare.bias": 4}
    assert repr(rows).splitlines()[-1] == (
        "took no part: 16 parameters (spare.weight and 1 more)"
    )


def test_products_in_another_packages_operator_are_not_known():
    @torch.library.custom_op("lenet_test::double", mutates_args=())
    def double(x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    rows = shapes.trace(Model(lambda m, x: double(m.c(x)), c=conv()), IMAGE)
    assert rows["c"].macs == 2 * 9 * 22 * 22
    rows = shapes.trace(nn.Sequential(conv(), Model(lambda m, x: double(x))), IMAGE)
    assert rows[-1].macs is None and rows.macs is None and "double" in repr(rows)


def grid(function, **layers):
    """A model whose last layer, ``c``, is a 3x3 convolution of what comes before."""
    return Model(lambda m, x: m.c(function(m, x)), **({"c": conv()} | layers))


def blur(x):
    return F.conv2d(x, torch.ones(1, 1, 5, 5))


def focus(m, x):
    parts = [x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return torch.cat(parts, 1)


def frozen(m, x):
    with torch.no_grad():
        return m.first(x)


def attention(m, x):
    seen = x.flatten(2)
    return (seen @ (seen.mT @ seen).softmax(-1)).view_as(x)


def shuffled(m, x):
    x = m.first(x)
    return x.view(-1, 2, 2, 22, 22).transpose(1, 2).reshape(-1, 4, 22, 22)


# A field that has to be known, and fields that need not be but must not be wrong.
KNOWN = {
    "strided-slice": grid(lambda m, x: x[..., ::2, ::2]),
    "crop": grid(lambda m, x: x[..., 2:-3, 1:]),
    "focus": grid(focus, c=conv(4)),
    "fixed-blur": grid(lambda m, x: blur(x)),
    "dilated-pooling": grid(lambda m, x: F.max_pool2d(x, 2, 1, 0, 3)),
    "frozen-part": grid(frozen, first=conv(1, 2, 5), c=conv(2)),
    "channel-shuffle": grid(shuffled, first=conv(1, 4), c=conv(4)),
    "pad": grid(lambda m, x: F.pad(x, (3, 0, 1, 2))),
    "reflect": grid(lambda m, x: F.pad(x, (2, 2, 2, 2), mode="reflect")),
    "squeeze-excite": grid(lambda m, x: x * x.mean((2, 3), keepdim=True).sigmoid()),
    "squeeze-excite-twice": grid(
        lambda m, x: m.c1(x) * x.mean((2, 3), keepdim=True), c1=conv(), c=conv(2)
    ),
    "image-minus-mean": grid(lambda m, x: x - x.mean((2, 3), keepdim=True)),
    "mean-of-height": Model(
        lambda m, x: m.c(x.mean(2, keepdim=True)), c=conv(1, 2, (1, 3))
    ),
    "linear-along-width": grid(lambda m, x: m.f(x), f=nn.Linear(24, 24)),
    "group-norm": nn.Sequential(conv(), nn.GroupNorm(1, 2), conv(2)),
    "instance-norm": nn.Sequential(conv(), nn.InstanceNorm2d(2), conv(2)),
    "layer-norm": nn.Sequential(conv(), nn.LayerNorm([2, 22, 22]), conv(2)),
    "tokens": Model(
        lambda m, x: m.f(m.c(x).flatten(2).mT),
        c=conv(1, 4, 8, stride=8),
        f=nn.Linear(4, 4),
    ),
    "residual-stride": grid(
        lambda m, x: m.a(x) + m.b(x),
        a=conv(1, 2, 3, stride=2, padding=1),
        b=conv(1, 2, 1, stride=2),
        c=conv(2),
    ),
    "inplace": nn.Sequential(conv(), nn.ReLU(inplace=True), conv(2)),
    "inplace-sum": grid(
        lambda m, x: m.a(x).add_(m.b(x)), a=conv(), b=conv(), c=conv(2)
    ),
}
NEVER_WRONG = {
    "enlarged": grid(lambda m, x: F.interpolate(x, scale_factor=2)),
    "reduced": grid(lambda m, x: F.interpolate(x, scale_factor=0.5, mode="area")),
    "pixel-unshuffle": grid(lambda m, x: F.pixel_unshuffle(x, 2), c=conv(4)),
    "pixel-shuffle": nn.Sequential(conv(1, 4), nn.PixelShuffle(2), conv()),
    "pixel-unshuffle-by-view": grid(
        lambda m, x: x.view(-1, 12, 2, 12, 2)
        .permute(0, 2, 4, 1, 3)
        .reshape(-1, 4, 12, 12),
        c=conv(4),
    ),
    "adaptive-uneven": grid(lambda m, x: F.adaptive_avg_pool2d(x, 7)),
    "attention": grid(attention),
    "u-net": grid(
        lambda m, x: torch.cat([x, m.up(F.max_pool2d(m.down(x), 2))], 1),
        down=conv(1, 2, 3, padding=1),
        up=nn.ConvTranspose2d(2, 2, 2, 2),
        c=conv(3),
    ),
    "transposed-axes": grid(lambda m, x: x.mT, c=conv(1, 2, (3, 5))),
    "flipped": grid(lambda m, x: x.flip(-1)),
    "rolled": grid(lambda m, x: x + x.roll(2, -1)),
    "shifted-in-place": grid(
        lambda m, x: x.clone().index_add_(3, torch.arange(22), x[..., 2:])
    ),
    "written-in-part": grid(
        lambda m, x: torch.zeros_like(x).index_copy_(3, torch.arange(12), x[..., ::2])
    ),
    "fourier": grid(lambda m, x: torch.fft.ifft2(torch.fft.fft2(x)).real),
    "outer": grid(lambda m, x: x.mean(3, keepdim=True) * x.mean(2, keepdim=True)),
    "dynamic-kernel": grid(lambda m, x: F.conv2d(x, x[:, :, :3, :3], padding=1)),
    "grid-sample": grid(
        lambda m, x: F.grid_sample(
            x,
            F.affine_grid(torch.eye(2, 3)[None] / 2, [1, 1, 24, 24]),
            align_corners=False,
        )
    ),
}


def written_to_a_view(m, x):
    y = m.first(x)
    y[..., 2:] += y[..., :-2].clone()
    return y


NEVER_WRONG["written-to-a-view"] = grid(written_to_a_view, first=conv(), c=conv(2))


# No unit of a map, and no gradient, to take the footprint of.
BY_HAND = {"tokens": (8, 8), "frozen-part": (7, 1)}


def last_row(model):
    """The row of the layer ``c``, or the last."""
    rows = shapes.trace(model, IMAGE)
    return next((row for row in rows if row.name == "c"), rows[-1])


def seen(model, row):
    height, width = row.output_shape[1:] if len(row.output_shape) == 3 else (1, 1)
    middle = (height // 2, width // 2)
    corner, size = footprint(model, IMAGE, row.name, middle)
    before = footprint(
        model, IMAGE, row.name, (max(0, middle[0] - 1), max(0, middle[1] - 1))
    )
    return (
        size,
        tuple(a - b for a, b in zip(corner, before[0], strict=True)),
        height,
        width,
    )


@pytest.mark.parametrize("name", KNOWN)
def test_a_field_that_can_be_followed_is_the_footprint(name):
    model, row = KNOWN[name], last_row(KNOWN[name])
    if name in BY_HAND:
        assert (row.receptive_field, row.jump) == BY_HAND[name]
        return
    size, steps, height, width = seen(model, row)
    assert row.receptive_field is not None
    field = as_pair(row.receptive_field)
    assert tuple(min(f, n) for f, n in zip(field, IMAGE[1:], strict=True)) == size
    if row.jump is None:
        assert 0 in steps
    elif height > 1 and width > 1:
        assert as_pair(row.jump) == steps


@pytest.mark.parametrize("name", NEVER_WRONG)
def test_a_field_that_cannot_be_followed_is_none_with_a_reason(name):
    model, rows = NEVER_WRONG[name], shapes.trace(NEVER_WRONG[name], IMAGE)
    row = last_row(model)
    if row.receptive_field is None:
        assert rows.notes[row.name] in repr(rows)
        return
    size, steps, *_ = seen(model, row)
    assert as_pair(row.receptive_field) == size
    assert 0 in steps if row.jump is None else as_pair(row.jump) == steps


# Number of parameters and multiply-adds (in thousand millions) as torchvision tells.
PUBLISHED = (
    "alexnet convnext_tiny efficientnet_b0 googlenet inception_v3 mnasnet0_5 "
    "mobilenet_v2 mobilenet_v3_small regnet_y_400mf resnet18 shufflenet_v2_x0_5 "
    "squeezenet1_1 vit_b_16"
).split()


@pytest.mark.parametrize("name", PUBLISHED)
def test_torchvisions_models_have_the_published_counts(name):
    told = torchvision.models.get_model_weights(name).DEFAULT.meta
    quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        model = getattr(torchvision.models, name)(**quick)
    side = 299 if name == "inception_v3" else 224
    rows = shapes.trace(model, (3, side, side))
    heads = {n.partition(".")[0] for n in rows.unused}
    assert heads <= {"aux1", "aux2", "AuxLogits"}
    assert told["num_params"] in (rows.params, rows.params + sum(rows.unused.values()))
    assert round(rows.macs / 1e9, 3) == told["_ops"]


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.c(input=x),
        lambda m, x: {"map": m.c(x)},
        lambda m, x: m.c(x).sum(),
        lambda m, x: None if m.c(x) is not None else x,
    ],
    ids="keyword dictionary scalar nothing".split(),
)
def test_calls_and_results_of_every_kind(function):
    assert shapes.trace(Model(function, c=conv()), IMAGE).params == 20


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused_and_a_compiled_module_traced():
    with pytest.raises(TypeError, match="TorchScript"):
        shapes.trace(torch.jit.trace(conv(), torch.zeros(1, *IMAGE)), IMAGE)
    assert shapes.trace(torch.compile(conv()), IMAGE).params == 20


@pytest.mark.parametrize("shape", [(-1, 32, 32), (1, 0, 3), ("1", 32, 32), (1.0, 2, 2)])
def test_a_shape_that_is_none_is_refused(shape):
    with pytest.raises(ValueError, match="the batch is left out"):
        shapes.trace(conv(), shape)


def test_an_unrolled_recurrence_of_any_length_is_followed():
    def unrolled(m, x):
        for _ in range(1200):
            x = x + 1
        return m.c(x)

    assert last_row(Model(unrolled, c=conv())).receptive_field == 3
