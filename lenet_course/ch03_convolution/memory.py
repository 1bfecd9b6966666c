"""How many bytes the tensors take that a computation makes on its way."""

from collections.abc import Callable, Iterator

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class _Made(TorchDispatchMode):
    """Notes the size of every piece of memory that is new; views have none."""

    def __init__(self):
        super().__init__()
        self.bytes: list[int] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        given = {t.untyped_storage().data_ptr() for t in _tensors(args)}
        for made in _tensors((out,)):
            storage = made.untyped_storage()
            if storage.data_ptr() not in given:
                self.bytes.append(storage.nbytes())
        return out


def _tensors(values: tuple | list) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(value)


def new_bytes(work: Callable[[], object]) -> list[int]:
    """Sizes in bytes of the tensors that ``work()`` makes, in order, its result too.

    What PyTorch allocates inside one operation and frees again is not seen.

    >>> import torch
    >>> ten = torch.zeros(10)
    >>> new_bytes(lambda: (ten.view(2, 5) + 1).double())
    [40, 80]
    """
    with _Made() as made:
        work()
    return made.bytes
