"""A checker of what was worked out on paper: several named tables of whole numbers."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lenet_course.exercises.compare import Checker, NotAttempted, NotYet, describe

Tables = Mapping[str, Any]


def tables(right: Tables, *, wrong: list[tuple[Tables, str]], look: str) -> Checker:
    """A tuple of tables, each as nested lists or a tensor, in the order of ``right``.

    A known mistake is a mapping from names of tables to what they then hold; an
    answer with just those tables gets its pointer. Else the pointer names the first
    entry that is not right, but not its value.

    >>> row = tables({"dw": [1, 2]}, wrong=[({"dw": [2, 1]}, "Turned.")], look="Add.")
    >>> row(([1, 2],)), row([torch.tensor([2.0, 1.0])]), row(([1, 3],))
    (None, 'Turned.', 'dw[1]: 3 is not right. Add.')
    """
    wanted = {name: _exact(value) for name, value in right.items()}
    known = [
        ({name: _exact(value) for name, value in bad.items()}, pointer)
        for bad, pointer in wrong
    ]

    def test(answer: Any) -> str | None:
        got = _read(answer, wanted)
        for bad, pointer in known:
            if all(torch.allclose(got[name], value) for name, value in bad.items()):
                return pointer
        for name, want in wanted.items():
            apart = (got[name] - want).abs() > 1e-6
            if apart.any() or got[name].isnan().any():
                at = (apart | got[name].isnan()).nonzero()[0].tolist()
                value = got[name][tuple(at)].item()
                place = f"{name}[{', '.join(map(str, at))}]"
                return f"{place}: {value:g} is not right. {look}"
        return None

    examples = [
        (tuple(bad.get(name, right[name]) for name in right), pointer)
        for bad, pointer in wrong
    ]
    typed = {"kind": "tables", "right": [*right.values()], "names": [*right]}
    rows = [([bad.get(name) for name in right], pointer) for bad, pointer in wrong]
    return Checker(test, tuple(examples), typed=typed | {"wrong": rows, "look": look})


def _read(answer: Any, wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    if len(wanted) == 1 and not isinstance(answer, tuple | list):
        answer = (answer,)
    if not isinstance(answer, tuple | list) or len(answer) != len(wanted):
        parts = ", ".join(wanted)
        raise NotYet(f"Write it as ({parts}); this is {describe(answer)}.")
    return {n: _table(n, a, wanted[n].shape) for n, a in zip(wanted, answer)}


def _table(name: str, value: Any, shape: torch.Size) -> Tensor:
    if value is ... or _dots(value):
        raise NotAttempted
    try:
        if hasattr(value, "tolist"):
            value = value.tolist()
        got = _exact(value)
    except Exception:  # ragged lists, words, functions: whatever it is, no table
        raise NotYet(
            f"{name} cannot be read as a table of numbers: {describe(value)}."
        ) from None
    if got.shape != shape:
        sizes = f"{name} has the shape {list(got.shape)}"
        raise NotYet(f"{sizes}, but belongs to something of shape {list(shape)}.")
    return got


def _exact(value: Any) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def _dots(value: Any) -> bool:
    return isinstance(value, tuple | list) and any(v is ... or _dots(v) for v in value)
