"""The speed run on a CUDA device: one step, captured as a graph and replayed.

On a GPU the kernel of ``kernel.cpp`` has no part: the products take
microseconds, and what costs is starting some sixty small operations a step from Python.
A CUDA graph records them once and starts them all with one call.
"""

import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.speedrun.recipes import Recipe, batches, new_model


def train_graph(
    images: Tensor, labels: Tensor, recipe: Recipe, seed: int
) -> tuple[nn.Module, float, float]:
    """The network, the seconds from weights to weights, and those of the capture.

    ``images`` and ``labels`` lie on the CUDA device.
    """
    device = images.device
    start = time.perf_counter()
    model = new_model(seed).to(device, memory_format=torch.channels_last)
    rate = torch.zeros((), device=device)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=rate, betas=recipe.betas, fused=True, capturable=True
    )
    batch = torch.zeros(recipe.batch_size, dtype=torch.int64, device=device)

    def step() -> None:
        with torch.autocast("cuda", torch.bfloat16, cache_enabled=False):
            logits = model(images[batch])
        loss = F.cross_entropy(
            logits.float(), labels[batch], label_smoothing=recipe.smoothing
        )
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()

    graph = _capture(step, optimizer)
    torch.cuda.synchronize()
    ready = time.perf_counter()
    rows = batches(len(labels), recipe, seed).to(device)
    rates = [recipe.rate(number) for number in range(recipe.steps)]
    rates = torch.tensor(rates, device=device)
    for number in range(recipe.steps):
        batch.copy_(rows[number])
        rate.copy_(rates[number])
        graph.replay()
    torch.cuda.synchronize()
    return model, time.perf_counter() - ready, ready - start


def _capture(step, optimizer: torch.optim.Optimizer) -> torch.cuda.CUDAGraph:
    """Record ``step``. The rate is 0 in the steps before, and Adam forgets them."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    for state in optimizer.state.values():
        for tensor in state.values():
            tensor.zero_()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph
