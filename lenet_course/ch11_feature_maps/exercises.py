"""The exercises of the chapter on what a trained LeNet sees."""

import torch
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker, function, shape
from lenet_course.exercises.registry import exercise


def _normalised(generator: torch.Generator):
    for mean, std in ((0.1, 0.275), (0.5, 0.5), (0.0, 2.0), (-0.4, 1.0)):
        yield torch.randn(2, 1, 4, 4, generator=generator), mean, std


def _pixels(images: Tensor, mean: float, std: float) -> Tensor:
    return images * std + mean


@exercise(
    "feature_maps.pixels",
    task="Write `pixels_of(images, mean, std)`: undo (x − mean) / std.",
    checker=function(
        _pixels,
        _normalised,
        look="Normalise one pixel by hand, then go back step by step.",
        wrong=[
            (
                lambda images, mean, std: (images + mean) * std,
                "The two steps are right, their order is not: which came last on the "
                "way in?",
            ),
            (
                lambda images, mean, std: images / 2 + 0.5,
                "Those two constants belong to one particular mean and deviation. Use "
                "the ones you are given.",
            ),
            (
                lambda images, mean, std: (images - mean) / std,
                "That normalises a second time.",
            ),
        ],
    ),
    hints=[
        "Normalising subtracts first and divides second.",
        "Going back: the last step is undone first.",
    ],
    more="The inverse of a chain of steps takes their inverses in reverse order.",
)
def pixels_of(images: Tensor, mean: float, std: float) -> Tensor:
    """Division came last, so multiplication comes first.

    `img / 2 + 0.5`, seen in many tutorials, is this formula for mean 0.5 and
    deviation 0.5, and wrong for any other data.
    """
    return images * std + mean


class _Small(nn.Module):
    """A network in which an activation overwrites what the layer before put out."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
        self.act = nn.Tanh()
        self.out = nn.Linear(2 * 4 * 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.act(self.body(x) - 0.5).flatten(1))


def _small() -> nn.Module:
    """It has a hook of somebody else already."""
    model = _Small().eval()
    model.out.register_forward_hook(_of_somebody_else)
    return model


def _of_somebody_else(module, inputs, output) -> None:
    pass


def _grown(model: nn.Module) -> list:
    """Of each layer its hooks, and the names of all that was put into it."""
    return [
        (len(layer._forward_hooks), len(layer._forward_pre_hooks), sorted(vars(layer)))
        for layer in model.modules()
    ]


def _recorder(copy: bool = True, tidy: bool = True):
    def record(model: nn.Module, name: str, images: Tensor) -> Tensor:
        kept = []

        def remember(module, inputs, output):
            kept.append(output.detach().clone() if copy else output.detach())

        handle = model.get_submodule(name).register_forward_hook(remember)
        model(images)
        if tidy:
            handle.remove()
        return kept[0]

    return record


def _clearing(model: nn.Module, name: str, images: Tensor) -> Tensor:
    """Takes the hooks of others away, too."""
    kept = _recorder(tidy=False)(model, name, images)
    model.get_submodule(name)._forward_hooks.clear()
    return kept


def _record_checker() -> Checker:
    """Right outputs, and no hook left behind."""
    overwritten = (
        "The layer after `body.0` is a ReLU that works in place: it changes the tensor "
        "you kept. What should you keep instead?"
    )
    stays = "The output is right, but your hook is still on the model afterwards."
    other = "The output is right, but the model's own hooks or methods were changed."
    cases = [
        (_small(), name, torch.linspace(-1, 1, 72).view(2, 1, 6, 6))
        for name in ("body.0", "body", "act", "out")
    ]
    outputs = function(
        _recorder(),
        cases,
        look="A forward hook is called with (module, inputs, output).",
        wrong=[
            (_recorder(copy=False), overwritten),
            (
                lambda model, name, images: model(images).detach(),
                "That is what the whole model returns, whichever layer is asked for.",
            ),
        ],
    )

    def test(answer) -> str | None:
        if pointer := outputs(answer):
            return pointer
        model = _small()
        before = _grown(model)
        for name in ("out", "body.0"):
            answer(model, name, torch.zeros(1, 1, 6, 6))
        if sum(len(m._forward_hooks) for m in model.modules()) > 1:
            return stays
        return None if _grown(model) == before else other

    examples = (
        *outputs.examples,
        (_recorder(tidy=False), stays),
        (_clearing, other),
    )
    return Checker(test, examples, takes_function=True)


@exercise(
    "feature_maps.record",
    task=(
        "Write `record_layer(model, name, images)`: run the model and return what the "
        "layer called `name` put out. Leave no hook behind."
    ),
    checker=_record_checker(),
    hints=[
        "`model.get_submodule(name)` finds the layer.",
        "`register_forward_hook(f)` calls f(module, inputs, output) and returns a "
        "handle; a list is a good place for f to put what it saw.",
        "Keep `output.detach().clone()`, run the model, then `handle.remove()`.",
    ],
    more="`clone` matters as soon as a later layer works in place.",
)
def record_layer(model: nn.Module, name: str, images: Tensor) -> Tensor:
    """A hook puts a copy of the output where we can find it, and is then removed.

    Without `clone`, an in-place ReLU after the layer would overwrite what was kept,
    and you would see activations where you asked for weighted sums. The `finally`
    removes the hook even when the model fails.
    """
    kept = []
    handle = model.get_submodule(name).register_forward_hook(
        lambda module, inputs, output: kept.append(output.detach().clone())
    )
    try:
        model(images)
    finally:
        handle.remove()
    return kept[0]


def _places(generator: torch.Generator):
    image = torch.rand(1, 32, 32, generator=generator)
    return [
        (image, *place) for place in ((0, 0), (3, 7), (9, 9), (9, 0), (1, 8), (5, 4))
    ]


def _window(jump: int, field: int):
    def patch(image: Tensor, row: int, column: int) -> Tensor:
        top, left = row * jump, column * jump
        return image[:, top : top + field, left : left + field]

    return patch


@exercise(
    "feature_maps.patch",
    task=(
        "Write `c3_patch(image, row, column)`: the part of an image [1, 32, 32] that "
        "the C3 unit in that row and column sees."
    ),
    checker=function(
        _window(2, 14),
        _places,
        look="You need two numbers of the C3 line of `shapes.trace`.",
        wrong=[
            (
                _window(1, 14),
                "The side is right. How far does the patch move when you go to the "
                "next C3 unit?",
            ),
            (
                _window(2, 10),
                "That is what five S2 units cover if each were two pixels wide. How "
                "many pixels does one S2 unit see?",
            ),
            (
                _window(4, 16),
                "These are the numbers of S4, one layer further on.",
            ),
        ],
    ),
    hints=[
        "No layer of LeNet-5 is padded, so unit (0, 0) sees the upper left corner.",
        "The patch starts at row × jump and is as wide as the receptive field.",
    ],
    more="The ten positions together start at pixels 0, 2, …, 18 and end at 31.",
)
def c3_patch(image: Tensor, row: int, column: int) -> Tensor:
    """C3 has receptive field 14 and jump 2.

    5 pixels for C1, 1 more for the 2×2 window of S2, and 4 steps of 2 pixels for
    C3's kernel: 5 + 1 + 8 = 14. The jump is the product of the strides before it.
    """
    top, left = 2 * row, 2 * column
    return image[:, top : top + 14, left : left + 14]


def _matrices(generator: torch.Generator):
    for size in (2, 3, 10):
        counts = torch.randint(9, (size, size), generator=generator)
        yield (counts + torch.diag(torch.arange(1, size + 1)),)


def _both(counts: Tensor) -> tuple[Tensor, Tensor]:
    right = counts.diagonal()
    return right / counts.sum(0), right / counts.sum(1)


@exercise(
    "feature_maps.precision-recall",
    task=(
        "Write `precision_recall(counts)`: from a confusion matrix (row = true, "
        "column = said) to the precision and the recall of every class."
    ),
    checker=function(
        _both,
        _matrices,
        look="Precision: of what it *called* a 4. Recall: of what *is* a 4.",
        wrong=[
            (
                lambda counts: _both(counts.T),
                "The two are swapped: which of them looks along a column?",
            ),
            (
                lambda counts: (counts.diagonal() / counts.sum(),) * 2,
                "The denominator is not all images: only those of one class.",
            ),
        ],
    ),
    hints=[
        "The diagonal holds the images that were right.",
        "`counts.sum(0)` adds up each column, `counts.sum(1)` each row.",
    ],
    more="Recall weighted by the size of each class adds up to the accuracy.",
)
def precision_recall(counts: Tensor) -> tuple[Tensor, Tensor]:
    """The diagonal over column sums, and over row sums.

    Column k holds everything the network *called* k, row k everything that *is* k.
    """
    right = counts.diagonal()
    return right / counts.sum(0), right / counts.sum(1)


def _reader() -> nn.Module:
    torch.manual_seed(1)
    layers = nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 5)
    return nn.Sequential(*layers).eval()


def _contests(generator: torch.Generator):
    images = torch.randn(4, 1, 1, 4, 4, generator=generator)
    pairs = (0, 2), (2, 1), (4, 3), (0, 4)
    return [(_reader(), image, a, b) for image, (a, b) in zip(images, pairs)]


def _slope(outputs):
    """The gradient of some outputs(logits, a, b) in the pixels."""

    def gradient(model: nn.Module, image: Tensor, a: int, b: int) -> Tensor:
        pixels = image.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(outputs(model(pixels)[0], a, b), pixels)
        return slope

    return gradient


_margin = _slope(lambda z, a, b: z[a] - z[b])


@exercise(
    "feature_maps.rather",
    task=(
        "Write `rather(model, image, a, b)`: how each pixel of one image "
        "[1, 1, 32, 32] moves the lead of class a over class b, with its sign."
    ),
    checker=function(
        _margin,
        _contests,
        look="It is one gradient, of one number, in the shape of the image.",
        wrong=[
            (
                lambda *case: _margin(*case).abs(),
                "You took the size only. Which pixels speak for a, and which for b?",
            ),
            (
                _slope(lambda z, a, b: z[a]),
                "That looks at class a alone. A pixel that helps both moves no lead.",
            ),
            (
                _slope(lambda z, a, b: z[b] - z[a]),
                "The sign is the wrong way round.",
            ),
            (
                _slope(lambda z, a, b: z.softmax(0)[a] - z.softmax(0)[b]),
                "Take logits, not probabilities: softmax is flat where it is sure.",
            ),
        ],
    ),
    hints=[
        "The lead is logits[a] − logits[b]: one number.",
        "Make a copy of the image that asks for a gradient: "
        "`image.clone().requires_grad_(True)`.",
        "`torch.autograd.grad(lead, pixels)` returns a tuple of one gradient.",
    ],
    more="Where it is positive, ink adds to the lead; where negative, it takes away.",
)
def rather(model: nn.Module, image: Tensor, a: int, b: int) -> Tensor:
    """The gradient of the difference of two logits.

    What moves both logits alike drops out; what separates the two classes stays, so
    this map can be easier to read than that of one logit.
    """
    pixels = image.clone().requires_grad_(True)
    logits = model(pixels)[0]
    (slope,) = torch.autograd.grad(logits[a] - logits[b], pixels)
    return slope


@exercise(
    "feature_maps.moves",
    task=(
        "A digit moves 8 pixels to the right inside a large enough field. By how many "
        "units does its image move in C1, S2, C3 and S4? Answer with a tuple of four."
    ),
    checker=shape(
        (8, 4, 4, 2),
        names=["C1", "S2", "C3", "S4"],
        look="Divide by the distance in pixels between neighbouring units.",
        wrong={
            (8, 8, 8, 8): "Do two neighbouring units of S2 look one pixel apart?",
            (8, 4, 2, 1): "Convolutions of stride 1 do not halve anything.",
            (4, 2, 2, 1): "C1 has stride 1: what does that do to the pitch?",
            (8, 16, 16, 32): "The maps get smaller, not larger.",
        },
    ),
    hints=[
        "The distance between neighbouring units is the jump; strides multiply.",
        "The jumps of C1, S2, C3 and S4 are 1, 2, 2 and 4 pixels.",
    ],
    more="Had it moved 6 pixels, S4 would need 1.5 units: there it stops being exact.",
)
def moves() -> tuple[int, int, int, int]:
    """Eight pixels over each layer's jump."""
    return tuple(8 // jump for jump in (1, 2, 2, 4))
