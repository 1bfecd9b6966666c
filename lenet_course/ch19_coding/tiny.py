"""Coding task: automatic differentiation of single numbers."""

import functools
from collections.abc import Callable
from typing import Any

import torch

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.call import does_nothing
from lenet_course.exercises.checkers import Checker, NotAttempted
from lenet_course.exercises.compare import as_number
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt, staged


def _diamond(a, b):
    both = a + b
    return both * (both + a) * both


def _doubled(a):
    for _ in range(60):  # 2 to the power 60 ways, if each is walked
        a = a + a
    return a


def _uneven(a, b):
    """A short way and a long one to the same node."""
    shared = a * b
    long = (shared * a + b).relu() * b + a
    return shared * long + shared


def _twice(a):
    (a * a).backward()
    return a * a * a


Graphs = list[tuple[tuple[float, ...], Callable]]

_GRAPHS: Graphs = [
    ((2.0, -3.0), lambda a, b: a * b + a),
    ((3.0,), lambda a: a * a + a + a),
    ((1.5, 0.5), _diamond),
    ((1.5, 0.5), _uneven),
    ((-2.0, 4.0, 0.0), lambda a, b, c: a.relu() + b.relu() * 3 + c.relu()),
    ((2.0, -1.0), lambda a, b: (a * b).relu() + (a * b * b).relu() * b),
    ((2.0,), lambda a: 3 * a + 5 + (2 + a * 2) * a),
    ((0.7,), _twice),
]
_MANY_WAYS = [((1.0,), _doubled)]


def _graph(formula: Callable, leaves: list) -> list:
    out = formula(*leaves)
    out.backward()
    grads = (leaf.grad for leaf in leaves)
    return [as_number(out.data), *(as_number(0.0 if g is None else g) for g in grads)]


def _play(value: Callable, graphs: Graphs = _GRAPHS) -> list:
    seen = []
    for numbers, formula in graphs:
        leaves = [attempt(value, number) for number in numbers]
        seen.append(attempt(_graph, formula, leaves))
    return seen


def _torchs(number: float) -> torch.Tensor:
    return torch.tensor(number, dtype=torch.float64, requires_grad=True)


def _in_order(root: Any) -> list:
    """From the root; each node before those it was made of."""
    order, seen = [], set()

    def visit(node: Any) -> None:
        if id(node) not in seen:
            seen.add(id(node))
            for part, _ in node.parts:
                visit(part)
            order.append(node)

    visit(root)
    return order[::-1]


def _by_level(root: Any) -> list:
    """From the root outwards, each node when it is first met: the usual slip."""
    order = [root]
    for node in order:
        order += [p for p, _ in dict(node.parts).items() if p not in order]
    return order


def _value(order: Callable = _in_order, add=True, seed=1.0, at_zero=0.0, own=False):
    """A class with one thing done wrong."""

    class Value:
        def __init__(self, data, parts=()):
            self.data, self.parts, self.grad = data, parts, 0.0

        def __add__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

        def __mul__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            slopes = (self.data, other.data) if own else (other.data, self.data)
            parts = ((self, slopes[0]), (other, slopes[1]))
            return Value(self.data * other.data, parts)

        __radd__, __rmul__ = __add__, __mul__

        def relu(self):
            slope = 1.0 if self.data > 0 else at_zero if self.data == 0 else 0.0
            return Value(max(0.0, self.data), ((self, slope),))

        def backward(self):
            self.grad = seed
            for node in order(self):
                for part, slope in node.parts:
                    part.grad = part.grad * add + slope * node.grad

    return Value


def _recursive():
    """Each node sends its gradient on as soon as something arrives."""

    def backward(self, seed=1.0):
        self.grad += seed
        for part, slope in self.parts:
            part.backward(slope * self.grad)

    value = _value()
    value.backward = backward
    return value


_LOOK = "Try a * b + a on paper. Each use of a number adds to its gradient."
_STAGED = staged(
    _play,
    _torchs,
    [
        (
            _value(add=False),
            "A value that is used twice keeps only one of its gradients: they add up.",
        ),
        (
            _value(order=_by_level),
            "A node passes its gradient on before all of its users have given "
            "theirs: it needs an order in which each comes after its users.",
        ),
        (
            _recursive(),
            "A node that is reached twice sends on again what it has sent before: "
            "each sends once, when everything has arrived.",
        ),
        (_value(seed=0.0), "Where does the first gradient come from?"),
        (_value(at_zero=1.0), "At 0 ReLU passes nothing back, as in PyTorch."),
        (
            _value(own=True),
            "In a product each factor's gradient is the *other* factor, times what "
            "comes from above.",
        ),
    ],
    _LOOK,
)
_LONG = staged(functools.partial(_play, graphs=_MANY_WAYS), _torchs, (), _LOOK)
_GATE = by_hand(Checker(lambda answer: None), ())
_METHODS = ("__init__", "__add__", "__mul__", "relu", "backward")


def _test(answer: Any) -> str | None:
    if isinstance(answer, type):
        methods = (getattr(answer, name, None) for name in _METHODS[1:])
        if all(m is None or does_nothing(m) for m in methods):
            raise NotAttempted
    return (
        _STAGED.test(answer) or _LONG.test(answer) or _GATE.test(lambda: _play(answer))
    )


@exercise(
    "coding.tiny-autograd",
    task=(
        "Write a class `Value(data)` of single numbers with `+`, `*`, `relu()` and "
        "`backward()`, which fills in every `grad`."
    ),
    checker=Checker(
        _test, (*_STAGED.examples, (_torchs, "autograd found it")), takes_function=True
    ),
    hints=[
        "A result remembers its parts, and for each the slope: for a · b they are b "
        "and a, for a sum 1 and 1, for ReLU 1 or 0.",
        "`backward`: an order in which each node comes after all that use it: walk "
        "the parts first, then append the node; reversed.",
        "Set its own gradient to 1; then, along the order, each part's gradient grows "
        "by slope · gradient of the node.",
    ],
    more="PyTorch does the same with tensors, and frees the graph behind it.",
)
class Value:
    """Time and memory O(operations): each node is visited once, each edge once.

    The order is topological: without it a node that is used twice may pass its gradient
    on when only half of it has arrived. The recursion goes as deep as the graph; a long
    chain needs a stack of one's own.
    """

    def __init__(self, data, parts=()):
        self.data, self.parts, self.grad = data, parts, 0.0  # parts: (node, slope)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        parts = [(self, other.data), (other, self.data)]
        return Value(self.data * other.data, parts)

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return Value(max(0.0, self.data), [(self, float(self.data > 0))])

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for part, _ in node.parts:
                    visit(part)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for part, slope in node.parts:
                part.grad += slope * node.grad
