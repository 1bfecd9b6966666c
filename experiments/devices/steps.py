"""A training step of LeNet-5 with any set of ideas in it, for gpu.py."""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_helpers.models import ModernLeNet5

EVERYWHERE, CUDA = {"cpu", "mps", "cuda"}, {"cuda"}
COMMON = ["channels-last", "fused optimiser"]
# Name in the table: the ideas in it, and the kinds of device that know them.
IDEAS = {
    "grouped optimiser": (["grouped optimiser"], EVERYWHERE),
    "fused optimiser": (["fused optimiser"], EVERYWHERE),
    "channels-last": (["channels-last"], EVERYWHERE),
    "bf16 autocast": (["bf16"], EVERYWHERE),
    "fp16 autocast, scaled": (["fp16"], CUDA),
    "TF32": (["tf32"], CUDA),
    "compiled": (["compiled"], {"cpu", "cuda"}),
    "CUDA graph": (["fused optimiser", "graph"], CUDA),
    "channels-last, fused": (COMMON, EVERYWHERE),
    "channels-last, fused, bf16": ([*COMMON, "bf16"], EVERYWHERE),
    "channels-last, fused, compiled": ([*COMMON, "compiled"], {"cpu", "cuda"}),
    "all with a CUDA graph": ([*COMMON, "bf16", "graph"], CUDA),
}


def images_and_labels(count: int, device="cpu") -> tuple[Tensor, Tensor]:
    """Noise in the shape of digits: speed does not depend on what is seen."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 1, 32, 32, generator=generator)
    labels = torch.randint(10, (count,), generator=generator)
    return images.to(device), labels.to(device)


class Step:
    """Forward, backward and Adam on one batch that lies on the device."""

    def __init__(self, device: torch.device | str, batch: int, ideas: Sequence[str]):
        device = torch.device(device)
        self.device, self.ideas = device, set(ideas)
        torch.manual_seed(0)
        self.model = ModernLeNet5(activation="relu", pool="max").to(device)
        if "channels-last" in ideas:
            self.model.to(memory_format=torch.channels_last)
        self.optimizer = self._optimizer()
        self.run = torch.compile(self.model) if "compiled" in ideas else self.model
        self.scaler = torch.amp.GradScaler(device.type, enabled="fp16" in ideas)
        self.images, self.labels = images_and_labels(batch, device)
        self.replay = self._capture() if "graph" in ideas else None

    def _optimizer(self) -> torch.optim.Optimizer:
        adam = partial(torch.optim.Adam, self.model.parameters(), lr=1e-3)
        if "fused optimiser" in self.ideas:
            return adam(fused=True, capturable="graph" in self.ideas)
        return adam(foreach="grouped optimiser" in self.ideas)

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        half = torch.float16 if "fp16" in self.ideas else torch.bfloat16
        on = bool(self.ideas & {"fp16", "bf16"})
        with torch.autocast(self.device.type, half, enabled=on):
            return F.cross_entropy(self.run(images), labels)

    def on(self, images: Tensor, labels: Tensor) -> None:
        """One step on this batch."""
        if self.device.type == "cuda":
            tf32 = "high" if "tf32" in self.ideas else "highest"
            torch.set_float32_matmul_precision(tf32)
            torch.backends.cudnn.allow_tf32 = "tf32" in self.ideas
        self.optimizer.zero_grad()
        self.scaler.scale(self.loss(images, labels)).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def __call__(self) -> None:
        if self.replay:
            self.replay()
        else:
            self.on(self.images, self.labels)

    def _capture(self):
        """Record one step; replaying it starts all its kernels by a single call."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):  # the allocator and Adam's state settle first
                self.on(self.images, self.labels)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.on(self.images, self.labels)
        return graph.replay

    def state_bytes(self) -> dict[str, int]:
        """Weights, gradients and the optimiser's memory after one step."""
        self()
        weights = list(self.model.parameters())
        held = self.optimizer.state_dict()["state"].values()
        tensors = {
            "weights": weights,
            "gradients": [p.grad for p in weights],
            "optimiser": [t for state in held for t in state.values()],
        }
        return {name: sum(t.nbytes for t in ts) for name, ts in tensors.items()}

    def saved_bytes(self) -> int:
        """What one forward pass keeps for the backward pass, weights left out."""
        weights = {p.untyped_storage().data_ptr() for p in self.model.parameters()}
        kept = {}

        def note(t: Tensor) -> Tensor:
            storage = t.untyped_storage()
            if storage.data_ptr() not in weights:
                kept[storage.data_ptr()] = storage.nbytes()
            return t

        with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
            self.loss(self.images, self.labels)
        return sum(kept.values())
