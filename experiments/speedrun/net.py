"""LeNet-5 of the speed run: all parameters in one vector, gradients written out.

C1 to S4 are the C++ of ``kernel.cpp``, compiled by g++ or clang++, once;
C5 to the output are matrix products by torch. ``ModernLeNet5`` with ReLU and max
pooling computes the same.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import torch
from torch import Tensor, nn

from experiments import records
from lenet_helpers.models import ModernLeNet5

SOURCE = Path(__file__).parent / "kernel.cpp"
OPTIONS = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]


def compile_kernel() -> ctypes.CDLL:
    """The C++ part as a library; from the cache if nothing changed.

    Raises:
        RuntimeError: there is no compiler, or it refused.
    """
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise RuntimeError("the kernel needs g++ or clang++: install one of them")
    text = SOURCE.read_bytes() + " ".join([compiler, *OPTIONS]).encode()
    library = records.RUNS / f"speedrun-{hashlib.sha256(text).hexdigest()[:12]}.so"
    if not library.exists():
        library.parent.mkdir(exist_ok=True)
        part = library.with_suffix(f".{os.getpid()}.part")  # one may compile elsewhere
        command = [compiler, *OPTIONS, str(SOURCE), "-o", str(part), *_torchs_openmp()]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{compiler} failed:\n{done.stderr}")
        part.replace(library)
    return ctypes.CDLL(str(library))


def _torchs_openmp() -> list[str]:
    """Torch's own OpenMP library: two of them would fight over the cores."""
    found = sorted((Path(torch.__file__).parent / "lib").glob("libgomp*"))
    return [str(found[0]), f"-Wl,-rpath,{found[0].parent}"] if found else []


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


class FlatLeNet:
    """Parameters, gradients and the two passes.

    ``values`` and ``grads`` are float32 [61706]; ``p`` and ``g`` are views of them by
    name, with C5's columns in S4's order here: row, column, map.
    """

    def __init__(self, kernel: ctypes.CDLL, model: nn.Module, batch_size: int):
        self.kernel, self.threads = kernel, torch.get_num_threads()
        state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        state["c5.weight"] = state["c5.weight"].permute(0, 2, 3, 1).reshape(120, 400)
        self.values = torch.cat([v.flatten() for v in state.values()])
        self.grads = torch.zeros_like(self.values)
        self.shapes = {name: v.shape for name, v in state.items()}
        self.p, self.g = self.views(self.values), self.views(self.grads)
        self.s2 = torch.empty(batch_size, 14 * 14 * 8)
        self.code2 = torch.empty(batch_size, 14 * 14 * 8, dtype=torch.uint8)
        self.s4 = torch.empty(batch_size, 400)
        self.code4 = torch.empty(batch_size, 400, dtype=torch.uint8)

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """One tensor a parameter, over the memory of ``flat``."""
        sizes = [shape.numel() for shape in self.shapes.values()]
        parts = zip(self.shapes.items(), flat.split(sizes), strict=True)
        return {name: part.view(shape) for (name, shape), part in parts}

    def forward_maps(self, images: Tensor, rows: Tensor, background: float) -> Tensor:
        """C1 to S4 of the images of these rows: float32 [N, 400]."""
        names = "c1.weight", "c1.bias", "c3.weight", "c3.bias"
        self.kernel.forward(
            *(_pointer(images), _pointer(rows), len(rows)),
            *(_pointer(self.p[name]) for name in names),
            ctypes.c_float(background),
            *map(_pointer, (self.s2, self.code2, self.s4, self.code4)),
            self.threads,
        )
        return self.s4[: len(rows)]

    def backward_maps(
        self, images: Tensor, rows: Tensor, above: Tensor, background: float
    ) -> None:
        """Set the gradients of C1 and C3, given S4's: ``above``, [N, 400]."""
        names = "c1.weight", "c1.bias", "c3.weight", "c3.bias"
        self.kernel.backward(
            *(_pointer(images), _pointer(rows), len(rows)),
            *(_pointer(self.p["c3.weight"]), ctypes.c_float(background)),
            *map(_pointer, (self.s2, self.code2, above, self.code4)),
            *(_pointer(self.g[name]) for name in names),
            self.threads,
        )

    def step(
        self, images: Tensor, rows: Tensor, targets: Tensor, background: float
    ) -> Tensor:
        """Fill ``grads`` for the images of these rows; give the logits.

        ``targets``: float32 [N, 10], rows that add up to one.
        """
        p, g = self.p, self.g
        a4 = self.forward_maps(images, rows, background)
        a5 = torch.addmm(p["c5.bias"], a4, p["c5.weight"].T).relu_()
        a6 = torch.addmm(p["f6.bias"], a5, p["f6.weight"].T).relu_()
        logits = torch.addmm(p["output.bias"], a6, p["output.weight"].T)
        d7 = torch.softmax(logits, 1).sub_(targets).div_(len(rows))
        d6 = self._linear_backward("output", a6, d7)
        d5 = self._linear_backward("f6", a5, d6)
        torch.mm(d5.T, a4, out=g["c5.weight"])
        torch.sum(d5, 0, out=g["c5.bias"])
        self.backward_maps(images, rows, torch.mm(d5, p["c5.weight"]), background)
        return logits

    def _linear_backward(self, name: str, below: Tensor, d: Tensor) -> Tensor:
        """Set the layer's gradients; give the gradient at the ReLU below it."""
        torch.mm(d.T, below, out=self.g[f"{name}.weight"])
        torch.sum(d, 0, out=self.g[f"{name}.bias"])
        return torch.ops.aten.threshold_backward(
            torch.mm(d, self.p[f"{name}.weight"]), below, 0
        )

    def to_model(self, values: Tensor | None = None) -> ModernLeNet5:
        """A network of torch's layers with these parameters."""
        state = dict(self.views(self.values if values is None else values))
        c5 = state["c5.weight"].view(120, 5, 5, 16)
        state["c5.weight"] = c5.permute(0, 3, 1, 2).contiguous()
        model = ModernLeNet5(activation="relu", pool="max")
        model.load_state_dict(state)
        return model
